// Outcome is what a pass says about the next one.
//
// Touches: nothing.
// Threads: as a value.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace weir::reconcile {

class Outcome {
 public:
  enum class Kind {
    kDone,
    kRequeueAfter,
    kRequeue,
    kRetry,
    kTerminal,
    kAwait,
  };

  // The pass is over; the next one comes with the next change. Resets the
  // backoff.
  static Outcome Done() { return Outcome(Kind::kDone); }
  // The pass is over; the next one comes after `delay` or with a change,
  // whichever is first. Resets the backoff. Jitter is the caller's.
  static Outcome RequeueAfter(absl::Duration delay) {
    return Outcome(Kind::kRequeueAfter, delay);
  }
  // The pass is over without an error; the next one comes after the backoff.
  static Outcome Requeue() { return Outcome(Kind::kRequeue); }
  // The pass failed; the next one comes after the backoff. The runtime logs
  // the error. OK counts as Done, kCancelled as Done without a word.
  static Outcome Retry(absl::Status error) {
    return Outcome(Kind::kRetry, absl::ZeroDuration(), std::move(error));
  }
  // The pass failed, and only a change can help: logged and counted, not
  // repeated. Resets the backoff.
  static Outcome Terminal(absl::Status error) {
    return Outcome(Kind::kTerminal, absl::ZeroDuration(), std::move(error));
  }
  // The pass goes on later: the key comes back when someone enqueues it, at
  // the latest after `at_most`. No worker is held, the backoff is untouched,
  // and the pass' duration keeps running. The reconciler keeps what it needs
  // to go on; the next Request says `is_resumed`.
  static Outcome Await(absl::Duration at_most) {
    return Outcome(Kind::kAwait, at_most);
  }

  Kind kind() const { return kind_; }
  absl::Duration delay() const { return delay_; }
  const absl::Status& error() const { return error_; }

 private:
  explicit Outcome(Kind kind, absl::Duration delay = absl::ZeroDuration(),
                   absl::Status error = absl::OkStatus())
      : kind_(kind), delay_(delay), error_(std::move(error)) {}

  Kind kind_;
  absl::Duration delay_;
  absl::Status error_;
};

struct RetryIntervals {
  absl::Duration retry;       // For kFailedPrecondition.
  absl::Duration dependency;  // For kNotFound.
};

// The retry contract of status codes, where a controller's specification
// names none of its own: kInvalidArgument is Terminal; kFailedPrecondition and
// kNotFound are RequeueAfter their interval; OK and kCancelled are Done; all
// others are Retry.
// Source: style.md, section 4.
Outcome OutcomeFor(const absl::Status& status, const RetryIntervals& intervals);

}  // namespace weir::reconcile
