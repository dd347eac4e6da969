// Tracker remembers what was applied, and watches for anyone who changes it.
//
// For each applied object it keeps a digest of what Git wants and a digest of
// the fields that the server says we own. One metadata watch a kind, limited
// to objects with our label, tells when the second changes: that is drift,
// and a write of somebody else to other fields is not. An object whose two
// digests stand needs no request at all.
//
// For objects whose health is awaited it keeps a full watch a kind, for as
// long as somebody waits.
//
// Where the server does not let us watch a kind in all namespaces, health is
// watched in each namespace alone, and drift is not seen: the owner is blind.
//
// Touches: network, through the client.
// Threads: safe to share. The listener runs on the informers' thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "weir/apply/health.h"
#include "weir/apply/health_rules.h"
#include "weir/base/log.h"
#include "weir/base/task_queue.h"
#include "weir/kube/client.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::apply {

struct TrackerOptions {
  std::string field_manager;
  // Label that all tracked objects carry: the watches' selector.
  std::string owner_label;
  // Names of managers whose presence is drift too.
  std::vector<std::string> override_managers;
  Logger logger;
};

class Tracker {
 public:
  enum class News { kDrift, kHealth };
  // Called with the owner of an object that drifted, or whose awaited health
  // changed.
  using Listener =
      std::function<void(const kube::ObjectKey& owner, const News& news)>;

  Tracker(const kube::Client& client, TaskQueue& tasks, TrackerOptions options,
          Listener listener);
  ~Tracker();
  Tracker(const Tracker&) = delete;
  Tracker& operator=(const Tracker&) = delete;

  // A digest of a desired object, never 0.
  static uint64_t DesiredDigest(const Value& desired);

  // Whether the object was applied by `owner` with this digest and nobody
  // has touched our fields since; false where nobody would tell.
  bool IsClean(const kube::ObjectKey& owner, const kube::ObjectRef& ref,
               uint64_t desired_digest) const;

  // Remembers an object as the server answered it. Starts the kind's watch.
  void RecordApplied(const kube::ObjectKey& owner, const kube::ObjectRef& ref,
                     uint64_t desired_digest, const Value& live);
  // Whether somebody changed one of the owner's objects since it was applied.
  bool HasDrift(const kube::ObjectKey& owner) const;
  // Whether nobody would tell of a change of one of the owner's objects.
  bool IsBlind(const kube::ObjectKey& owner) const;
  // Objects remembered for an owner.
  size_t CountOf(const kube::ObjectKey& owner) const;
  void Forget(const kube::ObjectRef& ref);
  // Forgets all objects of an owner that are not among `kept`.
  void ForgetOthers(const kube::ObjectKey& owner,
                    const std::vector<kube::ObjectRef>& kept);
  void ForgetOwner(const kube::ObjectKey& owner);

  // Starts to follow the health of `refs` on behalf of `owner`, in place of
  // what it awaited before; empty: awaits nothing. `ours`: objects with our
  // label; others are watched one by one.
  struct Awaited {
    kube::ObjectRef ref;
    bool is_ours = true;
    // For a rule, which may look at any field. Others do without large ones.
    bool is_whole = false;
  };
  void Await(const kube::ObjectKey& owner, const std::vector<Awaited>& awaited);
  // Health as the watch knows it; nothing while the watch has not caught up
  // with what was applied.
  // By the rule, if there is one; then the object must be awaited whole.
  std::optional<Health> HealthOf(const kube::ObjectRef& ref, absl::Time now,
                                 const HealthRule* rule = nullptr) const;
  // The object behind an awaited ref, without managedFields and templates
  // unless it is awaited whole.
  std::optional<Value> AwaitedObject(const kube::ObjectRef& ref,
                                     bool is_whole = false) const;

  // Objects remembered, for metrics and tests.
  size_t size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::apply
