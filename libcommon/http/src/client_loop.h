// Loop drives transfers on one thread with a multi handle of libcurl, which
// holds their connections.
//
// Touches: network, process (one thread).
// Threads: safe to share.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/client_transfer.h"
#include "weir/base/mutex.h"
#include "weir/base/thread_group.h"
#include "weir/http/client.h"

namespace weir::http {

class Loop : public std::enable_shared_from_this<Loop> {
 public:
  explicit Loop(const ClientOptions& options);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void Start();
  // Ends all transfers with kCancelled, and joins, unless a callback called:
  // then the thread ends, and frees the Loop, after that. Idempotent.
  void Stop();
  // Ends the thread, and closes the connections, after the last transfer.
  void Retire();
  bool has_ended() const { return has_ended_; }

  // False: the thread has ended or is about to.
  bool Add(std::shared_ptr<Transfer> transfer);
  void Resume(std::shared_ptr<Transfer> transfer);
  // Finishes it with kCancelled when SetCancelled was called; otherwise the
  // transfer was detached, and ends in silence.
  void Abort(std::shared_ptr<Transfer> transfer);

 private:
  enum class Verb { kAdd, kResume, kAbort };
  struct Command {
    Verb verb;
    std::shared_ptr<Transfer> transfer;
  };
  using Timer = std::pair<absl::Time, Transfer*>;

  bool Post(Verb verb, std::shared_ptr<Transfer> transfer);
  void Wake();
  absl::Status Run();
  bool RunCommands();
  void ReadMessages();
  void FireTimers();
  int PollTimeout();

  // The thread's own, as all below mu_.
  void Begin(const std::shared_ptr<Transfer>& transfer);
  void End(Transfer* transfer, const absl::Status& status);
  void SetTimer(Transfer* transfer);

  CURLM* const multi_;
  std::atomic<bool> has_ended_ = false;

  Mutex mu_;
  std::vector<Command> commands_ ABSL_GUARDED_BY(mu_);
  bool is_stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool is_retired_ ABSL_GUARDED_BY(mu_) = false;

  // The thread's own.
  std::unordered_map<Transfer*, std::shared_ptr<Transfer>> transfers_;
  std::set<Timer> timers_;
  absl::Time alert_until_ = absl::InfinitePast();

  ThreadGroup threads_;  // Last: its thread uses all of the above.
};

}  // namespace weir::http
