// Context carries a deadline and a cancellation through calls that may block.
//
// Touches: clock.
// Threads: safe to copy and share; copies are the same context.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace weir {

class Context {
 public:
  // Never cancelled, no deadline.
  Context();

  // A child that is cancelled with its parent or by its own Cancel().
  Context WithCancel() const;
  // A child with a deadline: the earlier of the parent's and this one.
  Context WithDeadline(absl::Time deadline) const;
  Context WithTimeout(absl::Duration timeout) const;

  // Cancels this context and its children; never its parent. Idempotent.
  void Cancel() const;

  bool is_done() const { return !status().ok(); }
  // OK, kCancelled or kDeadlineExceeded.
  absl::Status status() const;
  absl::Time deadline() const;
  // Time left, at least zero; infinite without a deadline.
  absl::Duration remaining() const;

  // Waits for `duration`, the deadline or the cancellation, whichever is
  // first. Returns OK only when the whole duration has passed.
  absl::Status SleepFor(absl::Duration duration) const;

  // While a registration lives, `callback` runs once when the context is
  // cancelled (deadlines do not run it); at once when it already is. It runs
  // on the cancelling thread and must not block. The destructor waits for a
  // running callback.
  class Registration {
   public:
    Registration() = default;
    ~Registration();
    Registration(Registration&&) noexcept;
    Registration& operator=(Registration&&) noexcept;

   private:
    friend class Context;
    struct Impl;
    std::unique_ptr<Impl> impl_;
  };
  [[nodiscard]] Registration OnCancel(std::function<void()> callback) const;

 private:
  struct State;
  explicit Context(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace weir
