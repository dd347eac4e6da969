#include "weir/reconcile/event_grpc.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <deque>
#include <optional>
#include <utility>

#include "weir/base/context.h"
#include "weir/base/duration.h"
#include "weir/base/mutex.h"
#include "weir/event/v1/event_service.grpc.pb.h"

namespace weir::reconcile {
namespace {

event::v1::Severity ToProto(Severity severity) {
  switch (severity) {
    case Severity::kTrace:
      return event::v1::SEVERITY_TRACE;
    case Severity::kInfo:
      return event::v1::SEVERITY_INFO;
    case Severity::kError:
      return event::v1::SEVERITY_ERROR;
  }
  return event::v1::SEVERITY_UNSPECIFIED;
}

void ToProto(const RecordedEvent& from, event::v1::Event* to) {
  const Value& metadata = from.event.object["metadata"];
  event::v1::ObjectReference* object = to->mutable_involved_object();
  const auto text = [](absl::string_view view) { return std::string(view); };
  object->set_kind(text(from.event.object.GetString("kind")));
  object->set_namespace_(text(metadata.GetString("namespace")));
  object->set_name(text(metadata.GetString("name")));
  object->set_uid(text(metadata.GetString("uid")));
  object->set_api_version(text(from.event.object.GetString("apiVersion")));
  object->set_resource_version(text(metadata.GetString("resourceVersion")));
  to->set_severity(ToProto(from.event.severity));
  to->set_timestamp(FormatKubeTime(from.time));
  to->set_message(from.event.message);
  to->set_reason(from.event.reason);
  to->mutable_metadata()->insert(from.event.metadata.begin(),
                                 from.event.metadata.end());
  to->set_reporting_controller(from.component);
  to->set_reporting_instance(from.instance);
}

// What an emitter must say; nothing is wrong when it is empty.
std::string MissingPart(const event::v1::Event& from) {
  if (from.involved_object().kind().empty() ||
      from.involved_object().name().empty()) {
    return "the involved object needs a kind and a name";
  }
  if (from.severity() != event::v1::SEVERITY_TRACE &&
      from.severity() != event::v1::SEVERITY_INFO &&
      from.severity() != event::v1::SEVERITY_ERROR) {
    return "a known severity is needed";
  }
  if (from.reason().empty()) return "a reason is needed";
  if (from.reporting_controller().empty()) {
    return "a reporting controller is needed";
  }
  return "";
}

Event FromProto(const event::v1::Event& from) {
  const event::v1::ObjectReference& object = from.involved_object();
  Event to;
  Value metadata = Value::MakeObject({{"name", Value(object.name())}});
  for (const auto& [key, text] :
       {std::pair("namespace", object.namespace_()),
        std::pair("uid", object.uid()),
        std::pair("resourceVersion", object.resource_version())}) {
    if (!text.empty()) metadata.Set(key, Value(text));
  }
  to.object = Value::MakeObject({{"apiVersion", Value(object.api_version())},
                                 {"kind", Value(object.kind())},
                                 {"metadata", std::move(metadata)}});
  to.severity = from.severity() == event::v1::SEVERITY_ERROR ? Severity::kError
                : from.severity() == event::v1::SEVERITY_INFO
                    ? Severity::kInfo
                    : Severity::kTrace;
  to.reason = from.reason();
  to.message = from.message();
  to.metadata.insert(from.metadata().begin(), from.metadata().end());
  return to;
}

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
  WatchReactor(const Context& stop, EventRecorder& events,
               const event::v1::WatchRequest& request, size_t max_queued,
               std::atomic<int>& watches)
      : request_(request), max_queued_(max_queued), watches_(watches) {
    // A number from before a restart is above ours: all that we have is news.
    const uint64_t last = events.last_sequence();
    const uint64_t after = !request.has_after_sequence() ? last
                           : request.after_sequence() <= last
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

class EventGrpcService : public rpc::Service,
                         public event::v1::EventService::CallbackService {
 public:
  EventGrpcService(EventRecorder& events, const EventGrpcOptions& options)
      : events_(events), options_(options) {}

  void* grpc_service() override { return static_cast<grpc::Service*>(this); }
  void Stop() override { stop_.Cancel(); }

  grpc::ServerUnaryReactor* Emit(grpc::CallbackServerContext* call,
                                 const event::v1::EmitRequest* request,
                                 event::v1::EmitResponse*) override {
    grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
    const std::string missing = MissingPart(request->event());
    if (!options_.accept_emit) {
      reactor->Finish(
          {grpc::StatusCode::UNIMPLEMENTED, "this controller takes no events"});
    } else if (!missing.empty()) {
      reactor->Finish({grpc::StatusCode::INVALID_ARGUMENT, missing});
    } else {
      events_.Emit(request->event().reporting_controller(),
                   FromProto(request->event()));
      reactor->Finish(grpc::Status::OK);
    }
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
    return new WatchReactor(stop_, events_, *request, options_.max_queued,
                            watches_);
  }

 private:
  // Constant after construction.
  EventRecorder& events_;
  const EventGrpcOptions options_;
  // Have their own locks.
  const Context stop_ = Context().WithCancel();
  std::atomic<int> watches_{0};
};

}  // namespace

std::shared_ptr<rpc::Service> MakeEventGrpcService(
    EventRecorder& events, const EventGrpcOptions& options) {
  return std::make_shared<EventGrpcService>(events, options);
}

}  // namespace weir::reconcile
