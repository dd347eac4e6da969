#include "src/grpc_stream.h"

namespace weir::artifact {

bool StreamThreads::Start(std::function<void()> body) {
  std::list<Stream> finished;  // Joined outside of the lock.
  MutexLock lock(mu_);
  for (auto it = streams_.begin(); it != streams_.end();) {
    const auto next = std::next(it);
    if (it->is_done) finished.splice(finished.end(), streams_, it);
    it = next;
  }
  if (is_stopped_ || streams_.size() >= static_cast<size_t>(max_streams_)) {
    return false;
  }
  Stream& stream = streams_.emplace_back();
  stream.thread = std::make_unique<ThreadGroup>();
  stream.thread->Start("grpc-stream",
                       [this, &stream, run = std::move(body)](const Context&) {
                         run();
                         MutexLock done_lock(mu_);
                         stream.is_done = true;
                         return absl::OkStatus();
                       });
  return true;
}

void StreamThreads::Stop() {
  context_.Cancel();
  MutexLock lock(mu_);
  is_stopped_ = true;
}

// Without the lock: the bodies take it at their end.
StreamThreads::~StreamThreads() {
  Stop();
  std::list<Stream> streams;
  {
    MutexLock lock(mu_);
    streams.swap(streams_);
  }
  for (Stream& stream : streams) stream.thread->Join().IgnoreError();
}

}  // namespace weir::artifact
