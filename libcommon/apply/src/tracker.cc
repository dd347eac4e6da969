#include "weir/apply/tracker.h"

#include <algorithm>
#include <deque>
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
#include "weir/base/gate.h"
#include "weir/base/mutex.h"
#include "weir/kube/informer.h"
#include "weir/value/json.h"

namespace weir::apply {
namespace {

// Keys of the little object that a drift watch keeps of each object.
constexpr char kOwned[] = "owned";      // OwnershipDigest.
constexpr char kForeign[] = "foreign";  // HasTakenOverManager.

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
  // Entries of managers to take over were left where they are.
  bool is_foreign = false;
  bool is_dirty = false;

  // Whether somebody changed our fields of the object, as the watch sees it
  // (see Condense), since it was applied.
  bool HasDrifted(const Value& condensed) const;
};

// What a health watch is of: a kind with our label, or one object; and whether
// it keeps all fields.
using HealthWatchKey =
    std::tuple<kube::GroupVersionKind, std::string, std::string, bool>;

// `is_narrow`: of ours, those of the object's namespace alone.
HealthWatchKey WatchKeyOf(const Tracker::Awaited& awaited, bool is_narrow) {
  if (awaited.is_ours) {
    return {awaited.ref.gvk, is_narrow ? awaited.ref.key.name_space : "", "",
            awaited.is_whole};
  }
  return {awaited.ref.gvk, awaited.ref.key.name_space, awaited.ref.key.name,
          awaited.is_whole};
}

struct HealthWatch {
  std::unique_ptr<kube::Informer> informer;
  // Who awaits which of its objects.
  std::map<kube::ObjectKey, std::set<kube::ObjectKey>> owners_of;
  // All of them.
  std::set<kube::ObjectKey> owners;
};

bool Tracked::HasDrifted(const Value& condensed) const {
  const Value& metadata = condensed["metadata"];
  if (ParseResourceVersion(metadata) <= resource_version) return false;
  return metadata.GetString("uid") != uid ||
         condensed.GetInt(kOwned) != static_cast<int64_t>(owned) ||
         (condensed.GetBool(kForeign) && !is_foreign);
}

// What health can be told from: big parts that say nothing of it are dropped.
Value CondenseForHealth(Value object) {
  constexpr const char* kDroppedOfSpec[] = {"template", "volumeClaimTemplates",
                                            "versions"};
  object.Erase("data");
  object.Erase("binaryData");
  if (object["metadata"].Has("managedFields")) {
    object.Mutable("metadata").Erase("managedFields");
  }
  for (const char* field : kDroppedOfSpec) {
    if (object["spec"].Has(field)) object.Mutable("spec").Erase(field);
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
  absl::flat_hash_map<kube::ObjectKey, absl::flat_hash_set<TrackedKey>> by_owner
      ABSL_GUARDED_BY(mu);
  std::map<kube::GroupKind, std::shared_ptr<kube::Informer>> drift_watches
      ABSL_GUARDED_BY(mu);
  std::map<HealthWatchKey, std::shared_ptr<HealthWatch>> health_watches
      ABSL_GUARDED_BY(mu);
  absl::flat_hash_map<kube::ObjectKey, std::vector<Awaited>> awaited
      ABSL_GUARDED_BY(mu);
  // What tasks go through, so that none runs once this is gone.
  Gate<Impl> gate{*this};

  // Kinds that we may not watch in all namespaces.
  std::set<kube::GroupKind> refused ABSL_GUARDED_BY(mu);
  // UIDs of objects whose end was told while nobody tracked them: the answer
  // to their apply may still be on its way.
  std::deque<std::string> ended ABSL_GUARDED_BY(mu);

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
    Value kept =
        Value::MakeObject({{"name", metadata["name"]},
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
    informer.on_synced = [this, kind] {
      SetRefused(kind, false);
      CheckAbsent(kind);
    };
    watch = std::make_shared<kube::Informer>(client, tasks, std::move(informer),
                                             options.logger);
    watch->AddHandler([this, kind](const kube::Change& change) {
      OnDriftChange(kind, change);
    });
    LookLater(kind);
  }

  // Looks, in a moment and then again, whether the kind may be watched; until
  // that is known.
  void LookLater(const kube::GroupKind& kind) {
    constexpr absl::Duration kPause = absl::Milliseconds(300);
    tasks.PostAfter(kPause,
                    gate.Guarded([kind](Impl& self) { self.Look(kind); }));
  }

  void Look(const kube::GroupKind& kind) {
    bool is_known = false;
    bool is_refused = false;
    {
      MutexLock lock(mu);
      const auto judge = [&](const kube::Informer& informer) {
        is_known = is_known || informer.HasSynced();
        is_refused = is_refused || absl::IsPermissionDenied(informer.health());
      };
      const auto drift = drift_watches.find(kind);
      if (drift != drift_watches.end()) judge(*drift->second);
      for (const auto& [key, watch] : health_watches) {
        const auto& [gvk, name_space, name, is_whole] = key;
        const bool is_wide = name_space.empty() && name.empty();
        if (is_wide && gvk.group == kind.group && gvk.kind == kind.kind) {
          judge(*watch->informer);
        }
      }
    }
    if (is_refused) {
      SetRefused(kind, true);
    } else if (!is_known) {
      LookLater(kind);
    }
  }

  HealthWatchKey KeyFor(const Awaited& one) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return WatchKeyOf(one, refused.contains(KindOf(one.ref)));
  }

  // Those who await an object of the kind await it in its namespace, or else
  // among all.
  void SetRefused(const kube::GroupKind& kind, bool is_refused) {
    std::vector<std::shared_ptr<HealthWatch>> idle;
    MutexLock lock(mu);
    if (refused.contains(kind) == is_refused) return;
    std::vector<std::pair<kube::ObjectKey, std::vector<Awaited>>> moved;
    for (const auto& [owner, all] : awaited) {
      const bool is_concerned = std::any_of(
          all.begin(), all.end(),
          [&](const Awaited& one) { return KindOf(one.ref) == kind; });
      if (is_concerned) moved.emplace_back(owner, all);
    }
    for (const auto& one : moved) SetAwaited(one.first, {}, idle);
    if (is_refused) {
      refused.insert(kind);
    } else {
      refused.erase(kind);
    }
    for (const auto& one : moved) SetAwaited(one.first, one.second, idle);
  }

  // Watches that nobody needs any more are added to `idle`: they end outside
  // the lock.
  void SetAwaited(const kube::ObjectKey& owner,
                  const std::vector<Awaited>& wanted,
                  std::vector<std::shared_ptr<HealthWatch>>& idle)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    std::set<HealthWatchKey> left;
    for (const Awaited& one : awaited[owner]) {
      const HealthWatchKey key = KeyFor(one);
      HealthWatch& watch = *health_watches.at(key);
      const auto waiting = watch.owners_of.find(one.ref.key);
      if (waiting != watch.owners_of.end()) {
        waiting->second.erase(owner);
        if (waiting->second.empty()) watch.owners_of.erase(waiting);
      }
      watch.owners.erase(owner);
      left.insert(key);
    }
    for (const Awaited& one : wanted) {
      HealthWatch& watch = *StartHealthWatch(KeyFor(one));
      watch.owners_of[one.ref.key].insert(owner);
      watch.owners.insert(owner);
    }
    awaited[owner] = wanted;
    if (wanted.empty()) awaited.erase(owner);
    for (const HealthWatchKey& key : left) {
      const auto it = health_watches.find(key);
      if (it == health_watches.end() || !it->second->owners.empty()) continue;
      idle.push_back(std::move(it->second));
      health_watches.erase(it);
    }
  }

  void OnDriftChange(const kube::GroupKind& kind, const kube::Change& change) {
    kube::ObjectKey owner;
    {
      MutexLock lock(mu);
      const auto it = tracked.find({kind, kube::KeyOf(change.after)});
      const bool is_deleted = change.type == kube::ChangeType::kDeleted;
      const std::string uid(change.after["metadata"].GetString("uid"));
      const bool is_known = it != tracked.end() && it->second.uid == uid;
      if (is_deleted && !is_known) NoteEnd(uid);
      if (it == tracked.end()) return;
      Tracked& object = it->second;
      const bool drifted =
          is_deleted ? is_known : object.HasDrifted(change.after);
      if (!drifted || object.is_dirty) return;
      object.is_dirty = true;
      owner = object.owner;
    }
    listener(owner, News::kDrift);
  }

  void NoteEnd(std::string uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    constexpr size_t kMaxEnded = 1024;
    ended.push_back(std::move(uid));
    if (ended.size() > kMaxEnded) ended.pop_front();
  }
  bool HasEnded(const std::string& uid) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return std::find(ended.begin(), ended.end(), uid) != ended.end();
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
    for (const kube::ObjectKey& owner : owners) listener(owner, News::kDrift);
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
    informer.name_space = std::get<1>(key);
    if (std::get<2>(key).empty()) {
      informer.label_selector = options.owner_label;
    } else {
      informer.field_selector =
          absl::StrCat("metadata.name=", std::get<2>(key));
    }
    if (!std::get<3>(key)) informer.transform = CondenseForHealth;
    informer.on_synced = [this, key] { NotifyOwners(key); };
    const kube::GroupKind kind{informer.gvk.group, informer.gvk.kind};
    if (std::get<1>(key).empty() && std::get<2>(key).empty()) LookLater(kind);
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
      if (it == health_watches.end()) return;
      owners = it->second->owners;
    }
    for (const kube::ObjectKey& owner : owners) listener(owner, News::kHealth);
  }

  void OnHealthChange(const HealthWatchKey& key, const kube::Change& change) {
    const absl::Time now = absl::Now();
    if (!std::get<3>(key) && change.type == kube::ChangeType::kModified &&
        ComputeHealth(change.before, now) == ComputeHealth(change.after, now)) {
      return;
    }
    const kube::ObjectKey changed = kube::KeyOf(change.after);
    std::set<kube::ObjectKey> owners;
    {
      MutexLock lock(mu);
      const auto it = health_watches.find(key);
      if (it == health_watches.end()) return;
      const auto found = it->second->owners_of.find(changed);
      if (found != it->second->owners_of.end()) owners = found->second;
    }
    for (const kube::ObjectKey& owner : owners) listener(owner, News::kHealth);
  }

  const kube::Informer* FindHealthInformer(const kube::ObjectRef& ref,
                                           bool is_whole) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    for (const bool is_ours : {true, false}) {
      const auto it = health_watches.find(KeyFor({ref, is_ours, is_whole}));
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
  impl_->gate.Close();
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
         it->second.owner == owner && it->second.desired == desired_digest &&
         !impl_->refused.contains(KindOf(ref));
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
  object.is_foreign = HasTakenOverManager(metadata, impl_->managers);
  const TrackedKey key = TrackedKeyOf(ref);
  bool is_dirty = false;
  {
    MutexLock lock(impl_->mu);
    impl_->StartDriftWatch(ref.gvk);
    // The watch may have told of a later change before we had the answer.
    const std::optional<Value> seen =
        impl_->drift_watches[key.first]->Get(ref.key);
    is_dirty = (seen.has_value() && object.HasDrifted(*seen)) ||
               impl_->HasEnded(object.uid);
    object.is_dirty = is_dirty;
    impl_->Remove(key);
    impl_->tracked.emplace(key, std::move(object));
    impl_->by_owner[owner].insert(key);
  }
  if (is_dirty) impl_->listener(owner, News::kDrift);
}

bool Tracker::HasDrift(const kube::ObjectKey& owner) const {
  MutexLock lock(impl_->mu);
  const auto it = impl_->by_owner.find(owner);
  if (it == impl_->by_owner.end()) return false;
  for (const TrackedKey& key : it->second) {
    if (impl_->tracked.at(key).is_dirty) return true;
  }
  return false;
}

bool Tracker::IsBlind(const kube::ObjectKey& owner) const {
  MutexLock lock(impl_->mu);
  const auto it = impl_->by_owner.find(owner);
  if (it == impl_->by_owner.end() || impl_->refused.empty()) return false;
  for (const TrackedKey& key : it->second) {
    if (impl_->refused.contains(key.first)) return true;
  }
  return false;
}

size_t Tracker::CountOf(const kube::ObjectKey& owner) const {
  MutexLock lock(impl_->mu);
  const auto it = impl_->by_owner.find(owner);
  return it == impl_->by_owner.end() ? 0 : it->second.size();
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
  std::vector<std::shared_ptr<HealthWatch>> ended;
  MutexLock lock(impl_->mu);
  impl_->SetAwaited(owner, awaited, ended);
}

std::optional<Health> Tracker::HealthOf(const kube::ObjectRef& ref,
                                        absl::Time now,
                                        const HealthRule* rule) const {
  std::optional<Value> object;
  {
    MutexLock lock(impl_->mu);
    const kube::Informer* informer =
        impl_->FindHealthInformer(ref, rule != nullptr);
    if (informer == nullptr || !informer->HasSynced()) return std::nullopt;
    object = informer->Get(ref.key);
    const auto it = impl_->tracked.find(TrackedKeyOf(ref));
    if (it != impl_->tracked.end() && !it->second.is_dirty) {
      // What the watch has not caught up with says nothing yet.
      if (!object.has_value() || ParseResourceVersion((*object)["metadata"]) <
                                     it->second.resource_version) {
        return std::nullopt;
      }
    }
  }
  if (rule != nullptr && object.has_value()) return rule->Judge(*object);
  return ComputeHealth(object.value_or(Value()), now);
}

std::optional<Value> Tracker::AwaitedObject(const kube::ObjectRef& ref,
                                            bool is_whole) const {
  MutexLock lock(impl_->mu);
  const kube::Informer* informer = impl_->FindHealthInformer(ref, is_whole);
  if (informer == nullptr) return std::nullopt;
  return informer->Get(ref.key);
}

size_t Tracker::size() const {
  MutexLock lock(impl_->mu);
  return impl_->tracked.size();
}

}  // namespace weir::apply
