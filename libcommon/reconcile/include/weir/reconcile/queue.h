// WorkQueue hands out keys to workers: each key to one worker at a time, the
// urgent ones first.
//
// A key is waiting (until a time), ready, or being worked on; adding it while
// ready changes nothing, adding it while worked on makes it ready again when
// the worker is done. Source: kube-client.md, section 6.1.
//
// Touches: clock.
// Threads: safe to share.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/kube/types.h"

namespace weir::reconcile {

// The higher goes first; the highest that was asked for holds. Of eight keys
// handed out at least one is a low one, if there is any, so that a busy
// cluster cannot starve the intervals.
enum class Priority {
  kLow = -100,  // Intervals, retries, the first list.
  kNormal = 0,  // Somebody changed something.
};

// Told of what happens to keys; all calls come under no lock.
struct QueueObserver {
  std::function<void()> on_add;    // A key became ready.
  std::function<void()> on_retry;  // AddRateLimited.
  // From ready to worked on.
  std::function<void(absl::Duration)> on_start;
  // From worked on to done.
  std::function<void(absl::Duration)> on_done;
};

struct QueueOptions {
  // Backoff of a key that failed n times: min * 2^n, at most max.
  absl::Duration min_retry_delay = absl::Milliseconds(750);
  absl::Duration max_retry_delay = absl::Minutes(15);
  // Null: the real clock. With another one use TryGet, as Get sleeps by the
  // real one.
  const Clock* clock = nullptr;
  QueueObserver observer;
};

class WorkQueue {
 public:
  explicit WorkQueue(QueueOptions options);
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  void Add(const kube::ObjectKey& key, Priority priority = Priority::kNormal);
  // Ready after `delay`; the earliest of a key's times holds. Low priority.
  void AddAfter(const kube::ObjectKey& key, absl::Duration delay);
  // Ready after the key's backoff, which grows with each call. Returns the
  // delay. Low priority.
  absl::Duration AddRateLimited(const kube::ObjectKey& key);
  // Resets the key's backoff.
  void Forget(const kube::ObjectKey& key);
  // Calls of AddRateLimited since the last Forget.
  int Failures(const kube::ObjectKey& key) const;

  // Waits for a key; it is the caller's until Done. Nothing after ShutDown.
  std::optional<kube::ObjectKey> Get();
  // The same without waiting.
  std::optional<kube::ObjectKey> TryGet();
  void Done(const kube::ObjectKey& key);

  // Hands out no more; Get returns at once. Idempotent.
  void ShutDown();

  struct Depth {
    size_t normal = 0, low = 0;  // Ready keys.
    size_t waiting = 0;          // For their time.
    size_t active = 0;           // Being worked on.
    absl::Duration longest_active;
    absl::Duration total_active;
  };
  Depth depth() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::reconcile
