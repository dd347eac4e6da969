#include "src/receivers/receiver_index.h"

#include <utility>

#include "weir/kube/conditions.h"

namespace weir::notification_controller {

void ReceiverIndex::RemovePath(const kube::ObjectKey& key, const Entry& entry) {
  const auto found = paths_.find(entry.path);
  if (found == paths_.end()) return;
  found->second.erase({entry.created, key});
  if (found->second.empty()) paths_.erase(found);
}

std::shared_ptr<const ReceiverPlan> ReceiverIndex::Update(
    const Value& receiver) {
  const Value& metadata = receiver["metadata"];
  Entry entry;
  entry.path = std::string(receiver["status"].GetString("webhookPath"));
  entry.created = std::string(metadata.GetString("creationTimestamp"));
  entry.is_ready = kube::IsConditionTrue(receiver, "Ready");
  const kube::ObjectKey key = kube::KeyOf(receiver);
  {
    MutexLock lock(mu_);
    const auto known = entries_.find(key);
    if (known != entries_.end() &&
        known->second.plan->uid == metadata.GetString("uid") &&
        known->second.plan->generation == metadata.GetInt("generation")) {
      entry.plan = known->second.plan;
    }
  }
  if (entry.plan == nullptr) entry.plan = MakePlan(receiver, rules_);
  const std::shared_ptr<const ReceiverPlan> plan = entry.plan;
  MutexLock lock(mu_);
  const auto known = entries_.find(key);
  if (known != entries_.end()) RemovePath(key, known->second);
  if (!entry.path.empty()) paths_[entry.path].insert({entry.created, key});
  entries_[key] = std::move(entry);
  return plan;
}

void ReceiverIndex::Remove(const kube::ObjectKey& key) {
  MutexLock lock(mu_);
  const auto known = entries_.find(key);
  if (known == entries_.end()) return;
  RemovePath(key, known->second);
  entries_.erase(known);
}

ReceiverIndex::Found ReceiverIndex::Find(absl::string_view path) const {
  MutexLock lock(mu_);
  const auto found = paths_.find(path);
  if (found == paths_.end()) return {};
  const Entry& entry =
      entries_.at(std::get<kube::ObjectKey>(*found->second.begin()));
  return {entry.plan, entry.is_ready};
}

}  // namespace weir::notification_controller
