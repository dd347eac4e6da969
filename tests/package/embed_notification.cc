// Embeds the notification-controller: our own process, no cluster, an API
// server in memory.
#include <cstdio>

#include "weir/apiserver/server.h"
#include "weir/notification_controller/controller.h"
#include "weir/reconcile/manager.h"

int main() {
  const auto server = weir::apiserver::Server::Create({});
  if (!server.ok()) return 1;

  weir::reconcile::ManagerOptions manager_options;
  manager_options.transport = (*server)->transport();
  const auto manager = weir::reconcile::Manager::Create(manager_options);
  if (!manager.ok()) return 1;

  weir::notification_controller::Options options;
  options.common.events_addr = "127.0.0.1:0";
  options.receiver_address = "127.0.0.1:0";
  options.grpc_address = "127.0.0.1:0";
  const auto controller =
      weir::notification_controller::NotificationController::Create(**manager,
                                                                    options);
  if (!controller.ok()) return 1;
  std::printf("events: %s, webhooks: %s, gRPC: %s\n",
              (*controller)->events_address().c_str(),
              (*controller)->receiver_address().c_str(),
              (*controller)->grpc_address().c_str());

  const weir::Context ctx = weir::Context().WithTimeout(absl::Seconds(1));
  const absl::Status status = (*manager)->Run(ctx);
  std::printf("%s\n", status.ToString().c_str());
  return absl::IsDeadlineExceeded(status) ? 0 : 1;
}
