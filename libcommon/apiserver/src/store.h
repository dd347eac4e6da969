// Store holds every object in memory, writes changes to its Backend, and
// counts resource versions.
//
// One thread commits; writes that wait together share a commit. A write is
// decided on its caller's thread against the present state, and decided again
// by the committing thread if that state has changed meanwhile, so it never
// conflicts with another write by chance.
//
// Touches: what its Backend touches; process (one thread).
// Threads: safe to share.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend.h"
#include "weir/base/mutex.h"
#include "weir/base/thread_group.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// What a write makes of the present object.
struct Decision {
  enum class Action { kNothing, kPut, kRemove } action = Action::kNothing;
  // The new state; the last state of a removed object; with kNothing only
  // the answer.
  Value object;
};
// `current` is null when there is no object. Runs once or more, on any thread.
using Decide = std::function<absl::StatusOr<Decision>(const Value& current)>;

struct WriteRequest {
  std::string resource;  // "deployments.apps"
  kube::ObjectKey key;
  Decide decide;
  // Fails the write if it creates an object; runs on the committing thread,
  // after `decide`. May be null.
  std::function<absl::Status(const Value& name_space)> admit_to_namespace;
};

class Store {
 public:
  static absl::StatusOr<std::unique_ptr<Store>> Open(
      std::unique_ptr<Backend> backend);
  // Stop().
  ~Store();
  // Commits what waits; later writes are refused. Idempotent.
  void Stop();

  // --- Reading the present state.
  // Null when there is none.
  Value Get(absl::string_view resource, const kube::ObjectKey& key) const;
  struct Snapshot {
    int64_t rv = 0;
    std::vector<Value> objects;  // By namespace and name.
  };
  // All objects of a storage, or those in one namespace.
  Snapshot List(absl::string_view resource,
                absl::string_view name_space = "") const;
  // Storages that hold objects.
  std::vector<std::string> Resources() const;
  int64_t rv() const;

  // The state at an earlier `rv`.
  // Errors: kOutOfRange when the log does not reach back so far.
  absl::StatusOr<std::vector<Value>> ListAt(absl::string_view resource,
                                            absl::string_view name_space,
                                            int64_t rv) const;
  // Changes of one storage with after < rv <= up_to.
  absl::StatusOr<std::vector<LoggedChange>> ReadLog(absl::string_view resource,
                                                    int64_t after,
                                                    int64_t up_to) const;
  int64_t compacted_rv() const { return backend_->compacted_rv(); }
  // The newest change of a storage; the version at the start when there was
  // none since.
  int64_t LastChange(absl::string_view resource) const;

  // --- Writing. `done` runs once, when the write is durable and visible, on
  // this or the committing thread; it must not block.
  using Done = std::function<void(absl::StatusOr<Value>)>;
  void Write(WriteRequest request, Done done);

  // Called by the committing thread after each commit, in order, before the
  // writes are answered. Set before the first write.
  void SetObserver(
      std::function<void(const std::vector<LoggedChange>&)> observer) {
    observer_ = std::move(observer);
  }

  // Replaces what is held in memory, without a new version: for defaults that
  // a changed schema adds to stored objects.
  void Rewrite(absl::string_view resource,
               const std::function<Value(const Value&)>& change);

  // Drops old log entries; call it every few minutes.
  void Compact();
  Backend& backend() { return *backend_; }

 private:
  using Objects = std::map<kube::ObjectKey, Value>;
  struct Pending {
    WriteRequest request;
    Done done;
    Value base;
    Decision decision;
  };
  struct Batch;

  explicit Store(std::unique_ptr<Backend> backend);
  void RunWriter();
  void CommitBatch(std::vector<Pending> pending);
  absl::Status Settle(Pending& pending, Batch& batch);
  Value Latest(const Batch& batch, absl::string_view resource,
               const kube::ObjectKey& key) const;
  void Publish(const std::vector<LoggedChange>& changes);

  // Constant after construction.
  const std::unique_ptr<Backend> backend_;
  std::function<void(const std::vector<LoggedChange>&)> observer_;
  int64_t start_rv_ = 0;

  mutable Mutex mu_;
  absl::flat_hash_map<std::string, Objects> objects_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, int64_t> last_change_ ABSL_GUARDED_BY(mu_);
  int64_t rv_ ABSL_GUARDED_BY(mu_) = 0;
  // The version at each of the last compactions, oldest first.
  std::vector<int64_t> marks_ ABSL_GUARDED_BY(mu_);

  Mutex queue_mu_;
  CondVar queued_;
  std::vector<Pending> queue_ ABSL_GUARDED_BY(queue_mu_);
  bool is_stopping_ ABSL_GUARDED_BY(queue_mu_) = false;

  ThreadGroup threads_;
};

// The version in an object's metadata; 0 when it has none.
int64_t VersionOf(const Value& object);

}  // namespace weir::apiserver
