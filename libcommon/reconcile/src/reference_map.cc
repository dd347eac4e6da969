#include "weir/reconcile/reference_map.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace weir::reconcile {

std::string ReferenceMap::Target(absl::string_view role,
                                 const kube::ObjectKey& key) {
  return absl::StrCat(role, "/", key.name_space, "/", key.name);
}

void ReferenceMap::Update(const kube::ObjectKey& referrer,
                          std::vector<std::string> targets) {
  MutexLock lock(mu_);
  const auto known = targets_.find(referrer);
  if (known != targets_.end()) {
    for (const std::string& target : known->second) {
      const auto found = referrers_.find(target);
      if (found == referrers_.end()) continue;
      found->second.erase(referrer);
      if (found->second.empty()) referrers_.erase(found);
    }
    targets_.erase(known);
  }
  if (targets.empty()) return;
  for (const std::string& target : targets) referrers_[target].insert(referrer);
  targets_[referrer] = std::move(targets);
}

std::vector<kube::ObjectKey> ReferenceMap::Find(
    const std::string& target) const {
  MutexLock lock(mu_);
  const auto found = referrers_.find(target);
  if (found == referrers_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

}  // namespace weir::reconcile
