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
  explicit Impl(const Context& parent) : context(parent.WithCancel()) {}

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

ThreadGroup::ThreadGroup(const Context& parent)
    : impl_(std::make_unique<Impl>(parent)) {}

ThreadGroup::~ThreadGroup() {
  Stop();
  Join().IgnoreError();
}

const Context& ThreadGroup::context() const { return impl_->context; }

void ThreadGroup::Start(const std::string& name,
                        std::function<absl::Status(const Context&)> body) {
  Impl* impl = impl_.get();
  MutexLock lock(impl->mu);
  impl->threads.emplace_back([impl, name, body = std::move(body)] {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    try {
      impl->Finish(body(impl->context));
    } catch (const std::exception& e) {
      impl->Finish(absl::InternalError(
          absl::StrCat("thread ", name, ": exception: ", e.what())));
    } catch (...) {
      impl->Finish(absl::InternalError(
          absl::StrCat("thread ", name, ": unknown exception")));
    }
  });
}

void ThreadGroup::Stop() { impl_->context.Cancel(); }

absl::Status ThreadGroup::Join() {
  while (true) {
    std::vector<std::thread> threads;
    {
      MutexLock lock(impl_->mu);
      threads.swap(impl_->threads);
    }
    if (threads.empty()) break;
    for (std::thread& thread : threads) thread.join();
  }
  MutexLock lock(impl_->mu);
  return impl_->first_error;
}

}  // namespace weir
