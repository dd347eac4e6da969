#include "weir/apply/tracker.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "weir/apply/managed_fields.h"
#include "weir/base/mutex.h"
#include "weir/kube/informer.h"
#include "weir/value/json.h"

namespace weir::apply {
namespace {

// Keys of the little object that a drift watch keeps of each object.
constexpr char kOwned[] = "owned";       // OwnershipDigest.
constexpr char kForeign[] = "foreign";   // HasTakenOverManager.

uint64_t ParseResourceVersion(const Value& metadata) {
  uint64_t version = 0;
  if (!absl::SimpleAtoi(metadata.GetString("resourceVersion"), &version)) {
    return 0;
  }
  return version;
}

// A kind is watched under one version, whichever came first.
kube::GroupKind KindOf(const kube::ObjectRef& ref) {
  return {ref.gvk.group, ref.gvk.kind};
}

using TrackedKey = std::pair<kube::GroupKind, kube::ObjectKey>;
TrackedKey TrackedKeyOf(const kube::ObjectRef& ref) {
  return {KindOf(ref), ref.key};
}

struct Tracked {
  kube::ObjectKey owner;
  std::string uid;
  uint64_t desired = 0;
  uint64_t owned = 0;
  uint64_t resource_version = 0;
  bool is_dirty = false;
};

// What a health watch is of: a kind with our label, or one object.
using HealthWatchKey = std::tuple<kube::GroupVersionKind, std::string,
                                  std::string>;

HealthWatchKey WatchKeyOf(const Tracker::Awaited& awaited) {
  if (awaited.is_ours) return {awaited.ref.gvk, "", ""};
  return {awaited.ref.gvk, awaited.ref.key.name_space, awaited.ref.key.name};
}

struct HealthWatch {
  std::unique_ptr<kube::Informer> informer;
  // Owners that await an object of it.
  std::set<kube::ObjectKey> owners;
};

Value WithoutManagedFields(Value object) {
  if (object["metadata"].Has("managedFields")) {
    object.Mutable("metadata").Erase("managedFields");
  }
  return object;
}

}  // namespace

struct Tracker::Impl {
  // Constant after construction.
  const kube::Client& client;
  TaskQueue& tasks;
  const TrackerOptions options;
  const Listener listener;
  const std::vector<ManagerMatch> managers;

  mutable Mutex mu;
  absl::flat_hash_map<TrackedKey, Tracked> tracked ABSL_GUARDED_BY(mu);
  absl::flat_hash_map<kube::ObjectKey, absl::flat_hash_set<TrackedKey>>
      by_owner ABSL_GUARDED_BY(mu);
  std::map<kube::GroupKind, std::shared_ptr<kube::Informer>> drift_watches
      ABSL_GUARDED_BY(mu);
  std::map<HealthWatchKey, std::shared_ptr<HealthWatch>> health_watches
      ABSL_GUARDED_BY(mu);
  absl::flat_hash_map<kube::ObjectKey, std::vector<Awaited>> awaited
      ABSL_GUARDED_BY(mu);

  Impl(const kube::Client& c, TaskQueue& t, TrackerOptions o, Listener l)
      : client(c),
        tasks(t),
        options(std::move(o)),
        listener(std::move(l)),
        managers(TakenOverManagers(options.field_manager,
                                   options.override_managers)) {}

  // Keeps of an object's metadata what drift detection compares.
  Value Condense(const Value& object) const {
    const Value& metadata = object["metadata"];
    Value kept = Value::MakeObject(
        {{"name", metadata["name"]},
         {"uid", metadata["uid"]},
         {"resourceVersion", metadata["resourceVersion"]}});
    if (metadata.Has("namespace")) kept.Set("namespace", metadata["namespace"]);
    return Value::MakeObject(
        {{"metadata", std::move(kept)},
         {kOwned, Value(static_cast<int64_t>(
                      OwnershipDigest(metadata, options.field_manager)))},
         {kForeign, Value(HasTakenOverManager(metadata, managers))}});
  }

  void StartDriftWatch(const kube::GroupVersionKind& gvk)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    const kube::GroupKind kind{gvk.group, gvk.kind};
    std::shared_ptr<kube::Informer>& watch = drift_watches[kind];
    if (watch != nullptr) return;
    kube::InformerOptions informer;
    informer.gvk = gvk;
    informer.label_selector = options.owner_label;
    informer.metadata_only = true;
    informer.transform = [this](Value object) { return Condense(object); };
    informer.on_synced = [this, kind] { CheckAbsent(kind); };
    watch = std::make_shared<kube::Informer>(client, tasks, std::move(informer),
                                             options.logger);
    watch->AddHandler([this, kind](const kube::Change& change) {
      OnDriftChange(kind, change);
    });
  }

  void OnDriftChange(const kube::GroupKind& kind, const kube::Change& change) {
    kube::ObjectKey owner;
    {
      MutexLock lock(mu);
      const auto it = tracked.find({kind, kube::KeyOf(change.after)});
      if (it == tracked.end()) return;
      Tracked& object = it->second;
      const Value& metadata = change.after["metadata"];
      const bool same_object = metadata.GetString("uid") == object.uid;
      const uint64_t version = ParseResourceVersion(metadata);
      bool drifted = false;
      if (change.type == kube::ChangeType::kDeleted) {
        drifted = same_object;
      } else if (version > object.resource_version) {
        drifted = !same_object ||
                  change.after.GetInt(kOwned) !=
                      static_cast<int64_t>(object.owned) ||
                  change.after.GetBool(kForeign);
      }
      if (!drifted || object.is_dirty) return;
      object.is_dirty = true;
      owner = object.owner;
    }
    listener(owner);
  }

  // After a list: tracked objects that it lacks were deleted unseen.
  void CheckAbsent(const kube::GroupKind& kind) {
    std::set<kube::ObjectKey> owners;
    {
      MutexLock lock(mu);
      const auto watch = drift_watches.find(kind);
      if (watch == drift_watches.end() || watch->second == nullptr) return;
      for (auto& [key, object] : tracked) {
        if (key.first != kind || object.is_dirty) continue;
        if (watch->second->Get(key.second).has_value()) continue;
        object.is_dirty = true;
        owners.insert(object.owner);
      }
    }
    for (const kube::ObjectKey& owner : owners) listener(owner);
  }

  void Remove(const TrackedKey& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    const auto it = tracked.find(key);
    if (it == tracked.end()) return;
    const auto owned = by_owner.find(it->second.owner);
    if (owned != by_owner.end()) {
      owned->second.erase(key);
      if (owned->second.empty()) by_owner.erase(owned);
    }
    tracked.erase(it);
  }

  std::shared_ptr<HealthWatch> StartHealthWatch(const HealthWatchKey& key)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    std::shared_ptr<HealthWatch>& watch = health_watches[key];
    if (watch != nullptr) return watch;
    watch = std::make_shared<HealthWatch>();
    kube::InformerOptions informer;
    informer.gvk = std::get<0>(key);
    if (std::get<2>(key).empty()) {
      informer.label_selector = options.owner_label;
    } else {
      informer.name_space = std::get<1>(key);
      informer.field_selector =
          absl::StrCat("metadata.name=", std::get<2>(key));
    }
    informer.transform = WithoutManagedFields;
    informer.on_synced = [this, key] { NotifyOwners(key); };
    watch->informer = std::make_unique<kube::Informer>(
        client, tasks, std::move(informer), options.logger);
    watch->informer->AddHandler([this, key](const kube::Change& change) {
      if (!change.is_initial) OnHealthChange(key, change);
    });
    return watch;
  }

  // A list is complete: all who await one of its objects look again.
  void NotifyOwners(const HealthWatchKey& key) {
    std::set<kube::ObjectKey> owners;
    {
      MutexLock lock(mu);
      const auto it = health_watches.find(key);
      if (it != health_watches.end()) owners = it->second->owners;
    }
    for (const kube::ObjectKey& owner : owners) listener(owner);
  }

  void OnHealthChange(const HealthWatchKey& key, const kube::Change& change) {
    const absl::Time now = absl::Now();
    if (change.type == kube::ChangeType::kModified &&
        ComputeHealth(change.before, now) == ComputeHealth(change.after, now)) {
      return;
    }
    const kube::ObjectKey changed = kube::KeyOf(change.after);
    std::set<kube::ObjectKey> owners;
    {
      MutexLock lock(mu);
      const auto it = health_watches.find(key);
      if (it == health_watches.end()) return;
      for (const kube::ObjectKey& owner : it->second->owners) {
        for (const Awaited& one : awaited[owner]) {
          if (one.ref.key == changed && WatchKeyOf(one) == key) {
            owners.insert(owner);
          }
        }
      }
    }
    for (const kube::ObjectKey& owner : owners) listener(owner);
  }

  const kube::Informer* FindHealthInformer(const kube::ObjectRef& ref) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    for (const bool is_ours : {true, false}) {
      const auto it = health_watches.find(WatchKeyOf({ref, is_ours}));
      if (it == health_watches.end()) continue;
      const kube::Informer* informer = it->second->informer.get();
      if (!is_ours || tracked.contains(TrackedKeyOf(ref))) return informer;
    }
    return nullptr;
  }
};

Tracker::Tracker(const kube::Client& client, TaskQueue& tasks,
                 TrackerOptions options, Listener listener)
    : impl_(std::make_unique<Impl>(client, tasks, std::move(options),
                                   std::move(listener))) {}

Tracker::~Tracker() {
  // Informers are destroyed without the lock: they wait for their handlers,
  // which take it.
  std::map<kube::GroupKind, std::shared_ptr<kube::Informer>> drift;
  std::map<HealthWatchKey, std::shared_ptr<HealthWatch>> health;
  {
    MutexLock lock(impl_->mu);
    drift.swap(impl_->drift_watches);
    health.swap(impl_->health_watches);
  }
}

uint64_t Tracker::DesiredDigest(const Value& desired) {
  return absl::HashOf(FormatJson(desired)) | 1;
}

bool Tracker::IsClean(const kube::ObjectKey& owner, const kube::ObjectRef& ref,
                      uint64_t desired_digest) const {
  MutexLock lock(impl_->mu);
  const auto it = impl_->tracked.find(TrackedKeyOf(ref));
  return it != impl_->tracked.end() && !it->second.is_dirty &&
         it->second.owner == owner && it->second.desired == desired_digest;
}

void Tracker::RecordApplied(const kube::ObjectKey& owner,
                            const kube::ObjectRef& ref, uint64_t desired_digest,
                            const Value& live) {
  const Value& metadata = live["metadata"];
  Tracked object;
  object.owner = owner;
  object.uid = std::string(metadata.GetString("uid"));
  object.desired = desired_digest;
  object.owned = OwnershipDigest(metadata, impl_->options.field_manager);
  object.resource_version = ParseResourceVersion(metadata);
  const TrackedKey key = TrackedKeyOf(ref);
  MutexLock lock(impl_->mu);
  impl_->Remove(key);
  impl_->tracked.emplace(key, std::move(object));
  impl_->by_owner[owner].insert(key);
  impl_->StartDriftWatch(ref.gvk);
}

void Tracker::Forget(const kube::ObjectRef& ref) {
  MutexLock lock(impl_->mu);
  impl_->Remove(TrackedKeyOf(ref));
}

void Tracker::ForgetOthers(const kube::ObjectKey& owner,
                           const std::vector<kube::ObjectRef>& kept) {
  absl::flat_hash_set<TrackedKey> keys;
  for (const kube::ObjectRef& ref : kept) keys.insert(TrackedKeyOf(ref));
  MutexLock lock(impl_->mu);
  const auto it = impl_->by_owner.find(owner);
  if (it == impl_->by_owner.end()) return;
  std::vector<TrackedKey> gone;
  for (const TrackedKey& key : it->second) {
    if (!keys.contains(key)) gone.push_back(key);
  }
  for (const TrackedKey& key : gone) impl_->Remove(key);
}

void Tracker::ForgetOwner(const kube::ObjectKey& owner) {
  Await(owner, {});
  ForgetOthers(owner, {});
}

void Tracker::Await(const kube::ObjectKey& owner,
                    const std::vector<Awaited>& awaited) {
  // Watches that nobody needs any more end outside the lock.
  std::vector<std::shared_ptr<HealthWatch>> ended;
  {
    MutexLock lock(impl_->mu);
    std::set<HealthWatchKey> wanted;
    for (const Awaited& one : awaited) wanted.insert(WatchKeyOf(one));
    if (awaited.empty()) {
      impl_->awaited.erase(owner);
    } else {
      impl_->awaited[owner] = awaited;
    }
    for (auto it = impl_->health_watches.begin();
         it != impl_->health_watches.end();) {
      if (wanted.count(it->first) == 0) it->second->owners.erase(owner);
      if (it->second->owners.empty() && wanted.count(it->first) == 0) {
        ended.push_back(std::move(it->second));
        it = impl_->health_watches.erase(it);
      } else {
        ++it;
      }
    }
    for (const HealthWatchKey& key : wanted) {
      impl_->StartHealthWatch(key)->owners.insert(owner);
    }
  }
}

std::optional<Health> Tracker::HealthOf(const kube::ObjectRef& ref,
                                        absl::Time now) const {
  MutexLock lock(impl_->mu);
  const kube::Informer* informer = impl_->FindHealthInformer(ref);
  if (informer == nullptr || !informer->HasSynced()) return std::nullopt;
  const std::optional<Value> object = informer->Get(ref.key);
  const auto it = impl_->tracked.find(TrackedKeyOf(ref));
  if (it != impl_->tracked.end() && !it->second.is_dirty) {
    // What the watch has not caught up with says nothing yet.
    if (!object.has_value() || ParseResourceVersion((*object)["metadata"]) <
                                   it->second.resource_version) {
      return std::nullopt;
    }
  }
  return ComputeHealth(object.value_or(Value()), now);
}

std::optional<Value> Tracker::AwaitedObject(const kube::ObjectRef& ref) const {
  MutexLock lock(impl_->mu);
  const kube::Informer* informer = impl_->FindHealthInformer(ref);
  if (informer == nullptr) return std::nullopt;
  return informer->Get(ref.key);
}

size_t Tracker::size() const {
  MutexLock lock(impl_->mu);
  return impl_->tracked.size();
}

}  // namespace weir::apply
