#include "weir/reconcile/event_grpc.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <deque>
#include <optional>
#include <utility>

#include "src/event_proto.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/base/random.h"
#include "weir/base/status.h"
#include "weir/event/v1/event_service.grpc.pb.h"

namespace weir::reconcile {
namespace {

bool Matches(const event::v1::WatchRequest& request,
             const event::v1::Event& event) {
  const event::v1::ObjectReference& object = event.involved_object();
  return event.severity() >= request.min_severity() &&
         (request.kind().empty() || request.kind() == object.kind()) &&
         (request.namespace_().empty() ||
          request.namespace_() == object.namespace_()) &&
         (request.name().empty() || request.name() == object.name());
}

// One call of Watch. Deletes itself when the call is done.
//
// At most one operation of gRPC's is under way; whoever finds none takes the
// turn under the lock and starts it outside of it.
class WatchReactor : public grpc::ServerWriteReactor<event::v1::WatchResponse> {
 public:
  WatchReactor(const Context& stop, EventSource& events,
               const std::string& epoch, const event::v1::WatchRequest& request,
               size_t max_queued, std::atomic<int>& watches)
      : epoch_(epoch),
        request_(request),
        max_queued_(max_queued),
        watches_(watches) {
    // To who counts as another process does, all that we have is news; so it
    // is when the number is above ours.
    const uint64_t last = events.last_sequence();
    const bool is_ours = request.epoch().empty() || request.epoch() == epoch;
    const uint64_t after = !request.has_after_sequence() ? last
                           : is_ours && request.after_sequence() <= last
                               ? request.after_sequence()
                               : 0;
    {
      MutexLock lock(mu_);
      last_seen_ = after;
    }
    subscription_ = events.Subscribe(
        after, [this](const RecordedEvent& event) { Take(event); });
    on_stop_ = std::make_unique<Context::Registration>(stop.OnCancel([this] {
      End({grpc::StatusCode::UNAVAILABLE, "the server is stopping"});
    }));
  }
  ~WatchReactor() override {
    // Neither calls back when these have gone.
    subscription_ = nullptr;
    on_stop_ = nullptr;
    --watches_;
  }

  void OnWriteDone(bool ok) override {
    {
      MutexLock lock(mu_);
      is_busy_ = false;
      if (!ok && !end_.has_value()) end_ = grpc::Status::CANCELLED;
    }
    Proceed();
  }
  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

 private:
  void Take(const RecordedEvent& event) {
    event::v1::WatchResponse response;
    response.set_sequence(event.sequence);
    response.set_epoch(epoch_);
    ToProto(event, response.mutable_event());
    {
      MutexLock lock(mu_);
      missed_ += event.sequence - last_seen_ - 1;
      last_seen_ = event.sequence;
      if (!Matches(request_, response.event())) return;
      if (queue_.size() >= max_queued_) {
        ++missed_;
        return;
      }
      response.set_missed(std::exchange(missed_, 0));
      queue_.push_back(std::move(response));
    }
    Proceed();
  }

  void End(const grpc::Status& status) {
    {
      MutexLock lock(mu_);
      if (!end_.has_value()) end_ = status;
    }
    Proceed();
  }

  // Starts what comes next, unless something is under way.
  void Proceed() {
    std::optional<grpc::Status> end;
    {
      MutexLock lock(mu_);
      if (is_busy_ || (queue_.empty() && !end_.has_value())) return;
      is_busy_ = true;  // For good, when this is the end.
      end = end_;
      if (!end.has_value()) {
        current_ = std::move(queue_.front());
        queue_.pop_front();
      }
    }
    if (end.has_value()) {
      Finish(*end);
    } else {
      StartWrite(&current_);
    }
  }

  // Constant after construction.
  const std::string epoch_;
  const event::v1::WatchRequest request_;
  const size_t max_queued_;
  std::atomic<int>& watches_;

  Mutex mu_;
  bool is_busy_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mu_);
  std::deque<event::v1::WatchResponse> queue_ ABSL_GUARDED_BY(mu_);
  uint64_t last_seen_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t missed_ ABSL_GUARDED_BY(mu_) = 0;

  // Of whoever set is_busy_.
  event::v1::WatchResponse current_;

  // Last: they call back.
  std::shared_ptr<void> subscription_;
  std::unique_ptr<Context::Registration> on_stop_;
};

// A call that is over at once.
class RefusedReactor
    : public grpc::ServerWriteReactor<event::v1::WatchResponse> {
 public:
  explicit RefusedReactor(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

grpc::Status ToGrpcStatus(const absl::Status& status) {
  // Both have the same numbers.
  return {static_cast<grpc::StatusCode>(status.code()),
          std::string(status.message())};
}

class RecorderSource : public EventSource {
 public:
  explicit RecorderSource(EventRecorder& events) : events_(events) {}

  std::shared_ptr<void> Subscribe(
      uint64_t after,
      std::function<void(const RecordedEvent&)> callback) override {
    return events_.Subscribe(after, std::move(callback));
  }
  uint64_t last_sequence() const override { return events_.last_sequence(); }
  absl::Status Take(RecordedEvent event) override {
    events_.Emit(event.component, std::move(event.event));
    return absl::OkStatus();
  }

 private:
  EventRecorder& events_;
};

class EventGrpcService : public rpc::Service,
                         public event::v1::EventService::CallbackService {
 public:
  EventGrpcService(std::shared_ptr<EventSource> events,
                   const EventGrpcOptions& options)
      : events_(std::move(events)), options_(options) {}

  void* grpc_service() override { return static_cast<grpc::Service*>(this); }
  void Stop() override { stop_.Cancel(); }

  grpc::ServerUnaryReactor* Emit(grpc::CallbackServerContext* call,
                                 const event::v1::EmitRequest* request,
                                 event::v1::EmitResponse*) override {
    grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
    reactor->Finish(ToGrpcStatus(Take(request->event())));
    return reactor;
  }

  grpc::ServerWriteReactor<event::v1::WatchResponse>* Watch(
      grpc::CallbackServerContext*,
      const event::v1::WatchRequest* request) override {
    if (++watches_ > options_.max_watches) {
      --watches_;
      return new RefusedReactor(
          {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many watches at once"});
    }
    return new WatchReactor(stop_, *events_, epoch_, *request,
                            options_.max_queued, watches_);
  }

 private:
  absl::Status Take(const event::v1::Event& event) {
    if (!options_.accept_emit) {
      return absl::UnimplementedError("this controller takes no events");
    }
    WEIR_ASSIGN_OR_RETURN(RecordedEvent taken, FromProto(event));
    return events_->Take(std::move(taken));
  }

  // Constant after construction.
  const std::shared_ptr<EventSource> events_;
  const EventGrpcOptions options_;
  const std::string epoch_ = RandomUuid();
  // Have their own locks.
  const Context stop_ = Context().WithCancel();
  std::atomic<int> watches_{0};
};

}  // namespace

std::shared_ptr<rpc::Service> MakeEventGrpcService(
    std::shared_ptr<EventSource> source, const EventGrpcOptions& options) {
  return std::make_shared<EventGrpcService>(std::move(source), options);
}

std::shared_ptr<rpc::Service> MakeEventGrpcService(
    EventRecorder& events, const EventGrpcOptions& options) {
  return MakeEventGrpcService(std::make_shared<RecorderSource>(events),
                              options);
}

}  // namespace weir::reconcile
