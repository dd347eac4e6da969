#include "discovery.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "weir/crypto/digest.h"

namespace weir::apiserver {
namespace {

// A subresource of a kind, as discovery shows it.
struct Subresource {
  std::string name, group, version, kind;
  std::vector<const char*> verbs;
};

std::vector<Subresource> SubresourcesOf(const KindInfo& kind) {
  const kube::GroupVersionKind& gvk = kind.resource.gvk;
  std::vector<Subresource> out;
  const auto add = [&](const char* name, const char* group, const char* version,
                       const std::string& kind_name,
                       std::vector<const char*> verbs) {
    out.push_back({name, group, version, kind_name, std::move(verbs)});
  };
  if (gvk.group.empty() && gvk.kind == "Pod") {
    add("attach", "", "v1", "PodAttachOptions", {"create", "get"});
    add("binding", "", "v1", "Binding", {"create"});
    add("ephemeralcontainers", "", "v1", "Pod", {"get", "patch", "update"});
    add("eviction", "policy", "v1", "Eviction", {"create"});
    add("exec", "", "v1", "PodExecOptions", {"create", "get"});
    add("log", "", "v1", "Pod", {"get"});
    add("portforward", "", "v1", "PodPortForwardOptions", {"create", "get"});
    add("resize", "", "v1", "Pod", {"get", "patch", "update"});
  }
  if (gvk.group.empty() && gvk.kind == "ServiceAccount") {
    add("token", "authentication.k8s.io", "v1", "TokenRequest", {"create"});
  }
  if (gvk.group.empty() && gvk.kind == "Namespace") {
    add("finalize", "", "v1", "Namespace", {"update"});
  }
  if (gvk.kind == "CertificateSigningRequest" && !kind.is_custom) {
    add("approval", "", "", gvk.kind, {"get", "patch", "update"});
  }
  if (kind.has_scale) {
    add("scale", "autoscaling", "v1", "Scale", {"get", "patch", "update"});
  }
  if (kind.has_status) {
    add("status", "", "", gvk.kind, {"get", "patch", "update"});
  }
  return out;
}

template <typename T>
Value Strings(const std::vector<T>& texts) {
  Value out = Value::MakeArray();
  for (const T& text : texts) out.Append(Value(text));
  return out;
}

std::string StorageHash(const Served& served) {
  const std::string hex = crypto::Sha256Hex(absl::StrCat(
      served.storage, "/", served.stored_as->resource.gvk.version));
  return hex.substr(0, 12);
}

Value ResourceKind(const kube::GroupVersionKind& gvk) {
  return Value::MakeObject(
      {{"group", gvk.group}, {"version", gvk.version}, {"kind", gvk.kind}});
}

Value AggregatedResource(const Served& served) {
  const KindInfo& kind = *served.kind;
  const kube::GroupVersionKind& gvk = kind.resource.gvk;
  Value out = Value::MakeObject(
      {{"resource", kind.resource.plural},
       {"responseKind", ResourceKind(gvk)},
       {"scope", kind.resource.is_namespaced ? "Namespaced" : "Cluster"},
       {"singularResource", kind.singular},
       {"verbs", Strings(kind.verbs)}});
  if (!kind.short_names.empty()) {
    out.Set("shortNames", Strings(kind.short_names));
  }
  if (!kind.categories.empty()) {
    out.Set("categories", Strings(kind.categories));
  }
  Value subresources = Value::MakeArray();
  for (const Subresource& sub : SubresourcesOf(kind)) {
    subresources.Append(Value::MakeObject(
        {{"subresource", sub.name},
         {"responseKind",
          ResourceKind({sub.version.empty() ? gvk.group : sub.group,
                        sub.version.empty() ? gvk.version : sub.version,
                        sub.kind})},
         {"verbs", Strings(sub.verbs)}}));
  }
  if (!subresources.empty()) out.Set("subresources", std::move(subresources));
  return out;
}

// Groups in discovery order.
std::vector<std::string> GroupsOf(const KindTable& table) {
  std::vector<std::string> out;
  for (const Served& served : table.kinds()) {
    const std::string& group = served.kind->resource.gvk.group;
    if (std::find(out.begin(), out.end(), group) == out.end()) {
      out.push_back(group);
    }
  }
  return out;
}

std::vector<std::string> VersionsOf(const KindTable& table,
                                    absl::string_view group) {
  std::vector<std::string> out;
  for (const Served& served : table.kinds()) {
    const kube::GroupVersionKind& gvk = served.kind->resource.gvk;
    if (gvk.group == group &&
        std::find(out.begin(), out.end(), gvk.version) == out.end()) {
      out.push_back(gvk.version);
    }
  }
  // autoscaling's order, v2 first, is Kubernetes' order as well.
  std::sort(out.begin(), out.end(), IsVersionBefore);
  return out;
}

}  // namespace

Value CoreVersions() {
  return Value::MakeObject(
      {{"kind", "APIVersions"},
       {"versions", Value(Value::Array{"v1"})},
       {"serverAddressByClientCIDRs", Value::MakeArray()}});
}

Value GroupDocument(const KindTable& table, absl::string_view group) {
  const std::vector<std::string> versions = VersionsOf(table, group);
  if (versions.empty() || group.empty()) return Value();
  Value list = Value::MakeArray();
  for (const std::string& version : versions) {
    list.Append(
        Value::MakeObject({{"groupVersion", absl::StrCat(group, "/", version)},
                           {"version", version}}));
  }
  const Value preferred = list.array().front();
  return Value::MakeObject({{"kind", "APIGroup"},
                            {"apiVersion", "v1"},
                            {"name", group},
                            {"versions", std::move(list)},
                            {"preferredVersion", preferred}});
}

Value GroupList(const KindTable& table) {
  Value groups = Value::MakeArray();
  for (const std::string& group : GroupsOf(table)) {
    if (group.empty()) continue;
    Value document = GroupDocument(table, group);
    document.Erase("kind");
    document.Erase("apiVersion");
    groups.Append(std::move(document));
  }
  return Value::MakeObject({{"kind", "APIGroupList"},
                            {"apiVersion", "v1"},
                            {"groups", std::move(groups)}});
}

Value ResourceList(const KindTable& table, absl::string_view group,
                   absl::string_view version) {
  Value resources = Value::MakeArray();
  for (const Served& served : table.kinds()) {
    const KindInfo& kind = *served.kind;
    const kube::GroupVersionKind& gvk = kind.resource.gvk;
    if (gvk.group != group || gvk.version != version) continue;
    Value out = Value::MakeObject({{"name", kind.resource.plural},
                                   {"singularName", kind.singular},
                                   {"namespaced", kind.resource.is_namespaced},
                                   {"kind", gvk.kind},
                                   {"verbs", Strings(kind.verbs)}});
    if (!kind.short_names.empty()) {
      out.Set("shortNames", Strings(kind.short_names));
    }
    if (!kind.categories.empty()) {
      out.Set("categories", Strings(kind.categories));
    }
    if (kind.verbs.size() > 1) {
      out.Set("storageVersionHash", StorageHash(served));
    }
    resources.Append(std::move(out));
    for (const Subresource& sub : SubresourcesOf(kind)) {
      Value entry = Value::MakeObject(
          {{"name", absl::StrCat(kind.resource.plural, "/", sub.name)},
           {"singularName", ""},
           {"namespaced", kind.resource.is_namespaced},
           {"kind", sub.kind},
           {"verbs", Strings(sub.verbs)}});
      if (!sub.group.empty()) {
        entry.Set("group", sub.group);
        entry.Set("version", sub.version);
      }
      resources.Append(std::move(entry));
    }
  }
  const std::string group_version =
      group.empty() ? std::string(version) : absl::StrCat(group, "/", version);
  Value out = Value::MakeObject({{"kind", "APIResourceList"},
                                 {"groupVersion", group_version},
                                 {"resources", std::move(resources)}});
  // The oldest of all documents says less.
  if (!group.empty()) out.Set("apiVersion", "v1");
  return out;
}

Value AggregatedDiscovery(const KindTable& table, bool is_core,
                          absl::string_view version) {
  Value items = Value::MakeArray();
  for (const std::string& group : GroupsOf(table)) {
    if (group.empty() != is_core) continue;
    Value versions = Value::MakeArray();
    for (const std::string& v : VersionsOf(table, group)) {
      Value resources = Value::MakeArray();
      for (const Served& served : table.kinds()) {
        const kube::GroupVersionKind& gvk = served.kind->resource.gvk;
        if (gvk.group == group && gvk.version == v) {
          resources.Append(AggregatedResource(served));
        }
      }
      versions.Append(Value::MakeObject({{"version", v},
                                         {"resources", std::move(resources)},
                                         {"freshness", "Current"}}));
    }
    Value metadata = Value::MakeObject({{"creationTimestamp", Value()}});
    if (!group.empty()) metadata.Set("name", group);
    items.Append(Value::MakeObject({{"metadata", std::move(metadata)},
                                    {"versions", std::move(versions)}}));
  }
  return Value::MakeObject(
      {{"kind", "APIGroupDiscoveryList"},
       {"apiVersion", absl::StrCat("apidiscovery.k8s.io/", version)},
       {"metadata", Value::MakeObject()},
       {"items", std::move(items)}});
}

}  // namespace weir::apiserver
