// Embeds the helm-controller: our own process, no cluster, an API server
// in memory.
#include <cstdio>

#include "weir/apiserver/server.h"
#include "weir/helm_controller/controller.h"
#include "weir/reconcile/manager.h"

int main() {
  const auto server = weir::apiserver::Server::Create({});
  if (!server.ok()) return 1;

  weir::reconcile::ManagerOptions manager_options;
  manager_options.transport = (*server)->transport();
  const auto manager = weir::reconcile::Manager::Create(manager_options);
  if (!manager.ok()) return 1;
  const auto controller =
      weir::helm_controller::HelmController::Create(**manager, {});
  if (!controller.ok()) return 1;

  const weir::Context ctx = weir::Context().WithTimeout(absl::Seconds(1));
  const absl::Status status = (*manager)->Run(ctx);
  std::printf("%s\n", status.ToString().c_str());
  return absl::IsDeadlineExceeded(status) ? 0 : 1;
}
