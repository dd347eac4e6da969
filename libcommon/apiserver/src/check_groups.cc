// Networking, RBAC, autoscaling, policy, leases, storage and scheduling.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kinds_check.h"
#include "quantity.h"
#include "schema_pattern.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

constexpr char kRbac[] = "rbac.authorization.k8s.io";

// --------------------------------------------------------------- networking

void CheckBackend(const Value& backend, const std::string& path,
                  FieldErrors& errors) {
  const Value& service = backend["service"];
  bool has_resource = backend["resource"].is_object();
  if (has_resource && service.is_object()) {
    errors.push_back(InvalidError(
        path, Value(""), "cannot set both resource and service backends"));
    return;
  }
  if (has_resource) return;
  if (!service.is_object()) {
    errors.push_back(InvalidError(path, Value(""),
                                  "resource or service backend is required"));
    return;
  }
  std::string name(service.GetString("name"));
  if (name.empty()) {
    errors.push_back(RequiredError(path + ".service.name"));
  } else {
    AddProblems(CheckDns1035Label(name), path + ".service.name", name, errors);
  }
  std::string port_name(service["port"].GetString("name"));
  int64_t number = service["port"].GetInt("number");
  if (!port_name.empty() && number != 0) {
    errors.push_back(InvalidError(path, Value(""),
                                  "cannot set both port name & port number"));
  } else if (!port_name.empty()) {
    AddProblems(CheckPortName(port_name), path + ".service.port.name",
                port_name, errors);
  } else if (number != 0) {
    CheckPort(Value(number), path + ".service.port.number", errors);
  } else {
    errors.push_back(RequiredError(path, "port name or number is required"));
  }
}

void CheckIngressPath(const Value& item, const std::string& at,
                      FieldErrors& errors) {
  std::string type(item.GetString("pathType"));
  std::string path(item.GetString("path"));
  if (type.empty()) {
    errors.push_back(
        RequiredError(at + ".pathType", "pathType must be specified"));
    return;
  }
  if (type == "Exact" || type == "Prefix") {
    if (!absl::StartsWith(path, "/")) {
      errors.push_back(
          InvalidError(at + ".path", Value(path), "must be an absolute path"));
    }
    if (!path.empty()) {
      for (absl::string_view bad : {"//", "/./", "/../", "%2f", "%2F"}) {
        if (!absl::StrContains(path, bad)) continue;
        errors.push_back(
            InvalidError(at + ".path", Value(path),
                         absl::StrCat("must not contain '", bad, "'")));
      }
      for (absl::string_view bad : {"/..", "/."}) {
        if (!absl::EndsWith(path, bad)) continue;
        errors.push_back(
            InvalidError(at + ".path", Value(path),
                         absl::StrCat("cannot end with '", bad, "'")));
      }
    }
  } else if (type == "ImplementationSpecific" && !path.empty() &&
             path[0] != '/') {
    errors.push_back(
        InvalidError(at + ".path", Value(path), "must be an absolute path"));
  }
  CheckBackend(item["backend"], at + ".backend", errors);
}

void CheckHost(const std::string& host, const std::string& at,
               FieldErrors& errors) {
  if (HasFormat("ipv4", host) || HasFormat("ipv6", host)) {
    errors.push_back(
        InvalidError(at, Value(host), "must be a DNS name, not an IP address"));
  } else if (absl::StrContains(host, "*")) {
    AddProblems(CheckWildcardDomain(host), at, host, errors);
  } else {
    AddProblems(CheckDnsSubdomain(host), at, host, errors);
  }
}

void CheckIngress(const Value& spec, FieldErrors& errors) {
  const Value& rules = spec["rules"];
  if (rules.empty() && spec["defaultBackend"].is_null()) {
    errors.push_back(InvalidError(
        "spec", rules, "either `defaultBackend` or `rules` must be specified"));
  }
  if (spec["defaultBackend"].is_object()) {
    CheckBackend(spec["defaultBackend"], "spec.defaultBackend", errors);
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    const std::string at = absl::StrCat("spec.rules[", i, "]");
    std::string host(rules[i].GetString("host"));
    if (!host.empty()) CheckHost(host, at + ".host", errors);
    const Value& http = rules[i]["http"];
    if (!http.is_object()) continue;
    if (http["paths"].empty()) {
      errors.push_back(RequiredError(at + ".http.paths"));
    }
    for (size_t j = 0; j < http["paths"].size(); ++j) {
      CheckIngressPath(http["paths"][j],
                       absl::StrCat(at, ".http.paths[", j, "]"), errors);
    }
  }
  if (std::string name(spec.GetString("ingressClassName")); !name.empty()) {
    AddProblems(CheckDnsSubdomain(name), "spec.ingressClassName", name, errors);
  }
}

void CheckPeers(const Value& peers, const std::string& path,
                FieldErrors& errors) {
  for (size_t i = 0; i < peers.size(); ++i) {
    const std::string at = absl::StrCat(path, "[", i, "]");
    size_t count = 0;
    for (absl::string_view key : {"podSelector", "namespaceSelector"}) {
      if (!peers[i][key].is_object()) continue;
      ++count;
      CheckSelector(peers[i][key], absl::StrCat(at, ".", key), errors);
    }
    if (const Value& block = peers[i]["ipBlock"]; block.is_object()) {
      if (count > 0) {
        errors.push_back(ForbiddenError(
            at, "may not specify both ipBlock and another peer"));
      }
      ++count;
      std::string cidr(block.GetString("cidr"));
      if (cidr.empty()) {
        errors.push_back(RequiredError(at + ".ipBlock.cidr"));
      } else if (!HasFormat("cidr", cidr)) {
        errors.push_back(
            InvalidError(at + ".ipBlock.cidr", Value(cidr),
                         "must be a valid CIDR value, (e.g. 10.9.8.0/24 or "
                         "2001:db8::/64)"));
      }
    }
    if (count == 0) {
      errors.push_back(RequiredError(at, "must specify a peer"));
    }
  }
}

void CheckNetworkPolicy(const Value& spec, FieldErrors& errors) {
  CheckSelector(spec["podSelector"], "spec.podSelector", errors);
  for (absl::string_view direction : {"ingress", "egress"}) {
    const Value& rules = spec[direction];
    for (size_t i = 0; i < rules.size(); ++i) {
      const std::string at = absl::StrCat("spec.", direction, "[", i, "]");
      const Value& ports = rules[i]["ports"];
      for (size_t j = 0; j < ports.size(); ++j) {
        if (ports[j]["port"].is_null()) continue;
        CheckPort(ports[j]["port"], absl::StrCat(at, ".ports[", j, "].port"),
                  errors);
      }
      absl::string_view key = direction == "ingress" ? "from" : "to";
      CheckPeers(rules[i][key], absl::StrCat(at, ".", key), errors);
    }
  }
  if (spec["policyTypes"].size() > 2) {
    errors.push_back(InvalidError("spec.policyTypes", spec["policyTypes"],
                                  "may not specify more than two policyTypes"));
  }
  for (size_t i = 0; i < spec["policyTypes"].size(); ++i) {
    const Value& type = spec["policyTypes"][i];
    if (type == Value("Ingress") || type == Value("Egress")) continue;
    errors.push_back(
        NotSupportedError(absl::StrCat("spec.policyTypes[", i, "]"), type,
                          {Value("Ingress"), Value("Egress")}));
  }
}

// --------------------------------------------------------------------- RBAC

void CheckRules(const Value& rules, bool is_namespaced, FieldErrors& errors) {
  for (size_t i = 0; i < rules.size(); ++i) {
    const Value& rule = rules[i];
    const std::string at = absl::StrCat("rules[", i, "]");
    if (rule["verbs"].empty()) {
      errors.push_back(RequiredError(at + ".verbs",
                                     "verbs must contain at least one value"));
    }
    if (!rule["nonResourceURLs"].empty()) {
      if (is_namespaced) {
        errors.push_back(
            InvalidError(at + ".nonResourceURLs", rule["nonResourceURLs"],
                         "namespaced rules cannot apply to non-resource URLs"));
      }
      if (!rule["apiGroups"].empty() || !rule["resources"].empty() ||
          !rule["resourceNames"].empty()) {
        errors.push_back(InvalidError(
            at + ".nonResourceURLs", rule["nonResourceURLs"],
            "rules cannot apply to both regular resources and non-resource "
            "URLs"));
      }
      continue;
    }
    if (rule["apiGroups"].empty()) {
      errors.push_back(
          RequiredError(at + ".apiGroups",
                        "resource rules must supply at least one api group"));
    }
    if (rule["resources"].empty()) {
      errors.push_back(
          RequiredError(at + ".resources",
                        "resource rules must supply at least one resource"));
    }
  }
}

void CheckSubjects(const Value& subjects, bool is_namespaced,
                   FieldErrors& errors) {
  for (size_t i = 0; i < subjects.size(); ++i) {
    const Value& subject = subjects[i];
    const std::string at = absl::StrCat("subjects[", i, "]");
    std::string name(subject.GetString("name"));
    if (name.empty()) errors.push_back(RequiredError(at + ".name"));
    std::string kind(subject.GetString("kind"));
    std::string group(subject.GetString("apiGroup"));
    if (kind == "ServiceAccount") {
      if (!name.empty()) {
        AddProblems(CheckDnsSubdomain(name), at + ".name", name, errors);
      }
      if (!group.empty()) {
        errors.push_back(
            NotSupportedError(at + ".apiGroup", Value(group), {Value("")}));
      }
      if (!is_namespaced && subject.GetString("namespace").empty()) {
        errors.push_back(RequiredError(at + ".namespace"));
      }
    } else if (kind == "User" || kind == "Group") {
      if (group != kRbac) {
        errors.push_back(
            NotSupportedError(at + ".apiGroup", Value(group), {Value(kRbac)}));
      }
    } else {
      errors.push_back(NotSupportedError(
          at + ".kind", Value(kind),
          {Value("ServiceAccount"), Value("User"), Value("Group")}));
    }
  }
}

void CheckBinding(const Value& old, const Value& object, bool is_namespaced,
                  FieldErrors& errors) {
  const Value& role = object["roleRef"];
  if (role.GetString("apiGroup") != kRbac) {
    errors.push_back(NotSupportedError(
        "roleRef.apiGroup", Value(role.GetString("apiGroup")), {Value(kRbac)}));
  }
  std::string kind(role.GetString("kind"));
  if (kind != "ClusterRole" && !(is_namespaced && kind == "Role")) {
    std::vector<Value> kinds = {Value("ClusterRole")};
    if (is_namespaced) kinds.insert(kinds.begin(), Value("Role"));
    errors.push_back(NotSupportedError("roleRef.kind", Value(kind), kinds));
  }
  std::string name(role.GetString("name"));
  if (name.empty()) {
    errors.push_back(RequiredError("roleRef.name"));
  } else {
    AddProblems(CheckPathSegment(name), "roleRef.name", name, errors);
  }
  CheckSubjects(object["subjects"], is_namespaced, errors);
  if (!old.is_null() && old["roleRef"] != role) {
    errors.push_back(RawInvalidError(
        "roleRef",
        absl::StrCat("{\"APIGroup\":", FormatJson(role["apiGroup"]),
                     ",\"Kind\":", FormatJson(role["kind"]),
                     ",\"Name\":", FormatJson(role["name"]), "}"),
        "cannot change roleRef"));
  }
}

bool CheckRbac(const KindInfo& kind, const Value& old, const Value& object,
               FieldErrors& errors) {
  const std::string& name = kind.resource.gvk.kind;
  bool is_namespaced = kind.resource.is_namespaced;
  if (name == "Role" || name == "ClusterRole") {
    CheckRules(object["rules"], is_namespaced, errors);
  } else {
    CheckBinding(old, object, is_namespaced, errors);
  }
  return true;
}

// ----------------------------------------------------------------- the rest

void CheckAutoscaler(const Value& spec, FieldErrors& errors) {
  const Value& target = spec["scaleTargetRef"];
  for (absl::string_view key : {"kind", "name"}) {
    if (target.GetString(key).empty()) {
      errors.push_back(
          RequiredError(absl::StrCat("spec.scaleTargetRef.", key)));
    }
  }
  if (kube::MakeGroupVersionKind(target.GetString("apiVersion"), "")
          .group.empty() &&
      target.GetString("kind") != "ReplicationController") {
    errors.push_back(InvalidError("spec.scaleTargetRef.apiVersion",
                                  Value(target.GetString("apiVersion")),
                                  "apiVersion must specify API group"));
  }
  int64_t least = spec.GetInt("minReplicas", 1);
  int64_t most = spec.GetInt("maxReplicas");
  if (least < 1) {
    errors.push_back(InvalidError("spec.minReplicas", spec["minReplicas"],
                                  "must be greater than or equal to 1"));
  }
  if (most == 0) {
    errors.push_back(
        RequiredError("spec.maxReplicas", "must be set and greater than 0"));
  } else if (most < 1) {
    errors.push_back(InvalidError("spec.maxReplicas", spec["maxReplicas"],
                                  "must be greater than or equal to 1"));
  }
  if (most < least) {
    errors.push_back(
        InvalidError("spec.maxReplicas", Value(most),
                     "must be greater than or equal to `minReplicas`"));
  }
}

void CheckBudget(const Value& spec, FieldErrors& errors) {
  if (spec.Has("minAvailable") && spec.Has("maxUnavailable")) {
    errors.push_back(RawInvalidError(
        "spec",
        absl::StrCat("{\"MinAvailable\":", FormatJson(spec["minAvailable"]),
                     ",\"Selector\":", FormatJson(spec["selector"]),
                     ",\"MaxUnavailable\":", FormatJson(spec["maxUnavailable"]),
                     ",\"UnhealthyPodEvictionPolicy\":",
                     FormatJson(spec["unhealthyPodEvictionPolicy"]), "}"),
        "minAvailable and maxUnavailable cannot be both set"));
  }
  for (absl::string_view key : {"minAvailable", "maxUnavailable"}) {
    if (spec[key].is_int()) CheckNonNegative(spec, key, "spec", errors);
  }
  CheckSelector(spec["selector"], "spec.selector", errors);
}

void CheckLease(const Value& spec, FieldErrors& errors) {
  if (spec.Has("leaseDurationSeconds") &&
      spec.GetInt("leaseDurationSeconds") <= 0) {
    errors.push_back(InvalidError("spec.leaseDurationSeconds",
                                  spec["leaseDurationSeconds"],
                                  "must be greater than 0"));
  }
  if (spec.GetInt("leaseTransitions") < 0) {
    errors.push_back(InvalidError("spec.leaseTransitions",
                                  spec["leaseTransitions"],
                                  "must be greater than or equal to 0"));
  }
}

void CheckStorageClass(const Value& old, const Value& object,
                       FieldErrors& errors) {
  if (object.GetString("provisioner").empty()) {
    errors.push_back(RequiredError("provisioner"));
  }
  if (old.is_null()) return;
  constexpr absl::string_view kForbidden[] = {"parameters", "provisioner"};
  for (absl::string_view key : kForbidden) {
    if (old[key] == object[key]) continue;
    errors.push_back(ForbiddenError(
        key, absl::StrCat("updates to ", key, " are forbidden.")));
  }
  CheckImmutableField(old["reclaimPolicy"], object["reclaimPolicy"],
                      "reclaimPolicy", errors);
  CheckImmutableField(old["volumeBindingMode"], object["volumeBindingMode"],
                      "volumeBindingMode", errors);
}

}  // namespace

bool CheckOtherGroups(const KindInfo& kind, const Value& old,
                      const Value& object, FieldErrors& errors) {
  const kube::GroupVersionKind& gvk = kind.resource.gvk;
  const Value& spec = object["spec"];
  if (gvk.group == kRbac) return CheckRbac(kind, old, object, errors);
  if (gvk.kind == "Ingress") {
    CheckIngress(spec, errors);
  } else if (gvk.kind == "NetworkPolicy") {
    CheckNetworkPolicy(spec, errors);
  } else if (gvk.kind == "IngressClass") {
    if (!old.is_null()) {
      CheckImmutableField(old["spec"]["controller"], spec["controller"],
                          "spec.controller", errors);
    }
  } else if (gvk.kind == "HorizontalPodAutoscaler") {
    CheckAutoscaler(spec, errors);
  } else if (gvk.kind == "PodDisruptionBudget") {
    CheckBudget(spec, errors);
  } else if (gvk.kind == "Lease") {
    CheckLease(spec, errors);
  } else if (gvk.kind == "StorageClass") {
    CheckStorageClass(old, object, errors);
  } else if (gvk.kind == "PriorityClass") {
    if (!old.is_null() && old["value"] != object["value"]) {
      errors.push_back(
          ForbiddenError("value", "may not be changed in an update."));
    }
  } else {
    return false;
  }
  return true;
}

}  // namespace weir::apiserver
