#include "src/release_storage.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/plan.h"
#include "weir/base/status.h"

namespace weir::helm_controller {
namespace {

kube::GroupVersionKind SecretKind() { return {"", "v1", "Secret"}; }

kube::WriteOptions Writing() { return {.field_manager = kComponent}; }

}  // namespace

absl::StatusOr<std::vector<helm::StoredRelease>> ReleaseStorage::List(
    const Context& ctx, const std::string& name) const {
  kube::ListOptions options;
  options.label_selector = absl::StrCat("name=", name, ",owner=helm");
  WEIR_ASSIGN_OR_RETURN(const Value list,
                        client_.List(ctx, SecretKind(), name_space_, options));
  std::vector<helm::StoredRelease> revisions;
  for (const Value& secret : list["items"].array()) {
    absl::StatusOr<helm::StoredRelease> release =
        helm::ReadReleaseSecret(secret);
    if (release.ok()) revisions.push_back(*std::move(release));
  }
  std::sort(
      revisions.begin(), revisions.end(),
      [](const auto& a, const auto& b) { return a.version() > b.version(); });
  return revisions;
}

absl::Status ReleaseStorage::Create(const Context& ctx,
                                    helm::StoredRelease& release) const {
  WEIR_ASSIGN_OR_RETURN(
      const Value secret,
      client_.Create(ctx,
                     helm::MakeReleaseSecret(release, name_space_, clock_.Now(),
                                             /*is_new=*/true),
                     Writing()));
  release.set_resource_version(
      std::string(secret["metadata"].GetString("resourceVersion")));
  return absl::OkStatus();
}

absl::Status ReleaseStorage::Update(const Context& ctx,
                                    helm::StoredRelease& release) const {
  WEIR_ASSIGN_OR_RETURN(
      const Value secret,
      client_.Update(ctx,
                     helm::MakeReleaseSecret(release, name_space_, clock_.Now(),
                                             /*is_new=*/false),
                     Writing()));
  release.set_resource_version(
      std::string(secret["metadata"].GetString("resourceVersion")));
  return absl::OkStatus();
}

absl::Status ReleaseStorage::Delete(const Context& ctx, const std::string& name,
                                    int version) const {
  const absl::Status deleted = client_.Delete(
      ctx,
      {SecretKind(), {name_space_, helm::ReleaseSecretName(name, version)}});
  return absl::IsNotFound(deleted) ? absl::OkStatus() : deleted;
}

const helm::StoredRelease* FindDeployed(
    const std::vector<helm::StoredRelease>& revisions) {
  const auto found = std::find_if(
      revisions.begin(), revisions.end(),
      [](const auto& one) { return one.status() == helm::kDeployed; });
  return found == revisions.end() ? nullptr : &*found;
}

std::vector<int> FindSurplus(const std::vector<helm::StoredRelease>& revisions,
                             int max) {
  std::vector<int> surplus;
  if (max <= 0) return surplus;
  const helm::StoredRelease* deployed = FindDeployed(revisions);
  const size_t kept = static_cast<size_t>(max) - 1;
  for (auto it = revisions.rbegin(); it != revisions.rend(); ++it) {
    if (revisions.size() - surplus.size() <= kept) break;
    if (&*it != deployed) surplus.push_back(it->version());
  }
  return surplus;
}

}  // namespace weir::helm_controller
