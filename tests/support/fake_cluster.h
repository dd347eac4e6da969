// FakeCluster is a Kubernetes API in memory for tests: discovery, get, list,
// watch, create, merge patch, delete; generation, finalizers, the status
// subresource, label selectors and conflicts by resourceVersion. No schemas,
// no managed fields, no server-side apply.
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

#include "weir/base/mutex.h"
#include "weir/base/task_queue.h"
#include "weir/kube/transport.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::test {

class FakeCluster : public kube::Transport {
 public:
  // Serves these, and Events and Leases.
  explicit FakeCluster(std::vector<kube::Resource> resources);
  ~FakeCluster() override;

  void Send(const Context& ctx, kube::Request request, Done done) override;
  std::unique_ptr<kube::WatchStream> Watch(kube::Request request,
                                           kube::WatchHandler handler) override;

  // What a user does; each is one request, not logged. Put creates, or
  // replaces all but metadata's uid and creation and the status.
  Value Put(const Value& object);
  void Delete(const kube::ObjectRef& ref);
  // A merge patch of the whole object, status included.
  Value Patch(const kube::ObjectRef& ref, const Value& patch);
  std::optional<Value> Find(const kube::ObjectRef& ref) const;
  std::vector<Value> FindAll(const kube::GroupVersionKind& gvk) const;

  // Requests so far, discovery, lists and watches left out: "PATCH
  // /apis/g/v1/namespaces/a/things/b/status".
  std::vector<std::string> requests() const;
  // Answers instead of the cluster when it returns something.
  using Intercept =
      std::function<std::optional<kube::Response>(const kube::Request&)>;
  void set_intercept(Intercept intercept);

 private:
  struct Watcher;
  struct Stream;
  struct Target;

  kube::Response Answer(const kube::Request& request);
  kube::Response Discover(bool is_core) const;
  kube::Response Write(const kube::Request& request, const Target& target)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  kube::Response WritePatch(const kube::Request& request, const Target& target)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  kube::Response ListAll(const kube::Request& request, const Target& target)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::optional<Target> Resolve(const std::string& path) const;
  // Stores with a new resourceVersion, or removes what is finished, and tells
  // the watchers.
  Value Store(const kube::ObjectRef& ref, Value object)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Remove(const kube::ObjectRef& ref) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Tell(const char* type, const kube::ObjectRef& ref, const Value& object)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::vector<kube::Resource> resources_;
  mutable Mutex mu_;
  int64_t version_ ABSL_GUARDED_BY(mu_) = 100;
  std::map<kube::ObjectRef, Value> objects_ ABSL_GUARDED_BY(mu_);
  std::vector<std::weak_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mu_);
  Intercept intercept_ ABSL_GUARDED_BY(mu_);
  TaskQueue tasks_;  // Delivers watch events in order.
};

}  // namespace weir::test
