// StreamThreads runs the bodies of streaming calls, each on a thread of its
// own, and at most so many at once; StreamReactor is one such call.
//
// Touches: process (threads).
// Threads: StreamThreads is safe to share. A reactor belongs to gRPC; its body
// runs on one thread and is the only caller of Write.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <list>
#include <memory>
#include <utility>

#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/base/thread_group.h"

namespace weir::artifact {

inline grpc::Status ToGrpcStatus(const absl::Status& status) {
  // Both have the same numbers.
  return {static_cast<grpc::StatusCode>(status.code()),
          std::string(status.message())};
}

class StreamThreads {
 public:
  explicit StreamThreads(int max_streams) : max_streams_(max_streams) {}
  // Waits for all bodies, whose calls must have ended.
  ~StreamThreads();

  const Context& context() const { return context_; }

  // Runs `body` on a new thread; false when too many run or when stopped.
  bool Start(std::function<void()> body);
  // Cancels context() and starts no more bodies.
  void Stop();

 private:
  struct Stream {
    bool is_done = false;
    std::unique_ptr<ThreadGroup> thread;
  };

  // Constant after construction.
  const int max_streams_;
  const Context context_ = Context().WithCancel();

  Mutex mu_;
  bool is_stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::list<Stream> streams_ ABSL_GUARDED_BY(mu_);
};

// Deletes itself when the call and its body are done.
template <typename Response>
class StreamReactor : public grpc::ServerWriteReactor<Response> {
 public:
  using Body = std::function<absl::Status(StreamReactor& stream)>;

  // `body`'s status is the call's; it must return soon after context() is
  // done.
  static StreamReactor* Run(StreamThreads& threads, Body body) {
    auto* reactor = new StreamReactor(threads);
    const bool is_running = threads.Start(
        [reactor, stop = threads.context(), run = std::move(body)] {
          absl::Status status = run(*reactor);
          // Those that we end shall come back, to us or to our successor.
          if (stop.is_done() && absl::IsCancelled(status)) {
            status = absl::UnavailableError("the server is stopping");
          }
          reactor->Finish(ToGrpcStatus(status));
        });
    if (!is_running) {
      reactor->Finish(
          {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many streams at once"});
    }
    return reactor;
  }

  const Context& context() const { return context_; }

  // Sends `message`, which must stay until this returns, and waits until it
  // is on its way: the peer's flow control is ours.
  absl::Status Write(const Response* message) {
    WEIR_RETURN_IF_ERROR(context_.status());
    {
      MutexLock lock(mu_);
      is_writing_ = true;
    }
    this->StartWrite(message);
    MutexLock lock(mu_);
    while (is_writing_) changed_.Wait(mu_);
    if (!is_broken_) return absl::OkStatus();
    const absl::Status status = context_.status();
    return status.ok() ? absl::CancelledError("the client is gone") : status;
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(mu_);
    is_writing_ = false;
    is_broken_ = !ok;
    changed_.NotifyAll();
  }
  void OnCancel() override { context_.Cancel(); }
  void OnDone() override { delete this; }

 private:
  explicit StreamReactor(StreamThreads& threads)
      : context_(threads.context().WithCancel()) {}

  const Context context_;
  Mutex mu_;
  CondVar changed_;
  bool is_writing_ ABSL_GUARDED_BY(mu_) = false;
  bool is_broken_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace weir::artifact
