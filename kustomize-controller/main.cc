// The kustomize-controller: flags to Options, signals to Context, Run.

#include <cstdlib>

#include "weir/http/proxy.h"
#include "weir/kustomize_controller/controller.h"
#include "weir/reconcile/flags.h"

int main(int argc, char** argv) {
  weir::kustomize_controller::Options options;
  weir::reconcile::SetDefaultsFromEnvironment(&options.common);
  if (const char* host = std::getenv("SOURCE_CONTROLLER_LOCALHOST")) {
    options.source_controller_localhost = host;
  }
  options.proxies = weir::http::ProxiesFromEnvironment();
  weir::reconcile::FlagSet flags(
      "kustomize-controller",
      "Applies Kustomizations and keeps the cluster as they say.");
  weir::kustomize_controller::AddFlags(flags, &options);
  return weir::reconcile::RunProgram(
      argc, argv, flags, &options.common, [&](const weir::Context& ctx) {
        return weir::kustomize_controller::Run(ctx, options);
      });
}
