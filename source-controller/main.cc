// source-controller: follows sources and publishes artifacts.

#include "weir/base/status.h"
#include "weir/reconcile/flags.h"
#include "weir/source/flags.h"
#include "weir/source/source_controller.h"

int main(int argc, char** argv) {
  weir::source::Flags flags;
  weir::source::SetDefaultsFromEnvironment(&flags);
  weir::reconcile::FlagSet set(
      "source-controller",
      "Follows sources and publishes what they hold as artifacts.");
  weir::source::AddFlags(set, &flags);
  return weir::reconcile::RunProgram(
      argc, argv, set, &flags.common,
      [&flags](const weir::Context& ctx) -> absl::Status {
        WEIR_ASSIGN_OR_RETURN(weir::source::Options options,
                              weir::source::MakeOptions(flags));
        return weir::source::Run(ctx, std::move(options));
      });
}
