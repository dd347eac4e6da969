// An adapter file because bodies may throw, and std::thread does.
#include <pthread.h>

#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/base/thread_group.h"

namespace weir {

struct ThreadGroup::Impl {
  // Each thread shares it, so that one may outlive the group (see Join).
  struct State {
    explicit State(const Context& parent) : context(parent.WithCancel()) {}

    const Context context;
    Mutex mu;
    absl::Status first_error ABSL_GUARDED_BY(mu);
    std::vector<std::thread> threads ABSL_GUARDED_BY(mu);

    void Finish(const absl::Status& status) {
      if (status.ok() || absl::IsCancelled(status)) return;
      {
        MutexLock lock(mu);
        if (first_error.ok()) first_error = status;
      }
      context.Cancel();
    }
  };
  explicit Impl(const Context& parent)
      : state(std::make_shared<State>(parent)) {}

  const std::shared_ptr<State> state;
};

ThreadGroup::ThreadGroup(const Context& parent)
    : impl_(std::make_unique<Impl>(parent)) {}

ThreadGroup::~ThreadGroup() {
  Stop();
  Join().IgnoreError();
}

const Context& ThreadGroup::context() const { return impl_->state->context; }

void ThreadGroup::Start(const std::string& name,
                        std::function<absl::Status(const Context&)> body) {
  const std::shared_ptr<Impl::State> state = impl_->state;
  MutexLock lock(state->mu);
  state->threads.emplace_back([state, name, body = std::move(body)] {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    try {
      state->Finish(body(state->context));
    } catch (const std::exception& e) {
      state->Finish(absl::InternalError(
          absl::StrCat("thread ", name, ": exception: ", e.what())));
    } catch (...) {
      state->Finish(absl::InternalError(
          absl::StrCat("thread ", name, ": unknown exception")));
    }
  });
}

void ThreadGroup::Stop() { impl_->state->context.Cancel(); }

absl::Status ThreadGroup::Join() {
  const std::shared_ptr<Impl::State> state = impl_->state;
  while (true) {
    std::vector<std::thread> threads;
    {
      MutexLock lock(state->mu);
      threads.swap(state->threads);
    }
    if (threads.empty()) break;
    for (std::thread& thread : threads) {
      if (thread.get_id() == std::this_thread::get_id()) {
        // A callback let go of the last reference to the group's owner. The
        // thread cannot wait for itself; it ends when its body returns.
        thread.detach();
      } else {
        thread.join();
      }
    }
  }
  MutexLock lock(state->mu);
  return state->first_error;
}

}  // namespace weir
