#include "src/cluster_facts.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/status.h"

namespace weir::helm_controller {

ClusterFacts::ClusterFacts(const kube::Client& client)
    : client_(client), invalidation_(client.OnDiscoveryInvalidated([this] {
        MutexLock lock(mu_);
        known_.reset();
      })) {}

absl::StatusOr<helm::Capabilities> ClusterFacts::Get(const Context& ctx) {
  {
    MutexLock lock(mu_);
    if (known_.has_value()) return *known_;
  }
  kube::Request request;
  request.path = "/version";
  WEIR_ASSIGN_OR_RETURN(const kube::Response version,
                        client_.Do(ctx, std::move(request)),
                        "could not get server version from Kubernetes");
  helm::Capabilities facts = helm::DefaultCapabilities();
  WEIR_ASSIGN_OR_RETURN(
      facts.kube_version,
      helm::ParseKubeVersion(version.body.GetString("gitVersion")));
  facts.kube_version.major = std::string(version.body.GetString("major"));
  facts.kube_version.minor = std::string(version.body.GetString("minor"));
  WEIR_ASSIGN_OR_RETURN(
      const std::vector<kube::Client::DiscoveredResource> resources,
      client_.ListResources(ctx), "could not get apiVersions from Kubernetes");
  std::set<std::string> versions;
  for (const auto& one : resources) {
    const kube::GroupVersionKind& gvk = one.resource.gvk;
    versions.insert(gvk.ApiVersion());
    versions.insert(absl::StrCat(gvk.ApiVersion(), "/", gvk.kind));
  }
  facts.api_versions.assign(versions.begin(), versions.end());
  MutexLock lock(mu_);
  known_ = facts;
  return facts;
}

absl::StatusOr<Value> LookUp(const Context& ctx, const kube::Client& client,
                             absl::string_view api_version,
                             absl::string_view kind,
                             absl::string_view name_space,
                             absl::string_view name) {
  const kube::GroupVersionKind gvk =
      kube::MakeGroupVersionKind(api_version, kind);
  const absl::StatusOr<kube::Resource> resource = client.FindResource(ctx, gvk);
  // What is not served does not exist, as in a first installation.
  if (absl::IsNotFound(resource.status())) return Value::MakeObject();
  if (!resource.ok()) return resource.status();
  const std::string where =
      resource->is_namespaced ? std::string(name_space) : "";
  absl::StatusOr<Value> found =
      name.empty() ? client.List(ctx, gvk, where)
                   : client.Get(ctx, {gvk, {where, std::string(name)}});
  if (absl::IsNotFound(found.status())) return Value::MakeObject();
  return found;
}

}  // namespace weir::helm_controller
