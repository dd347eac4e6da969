#include "weir/reconcile/queue.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "weir/base/duration.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"

namespace weir::reconcile {
namespace {

// Ready keys of the low lane may be overtaken so many times in a row.
constexpr int kMaxOvertakings = 7;

// What is known of one key.
struct Entry {
  bool is_ready = false;
  bool is_active = false;
  bool is_dirty = false;               // Ready again when no longer active.
  Priority priority = Priority::kLow;  // Of ready or dirty.
  uint64_t ticket = 0;  // Of its place in a lane; older places are void.
  int failures = 0;
  absl::Time ready_since;
  absl::Time active_since;
  absl::Time wait_until = absl::InfiniteFuture();

  bool is_idle() const {
    return !is_ready && !is_active && !is_dirty && failures == 0 &&
           wait_until == absl::InfiniteFuture();
  }
};

struct Place {
  uint64_t ticket;
  kube::ObjectKey key;
};

}  // namespace

struct WorkQueue::Impl {
  explicit Impl(QueueOptions queue_options)
      : options(std::move(queue_options)),
        clock(options.clock != nullptr ? *options.clock : Clock::Real()) {}

  // Constant after construction.
  const QueueOptions options;
  const Clock& clock;

  mutable Mutex mu;
  CondVar changed;
  bool is_shut_down ABSL_GUARDED_BY(mu) = false;
  absl::flat_hash_map<kube::ObjectKey, Entry> entries ABSL_GUARDED_BY(mu);
  std::deque<Place> normal ABSL_GUARDED_BY(mu), low ABSL_GUARDED_BY(mu);
  size_t normal_ready ABSL_GUARDED_BY(mu) = 0;
  size_t low_ready ABSL_GUARDED_BY(mu) = 0;
  int overtakings ABSL_GUARDED_BY(mu) = 0;
  uint64_t last_ticket ABSL_GUARDED_BY(mu) = 0;
  std::set<std::pair<absl::Time, kube::ObjectKey>> waiting ABSL_GUARDED_BY(mu);

  size_t& ReadyCount(Priority priority) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return priority == Priority::kNormal ? normal_ready : low_ready;
  }

  void StopWaiting(const kube::ObjectKey& key, Entry& entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    if (entry.wait_until == absl::InfiniteFuture()) return;
    waiting.erase({entry.wait_until, key});
    entry.wait_until = absl::InfiniteFuture();
  }

  void PutInLane(const kube::ObjectKey& key, Entry& entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    entry.ticket = ++last_ticket;
    (entry.priority == Priority::kNormal ? normal : low)
        .push_back({entry.ticket, key});
    ++ReadyCount(entry.priority);
  }

  // Returns whether the key was neither ready nor dirty before.
  bool MakeReady(const kube::ObjectKey& key, Entry& entry, Priority priority)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    StopWaiting(key, entry);
    if (entry.is_active) {
      const bool is_new = !entry.is_dirty;
      entry.priority = is_new ? priority : std::max(entry.priority, priority);
      entry.is_dirty = true;
      return is_new;
    }
    if (entry.is_ready) {
      if (priority > entry.priority) {
        --ReadyCount(entry.priority);
        entry.priority = priority;
        PutInLane(key, entry);
      }
      return false;
    }
    entry.is_ready = true;
    entry.priority = priority;
    entry.ready_since = clock.Now();
    PutInLane(key, entry);
    return true;
  }

  // Makes those ready whose time has come; returns how many.
  int MakeDueReady() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    int added = 0;
    const absl::Time now = clock.Now();
    while (!waiting.empty() && waiting.begin()->first <= now) {
      const kube::ObjectKey key = waiting.begin()->second;
      added += MakeReady(key, entries[key], Priority::kLow);
    }
    return added;
  }

  // Drops places that are void from the front.
  void TidyLane(std::deque<Place>& lane) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    while (!lane.empty()) {
      const auto entry = entries.find(lane.front().key);
      if (entry != entries.end() && entry->second.is_ready &&
          entry->second.ticket == lane.front().ticket) {
        return;
      }
      lane.pop_front();
    }
  }

  std::optional<kube::ObjectKey> Pop() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    TidyLane(normal);
    TidyLane(low);
    if (normal.empty() && low.empty()) return std::nullopt;
    const bool from_low =
        normal.empty() || (!low.empty() && overtakings >= kMaxOvertakings);
    overtakings = from_low || low.empty() ? 0 : overtakings + 1;
    std::deque<Place>& lane = from_low ? low : normal;
    kube::ObjectKey key = std::move(lane.front().key);
    lane.pop_front();
    Entry& entry = entries[key];
    --ReadyCount(entry.priority);
    entry.is_ready = false;
    entry.is_active = true;
    entry.active_since = clock.Now();
    return key;
  }

  void TellAdded(int count) const {
    if (options.observer.on_add == nullptr) return;
    for (int i = 0; i < count; ++i) options.observer.on_add();
  }

  // Counts of what happened under the lock, for the observer.
  std::optional<kube::ObjectKey> PopAndTell(bool wait) {
    int added = 0;
    absl::Duration waited;
    std::optional<kube::ObjectKey> key;
    {
      MutexLock lock(mu);
      while (!is_shut_down) {
        added += MakeDueReady();
        key = Pop();
        if (key.has_value() || !wait) break;
        const absl::Time until =
            waiting.empty() ? absl::InfiniteFuture() : waiting.begin()->first;
        changed.WaitUntil(mu, until);
      }
      if (key.has_value()) {
        const Entry& entry = entries[*key];
        waited = entry.active_since - entry.ready_since;
        // The next worker takes the next key, or watches the timer.
        if (normal_ready + low_ready > 0 || !waiting.empty()) {
          changed.NotifyOne();
        }
      }
    }
    TellAdded(added);
    if (key.has_value() && options.observer.on_start != nullptr) {
      options.observer.on_start(waited);
    }
    return key;
  }

  void AddAfter(const kube::ObjectKey& key, absl::Duration delay)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    Entry& entry = entries[key];
    if (entry.is_ready || entry.is_dirty) return;
    const absl::Time when = clock.Now() + delay;
    if (entry.wait_until <= when) return;
    StopWaiting(key, entry);
    if (when == absl::InfiniteFuture()) return;
    entry.wait_until = when;
    const auto place = waiting.emplace(when, key).first;
    if (place == waiting.begin()) changed.NotifyOne();
  }

  void EraseIfIdle(const kube::ObjectKey& key)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    const auto entry = entries.find(key);
    if (entry != entries.end() && entry->second.is_idle()) {
      entries.erase(entry);
    }
  }
};

WorkQueue::WorkQueue(QueueOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

WorkQueue::~WorkQueue() = default;

void WorkQueue::Add(const kube::ObjectKey& key, Priority priority) {
  bool added = false;
  {
    MutexLock lock(impl_->mu);
    if (impl_->is_shut_down) return;
    added = impl_->MakeReady(key, impl_->entries[key], priority);
    impl_->changed.NotifyOne();
  }
  impl_->TellAdded(added ? 1 : 0);
}

void WorkQueue::AddAfter(const kube::ObjectKey& key, absl::Duration delay) {
  if (delay <= absl::ZeroDuration()) {
    Add(key, Priority::kLow);
    return;
  }
  MutexLock lock(impl_->mu);
  if (!impl_->is_shut_down) impl_->AddAfter(key, delay);
}

absl::Duration WorkQueue::AddRateLimited(const kube::ObjectKey& key) {
  absl::Duration delay;
  {
    MutexLock lock(impl_->mu);
    if (impl_->is_shut_down) return delay;
    Entry& entry = impl_->entries[key];
    delay = ExponentialBackoff(impl_->options.min_retry_delay,
                               impl_->options.max_retry_delay, entry.failures);
    ++entry.failures;
    impl_->AddAfter(key, delay);
  }
  if (impl_->options.observer.on_retry != nullptr) {
    impl_->options.observer.on_retry();
  }
  return delay;
}

void WorkQueue::Forget(const kube::ObjectKey& key) {
  MutexLock lock(impl_->mu);
  const auto entry = impl_->entries.find(key);
  if (entry == impl_->entries.end()) return;
  entry->second.failures = 0;
  impl_->EraseIfIdle(key);
}

int WorkQueue::Failures(const kube::ObjectKey& key) const {
  MutexLock lock(impl_->mu);
  const auto entry = impl_->entries.find(key);
  return entry == impl_->entries.end() ? 0 : entry->second.failures;
}

std::optional<kube::ObjectKey> WorkQueue::Get() {
  return impl_->PopAndTell(/*wait=*/true);
}

std::optional<kube::ObjectKey> WorkQueue::TryGet() {
  return impl_->PopAndTell(/*wait=*/false);
}

void WorkQueue::Done(const kube::ObjectKey& key) {
  absl::Duration worked;
  {
    MutexLock lock(impl_->mu);
    const auto found = impl_->entries.find(key);
    WEIR_CHECK(found != impl_->entries.end() && found->second.is_active);
    Entry& entry = found->second;
    const absl::Time now = impl_->clock.Now();
    worked = now - entry.active_since;
    entry.is_active = false;
    if (entry.is_dirty) {
      entry.is_dirty = false;
      entry.is_ready = true;
      entry.ready_since = now;
      impl_->StopWaiting(key, entry);
      impl_->PutInLane(key, entry);
      impl_->changed.NotifyOne();
    } else {
      impl_->EraseIfIdle(key);
    }
  }
  if (impl_->options.observer.on_done != nullptr) {
    impl_->options.observer.on_done(worked);
  }
}

void WorkQueue::ShutDown() {
  MutexLock lock(impl_->mu);
  impl_->is_shut_down = true;
  impl_->changed.NotifyAll();
}

WorkQueue::Depth WorkQueue::depth() const {
  MutexLock lock(impl_->mu);
  Depth depth;
  depth.normal = impl_->normal_ready;
  depth.low = impl_->low_ready;
  depth.waiting = impl_->waiting.size();
  const absl::Time now = impl_->clock.Now();
  for (const auto& [key, entry] : impl_->entries) {
    if (!entry.is_active) continue;
    ++depth.active;
    depth.longest_active =
        std::max(depth.longest_active, now - entry.active_since);
    depth.total_active += now - entry.active_since;
  }
  return depth;
}

}  // namespace weir::reconcile
