#include "src/event_log.h"

#include <utility>

namespace weir::reconcile {
namespace {

size_t BytesOf(const RecordedEvent& event) {
  size_t bytes = event.event.reason.size() + event.event.message.size();
  for (const auto& [key, value] : event.event.metadata) {
    bytes += key.size() + value.size();
  }
  return bytes;
}

}  // namespace

void EventLog::Append(RecordedEvent event) {
  MutexLock lock(mu_);
  event.sequence = ++last_;
  bytes_ += BytesOf(event);
  events_.push_back(std::make_shared<const RecordedEvent>(std::move(event)));
  while (events_.size() > max_events_ ||
         (bytes_ > max_bytes_ && events_.size() > 1)) {
    bytes_ -= BytesOf(*events_.front());
    events_.pop_front();
  }
  changed_.NotifyAll();
}

EventLog::Next EventLog::AfterLocked(uint64_t after) const {
  if (after >= last_) return {};
  const uint64_t first = last_ - events_.size() + 1;
  if (after + 1 < first) return {events_.front(), first - after - 1};
  return {events_[after + 1 - first], 0};
}

EventLog::Next EventLog::After(uint64_t after) const {
  MutexLock lock(mu_);
  return AfterLocked(after);
}

absl::StatusOr<EventLog::Next> EventLog::WaitAfter(const Context& ctx,
                                                   uint64_t after) const {
  const Context::Registration on_cancel = ctx.OnCancel([this] {
    MutexLock lock(mu_);
    changed_.NotifyAll();
  });
  MutexLock lock(mu_);
  while (!ctx.is_done()) {
    Next next = AfterLocked(after);
    if (next.event != nullptr) return next;
    changed_.WaitUntil(mu_, ctx.deadline());
  }
  return ctx.status();
}

uint64_t EventLog::last() const {
  MutexLock lock(mu_);
  return last_;
}

}  // namespace weir::reconcile
