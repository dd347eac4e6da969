// The helm-controller: flags to Options, signals to Context, Run.

#include <cstdlib>

#include "weir/helm_controller/controller.h"
#include "weir/reconcile/flags.h"

int main(int argc, char** argv) {
  weir::helm_controller::Options options;
  weir::reconcile::SetDefaultsFromEnvironment(&options.common);
  if (const char* host = std::getenv("SOURCE_CONTROLLER_LOCALHOST")) {
    options.source_controller_localhost = host;
  }
  weir::reconcile::FlagSet flags(
      "helm-controller",
      "Releases Helm charts and keeps the releases as HelmReleases say.");
  weir::helm_controller::AddFlags(flags, &options);
  return weir::reconcile::RunProgram(
      argc, argv, flags, &options.common, [&](const weir::Context& ctx) {
        return weir::helm_controller::Run(ctx, options);
      });
}
