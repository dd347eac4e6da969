// FakeTransport is a small API server in memory that keeps its history, so
// that watches resume, expire and break as real ones do. For the client's own
// tests; those of controllers want FakeCluster or the embedded server.
//
// Touches: process (one thread).
// Threads: safe to share.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/base/mutex.h"
#include "weir/base/task_queue.h"
#include "weir/kube/transport.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::test {

// The value of a query parameter, or "".
std::string QueryOf(const kube::Request& request, absl::string_view name);

// A Status object of kind Failure, as answers of 400 and more carry it.
kube::Response Failure(int code, const std::string& reason,
                       const std::string& message);

class FakeTransport : public kube::Transport {
 public:
  explicit FakeTransport(std::vector<kube::Resource> resources);
  ~FakeTransport() override;

  void Send(const Context& ctx, kube::Request request, Done done) override;
  std::unique_ptr<kube::WatchStream> Watch(kube::Request request,
                                           kube::WatchHandler handler) override;

  // Sees each request, watches included; what it returns is the answer.
  using Hook = std::function<std::optional<absl::StatusOr<kube::Response>>(
      const kube::Request&)>;
  void set_hook(Hook hook);
  // Whether sendInitialEvents is understood; otherwise 422, as of old.
  void set_streams_lists(bool streams_lists);
  void set_resources(std::vector<kube::Resource> resources);
  // One document a group version, as servers answered before 1.26.
  void set_legacy_discovery(bool is_legacy);

  // What others do to the objects.
  Value Put(Value object);
  void Delete(const kube::ObjectRef& ref);
  std::optional<Value> Find(const kube::ObjectRef& ref) const;

  // Ends all watches; OK is the server's normal end.
  void EndWatches(const absl::Status& status);
  // An event on all watches, as it is.
  void SendToAll(const Value& event);
  void SendBookmarks();
  // Forgets all history: older versions are now 410.
  void Compact();

  size_t watch_count() const;
  std::string version() const;
  // All so far, watches included: "GET /api/v1/things?watch=true".
  std::vector<std::string> requests() const;

 private:
  struct Target {
    kube::Resource resource;
    std::string name_space, name, subresource;
    kube::ObjectRef ref() const { return {resource.gvk, {name_space, name}}; }
  };
  struct Event {
    int64_t version;
    const char* type;
    Value object;
  };
  struct Watcher;
  struct Stream;

  std::optional<absl::StatusOr<kube::Response>> AskHook(
      const kube::Request& request);
  kube::Response Answer(const kube::Request& request);
  std::optional<kube::Response> Discover(const std::string& path) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  kube::Response List(const kube::Request& request, const Target& target)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  kube::Response Write(const kube::Request& request, const Target& target)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::optional<absl::Status> Replay(const kube::Request& request,
                                     const std::shared_ptr<Watcher>& watcher)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::optional<Target> Resolve(const std::string& path) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Value Store(Value object) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Remove(const kube::ObjectRef& ref) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Record(const char* type, const Value& object)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Post(const std::shared_ptr<Watcher>& watcher, const char* type,
            const Value& object);

  mutable Mutex mu_;
  std::vector<kube::Resource> resources_ ABSL_GUARDED_BY(mu_);
  Hook hook_ ABSL_GUARDED_BY(mu_);
  bool streams_lists_ ABSL_GUARDED_BY(mu_) = true;
  bool has_legacy_discovery_ ABSL_GUARDED_BY(mu_) = false;
  int64_t version_ ABSL_GUARDED_BY(mu_) = 100;
  int64_t oldest_ ABSL_GUARDED_BY(mu_) = 100;
  std::map<kube::ObjectRef, Value> objects_ ABSL_GUARDED_BY(mu_);
  std::vector<Event> history_ ABSL_GUARDED_BY(mu_);
  std::vector<std::shared_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mu_);

  TaskQueue tasks_;  // Last: delivers events in order.
};

}  // namespace weir::test
