#include "weir/reconcile/event_hub.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "weir/base/mutex.h"
#include "weir/base/task_queue.h"

namespace weir::reconcile {
namespace {

size_t BytesOf(const RecordedEvent& event) {
  size_t bytes = event.event.reason.size() + event.event.message.size();
  for (const auto& [key, value] : event.event.metadata) {
    bytes += key.size() + value.size();
  }
  return bytes;
}

struct Subscriber {
  std::function<void(const RecordedEvent&)> callback;
  uint64_t after = 0;  // Used by the pump only.
};

}  // namespace

struct EventHub::Impl {
  Impl(size_t most_events, size_t most_bytes)
      : max_events(std::max<size_t>(most_events, 1)), max_bytes(most_bytes) {}

  const size_t max_events, max_bytes;

  Mutex mu;
  CondVar changed;
  std::deque<std::shared_ptr<const RecordedEvent>> events ABSL_GUARDED_BY(mu);
  size_t bytes ABSL_GUARDED_BY(mu) = 0;
  uint64_t last ABSL_GUARDED_BY(mu) = 0;

  // Held while subscribers are called, so that leaving waits for it.
  Mutex pump_mu;
  uint64_t last_subscriber ABSL_GUARDED_BY(pump_mu) = 0;
  std::map<uint64_t, Subscriber> subscribers ABSL_GUARDED_BY(pump_mu);

  // Last, so that its thread ends first.
  Mutex pump_queue_mu;
  std::unique_ptr<TaskQueue> pump_queue ABSL_GUARDED_BY(pump_queue_mu);

  Next After(uint64_t after) ABSL_LOCKS_EXCLUDED(mu) {
    MutexLock lock(mu);
    return AfterLocked(after);
  }
  Next AfterLocked(uint64_t after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void Pump();
};

EventHub::Next EventHub::Impl::AfterLocked(uint64_t after) {
  if (after >= last) return {};
  const uint64_t first = last - events.size() + 1;
  if (after + 1 < first) return {events.front(), first - after - 1};
  return {events[after + 1 - first], 0};
}

// Brings all subscribers up to date.
void EventHub::Impl::Pump() {
  MutexLock lock(pump_mu);
  for (auto& [id, subscriber] : subscribers) {
    while (true) {
      const Next next = After(subscriber.after);
      if (next.event == nullptr) break;
      subscriber.after = next.event->sequence;
      subscriber.callback(*next.event);
    }
  }
}

EventHub::EventHub(size_t max_events, size_t max_bytes)
    : impl_(std::make_unique<Impl>(max_events, max_bytes)) {}

EventHub::~EventHub() = default;

uint64_t EventHub::Append(RecordedEvent event) {
  uint64_t sequence = 0;
  {
    MutexLock lock(impl_->mu);
    sequence = event.sequence = ++impl_->last;
    impl_->bytes += BytesOf(event);
    auto& events = impl_->events;
    events.push_back(std::make_shared<const RecordedEvent>(std::move(event)));
    while (events.size() > impl_->max_events ||
           (impl_->bytes > impl_->max_bytes && events.size() > 1)) {
      impl_->bytes -= BytesOf(*events.front());
      events.pop_front();
    }
    impl_->changed.NotifyAll();
  }
  MutexLock lock(impl_->pump_queue_mu);
  if (impl_->pump_queue != nullptr) {
    impl_->pump_queue->Post([impl = impl_.get()] { impl->Pump(); });
  }
  return sequence;
}

EventHub::Next EventHub::After(uint64_t after) const {
  return impl_->After(after);
}

absl::StatusOr<EventHub::Next> EventHub::WaitAfter(const Context& ctx,
                                                   uint64_t after) const {
  const Context::Registration on_cancel = ctx.OnCancel([this] {
    MutexLock lock(impl_->mu);
    impl_->changed.NotifyAll();
  });
  MutexLock lock(impl_->mu);
  while (!ctx.is_done()) {
    Next next = impl_->AfterLocked(after);
    if (next.event != nullptr) return next;
    impl_->changed.WaitUntil(impl_->mu, ctx.deadline());
  }
  return ctx.status();
}

std::shared_ptr<void> EventHub::Subscribe(
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

uint64_t EventHub::last_sequence() const {
  MutexLock lock(impl_->mu);
  return impl_->last;
}

}  // namespace weir::reconcile
