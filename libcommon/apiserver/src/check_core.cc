// The core group besides pods in templates.
#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "kinds_check.h"
#include "quantity.h"
#include "schema_pattern.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

constexpr size_t kMaxData = 1 << 20;

void CheckKeys(const Value& data, absl::string_view field, size_t& size,
               bool is_base64, FieldErrors& errors) {
  for (const Value::Member& member : data.object()) {
    AddProblems(CheckConfigKey(member.key),
                absl::StrCat(field, "[", member.key, "]"), member.key, errors);
    if (!member.value.is_string()) continue;
    size_t bytes = member.value.AsString().size();
    size += is_base64 ? bytes / 4 * 3 : bytes;
  }
}

void CheckFrozen(const Value& old, const Value& object,
                 std::initializer_list<absl::string_view> keys,
                 FieldErrors& errors) {
  constexpr absl::string_view kWhy =
      "field is immutable when `immutable` is set";
  if (!old.GetBool("immutable")) return;
  if (!object.GetBool("immutable")) {
    errors.push_back(ForbiddenError("immutable", kWhy));
  }
  for (absl::string_view key : keys) {
    if (old[key].empty() && object[key].empty()) continue;
    if (old[key] != object[key]) errors.push_back(ForbiddenError(key, kWhy));
  }
}

void CheckConfigMap(const Value& old, const Value& object,
                    FieldErrors& errors) {
  if (!old.is_null()) CheckFrozen(old, object, {"data", "binaryData"}, errors);
  size_t size = 0;
  CheckKeys(object["data"], "data", size, false, errors);
  for (const Value::Member& member : object["data"].object()) {
    if (object["binaryData"].Has(member.key)) {
      errors.push_back(InvalidError(absl::StrCat("data[", member.key, "]"),
                                    Value(member.key),
                                    "duplicate of key present in binaryData"));
    }
  }
  CheckKeys(object["binaryData"], "binaryData", size, true, errors);
  if (size > kMaxData) errors.push_back(TooLongError("", kMaxData));
}

void CheckSecretType(const Value& object, FieldErrors& errors) {
  const Value& data = object["data"];
  auto require = [&](absl::string_view key) {
    if (data.Has(key)) return true;
    errors.push_back(RequiredError(absl::StrCat("data[", key, "]")));
    return false;
  };
  std::string type(object.GetString("type"));
  if (type == "kubernetes.io/service-account-token") {
    constexpr absl::string_view kName = "kubernetes.io/service-account.name";
    if (object["metadata"]["annotations"].GetString(kName).empty()) {
      errors.push_back(
          RequiredError(absl::StrCat("metadata.annotations[", kName, "]")));
    }
  } else if (type == "kubernetes.io/dockerconfigjson" ||
             type == "kubernetes.io/dockercfg") {
    std::string key =
        type == "kubernetes.io/dockercfg" ? ".dockercfg" : ".dockerconfigjson";
    std::string text;
    if (require(key) && absl::Base64Unescape(data.GetString(key), &text) &&
        !ParseJson(text).ok()) {
      errors.push_back(InvalidError(
          absl::StrCat("data[", key, "]"), Value("<secret contents redacted>"),
          text.empty()
              ? "unexpected end of JSON input"
              : absl::StrCat("invalid character ", "'", text.substr(0, 1),
                             "' looking for beginning of value")));
    }
  } else if (type == "kubernetes.io/basic-auth") {
    if (!data.Has("username") && !data.Has("password")) {
      require("username");
      require("password");
    }
  } else if (type == "kubernetes.io/ssh-auth") {
    if (data.GetString("ssh-privatekey").empty()) {
      errors.push_back(RequiredError("data[ssh-privatekey]"));
    }
  } else if (type == "kubernetes.io/tls") {
    require("tls.crt");
    require("tls.key");
  }
}

void CheckSecret(const Value& old, const Value& object, FieldErrors& errors) {
  if (!old.is_null()) {
    CheckImmutableField(old["type"], object["type"], "type", errors);
    CheckFrozen(old, object, {"data"}, errors);
  }
  size_t size = 0;
  CheckKeys(object["data"], "data", size, true, errors);
  if (size > kMaxData) errors.push_back(TooLongError("data", kMaxData));
  CheckSecretType(object, errors);
}

// ----------------------------------------------------------------- services

void CheckServicePorts(const Value& spec, FieldErrors& errors) {
  const Value& ports = spec["ports"];
  std::set<std::string> names;
  for (size_t i = 0; i < ports.size(); ++i) {
    const Value& port = ports[i];
    const std::string at = absl::StrCat("spec.ports[", i, "]");
    std::string name(port.GetString("name"));
    if (name.empty()) {
      if (ports.size() > 1) errors.push_back(RequiredError(at + ".name"));
    } else {
      AddProblems(CheckDnsLabel(name), at + ".name", name, errors);
      if (!names.insert(name).second) {
        errors.push_back(DuplicateError(at + ".name", Value(name)));
      }
    }
    CheckPort(Value(port.GetInt("port")), at + ".port", errors);
    CheckPort(port["targetPort"], at + ".targetPort", errors);
    if (std::string protocol(port.GetString("appProtocol"));
        !protocol.empty()) {
      AddProblems(CheckQualifiedName(protocol), at + ".appProtocol", protocol,
                  errors);
    }
  }
  if (spec.GetString("type") == "ClusterIP") {
    for (size_t i = 0; i < ports.size(); ++i) {
      if (ports[i].GetInt("nodePort") == 0) continue;
      errors.push_back(
          ForbiddenError(absl::StrCat("spec.ports[", i, "].nodePort"),
                         "may not be used when `type` is 'ClusterIP'"));
    }
  }
  std::set<std::string> node_ports, numbers;
  for (size_t i = 0; i < ports.size(); ++i) {
    std::string protocol(ports[i].GetString("protocol"));
    int64_t node_port = ports[i].GetInt("nodePort");
    const std::string at = absl::StrCat("spec.ports[", i, "]");
    if (node_port != 0 &&
        !node_ports.insert(absl::StrCat(protocol, "/", node_port)).second) {
      errors.push_back(DuplicateError(at + ".nodePort", Value(node_port)));
    }
    int64_t number = ports[i].GetInt("port");
    if (!numbers.insert(absl::StrCat(protocol, "/", number)).second) {
      errors.push_back(RawDuplicateError(
          at, absl::StrCat(
                  "{\"Name\":\"\",\"Protocol\":", FormatJson(Value(protocol)),
                  ",\"AppProtocol\":null,\"Port\":", number,
                  ",\"TargetPort\":0,\"NodePort\":0}")));
    }
  }
}

void CheckServiceType(const Value& spec, bool is_headless,
                      FieldErrors& errors) {
  std::string type(spec.GetString("type"));
  if (spec["ports"].empty() && !is_headless && type != "ExternalName") {
    errors.push_back(RequiredError("spec.ports"));
  }
  if (is_headless && (type == "LoadBalancer" || type == "NodePort")) {
    errors.push_back(InvalidError(
        "spec.clusterIPs[0]", Value("None"),
        absl::StrCat("may not be set to 'None' for ", type, " services")));
  }
  if (type == "ExternalName") {
    for (absl::string_view key :
         {"clusterIPs", "ipFamilies", "ipFamilyPolicy"}) {
      if (spec[key].is_null() || (spec[key].is_array() && spec[key].empty())) {
        continue;
      }
      errors.push_back(ForbiddenError(absl::StrCat("spec.", key),
                                      "may not be set for ExternalName "
                                      "services"));
    }
    absl::string_view name =
        absl::StripSuffix(spec.GetString("externalName"), ".");
    if (name.empty()) {
      errors.push_back(RequiredError("spec.externalName"));
    } else {
      AddProblems(CheckDnsSubdomain(name), "spec.externalName", name, errors);
    }
  }
  if (spec.Has("allocateLoadBalancerNodePorts") && type != "LoadBalancer") {
    errors.push_back(
        ForbiddenError("spec.allocateLoadBalancerNodePorts",
                       "may only be used when `type` is 'LoadBalancer'"));
  }
  if (!spec["loadBalancerSourceRanges"].empty() && type != "LoadBalancer") {
    errors.push_back(
        ForbiddenError("spec.LoadBalancerSourceRanges",
                       "may only be used when `type` is 'LoadBalancer'"));
  }
}

void CheckService(const Value& old, const Value& object, FieldErrors& errors) {
  const Value& spec = object["spec"];
  bool is_headless = spec.GetString("clusterIP") == "None";
  if (!old.is_null()) {
    const Value& before = old["spec"];
    bool was_headless = before.GetString("clusterIP") == "None";
    bool external = spec.GetString("type") == "ExternalName" ||
                    before.GetString("type") == "ExternalName";
    if (!external && !(is_headless && was_headless) &&
        before["clusterIPs"].size() != 0) {
      if (spec["clusterIPs"].empty()) {
        errors.push_back(InvalidError("spec.clusterIPs[0]", spec["clusterIPs"],
                                      "primary clusterIP can not be unset"));
      } else if (spec["clusterIPs"][size_t{0}] !=
                 before["clusterIPs"][size_t{0}]) {
        errors.push_back(InvalidError("spec.clusterIPs[0]", spec["clusterIPs"],
                                      "may not change once set"));
      }
    }
  }
  CheckServiceType(spec, is_headless, errors);
  CheckServicePorts(spec, errors);
  ValidateLabels(spec["selector"], "spec.selector", errors);
  const Value& ips = spec["clusterIPs"];
  if (!ips.empty() && ips[size_t{0}] != spec["clusterIP"]) {
    errors.push_back(InvalidError("spec.clusterIPs", ips,
                                  "first value must match `clusterIP`"));
  }
  for (size_t i = 0; i < ips.size(); ++i) {
    if (!ips[i].is_string() || ips[i].AsString() == "None") continue;
    const std::string& ip = ips[i].AsString();
    if (!HasFormat("ipv4", ip) && !HasFormat("ipv6", ip)) {
      errors.push_back(InvalidError(
          absl::StrCat("spec.clusterIPs[", i, "]"), ips[i],
          "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"));
    }
  }
}

// ------------------------------------------------------------------ volumes

void CheckClaim(const Value& old, const Value& object, FieldErrors& errors) {
  const Value& spec = object["spec"];
  if (spec["accessModes"].empty()) {
    errors.push_back(RequiredError("spec.accessModes",
                                   "at least 1 access mode is required"));
  }
  const std::string at = "spec.resources[storage]";
  const Value& size = spec["resources"]["requests"]["storage"];
  auto quantity =
      size.is_string() ? ParseQuantity(size.AsString()) : std::nullopt;
  if (size.is_null()) {
    errors.push_back(RequiredError(at));
  } else if (!quantity.has_value() || quantity->nano <= 0) {
    errors.push_back(InvalidError(at, size, "must be greater than zero"));
  }
  if (std::string name(spec.GetString("storageClassName")); !name.empty()) {
    AddProblems(CheckDnsSubdomain(name), "spec.storageClassName", name, errors);
  }
  if (old.is_null()) return;
  Value before = old["spec"], after = spec;
  if (before.GetString("volumeName").empty()) {
    before.Erase("volumeName");
    after.Erase("volumeName");
  }
  if (object["status"].GetString("phase") == "Bound") {
    before.Erase("volumeAttributesClassName");
    after.Erase("volumeAttributesClassName");
    for (Value* v : {&before, &after}) {
      if ((*v)["resources"]["requests"].is_object()) {
        v->Mutable("resources").Mutable("requests").Erase("storage");
      }
    }
  }
  if (before != after) {
    errors.push_back(ForbiddenError(
        "spec",
        "spec is immutable after creation except resources.requests and "
        "volumeAttributesClassName for bound claims"));
  }
}

void CheckVolume(const Value& object, FieldErrors& errors) {
  const Value& spec = object["spec"];
  if (spec["accessModes"].empty()) {
    errors.push_back(RequiredError("spec.accessModes"));
  }
  if (spec["capacity"].empty()) {
    errors.push_back(RequiredError("spec.capacity"));
  }
}

void CheckEvent(const Value& object, FieldErrors& errors) {
  const Value& involved =
      object.Has("regarding") ? object["regarding"] : object["involvedObject"];
  std::string own(object["metadata"].GetString("namespace"));
  std::string other(involved.GetString("namespace"));
  if (other.empty()) other = "default";
  if (own != other &&
      !(own == "kube-system" && involved.GetString("namespace").empty())) {
    errors.push_back(InvalidError("involvedObject.namespace",
                                  Value(involved.GetString("namespace")),
                                  "does not match event.namespace"));
  }
}

void CheckController(const Value& object, FieldErrors& errors) {
  const Value& spec = object["spec"];
  CheckNonNegative(spec, "replicas", "spec", errors);
  if (spec["selector"].empty()) {
    errors.push_back(RequiredError("spec.selector"));
  }
  CheckPodTemplate(spec["template"], "spec.template", errors);
}

}  // namespace

bool CheckCore(const KindInfo& kind, const Value& old, const Value& object,
               FieldErrors& errors) {
  const kube::GroupVersionKind& gvk = kind.resource.gvk;
  if (gvk.kind == "Event") {
    CheckEvent(object, errors);
    return true;
  }
  if (!gvk.group.empty()) return false;
  if (gvk.kind == "ConfigMap") {
    CheckConfigMap(old, object, errors);
  } else if (gvk.kind == "Secret") {
    CheckSecret(old, object, errors);
  } else if (gvk.kind == "Service") {
    CheckService(old, object, errors);
  } else if (gvk.kind == "Pod") {
    CheckPodSpec(object["spec"], "spec", errors);
    if (!old.is_null()) CheckPodUpdate(old, object, errors);
  } else if (gvk.kind == "PersistentVolumeClaim") {
    CheckClaim(old, object, errors);
  } else if (gvk.kind == "PersistentVolume") {
    CheckVolume(object, errors);
  } else if (gvk.kind == "PodTemplate") {
    CheckPodTemplate(object["template"], "template", errors);
  } else if (gvk.kind == "ReplicationController") {
    CheckController(object, errors);
  }
  return true;
}

}  // namespace weir::apiserver
