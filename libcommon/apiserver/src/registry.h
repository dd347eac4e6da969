// Registry says which kinds are served now: the builtin ones and those that
// CustomResourceDefinitions add.
//
// Touches: nothing.
// Threads: safe to share; tables are immutable snapshots.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "kinds.h"
#include "weir/base/mutex.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// One kind in one version.
struct Served {
  KindPtr kind;
  KindPtr stored_as;            // The same kind in the version that is stored.
  std::string storage;          // "deployments.apps"
  bool is_terminating = false;  // Its CRD is being deleted.
};

class KindTable {
 public:
  // In discovery order.
  const std::vector<Served>& kinds() const { return kinds_; }
  // Null when not served. Pointers live as long as the table.
  const Served* Find(absl::string_view group, absl::string_view version,
                     absl::string_view plural) const;
  const Served* FindKind(const kube::GroupVersionKind& gvk) const;
  // Any version of a kind, preferred first.
  const Served* FindKind(absl::string_view group, absl::string_view kind) const;
  // Any version of a storage.
  const Served* FindStorage(absl::string_view storage) const;
  bool HasGroupVersion(absl::string_view group,
                       absl::string_view version) const;
  // Counts tables, so that what was made from one can be told to be old.
  int64_t generation() const { return generation_; }

 private:
  friend class Registry;
  void Add(Served served);

  int64_t generation_ = 0;
  std::vector<Served> kinds_;
  absl::flat_hash_map<std::string, size_t> by_resource_;
  absl::flat_hash_map<std::string, size_t> by_kind_;
};
using KindTablePtr = std::shared_ptr<const KindTable>;

class Registry {
 public:
  Registry();

  KindTablePtr table() const;
  // Serves the kinds of one CRD, or (none) stops serving it.
  void SetCrd(const std::string& crd_name, std::vector<KindPtr> kinds,
              bool is_terminating);
  // Runs after each change of the table, on the thread that changed it.
  void SetObserver(std::function<void()> observer) {
    observer_ = std::move(observer);
  }

 private:
  struct CrdKinds {
    std::vector<KindPtr> kinds;
    bool is_terminating = false;
  };
  void Rebuild() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  std::function<void()> observer_;  // Constant after construction.
  mutable Mutex mu_;
  std::map<std::string, CrdKinds> crds_ ABSL_GUARDED_BY(mu_);
  KindTablePtr table_ ABSL_GUARDED_BY(mu_);
};

// --- Versions of one object -------------------------------------------------
// A stored object in the version that `served` serves, and back.
Value ToServed(const Served& served, const Value& stored);
Value ToStored(const Served& served, const Value& object);

// Kubernetes' order of versions: v2, v1, v1beta1, v1alpha1, others by name.
bool IsVersionBefore(absl::string_view a, absl::string_view b);

}  // namespace weir::apiserver
