#include "src/model/ids.h"

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace weir::kustomize {
namespace {

absl::string_view Or(const std::string& text, absl::string_view otherwise) {
  return text.empty() ? otherwise : absl::string_view(text);
}

std::string StableSortKey(const Gvk& gvk) {
  return absl::StrCat(Or(gvk.group, "~G"), "_", Or(gvk.version, "~V"), "_",
                      Or(gvk.kind, "~K"));
}

int KindRank(const std::string& kind) {
  static const auto& ranks = *new absl::flat_hash_map<std::string, int>{
      {"Namespace", -22},
      {"ResourceQuota", -21},
      {"StorageClass", -20},
      {"CustomResourceDefinition", -19},
      {"ServiceAccount", -18},
      {"PodSecurityPolicy", -17},
      {"Role", -16},
      {"ClusterRole", -15},
      {"RoleBinding", -14},
      {"ClusterRoleBinding", -13},
      {"ConfigMap", -12},
      {"Secret", -11},
      {"Endpoints", -10},
      {"Service", -9},
      {"LimitRange", -8},
      {"PriorityClass", -7},
      {"PersistentVolume", -6},
      {"PersistentVolumeClaim", -5},
      {"Deployment", -4},
      {"StatefulSet", -3},
      {"CronJob", -2},
      {"PodDisruptionBudget", -1},
      {"MutatingWebhookConfiguration", 1},
      {"ValidatingWebhookConfiguration", 2},
  };
  auto found = ranks.find(kind);
  return found == ranks.end() ? 0 : found->second;
}

}  // namespace

std::string Gvk::ApiVersion() const {
  return group.empty() ? version : absl::StrCat(group, "/", version);
}

std::string Gvk::ToString() const {
  return absl::StrCat(Or(kind, "[noKind]"), ".", Or(version, "[noVer]"), ".",
                      Or(group, "[noGrp]"));
}

Gvk MakeGvk(absl::string_view api_version, absl::string_view kind) {
  Gvk gvk;
  const size_t slash = api_version.find('/');
  if (slash == absl::string_view::npos) {
    gvk.version = std::string(api_version);
  } else {
    gvk.group = std::string(api_version.substr(0, slash));
    gvk.version = std::string(api_version.substr(slash + 1));
  }
  gvk.kind = std::string(kind);
  return gvk;
}

absl::string_view ResId::EffectiveNamespace() const {
  if (cluster_scoped) return kNoNamespace;
  if (ns.empty()) return "default";
  return ns;
}

std::string ResId::ToString() const {
  return absl::StrCat(gvk.ToString(), "/", Or(name, "[noName]"), ".",
                      Or(ns, "[noNs]"));
}

std::string ResId::Key() const {
  return absl::StrCat(gvk.group, "\n", gvk.version, "\n", gvk.kind, "\n", name,
                      "\n", EffectiveNamespace());
}

GvkOrder OrderOf(const Gvk& gvk) {
  return {KindRank(gvk.kind), StableSortKey(gvk)};
}

}  // namespace weir::kustomize
