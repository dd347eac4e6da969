#include "weir/reconcile/events.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "src/event_correlator.h"
#include "src/event_log.h"
#include "weir/base/duration.h"
#include "weir/base/mutex.h"
#include "weir/base/task_queue.h"
#include "weir/base/thread_group.h"
#include "weir/http/client.h"
#include "weir/value/json.h"

namespace weir::reconcile {
namespace {

constexpr char kMetadataPrefix[] = "event.toolkit.fluxcd.io/";
// Of Kubernetes Events, when the server does not answer; client-go's.
constexpr int kKubeTries = 12;
constexpr absl::Duration kKubePause = absl::Seconds(10);
constexpr absl::Duration kKubeTimeout = absl::Seconds(30);

const kube::GroupVersionKind& EventKind() {
  static const auto* const kind = new kube::GroupVersionKind{"", "v1", "Event"};
  return *kind;
}

// What of an object identifies it.
Value Condense(const Value& object) {
  Value metadata = Value::MakeObject();
  for (const char* key : {"namespace", "name", "uid", "resourceVersion"}) {
    const Value& value = object["metadata"][key];
    if (value.is_string()) metadata.Set(key, value);
  }
  return Value::MakeObject({{"apiVersion", object["apiVersion"]},
                            {"kind", object["kind"]},
                            {"metadata", std::move(metadata)}});
}

struct Subscriber {
  std::function<void(const RecordedEvent&)> callback;
  uint64_t after = 0;  // Used by the pump only.
};

}  // namespace

struct EventRecorder::Impl {
  Impl(const kube::Client& kube_client, EventRecorderOptions recorder_options)
      : client(kube_client),
        options(std::move(recorder_options)),
        clock(options.clock != nullptr ? *options.clock : Clock::Real()),
        log(std::max<size_t>(options.history, 1), options.history_bytes) {}

  // Constant after construction.
  const kube::Client& client;
  const EventRecorderOptions options;
  const Clock& clock;

  EventLog log;  // Has its own lock.

  Mutex mu;
  CondVar advanced;
  // The last event that each way out is done with.
  uint64_t kube_done ABSL_GUARDED_BY(mu) = 0;
  uint64_t http_done ABSL_GUARDED_BY(mu) = 0;
  std::map<absl::string_view, bool> said_dropped ABSL_GUARDED_BY(mu);

  // Held while subscribers are called, so that leaving waits for it.
  Mutex pump_mu;
  uint64_t last_subscriber ABSL_GUARDED_BY(pump_mu) = 0;
  std::map<uint64_t, Subscriber> subscribers ABSL_GUARDED_BY(pump_mu);

  Mutex pump_queue_mu;
  std::unique_ptr<TaskQueue> pump_queue ABSL_GUARDED_BY(pump_queue_mu);

  // Last, so that the threads end first.
  ThreadGroup threads;

  void CountDropped(absl::string_view way, uint64_t count);
  void Finish(uint64_t& done, uint64_t sequence) ABSL_LOCKS_EXCLUDED(mu);
  absl::Status WriteKubeEvents(const Context& ctx);
  void WriteKubeEvent(const Context& ctx,
                      const EventCorrelator::Verdict& verdict,
                      EventCorrelator& correlator,
                      const std::string& component);
  absl::StatusOr<Value> SendKubeEvent(const Context& ctx,
                                      const EventCorrelator::Verdict& verdict,
                                      const std::string& component);
  absl::Status PostEvents(const Context& ctx);
  void Post(const Context& ctx, http::Client& http, const RecordedEvent& event);
  void Pump();
};

void EventRecorder::Impl::CountDropped(absl::string_view way, uint64_t count) {
  if (count == 0) return;
  for (uint64_t i = 0; options.on_dropped != nullptr && i < count; ++i) {
    options.on_dropped(way);
  }
  {
    MutexLock lock(mu);
    if (std::exchange(said_dropped[way], true)) return;
  }
  options.logger.Error("events are dropped, further ones are only counted",
                       {{"way", way}});
}

void EventRecorder::Impl::Finish(uint64_t& done, uint64_t sequence) {
  MutexLock lock(mu);
  done = sequence;
  advanced.NotifyAll();
}

absl::Status EventRecorder::Impl::WriteKubeEvents(const Context& ctx) {
  EventCorrelator correlator;
  uint64_t after = 0;
  while (true) {
    const absl::StatusOr<EventLog::Next> next = log.WaitAfter(ctx, after);
    if (!next.ok()) return next.status();
    CountDropped("kubernetes", next->missed);
    const EventCorrelator::Verdict verdict = correlator.Judge(*next->event);
    if (verdict.kind != EventCorrelator::Verdict::Kind::kSkip) {
      WriteKubeEvent(ctx, verdict, correlator, next->event->component);
    }
    after = next->event->sequence;
    Finish(kube_done, after);
  }
}

absl::StatusOr<Value> EventRecorder::Impl::SendKubeEvent(
    const Context& ctx, const EventCorrelator::Verdict& verdict,
    const std::string& component) {
  const Context bounded = ctx.WithTimeout(kKubeTimeout);
  kube::WriteOptions write;
  write.field_manager = component;
  if (verdict.kind == EventCorrelator::Verdict::Kind::kCount) {
    absl::StatusOr<Value> answer =
        client.Patch(bounded, {EventKind(), kube::KeyOf(verdict.object)},
                     kube::PatchType::kStrategic, verdict.patch, write);
    // It may have expired.
    if (!absl::IsNotFound(answer.status())) return answer;
  }
  return client.Create(bounded, verdict.object, write);
}

void EventRecorder::Impl::WriteKubeEvent(
    const Context& ctx, const EventCorrelator::Verdict& verdict,
    EventCorrelator& correlator, const std::string& component) {
  for (int attempt = 1; attempt <= kKubeTries; ++attempt) {
    const absl::StatusOr<Value> stored = SendKubeEvent(ctx, verdict, component);
    if (stored.ok()) {
      correlator.Remember(verdict, *stored);
      return;
    }
    // An answer is final; only silence is worth another try.
    if (kube::ApiCodeOf(stored.status()) != 0 || ctx.is_done()) {
      options.logger.Debug("event refused", {{"error", stored.status()}});
      return;
    }
    if (attempt < kKubeTries && !ctx.SleepFor(kKubePause).ok()) return;
  }
  CountDropped("kubernetes", 1);
}

absl::Status EventRecorder::Impl::PostEvents(const Context& ctx) {
  http::Client http;
  uint64_t after = 0;
  while (true) {
    const absl::StatusOr<EventLog::Next> next = log.WaitAfter(ctx, after);
    if (!next.ok()) return next.status();
    CountDropped("http", next->missed);
    const RecordedEvent& event = *next->event;
    if (event.event.severity != Severity::kTrace &&
        !event.event.object["metadata"].GetString("namespace").empty()) {
      Post(ctx, http, event);
    }
    after = event.sequence;
    Finish(http_done, after);
  }
}

void EventRecorder::Impl::Post(const Context& ctx, http::Client& http,
                               const RecordedEvent& event) {
  http::Request request;
  request.method = "POST";
  request.url = options.address;
  request.headers.Set("Content-Type", "application/json");
  request.body = FormatJson(MakePostedEvent(event));
  request.max_response_bytes = 64u << 10;
  absl::Status problem;
  for (int attempt = 0; attempt <= options.post_retries; ++attempt) {
    if (attempt > 0 &&
        !ctx.SleepFor(ExponentialBackoff(options.min_post_backoff,
                                         options.max_post_backoff, attempt - 1))
             .ok()) {
      return;
    }
    const absl::StatusOr<http::Response> answer =
        http.SendAndWait(ctx.WithTimeout(options.post_timeout), request);
    if (ctx.is_done()) return;
    if (answer.ok() && answer->code < 500) return;
    problem = answer.ok() ? absl::UnavailableError(
                                absl::StrCat("the answer was ", answer->code))
                          : answer.status();
  }
  options.logger.Debug("event not posted", {{"error", problem}});
  CountDropped("http", 1);
}

// Brings all subscribers up to date.
void EventRecorder::Impl::Pump() {
  MutexLock lock(pump_mu);
  for (auto& [id, subscriber] : subscribers) {
    while (true) {
      const EventLog::Next next = log.After(subscriber.after);
      if (next.event == nullptr) break;
      subscriber.after = next.event->sequence;
      subscriber.callback(*next.event);
    }
  }
}

EventRecorder::EventRecorder(const kube::Client& client,
                             EventRecorderOptions options)
    : impl_(std::make_unique<Impl>(client, std::move(options))) {
  Impl* impl = impl_.get();
  if (impl->options.write_kube) {
    impl->threads.Start("events-kube", [impl](const Context& ctx) {
      return impl->WriteKubeEvents(ctx);
    });
  }
  if (!impl->options.address.empty()) {
    impl->threads.Start("events-http", [impl](const Context& ctx) {
      return impl->PostEvents(ctx);
    });
  }
}

EventRecorder::~EventRecorder() {
  impl_->threads.Stop();
  impl_->threads.Join().IgnoreError();
}

void EventRecorder::Emit(absl::string_view component, Event event) {
  RecordedEvent recorded;
  recorded.time = impl_->clock.Now();
  recorded.component = std::string(component);
  recorded.instance = impl_->options.instance;
  for (const Value::Member& annotation :
       event.object["metadata"]["annotations"].object()) {
    if (absl::StartsWith(annotation.key, kMetadataPrefix) &&
        annotation.value.is_string()) {
      event.metadata[annotation.key] = annotation.value.AsString();
    }
  }
  event.object = Condense(event.object);
  recorded.event = std::move(event);
  impl_->log.Append(std::move(recorded));
  MutexLock lock(impl_->pump_queue_mu);
  if (impl_->pump_queue != nullptr) {
    impl_->pump_queue->Post([impl = impl_.get()] { impl->Pump(); });
  }
}

void EventRecorder::Flush(absl::Duration timeout) {
  const uint64_t last = impl_->log.last();
  const absl::Time until = absl::Now() + timeout;
  MutexLock lock(impl_->mu);
  const auto is_behind = [this, last]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return (impl_->options.write_kube && impl_->kube_done < last) ||
           (!impl_->options.address.empty() && impl_->http_done < last);
  };
  while (is_behind() && absl::Now() < until) {
    impl_->advanced.WaitUntil(impl_->mu, until);
  }
}

std::shared_ptr<void> EventRecorder::Subscribe(
    uint64_t after, std::function<void(const RecordedEvent&)> callback) {
  Impl* impl = impl_.get();
  uint64_t id = 0;
  {
    MutexLock lock(impl->pump_mu);
    id = ++impl->last_subscriber;
    impl->subscribers[id] = {std::move(callback), after};
  }
  {
    MutexLock lock(impl->pump_queue_mu);
    if (impl->pump_queue == nullptr) {
      impl->pump_queue = std::make_unique<TaskQueue>("events-watch");
    }
    impl->pump_queue->Post([impl] { impl->Pump(); });
  }
  return std::shared_ptr<void>(nullptr, [impl, id](void*) {
    MutexLock lock(impl->pump_mu);
    impl->subscribers.erase(id);
  });
}

uint64_t EventRecorder::last_sequence() const { return impl_->log.last(); }

}  // namespace weir::reconcile
