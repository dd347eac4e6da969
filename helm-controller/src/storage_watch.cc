#include "src/storage_watch.h"

#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "weir/helm/stored_release.h"

namespace weir::helm_controller {

StorageWatch::StorageWatch(const kube::Client& client, TaskQueue& tasks,
                           Logger logger, std::string name_space,
                           Listener listener)
    : listener_(std::move(listener)) {
  kube::InformerOptions options;
  options.gvk = {"", "v1", "Secret"};
  options.name_space = std::move(name_space);
  options.label_selector = "owner=helm";
  options.metadata_only = true;
  options.transform = [](Value object) {
    const Value& metadata = object["metadata"];
    const Value& labels = metadata["labels"];
    Value kept = Value::MakeObject(
        {{"name", metadata["name"]},
         {"namespace", metadata["namespace"]},
         {"resourceVersion", metadata["resourceVersion"]},
         {"labels", Value::MakeObject({{"name", labels["name"]},
                                       {"status", labels["status"]},
                                       {"version", labels["version"]}})}});
    return Value::MakeObject({{"metadata", std::move(kept)}});
  };
  informer_ = std::make_unique<kube::Informer>(
      client, tasks, std::move(options), std::move(logger));
  informer_->AddHandler(
      [this](const kube::Change& change) { OnChange(change); });
}

void StorageWatch::OnChange(const kube::Change& change) {
  const Value& metadata = change.after["metadata"];
  const kube::ObjectKey release{
      std::string(metadata.GetString("namespace")),
      std::string(metadata["labels"].GetString("name"))};
  int version = 0;
  if (!absl::SimpleAtoi(metadata["labels"].GetString("version"), &version)) {
    return;
  }
  const absl::string_view status = metadata["labels"].GetString("status");
  // Whoever works on it is not disturbed; what stays so is for the interval.
  bool is_in_work = false;
  {
    MutexLock lock(mu_);
    std::map<int, Revision>& revisions = revisions_[release];
    if (change.type == kube::ChangeType::kDeleted) {
      revisions.erase(version);
    } else {
      revisions[version] = {std::string(metadata.GetString("resourceVersion")),
                            absl::StartsWith(status, "pending-") ||
                                status == helm::kUninstalling};
    }
    if (revisions.empty()) {
      revisions_.erase(release);
    } else {
      is_in_work = revisions.rbegin()->second.is_in_work;
    }
  }
  if (!change.is_initial && !is_in_work) listener_(release);
}

bool StorageWatch::IsNewest(const kube::ObjectKey& release, int version,
                            const std::string& resource_version) const {
  MutexLock lock(mu_);
  const auto found = revisions_.find(release);
  return found != revisions_.end() && !found->second.empty() &&
         found->second.rbegin()->first == version &&
         found->second.rbegin()->second.resource_version == resource_version;
}

bool StorageWatch::HasNewer(const kube::ObjectKey& release, int version,
                            const std::string& resource_version) const {
  MutexLock lock(mu_);
  const auto found = revisions_.find(release);
  if (found == revisions_.end() || found->second.empty()) return false;
  const auto& [newest, seen] = *found->second.rbegin();
  if (seen.is_in_work) return false;
  if (newest != version) return newest > version;
  uint64_t seen_at = 0;
  uint64_t known_at = 0;
  return absl::SimpleAtoi(seen.resource_version, &seen_at) &&
         absl::SimpleAtoi(resource_version, &known_at) && seen_at > known_at;
}

}  // namespace weir::helm_controller
