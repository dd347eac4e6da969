#include "kube_namespace.h"

#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "helm_flags.h"
#include "weir/base/file.h"
#include "weir/value/value.h"
#include "weir/value/yaml.h"

namespace weir::cli {
namespace {

constexpr char kDefault[] = "default";
constexpr char kServiceAccount[] =
    "/var/run/secrets/kubernetes.io/serviceaccount/";

std::vector<std::string> Kubeconfigs(const std::string& flag) {
  if (!flag.empty()) return {flag};
  const std::string listed = EnvironmentOr("KUBECONFIG", "");
  if (!listed.empty()) {
    return absl::StrSplit(listed, ':', absl::SkipEmpty());
  }
  return {absl::StrCat(EnvironmentOr("HOME", ""), "/.kube/config")};
}

std::string PodNamespace() {
  if (EnvironmentOr("KUBERNETES_SERVICE_HOST", "").empty() ||
      EnvironmentOr("KUBERNETES_SERVICE_PORT", "").empty() ||
      !ReadFile(absl::StrCat(kServiceAccount, "token")).ok()) {
    return kDefault;
  }
  const std::string said = EnvironmentOr("POD_NAMESPACE", "");
  if (!said.empty()) return said;
  const auto text = ReadFile(absl::StrCat(kServiceAccount, "namespace"));
  if (!text.ok()) return kDefault;
  const absl::string_view name = absl::StripAsciiWhitespace(*text);
  return name.empty() ? kDefault : std::string(name);
}

}  // namespace

std::string KubeNamespace(const std::string& kubeconfig,
                          const std::string& context) {
  std::string current = context;
  // What comes first counts, also across files.
  std::map<std::string, std::string> namespaces;
  bool is_empty = true;
  for (const std::string& path : Kubeconfigs(kubeconfig)) {
    const auto text = ReadFile(path);
    if (!text.ok()) continue;
    const auto config = ParseYaml(*text);
    if (!config.ok()) return kDefault;
    if (config->is_object() && !config->empty()) is_empty = false;
    if (current.empty()) {
      current = std::string(config->GetString("current-context"));
    }
    for (const Value& one : (*config)["contexts"].array()) {
      namespaces.emplace(one.GetString("name"),
                         one["context"].GetString("namespace"));
    }
  }
  if (is_empty) return PodNamespace();
  const auto found = namespaces.find(current);
  return found == namespaces.end() || found->second.empty() ? kDefault
                                                            : found->second;
}

}  // namespace weir::cli
