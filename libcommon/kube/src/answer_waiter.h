// AnswerWaiter blocks a thread until a callback has brought an answer.
//
// Touches: nothing.
// Threads: safe.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"

namespace weir::kube {

template <typename T>
class AnswerWaiter {
 public:
  // The callback may outlive this, and run after Wait has given up.
  auto Callback() {
    return [state = state_](absl::StatusOr<T> answer) {
      MutexLock lock(state->mu);
      state->answer = std::move(answer);
      state->changed.NotifyAll();
    };
  }

  // The answer, or kCancelled or kDeadlineExceeded when the context is done
  // first.
  absl::StatusOr<T> Wait(const Context& ctx) {
    const Context::Registration registration = ctx.OnCancel([state = state_] {
      MutexLock lock(state->mu);
      state->cancelled = true;
      state->changed.NotifyAll();
    });
    State& state = *state_;
    MutexLock lock(state.mu);
    while (!state.answer.has_value()) {
      if (state.cancelled) return absl::CancelledError("cancelled");
      if (!state.changed.WaitUntil(state.mu, ctx.deadline()) &&
          !state.answer.has_value()) {
        return absl::DeadlineExceededError("deadline exceeded");
      }
    }
    return *std::move(state.answer);
  }

 private:
  struct State {
    Mutex mu;
    CondVar changed;
    bool cancelled ABSL_GUARDED_BY(mu) = false;
    std::optional<absl::StatusOr<T>> answer ABSL_GUARDED_BY(mu);
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace weir::kube
