// EventServer takes events: as Flux's controllers post them, and over gRPC,
// where whoever wants to may also follow them.
//
// Touches: network (listening sockets), process (threads).
// Threads: safe to share.
// Source: notification.md, sections 1 to 3.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "src/http_metrics.h"
#include "src/notifications.h"
#include "weir/http/server.h"
#include "weir/reconcile/event_grpc.h"
#include "weir/reconcile/event_hub.h"
#include "weir/reconcile/manager.h"
#include "weir/rpc/server.h"

namespace weir::notification_controller {

struct EventServerOptions {
  std::string http_address;  // Empty: none.
  std::string grpc_address;  // Empty: none.
  rpc::TlsOptions grpc_tls;
  // Whether what decides who is told is known. Until then events are refused,
  // and whoever sent one tries again. Null: it is.
  std::function<bool()> is_synced;
  bool tells_paths = false;  // In metrics.
};

class EventServer {
 public:
  // Serves from now on. `manager` and `notifications` must outlive it.
  // Errors: as http::Server's and rpc::Server's.
  static absl::StatusOr<std::unique_ptr<EventServer>> Start(
      reconcile::Manager& manager, Notifications& notifications,
      const EventServerOptions& options);
  ~EventServer();

  // Takes an event of this process.
  // Errors: kUnavailable when it is to come again.
  absl::Status Take(const Context& ctx, const reconcile::RecordedEvent& event);

  std::string http_address() const;
  std::string grpc_address() const;
  // Takes no more; answers under way may end for `grace`.
  void Stop(absl::Duration grace);

 private:
  class Source;
  EventServer(reconcile::Manager& manager, Notifications& notifications,
              const EventServerOptions& options);
  void OnRequest(const http::ServerRequest& request,
                 std::unique_ptr<http::Responder> responder);

  const EventServerOptions options_;
  const Logger logger_;
  HttpMetrics metrics_;
  const std::shared_ptr<Source> source_;
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<rpc::Server> grpc_;
};

}  // namespace weir::notification_controller
