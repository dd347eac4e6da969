// Gate lets callbacks that others keep reach an object while it is there.
//
// Touches: nothing.
// Threads: safe to share. Callbacks run one at a time; Close waits for the one
// under way, so a callback must not destroy the object.
#pragma once

#include <memory>
#include <utility>

#include "weir/base/mutex.h"

namespace weir {

template <typename T>
class Gate {
 public:
  // Open until it is destroyed, or Close. `target` must outlive that.
  explicit Gate(T& target) : state_(std::make_shared<State>()) {
    MutexLock lock(state_->mu);
    state_->target = &target;
  }
  ~Gate() { Close(); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // No callback runs or will, once this returns. Idempotent.
  void Close() {
    MutexLock lock(state_->mu);
    state_->target = nullptr;
  }

  // A callback that runs `body` with the object before its own arguments, or
  // does nothing once the gate is closed.
  template <typename Body>
  auto Guarded(Body body) const {
    return [state = state_, body = std::move(body)](const auto&... args) {
      MutexLock lock(state->mu);
      if (state->target != nullptr) body(*state->target, args...);
    };
  }

 private:
  struct State {
    Mutex mu;
    T* target ABSL_GUARDED_BY(mu) = nullptr;
  };
  const std::shared_ptr<State> state_;
};

}  // namespace weir
