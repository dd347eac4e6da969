// Events over gRPC: weir.event.v1.EventService, to host on a rpc::Server.
// Programs that use it link weir::reconcile_grpc.
//
// Touches: nothing by itself; the server and the recorder do.
// Threads: safe to share.
#pragma once

#include <cstddef>
#include <memory>

#include "weir/reconcile/events.h"
#include "weir/rpc/server.h"

namespace weir::reconcile {

struct EventGrpcOptions {
  // Whether Emit takes events; they go the recorder's ways out.
  bool accept_emit = true;
  // Watches at once; more are told kResourceExhausted.
  int max_watches = 32;
  // Events that may wait for a slow watcher before it misses some.
  size_t max_queued = 256;
};

// `events` must outlive the service and the server that hosts it.
std::shared_ptr<rpc::Service> MakeEventGrpcService(
    EventRecorder& events, const EventGrpcOptions& options = {});

}  // namespace weir::reconcile
