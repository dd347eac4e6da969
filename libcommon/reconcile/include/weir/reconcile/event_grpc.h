// Events over gRPC: weir.event.v1.EventService, to host on a rpc::Server, and
// the way out of controllers that emit to one.
// Programs that use it link weir::reconcile_grpc.
//
// Touches: nothing by itself; the server and the source do. The sink: network.
// Threads: safe to share; a sink as EventSink says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/reconcile/event_sink.h"
#include "weir/reconcile/events.h"
#include "weir/rpc/server.h"

namespace weir::reconcile {

struct EventGrpcOptions {
  // Whether Emit takes events.
  bool accept_emit = true;
  // Watches at once; more are told kResourceExhausted.
  int max_watches = 32;
  // Events that may wait for a slow watcher before it misses some.
  size_t max_queued = 256;
};

// Where the events that a service tells come from, and where those that it is
// given go to. None of these may block.
//
// Threads: safe to share.
class EventSource {
 public:
  virtual ~EventSource() = default;
  // As EventHub's.
  virtual std::shared_ptr<void> Subscribe(
      uint64_t after, std::function<void(const RecordedEvent&)> callback) = 0;
  virtual uint64_t last_sequence() const = 0;
  // Takes what Emit was given; the status is the answer. `sequence` is 0;
  // `time` is the infinite past when the emitter said none. Emitters of ours
  // try again after kUnavailable and the like, never after
  // kResourceExhausted or kInvalidArgument.
  virtual absl::Status Take(RecordedEvent event) = 0;
};

std::shared_ptr<rpc::Service> MakeEventGrpcService(
    std::shared_ptr<EventSource> source, const EventGrpcOptions& options = {});
// The events of `events`; those given go the recorder's ways out. It must
// outlive the service and the server that hosts it.
std::shared_ptr<rpc::Service> MakeEventGrpcService(
    EventRecorder& events, const EventGrpcOptions& options = {});

// Emits to the EventService at `address`, "grpc://host:port", or with TLS and
// the system's roots "grpcs://host:port". Null for addresses of other schemes,
// which a manager posts to by itself.
// Errors: kInvalidArgument when there is no port, or more than that.
absl::StatusOr<std::shared_ptr<EventSink>> OpenEventSink(
    absl::string_view address);

}  // namespace weir::reconcile
