// WatchHub tells watchers of committed changes, in order, on a thread of its
// own, so that a slow watcher never holds up a write.
//
// Touches: clock, process (one thread).
// Threads: safe to share. Sinks are called on the hub's thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "api_request.h"
#include "registry.h"
#include "selection.h"
#include "store.h"
#include "weir/base/clock.h"
#include "weir/base/task_queue.h"
#include "weir/kube/transport.h"

namespace weir::apiserver {

// A watch that is known to be legal.
struct WatchPlan {
  KindTablePtr table;  // Keeps `served` alive.
  const Served* served = nullptr;
  std::string name_space;
  Selection selection;
  Shape shape;
  // Changes after this version; 0: the present objects first, then changes.
  int64_t from_rv = 0;
  bool ends_initial_with_bookmark = false;
  bool wants_bookmarks = false;
  absl::Duration timeout;
};

// One event, rendered at most once for all who want it in the same shape.
class WatchMessage {
 public:
  explicit WatchMessage(Value event) : event_(std::move(event)) {}
  // {"type": ..., "object": ...}
  const Value& event() const { return event_; }
  // The same as a line of JSON.
  const std::string& bytes();

 private:
  Value event_;
  std::string bytes_;
};

class WatchSink {
 public:
  virtual ~WatchSink() = default;
  // False ends the watch: the receiver is gone, or too slow.
  virtual bool Deliver(WatchMessage& message) = 0;
  // The last call, unless the watch was closed by its owner.
  virtual void End() = 0;
};

class WatchHub {
 public:
  WatchHub(Store& store, const Clock& clock);
  ~WatchHub();

  // Destroying the result closes the watch; no call of the sink is running or
  // will come then. It may be destroyed inside End, not inside Deliver.
  std::unique_ptr<kube::WatchStream> Start(WatchPlan plan,
                                           std::unique_ptr<WatchSink> sink);
  // A watch that cannot begin: `on_end` is told so on the hub's thread.
  std::unique_ptr<kube::WatchStream> Refuse(
      absl::Status error, std::function<void(absl::Status)> on_end);
  // Of the committing thread.
  void Publish(const std::vector<LoggedChange>& changes);
  // Runs a task on the hub's thread, outside of any sink.
  void Post(std::function<void()> task) { tasks_.Post(std::move(task)); }
  // Ends all watches of a storage: its kinds changed.
  void EndAll(const std::string& storage);
  // Ends all watches, refuses new ones and forgets the observer, after all
  // that was published. Waits; not for the hub's thread.
  void Shutdown();

  // Calls `observer` with each commit on the hub's thread. Set at start.
  void SetObserver(
      std::function<void(const std::vector<LoggedChange>&)> observer) {
    observer_ = std::move(observer);
  }

 private:
  class Watcher;
  class Handle;

  void Begin(const std::shared_ptr<Watcher>& watcher);
  bool SendInitial(Watcher& watcher);
  bool SendLog(Watcher& watcher);
  void Dispatch(const LoggedChange& change);
  void ScheduleBookmark(const std::shared_ptr<Watcher>& watcher);
  void Finish(const std::shared_ptr<Watcher>& watcher);
  void DropClosed();

  Store& store_;
  const Clock& clock_;
  std::function<void(const std::vector<LoggedChange>&)> observer_;

  // Of the hub's thread.
  std::vector<std::shared_ptr<Watcher>> watchers_;
  int64_t seen_rv_ = 0;
  bool is_down_ = false;

  TaskQueue tasks_;  // Last: its tasks use the rest.
};

}  // namespace weir::apiserver
