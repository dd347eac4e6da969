// Columns of what is no workload.
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tables.h"
#include "weir/base/duration.h"
#include "weir/kube/conditions.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

using Cells = std::vector<Value>;

std::string Age(const Value& object, absl::Time now) {
  return FormatAge(object["metadata"].GetString("creationTimestamp"), now);
}

std::string OrElse(absl::string_view text, const char* otherwise) {
  return std::string(text.empty() ? absl::string_view(otherwise) : text);
}

std::string LabelsText(const Value& labels) {
  std::vector<std::string> terms;
  for (const Value::Member& one : labels.object()) {
    if (one.value.is_string()) {
      terms.push_back(absl::StrCat(one.key, "=", one.value.AsString()));
    }
  }
  return terms.empty() ? "<none>" : absl::StrJoin(terms, ",");
}

Cells AgeCells(const Value& object, absl::Time now) {
  return {Age(object, now)};
}

// ----------------------------------------------------------------- services

std::string ExternalAddresses(const Value& service) {
  const Value& spec = service["spec"];
  const absl::string_view type = spec.GetString("type");
  if (type == "ExternalName") {
    return std::string(spec.GetString("externalName"));
  }
  std::vector<std::string> out;
  if (type == "LoadBalancer") {
    for (const Value& one :
         service["status"]["loadBalancer"]["ingress"].array()) {
      const absl::string_view ip = one.GetString("ip");
      out.emplace_back(ip.empty() ? one.GetString("hostname") : ip);
    }
  }
  for (const Value& one : spec["externalIPs"].array()) {
    if (one.is_string()) out.push_back(one.AsString());
  }
  if (out.empty()) return type == "LoadBalancer" ? "<pending>" : "<none>";
  return absl::StrJoin(out, ",");
}

Cells ServiceCells(const Value& service, absl::Time now) {
  const Value& spec = service["spec"];
  std::vector<std::string> ports;
  for (const Value& one : spec["ports"].array()) {
    std::string text = absl::StrCat(one.GetInt("port"));
    if (one.GetInt("nodePort") != 0) {
      absl::StrAppend(&text, ":", one.GetInt("nodePort"));
    }
    ports.push_back(absl::StrCat(text, "/", one.GetString("protocol", "TCP")));
  }
  return {spec.GetString("type"),
          OrElse(spec.GetString("clusterIP"), "<none>"),
          ExternalAddresses(service),
          ports.empty() ? std::string("<none>") : absl::StrJoin(ports, ","),
          Age(service, now),
          LabelsText(spec["selector"])};
}

Cells IngressCells(const Value& ingress, absl::Time now) {
  std::vector<std::string> hosts, addresses;
  for (const Value& rule : ingress["spec"]["rules"].array()) {
    hosts.emplace_back(rule.GetString("host", "*"));
  }
  for (const Value& one :
       ingress["status"]["loadBalancer"]["ingress"].array()) {
    const absl::string_view ip = one.GetString("ip");
    addresses.emplace_back(ip.empty() ? one.GetString("hostname") : ip);
  }
  return {OrElse(ingress["spec"].GetString("ingressClassName"), "<none>"),
          hosts.empty() ? std::string("*") : absl::StrJoin(hosts, ","),
          absl::StrJoin(addresses, ","),
          ingress["spec"]["tls"].empty() ? "80" : "80, 443", Age(ingress, now)};
}

// --------------------------------------------------- namespaces, nodes, data

Cells NamespaceCells(const Value& object, absl::Time now) {
  return {object["status"].GetString("phase"), Age(object, now)};
}

Cells NodeCells(const Value& node, absl::Time now) {
  const Value& ready = kube::FindCondition(node, "Ready");
  std::string status = ready.is_null()                       ? "Unknown"
                       : ready.GetString("status") == "True" ? "Ready"
                                                             : "NotReady";
  if (node["spec"].GetBool("unschedulable")) {
    absl::StrAppend(&status, ",SchedulingDisabled");
  }
  std::vector<std::string> roles;
  for (const Value::Member& label : node["metadata"]["labels"].object()) {
    absl::string_view role = label.key;
    if (absl::ConsumePrefix(&role, "node-role.kubernetes.io/")) {
      roles.emplace_back(role);
    }
  }
  std::string internal = "<none>", external = "<none>";
  for (const Value& one : node["status"]["addresses"].array()) {
    const std::string address(one.GetString("address"));
    if (one.GetString("type") == "InternalIP") internal = address;
    if (one.GetString("type") == "ExternalIP") external = address;
  }
  const Value& info = node["status"]["nodeInfo"];
  return {status,
          roles.empty() ? std::string("<none>") : absl::StrJoin(roles, ","),
          Age(node, now),
          info.GetString("kubeletVersion"),
          internal,
          external,
          OrElse(info.GetString("osImage"), "<unknown>"),
          OrElse(info.GetString("kernelVersion"), "<unknown>"),
          OrElse(info.GetString("containerRuntimeVersion"), "<unknown>")};
}

Cells SecretCells(const Value& secret, absl::Time now) {
  return {secret.GetString("type"), static_cast<int64_t>(secret["data"].size()),
          Age(secret, now)};
}

Cells ConfigMapCells(const Value& map, absl::Time now) {
  return {static_cast<int64_t>(map["data"].size() + map["binaryData"].size()),
          Age(map, now)};
}

Cells AccountCells(const Value& account, absl::Time now) {
  return {static_cast<int64_t>(account["secrets"].size()), Age(account, now)};
}

// ------------------------------------------------------------------ volumes

std::string AccessModes(const Value& modes) {
  std::vector<std::string> out;
  for (const auto& [name, text] :
       {std::pair("ReadWriteOnce", "RWO"), std::pair("ReadOnlyMany", "ROX"),
        std::pair("ReadWriteMany", "RWX"),
        std::pair("ReadWriteOncePod", "RWOP")}) {
    for (const Value& one : modes.array()) {
      if (one.is_string() && one.AsString() == name) out.push_back(text);
    }
  }
  return absl::StrJoin(out, ",");
}

Cells ClaimCells(const Value& claim, absl::Time now) {
  const Value& spec = claim["spec"];
  const Value& status = claim["status"];
  const bool is_leaving =
      !claim["metadata"].GetString("deletionTimestamp").empty();
  const bool is_bound = !spec.GetString("volumeName").empty();
  return {is_leaving ? std::string("Terminating")
                     : std::string(status.GetString("phase")),
          spec.GetString("volumeName"),
          is_bound ? std::string(status["capacity"].GetString("storage"))
                   : std::string(),
          is_bound ? AccessModes(status["accessModes"]) : std::string(),
          spec.GetString("storageClassName"),
          OrElse(spec.GetString("volumeAttributesClassName"), "<unset>"),
          Age(claim, now),
          spec.GetString("volumeMode")};
}

Cells VolumeCells(const Value& volume, absl::Time now) {
  const Value& spec = volume["spec"];
  const Value& claim = spec["claimRef"];
  const bool is_leaving =
      !volume["metadata"].GetString("deletionTimestamp").empty();
  return {spec["capacity"].GetString("storage"),
          AccessModes(spec["accessModes"]),
          spec.GetString("persistentVolumeReclaimPolicy"),
          is_leaving ? std::string("Terminating")
                     : std::string(volume["status"].GetString("phase")),
          claim.is_null() ? std::string()
                          : absl::StrCat(claim.GetString("namespace"), "/",
                                         claim.GetString("name")),
          spec.GetString("storageClassName"),
          OrElse(spec.GetString("volumeAttributesClassName"), "<unset>"),
          volume["status"].GetString("reason"),
          Age(volume, now),
          spec.GetString("volumeMode")};
}

Cells StorageClassCells(const Value& object, absl::Time now) {
  return {object.GetString("provisioner"),
          object.GetString("reclaimPolicy", "Delete"),
          object.GetString("volumeBindingMode", "Immediate"),
          object.GetBool("allowVolumeExpansion") ? "true" : "false",
          Age(object, now)};
}

// ------------------------------------------------------------------- events

// The fields of both kinds of events.
Cells EventCells(const Value& event, absl::Time now) {
  const bool is_core = event.Has("involvedObject");
  const auto pick = [&](const char* core, const char* other) -> const Value& {
    return event[is_core ? core : other];
  };
  const Value& about = pick("involvedObject", "regarding");
  std::string first(
      event.GetString(is_core ? "firstTimestamp" : "deprecatedFirstTimestamp"));
  std::string last(
      event.GetString(is_core ? "lastTimestamp" : "deprecatedLastTimestamp"));
  if (first.empty()) first = std::string(event.GetString("eventTime"));
  if (last.empty()) last = first;
  int64_t count = pick("count", "deprecatedCount").is_int()
                      ? pick("count", "deprecatedCount").AsInt()
                      : 1;
  if (event.Has("series")) {
    count = event["series"].GetInt("count", count);
    last = std::string(event["series"].GetString("lastObservedTime", last));
  }
  if (count == 0) count = 1;
  const Value& source = pick("source", "deprecatedSource");
  std::string component(source.GetString("component"));
  if (component.empty()) {
    component = std::string(event.GetString(is_core ? "reportingComponent"
                                                    : "reportingController"));
  }
  std::string object = absl::AsciiStrToLower(about.GetString("kind"));
  if (!about.GetString("name").empty()) {
    absl::StrAppend(&object, "/", about.GetString("name"));
  }
  std::string message(event.GetString(is_core ? "message" : "note"));
  return {FormatAge(last, now),
          event.GetString("type"),
          event.GetString("reason"),
          object,
          about.GetString("fieldPath"),
          component,
          std::string(absl::StripAsciiWhitespace(message)),
          FormatAge(first, now),
          count,
          event["metadata"].GetString("name")};
}

// --------------------------------------------------------------- the others

std::string MetricTarget(const Value& metric) {
  const Value& target = metric["resource"]["target"];
  if (target["averageUtilization"].is_int()) {
    return absl::StrCat(metric["resource"].GetString("name"), ": <unknown>/",
                        target.GetInt("averageUtilization"), "%");
  }
  return absl::StrCat(
      "<unknown>/",
      target.GetString("averageValue", target.GetString("value")));
}

Cells AutoscalerCells(const Value& object, absl::Time now) {
  const Value& spec = object["spec"];
  std::vector<std::string> targets;
  for (const Value& metric : spec["metrics"].array()) {
    targets.push_back(MetricTarget(metric));
  }
  if (spec["targetCPUUtilizationPercentage"].is_int()) {
    targets.push_back(absl::StrCat(
        "cpu: <unknown>/", spec.GetInt("targetCPUUtilizationPercentage"), "%"));
  }
  const Value& ref = spec["scaleTargetRef"];
  return {
      absl::StrCat(ref.GetString("kind"), "/", ref.GetString("name")),
      targets.empty() ? std::string("<none>") : absl::StrJoin(targets, ", "),
      spec["minReplicas"].is_int() ? absl::StrCat(spec.GetInt("minReplicas"))
                                   : std::string("<unset>"),
      spec.GetInt("maxReplicas"),
      object["status"].GetInt("currentReplicas"),
      Age(object, now)};
}

Cells BudgetCells(const Value& object, absl::Time now) {
  const auto amount = [&](const char* key) -> std::string {
    const Value& value = object["spec"][key];
    if (value.is_null()) return "N/A";
    return value.is_string() ? value.AsString() : FormatJson(value);
  };
  return {amount("minAvailable"), amount("maxUnavailable"),
          object["status"].GetInt("disruptionsAllowed"), Age(object, now)};
}

Cells LeaseCells(const Value& lease, absl::Time now) {
  return {lease["spec"].GetString("holderIdentity"), Age(lease, now)};
}

Cells BindingCells(const Value& binding, absl::Time now) {
  const Value& role = binding["roleRef"];
  std::map<std::string, std::vector<std::string>> subjects;
  for (const Value& one : binding["subjects"].array()) {
    std::string name(one.GetString("name"));
    const std::string kind(one.GetString("kind"));
    if (kind == "ServiceAccount") {
      name = absl::StrCat(one.GetString("namespace"), "/", name);
    }
    subjects[kind].push_back(std::move(name));
  }
  return {absl::StrCat(role.GetString("kind"), "/", role.GetString("name")),
          Age(binding, now), absl::StrJoin(subjects["User"], ", "),
          absl::StrJoin(subjects["Group"], ", "),
          absl::StrJoin(subjects["ServiceAccount"], ", ")};
}

Cells PolicyCells(const Value& object, absl::Time now) {
  const std::string selector =
      LabelsText(object["spec"]["podSelector"]["matchLabels"]);
  return {selector, Age(object, now)};
}

Cells EndpointsCells(const Value& object, absl::Time now) {
  std::vector<std::string> out;
  for (const Value& subset : object["subsets"].array()) {
    for (const Value& address : subset["addresses"].array()) {
      for (const Value& port : subset["ports"].array()) {
        out.push_back(
            absl::StrCat(address.GetString("ip"), ":", port.GetInt("port")));
      }
    }
  }
  return {out.empty() ? std::string("<none>") : absl::StrJoin(out, ","),
          Age(object, now)};
}

Cells ClassCells(const Value& object, absl::Time now) {
  return {object["spec"].GetString("controller"),
          OrElse(object["spec"]["parameters"].GetString("name"), "<none>"),
          Age(object, now)};
}

Cells PriorityCells(const Value& object, absl::Time now) {
  return {object.GetInt("value"),
          object.GetBool("globalDefault") ? "true" : "false", Age(object, now),
          object.GetString("preemptionPolicy", "PreemptLowerPriority")};
}

}  // namespace

std::vector<KindPrinter> CorePrinters() {
  const std::vector<TableColumn> events = {{"Last Seen"},
                                           {"Type"},
                                           {"Reason"},
                                           {"Object"},
                                           {"Subobject", "string", 1},
                                           {"Source", "string", 1},
                                           {"Message"},
                                           {"First Seen", "string", 1},
                                           {"Count", "string", 1},
                                           {"Name", "string", 1}};
  const std::vector<TableColumn> autoscaler = {{"Reference"}, {"Targets"},
                                               {"MinPods"},   {"MaxPods"},
                                               {"Replicas"},  {"Age"}};
  const std::vector<TableColumn> binding = {{"Role"},
                                            {"Age"},
                                            {"Users", "string", 1},
                                            {"Groups", "string", 1},
                                            {"ServiceAccounts", "string", 1}};
  return {
      {"",
       "Service",
       {{"Type"},
        {"Cluster-IP"},
        {"External-IP"},
        {"Port(s)"},
        {"Age"},
        {"Selector", "string", 1}},
       ServiceCells},
      {"networking.k8s.io",
       "Ingress",
       {{"Class"}, {"Hosts"}, {"Address"}, {"Ports"}, {"Age"}},
       IngressCells},
      {"networking.k8s.io",
       "IngressClass",
       {{"Controller"}, {"Parameters"}, {"Age"}},
       ClassCells},
      {"networking.k8s.io",
       "NetworkPolicy",
       {{"Pod-Selector"}, {"Age"}},
       PolicyCells},
      {"", "Namespace", {{"Status"}, {"Age"}}, NamespaceCells},
      {"",
       "Node",
       {{"Status"},
        {"Roles"},
        {"Age"},
        {"Version"},
        {"Internal-IP", "string", 1},
        {"External-IP", "string", 1},
        {"OS-Image", "string", 1},
        {"Kernel-Version", "string", 1},
        {"Container-Runtime", "string", 1}},
       NodeCells},
      {"", "Secret", {{"Type"}, {"Data"}, {"Age"}}, SecretCells},
      {"", "ConfigMap", {{"Data"}, {"Age"}}, ConfigMapCells},
      {"", "ServiceAccount", {{"Secrets"}, {"Age"}}, AccountCells},
      {"",
       "PersistentVolumeClaim",
       {{"Status"},
        {"Volume"},
        {"Capacity"},
        {"Access Modes"},
        {"StorageClass"},
        {"VolumeAttributesClass"},
        {"Age"},
        {"VolumeMode", "string", 1}},
       ClaimCells},
      {"",
       "PersistentVolume",
       {{"Capacity"},
        {"Access Modes"},
        {"Reclaim Policy"},
        {"Status"},
        {"Claim"},
        {"StorageClass"},
        {"VolumeAttributesClass"},
        {"Reason"},
        {"Age"},
        {"VolumeMode", "string", 1}},
       VolumeCells},
      {"storage.k8s.io",
       "StorageClass",
       {{"Provisioner"},
        {"ReclaimPolicy"},
        {"VolumeBindingMode"},
        {"AllowVolumeExpansion"},
        {"Age"}},
       StorageClassCells},
      {"", "Event", events, EventCells, false},
      {"events.k8s.io", "Event", events, EventCells, false},
      {"autoscaling", "HorizontalPodAutoscaler", autoscaler, AutoscalerCells},
      {"policy",
       "PodDisruptionBudget",
       {{"Min Available"},
        {"Max Unavailable"},
        {"Allowed Disruptions"},
        {"Age"}},
       BudgetCells},
      {"coordination.k8s.io", "Lease", {{"Holder"}, {"Age"}}, LeaseCells},
      {"rbac.authorization.k8s.io", "RoleBinding", binding, BindingCells},
      {"rbac.authorization.k8s.io", "ClusterRoleBinding", binding,
       BindingCells},
      {"", "Endpoints", {{"Endpoints"}, {"Age"}}, EndpointsCells},
      {"scheduling.k8s.io",
       "PriorityClass",
       {{"Value", "integer"},
        {"Global-Default", "boolean"},
        {"Age"},
        {"PreemptionPolicy", "string", 1}},
       PriorityCells},
      {"", "ResourceQuota", {{"Age"}}, AgeCells},
  };
}

}  // namespace weir::apiserver
