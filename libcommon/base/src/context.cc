#include "weir/base/context.h"

#include <algorithm>
#include <map>
#include <thread>
#include <utility>

#include "weir/base/mutex.h"

namespace weir {

struct Context::State {
  // Constant after construction.
  absl::Time deadline = absl::InfiniteFuture();
  std::shared_ptr<State> parent;
  uint64_t parent_callback = 0;

  Mutex mu;
  CondVar changed;
  bool cancelled ABSL_GUARDED_BY(mu) = false;
  uint64_t next_callback ABSL_GUARDED_BY(mu) = 1;
  uint64_t running_callback ABSL_GUARDED_BY(mu) = 0;
  std::map<uint64_t, std::function<void()>> callbacks ABSL_GUARDED_BY(mu);

  ~State() {
    if (parent != nullptr) parent->RemoveCallback(parent_callback);
  }

  // Returns 0, having run the callback, when already cancelled.
  uint64_t AddCallback(std::function<void()> callback) {
    {
      MutexLock lock(mu);
      if (!cancelled) {
        const uint64_t id = next_callback++;
        callbacks.emplace(id, std::move(callback));
        return id;
      }
    }
    callback();
    return 0;
  }

  void RemoveCallback(uint64_t id) {
    if (id == 0) return;
    MutexLock lock(mu);
    callbacks.erase(id);
    while (running_callback == id && cancelling != std::this_thread::get_id()) {
      changed.Wait(mu);
    }
  }

  void Cancel() {
    MutexLock lock(mu);
    if (cancelled) return;
    cancelled = true;
    cancelling = std::this_thread::get_id();
    changed.NotifyAll();
    while (!callbacks.empty()) {
      auto node = callbacks.extract(callbacks.begin());
      running_callback = node.key();
      mu.Unlock();
      node.mapped()();
      node.mapped() = nullptr;
      mu.Lock();
      running_callback = 0;
      changed.NotifyAll();
    }
  }

  std::thread::id cancelling ABSL_GUARDED_BY(mu);
};

Context::Context() : state_(std::make_shared<State>()) {}
Context::Context(std::shared_ptr<State> state) : state_(std::move(state)) {}

Context Context::WithDeadline(absl::Time deadline) const {
  auto child = std::make_shared<State>();
  child->deadline = std::min(deadline, state_->deadline);
  child->parent = state_;
  std::weak_ptr<State> weak = child;
  child->parent_callback = state_->AddCallback([weak] {
    if (auto state = weak.lock()) state->Cancel();
  });
  return Context(std::move(child));
}

Context Context::WithCancel() const {
  return WithDeadline(absl::InfiniteFuture());
}

Context Context::WithTimeout(absl::Duration timeout) const {
  return WithDeadline(absl::Now() + timeout);
}

void Context::Cancel() const { state_->Cancel(); }

absl::Status Context::status() const {
  {
    MutexLock lock(state_->mu);
    if (state_->cancelled) return absl::CancelledError("cancelled");
  }
  if (state_->deadline != absl::InfiniteFuture() &&
      absl::Now() >= state_->deadline) {
    return absl::DeadlineExceededError("deadline exceeded");
  }
  return absl::OkStatus();
}

absl::Time Context::deadline() const { return state_->deadline; }

absl::Duration Context::remaining() const {
  if (state_->deadline == absl::InfiniteFuture()) {
    return absl::InfiniteDuration();
  }
  return std::max(state_->deadline - absl::Now(), absl::ZeroDuration());
}

absl::Status Context::SleepFor(absl::Duration duration) const {
  const absl::Time wake = absl::Now() + duration;
  {
    MutexLock lock(state_->mu);
    while (!state_->cancelled) {
      const absl::Time until = std::min(wake, state_->deadline);
      if (absl::Now() >= until) break;
      state_->changed.WaitUntil(state_->mu, until);
    }
  }
  return status();
}

struct Context::Registration::Impl {
  std::shared_ptr<State> state;
  uint64_t id;
};

Context::Registration::~Registration() {
  if (impl_ != nullptr) impl_->state->RemoveCallback(impl_->id);
}
Context::Registration::Registration(Registration&&) noexcept = default;
Context::Registration& Context::Registration::operator=(
    Registration&& other) noexcept {
  impl_.swap(other.impl_);
  return *this;
}

Context::Registration Context::OnCancel(std::function<void()> callback) const {
  Registration registration;
  registration.impl_ = std::make_unique<Registration::Impl>();
  registration.impl_->state = state_;
  registration.impl_->id = state_->AddCallback(std::move(callback));
  return registration;
}

}  // namespace weir
