#include "src/alert_index.h"

#include <utility>

namespace weir::notification_controller {

void AlertIndex::Update(std::shared_ptr<const Alert> alert) {
  MutexLock lock(mu_);
  RemoveLocked(alert->key);
  for (const Alert::Source& source : alert->sources) {
    places_[{source.name_space, source.kind}][alert->key] = alert;
  }
  const kube::ObjectKey key = alert->key;
  alerts_[key] = std::move(alert);
}

void AlertIndex::Remove(const kube::ObjectKey& key) {
  MutexLock lock(mu_);
  RemoveLocked(key);
}

void AlertIndex::RemoveLocked(const kube::ObjectKey& key) {
  const auto known = alerts_.find(key);
  if (known == alerts_.end()) return;
  for (const Alert::Source& source : known->second->sources) {
    const auto place = places_.find({source.name_space, source.kind});
    if (place == places_.end()) continue;
    place->second.erase(key);
    if (place->second.empty()) places_.erase(place);
  }
  alerts_.erase(known);
}

std::vector<std::shared_ptr<const Alert>> AlertIndex::Find(
    const ObjectReference& object) const {
  MutexLock lock(mu_);
  std::vector<std::shared_ptr<const Alert>> found;
  const auto place = places_.find({object.name_space, object.kind});
  if (place == places_.end()) return found;
  for (const auto& [key, alert] : place->second) found.push_back(alert);
  return found;
}

}  // namespace weir::notification_controller
