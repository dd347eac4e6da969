#include "weir/reconcile/events.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "src/event_correlator.h"
#include "weir/base/duration.h"
#include "weir/base/mutex.h"
#include "weir/base/thread_group.h"
#include "weir/reconcile/event_hub.h"
#include "weir/reconcile/event_sink.h"

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

}  // namespace

struct EventRecorder::Impl {
  Impl(const kube::Client& kube_client, EventRecorderOptions recorder_options)
      : client(kube_client),
        options(std::move(recorder_options)),
        clock(options.clock != nullptr ? *options.clock : Clock::Real()),
        sink(options.sink != nullptr   ? options.sink
             : options.address.empty() ? nullptr
                                       : MakeHttpEventSink(options.address)),
        hub(options.history, options.history_bytes) {}

  // Constant after construction.
  const kube::Client& client;
  const EventRecorderOptions options;
  const Clock& clock;
  const std::shared_ptr<EventSink> sink;  // Null: none.

  EventHub hub;  // Has its own lock.

  Mutex mu;
  CondVar advanced;
  // The last event that each way out is done with.
  uint64_t kube_done ABSL_GUARDED_BY(mu) = 0;
  uint64_t sink_done ABSL_GUARDED_BY(mu) = 0;
  std::map<absl::string_view, bool> said_dropped ABSL_GUARDED_BY(mu);

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
  absl::Status SendEvents(const Context& ctx);
  void Send(const Context& ctx, const RecordedEvent& event);
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
    const absl::StatusOr<EventHub::Next> next = hub.WaitAfter(ctx, after);
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

absl::Status EventRecorder::Impl::SendEvents(const Context& ctx) {
  uint64_t after = 0;
  while (true) {
    const absl::StatusOr<EventHub::Next> next = hub.WaitAfter(ctx, after);
    if (!next.ok()) return next.status();
    CountDropped(sink->name(), next->missed);
    const RecordedEvent& event = *next->event;
    if (event.event.severity != Severity::kTrace &&
        !event.event.object["metadata"].GetString("namespace").empty()) {
      Send(ctx, event);
    }
    after = event.sequence;
    Finish(sink_done, after);
  }
}

void EventRecorder::Impl::Send(const Context& ctx, const RecordedEvent& event) {
  absl::Status problem;
  for (int attempt = 0; attempt <= options.post_retries; ++attempt) {
    if (attempt > 0 &&
        !ctx.SleepFor(ExponentialBackoff(options.min_post_backoff,
                                         options.max_post_backoff, attempt - 1))
             .ok()) {
      return;
    }
    problem = sink->Send(ctx.WithTimeout(options.post_timeout), event);
    if (problem.ok() || ctx.is_done()) return;
  }
  options.logger.Debug("event not posted", {{"error", problem}});
  CountDropped(sink->name(), 1);
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
  if (impl->sink != nullptr) {
    impl->threads.Start("events-sink", [impl](const Context& ctx) {
      return impl->SendEvents(ctx);
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
  impl_->hub.Append(std::move(recorded));
}

void EventRecorder::Flush(absl::Duration timeout) {
  const uint64_t last = impl_->hub.last_sequence();
  const absl::Time until = absl::Now() + timeout;
  MutexLock lock(impl_->mu);
  const auto is_behind = [this, last]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return (impl_->options.write_kube && impl_->kube_done < last) ||
           (impl_->sink != nullptr && impl_->sink_done < last);
  };
  while (is_behind() && absl::Now() < until) {
    impl_->advanced.WaitUntil(impl_->mu, until);
  }
}

std::shared_ptr<void> EventRecorder::Subscribe(
    uint64_t after, std::function<void(const RecordedEvent&)> callback) {
  return impl_->hub.Subscribe(after, std::move(callback));
}

uint64_t EventRecorder::last_sequence() const {
  return impl_->hub.last_sequence();
}

}  // namespace weir::reconcile
