// The garbage collector: objects whose owners are gone go too.
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "api_errors.h"
#include "controllers.h"

namespace weir::apiserver {
namespace {

constexpr char kOrphan[] = "orphan";
constexpr char kForeground[] = "foregroundDeletion";

// An object in a storage.
struct Located {
  std::string storage;
  kube::ObjectKey key;
  friend auto operator<=>(const Located&, const Located&) = default;
};

bool HasFinalizer(const Value& object, absl::string_view name) {
  for (const Value& one : object["metadata"]["finalizers"].array()) {
    if (one.is_string() && one.AsString() == name) return true;
  }
  return false;
}

bool IsLeaving(const Value& object) {
  return !object["metadata"].GetString("deletionTimestamp").empty();
}

std::string UidOf(const Value& object) {
  return std::string(object["metadata"].GetString("uid"));
}

std::set<std::string> OwnersOf(const Value& object) {
  std::set<std::string> out;
  for (const Value& owner : object["metadata"]["ownerReferences"].array()) {
    out.insert(std::string(owner.GetString("uid")));
  }
  return out;
}

absl::Status DropFinalizer(Value& object, absl::string_view name) {
  Value kept = Value::MakeArray();
  for (const Value& one : object["metadata"]["finalizers"].array()) {
    if (!one.is_string() || one.AsString() != name) kept.Append(one);
  }
  object.Mutable("metadata").Set("finalizers", std::move(kept));
  return absl::OkStatus();
}

absl::Status DropOwners(Value& object, const std::set<std::string>& uids) {
  Value kept = Value::MakeArray();
  for (const Value& one : object["metadata"]["ownerReferences"].array()) {
    if (uids.count(std::string(one.GetString("uid"))) == 0) kept.Append(one);
  }
  object.Mutable("metadata").Set("ownerReferences", std::move(kept));
  return absl::OkStatus();
}

class GarbageCollector : public Controller {
 public:
  explicit GarbageCollector(const ControllerContext& context)
      : context_(context) {}

  void Start() override;
  void OnChange(const LoggedChange& change) override;

 private:
  enum class OwnerState { kSolid, kDangling, kWaiting, kUnknown };

  void Index(const Located& at, const Value& before, const Value& after);
  OwnerState Classify(const Value& dependent, const Value& reference) const;
  // Whether the object has to go.
  void Attempt(const Located& at);
  void DeleteForGood(const Located& at, const Value& object,
                     const std::string& policy);
  // What an owner that is being deleted waits for.
  void WaitForDependents(const Located& at, const Value& owner);
  void Orphan(const Value& owner);

  Store& store() const { return context_.store(); }

  const ControllerContext context_;
  std::map<std::string, std::set<Located>> dependents_;  // By owner's uid.
  std::map<std::string, Located> waiting_;  // Owners in foreground deletion.
  std::set<std::string> orphaning_;         // Uids under way.
};

void GarbageCollector::Start() {
  std::vector<std::pair<Located, Value>> all;
  for (const std::string& storage : store().Resources()) {
    for (const Value& object : store().List(storage).objects) {
      if (!object["metadata"].Has("ownerReferences") && !IsLeaving(object)) {
        continue;
      }
      const Located at{storage, kube::KeyOf(object)};
      Index(at, Value(), object);
      all.emplace_back(at, object);
    }
  }
  for (const auto& [at, object] : all) {
    if (IsLeaving(object)) {
      if (HasFinalizer(object, kForeground)) WaitForDependents(at, object);
      if (HasFinalizer(object, kOrphan)) Orphan(object);
    } else {
      Attempt(at);
    }
  }
}

void GarbageCollector::Index(const Located& at, const Value& before,
                             const Value& after) {
  if (before["metadata"]["ownerReferences"].IsSame(
          after["metadata"]["ownerReferences"])) {
    return;
  }
  for (const std::string& uid : OwnersOf(before)) {
    auto it = dependents_.find(uid);
    if (it == dependents_.end()) continue;
    it->second.erase(at);
    if (it->second.empty()) dependents_.erase(it);
  }
  for (const std::string& uid : OwnersOf(after)) dependents_[uid].insert(at);
}

void GarbageCollector::OnChange(const LoggedChange& change) {
  const Located at{change.resource, change.key};
  const bool is_gone = change.op == ChangeOp::kDelete;
  const Value& now = change.object;
  Index(at, change.previous, is_gone ? Value() : now);
  const bool moved = !(change.previous["metadata"]["ownerReferences"] ==
                       now["metadata"]["ownerReferences"]);
  // Owners that wait for this object.
  if (is_gone || moved) {
    for (const std::string& uid : OwnersOf(change.previous)) {
      auto it = waiting_.find(uid);
      if (it == waiting_.end()) continue;
      const Located owner_at = it->second;
      const Value owner = store().Get(owner_at.storage, owner_at.key);
      if (UidOf(owner) == uid) WaitForDependents(owner_at, owner);
    }
  }
  if (is_gone) {
    const std::string uid = UidOf(now);
    waiting_.erase(uid);
    orphaning_.erase(uid);
    auto it = dependents_.find(uid);
    if (it == dependents_.end()) return;
    const std::set<Located> left = it->second;
    for (const Located& one : left) Attempt(one);
    return;
  }
  if (IsLeaving(now)) {
    if (HasFinalizer(now, kForeground)) WaitForDependents(at, now);
    if (HasFinalizer(now, kOrphan)) Orphan(now);
    return;
  }
  if (moved) Attempt(at);
}

GarbageCollector::OwnerState GarbageCollector::Classify(
    const Value& dependent, const Value& reference) const {
  const KindTablePtr table = context_.registry().table();
  const kube::GroupVersionKind gvk = kube::MakeGroupVersionKind(
      reference.GetString("apiVersion"), reference.GetString("kind"));
  const Served* served = table->FindKind(gvk);
  if (served == nullptr) served = table->FindKind(gvk.group, gvk.kind);
  if (served == nullptr) return OwnerState::kUnknown;
  const std::string name_space(dependent["metadata"].GetString("namespace"));
  const bool is_namespaced = served->kind->resource.is_namespaced;
  if (is_namespaced && name_space.empty()) return OwnerState::kUnknown;
  const Value owner =
      store().Get(served->storage, {is_namespaced ? name_space : "",
                                    std::string(reference.GetString("name"))});
  if (owner.is_null() || UidOf(owner) != reference.GetString("uid")) {
    return OwnerState::kDangling;
  }
  return IsLeaving(owner) && HasFinalizer(owner, kForeground)
             ? OwnerState::kWaiting
             : OwnerState::kSolid;
}

void GarbageCollector::Attempt(const Located& at) {
  const Value object = store().Get(at.storage, at.key);
  if (object.is_null() || IsLeaving(object)) return;
  bool has_solid = false, has_waiting = false;
  std::set<std::string> stale;
  const Value& references = object["metadata"]["ownerReferences"];
  if (references.empty()) return;
  for (const Value& reference : references.array()) {
    switch (Classify(object, reference)) {
      case OwnerState::kUnknown:
        return;
      case OwnerState::kSolid:
        has_solid = true;
        break;
      case OwnerState::kWaiting:
        has_waiting = true;
        [[fallthrough]];
      case OwnerState::kDangling:
        stale.insert(std::string(reference.GetString("uid")));
        break;
    }
  }
  if (has_solid) {
    if (stale.empty()) return;
    context_.Edit(kube::RefOf(object), "",
                  [stale](Value& edited) { return DropOwners(edited, stale); });
    return;
  }
  if (has_waiting && dependents_.count(UidOf(object)) != 0) {
    return DeleteForGood(at, object, "Foreground");
  }
  DeleteForGood(at, object,
                HasFinalizer(object, kOrphan)       ? "Orphan"
                : HasFinalizer(object, kForeground) ? "Foreground"
                                                    : "Background");
}

void GarbageCollector::DeleteForGood(const Located& at, const Value& object,
                                     const std::string& policy) {
  Value options = Value::MakeObject(
      {{"propagationPolicy", policy},
       {"preconditions",
        Value::MakeObject(
            {{"uid", object["metadata"]["uid"]},
             {"resourceVersion", object["metadata"]["resourceVersion"]}})}});
  context_.Delete(kube::RefOf(object), std::move(options),
                  [this, at](const ApiResponse& response) {
                    // It has changed meanwhile: look again.
                    if (response.code == 409) Attempt(at);
                  });
}

void GarbageCollector::WaitForDependents(const Located& at,
                                         const Value& owner) {
  const std::string uid = UidOf(owner);
  bool is_blocked = false;
  auto it = dependents_.find(uid);
  const std::set<Located> all =
      it == dependents_.end() ? std::set<Located>() : it->second;
  for (const Located& one : all) {
    const Value dependent = store().Get(one.storage, one.key);
    for (const Value& reference :
         dependent["metadata"]["ownerReferences"].array()) {
      if (reference.GetString("uid") == uid &&
          reference.GetBool("blockOwnerDeletion")) {
        is_blocked = true;
      }
    }
  }
  if (is_blocked) {
    if (!waiting_.emplace(uid, at).second) return;
    for (const Located& one : all) Attempt(one);
    return;
  }
  waiting_.erase(uid);
  context_.Edit(kube::RefOf(owner), "", [](Value& object) {
    return DropFinalizer(object, kForeground);
  });
}

void GarbageCollector::Orphan(const Value& owner) {
  const std::string uid = UidOf(owner);
  if (!orphaning_.insert(uid).second) return;
  const kube::ObjectRef ref = kube::RefOf(owner);
  auto left = std::make_shared<size_t>(1);
  const auto finish = [this, ref, left] {
    if (--*left > 0) return;
    context_.Edit(ref, "",
                  [](Value& object) { return DropFinalizer(object, kOrphan); });
  };
  auto it = dependents_.find(uid);
  if (it != dependents_.end()) {
    for (const Located& one : it->second) {
      const Value dependent = store().Get(one.storage, one.key);
      if (dependent.is_null()) continue;
      ++*left;
      context_.Edit(
          kube::RefOf(dependent), "",
          [uid](Value& object) { return DropOwners(object, {uid}); },
          [finish](const ApiResponse&) { finish(); });
    }
  }
  finish();
}

}  // namespace

std::unique_ptr<Controller> MakeGarbageCollector(
    const ControllerContext& context) {
  return std::make_unique<GarbageCollector>(context);
}

}  // namespace weir::apiserver
