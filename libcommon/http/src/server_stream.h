// StreamState is the bounded queue between the writer of a long response and
// the connection that sends it.
//
// Touches: nothing.
// Threads: has its own lock; callbacks run on the I/O thread, outside it.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <thread>

#include "weir/base/mutex.h"
#include "weir/http/server.h"

namespace weir::http {

inline constexpr size_t kPiece = 256u << 10;  // Sent or read in one go.

struct StreamState {
  StreamOptions options;  // Constant.

  Mutex mu;
  CondVar changed;
  std::deque<std::string> queue ABSL_GUARDED_BY(mu);
  size_t queued ABSL_GUARDED_BY(mu) = 0;
  bool pumping ABSL_GUARDED_BY(mu) = false;
  bool refused ABSL_GUARDED_BY(mu) = false;
  bool closed ABSL_GUARDED_BY(mu) = false;    // By the writer.
  bool broken ABSL_GUARDED_BY(mu) = false;    // By the client or the server.
  bool detached ABSL_GUARDED_BY(mu) = false;  // The writer's object is gone.
  bool calling ABSL_GUARDED_BY(mu) = false;
  std::thread::id caller ABSL_GUARDED_BY(mu);

  void Call(const std::function<void()>& callback) {
    if (callback == nullptr) return;
    {
      MutexLock lock(mu);
      if (detached) return;
      calling = true;
      caller = std::this_thread::get_id();
    }
    callback();
    MutexLock lock(mu);
    calling = false;
    changed.NotifyAll();
  }

  // Takes a piece; empty when there is nothing to send now.
  std::string Take(bool& at_end) {
    MutexLock lock(mu);
    std::string piece;
    while (!queue.empty() && piece.size() < kPiece) {
      if (piece.empty()) {
        piece = std::move(queue.front());
      } else {
        piece += queue.front();
      }
      queue.pop_front();
    }
    queued -= piece.size();
    at_end = piece.empty() && closed;
    if (piece.empty()) pumping = false;
    return piece;
  }

  bool TakeDrained() {
    MutexLock lock(mu);
    if (!refused || closed || queued > options.max_queued_bytes / 2) {
      return false;
    }
    refused = false;
    return true;
  }

  // Returns whether the writer has to be told.
  bool Break() {
    MutexLock lock(mu);
    const bool tell = !closed && !broken;
    broken = true;
    queue.clear();
    queued = 0;
    return tell;
  }
};

}  // namespace weir::http
