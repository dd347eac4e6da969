#include "weir/base/task_queue.h"

#include <map>
#include <utility>

#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/base/thread_group.h"

namespace weir {

struct TaskQueue::Impl {
  // The thread shares it: a task may destroy the queue that runs it.
  struct State {
    Mutex mu;
    CondVar changed;
    bool stopped ABSL_GUARDED_BY(mu) = false;
    // Equal times run in the order of posting.
    std::multimap<absl::Time, std::function<void()>> tasks ABSL_GUARDED_BY(mu);

    void Run();
  };
  const std::shared_ptr<State> state = std::make_shared<State>();
  ThreadGroup threads;
};

void TaskQueue::Impl::State::Run() {
  MutexLock lock(mu);
  while (!stopped) {
    if (tasks.empty()) {
      changed.Wait(mu);
      continue;
    }
    const auto first = tasks.begin();
    if (first->first > absl::Now()) {
      const absl::Time when = first->first;
      changed.WaitUntil(mu, when);
      continue;
    }
    std::function<void()> task = std::move(first->second);
    tasks.erase(first);
    mu.Unlock();
    task();
    task = nullptr;
    mu.Lock();
  }
}

TaskQueue::TaskQueue(const std::string& name)
    : impl_(std::make_unique<Impl>()) {
  impl_->threads.Start(name, [state = impl_->state](const Context&) {
    state->Run();
    return absl::OkStatus();
  });
}

TaskQueue::~TaskQueue() {
  {
    MutexLock lock(impl_->state->mu);
    impl_->state->stopped = true;
    impl_->state->changed.NotifyAll();
  }
  impl_->threads.Join().IgnoreError();
}

void TaskQueue::Post(std::function<void()> task) {
  PostAt(absl::InfinitePast(), std::move(task));
}

void TaskQueue::PostAt(absl::Time when, std::function<void()> task) {
  MutexLock lock(impl_->state->mu);
  impl_->state->tasks.emplace(when, std::move(task));
  impl_->state->changed.NotifyOne();
}

}  // namespace weir
