// Reflector lists and watches one set of objects and tells a sink what it
// saw. It heals broken streams, expired versions and absent kinds.
//
// States: finding the kind -> listing (as a stream, or in pages) -> watching,
// and back after a failure; each way is one function, run as a task.
//
// Touches: network, through the client's Transport.
// Threads: all work is done in tasks of the queue; Stop may be called from
// anywhere.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/log.h"
#include "weir/base/mutex.h"
#include "weir/base/task_queue.h"
#include "weir/kube/client.h"
#include "weir/kube/informer.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::kube {

// All calls come from tasks of the queue, one at a time.
class ReflectorSink {
 public:
  virtual ~ReflectorSink() = default;
  // What is kept of an object; it must keep name and namespace.
  virtual Value Transform(Value object) = 0;
  // The whole set, by a list.
  virtual void OnReplace(std::map<ObjectKey, Value> objects) = 0;
  virtual void OnChange(bool is_deleted, Value object) = 0;
  virtual void OnHealth(const absl::Status& status) = 0;
};

class Reflector : public std::enable_shared_from_this<Reflector> {
 public:
  // `client` and `tasks` must live until Stop has returned.
  static std::shared_ptr<Reflector> Start(const Client& client,
                                          TaskQueue& tasks,
                                          const InformerOptions& options,
                                          const Logger& logger,
                                          std::shared_ptr<ReflectorSink> sink);

  // Ends all work; when it returns, no task is running or will run. A task
  // of this reflector may call it too.
  void Stop();

  // Runs `task` in the queue, unless stopped by then.
  void Post(std::function<void()> task);

 private:
  Reflector(const Client& client, TaskQueue& tasks,
            const InformerOptions& options, const Logger& logger,
            std::shared_ptr<ReflectorSink> sink);

  using Step = void (Reflector::*)();
  void PostAfter(absl::Duration delay, std::function<void()> task);
  void RunGuarded(const std::function<void()>& task);
  bool is_stopped();
  // Runs the step after the next back-off, in place of any that waits.
  void Retry(const absl::Status& why, Step step);

  void FindKind();
  void OnKind(const absl::StatusOr<Resource>& resource);

  void Relist();
  void ListInPages();
  void SendPageRequest();
  void OnPage(absl::StatusOr<Response> answer);
  void FinishList(const std::string& resource_version);
  void OnListFailed(const absl::Status& status);
  void OnExpired(const absl::Status& status);

  Request WatchRequest() const;
  void OpenWatch();
  void OpenStreamedList();
  void OpenStream(Request request);
  void CloseStream();
  void Enqueue(int64_t stream, Value event);
  void Drain(int64_t stream);
  void OnEvent(const Value& event);
  void OnBookmark(const Value& metadata);
  void OnObject(absl::string_view type, const Value& object);
  void OnStreamEnd(const absl::Status& status);
  void OnStreamedListFailed(const absl::Status& status);
  void OnWatchFailed(const absl::Status& status);

  // Constant after construction.
  const Client& client_;
  TaskQueue& tasks_;
  const InformerOptions options_;
  const Logger logger_;
  const std::shared_ptr<ReflectorSink> sink_;
  const Context ctx_;  // Cancelled by Stop.

  // Used by tasks only. First what we watch and how far we are:
  std::optional<Resource> resource_;
  std::shared_ptr<void> kind_watch_;  // While the kind is not served.
  bool can_stream_lists_ = true;      // Until the server refuses.
  std::string version_;               // Last seen; "" before the first list.
  bool needs_newest_ = false;         // After 410: do not ask for version_.
  int expired_in_a_row_ = 0;
  // A list under way:
  std::map<ObjectKey, Value> incoming_;
  std::string list_version_;
  int page_limit_ = 0;
  std::string continue_token_;
  // The stream under way; events of older ones are dropped:
  int64_t stream_ = 0;
  bool in_initial_events_ = false;
  bool is_synthetic_ = false;  // Began without a version: ADDED in no order.
  bool saw_event_ = false;
  absl::Time opened_;
  // Failures:
  absl::Time internal_errors_since_ = absl::InfiniteFuture();
  int failures_ = 0;
  absl::Time last_failure_ = absl::InfinitePast();
  int64_t retry_ = 0;  // Counts Retry; only the last one counts.

  Mutex mu_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  bool running_ ABSL_GUARDED_BY(mu_) = false;
  std::thread::id runner_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<WatchStream> watch_ ABSL_GUARDED_BY(mu_);
  std::vector<Value> inbox_ ABSL_GUARDED_BY(mu_);  // Of the latest stream.
};

}  // namespace weir::kube
