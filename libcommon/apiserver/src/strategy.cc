#include "strategy.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "weir/base/random.h"

namespace weir::apiserver {
namespace {

// 10.96.0.0/16 is where most clusters have their services.
constexpr char kServiceNetwork[] = "10.96.";
constexpr int kFirstNodePort = 30000;
constexpr int kNodePorts = 2768;

uint64_t RandomNumber(uint64_t below) {
  uint64_t number = 0;
  for (unsigned char byte : RandomBytes(8)) number = number << 8 | byte;
  return number % below;
}

void NormalizeMetadata(Value& metadata) {
  std::vector<std::string> dropped;
  for (const Value::Member& member : metadata.object()) {
    const Value& value = member.value;
    if (value.is_null() ||
        ((value.is_object() || value.is_array()) && value.empty()) ||
        (value.is_string() && value.AsString().empty())) {
      dropped.push_back(member.key);
    }
  }
  for (const std::string& key : dropped) metadata.Erase(key);
}

// Equal, where absent, null and empty are one.
bool IsEqualIgnoringEmpty(const Value& a, const Value& b) {
  if (a.IsSame(b)) return true;
  const auto is_empty = [](const Value& v) {
    return v.is_null() || ((v.is_object() || v.is_array()) && v.empty());
  };
  if (is_empty(a) || is_empty(b)) return is_empty(a) && is_empty(b);
  if (a.is_object() && b.is_object()) {
    for (const Value::Member& member : a.object()) {
      if (!IsEqualIgnoringEmpty(member.value, b[member.key])) return false;
    }
    for (const Value::Member& member : b.object()) {
      if (!a.Has(member.key) && !is_empty(member.value)) return false;
    }
    return true;
  }
  if (a.is_array() && b.is_array()) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
      if (!IsEqualIgnoringEmpty(a[i], b[i])) return false;
    }
    return true;
  }
  return a == b;
}

bool IsIdentity(absl::string_view key) {
  return key == "metadata" || key == "apiVersion" || key == "kind";
}

// The status a new object of a builtin kind has.
Value InitialStatus(const KindInfo& kind) {
  Value status = EmptyObject(kind)["status"];
  if (status.is_null()) status = Value::MakeObject();
  const std::string& name = kind.resource.gvk.kind;
  if (name == "Namespace") {
    status.Set("phase", "Active");
  } else if (name == "Pod" || name == "PersistentVolumeClaim" ||
             name == "PersistentVolume") {
    status.Set("phase", "Pending");
  }
  return status;
}

// "Guaranteed", "Burstable" or "BestEffort".
const char* QosClassOf(const Value& pod) {
  bool has_any = false, is_guaranteed = true;
  for (const char* list : {"initContainers", "containers"}) {
    for (const Value& container : pod["spec"][list].array()) {
      const Value& resources = container["resources"];
      const Value& limits = resources["limits"];
      const Value& requests = resources["requests"];
      for (const char* name : {"cpu", "memory"}) {
        if (limits.Has(name) || requests.Has(name)) has_any = true;
        if (!limits.Has(name) ||
            (requests.Has(name) && !(requests[name] == limits[name]))) {
          is_guaranteed = false;
        }
      }
    }
  }
  if (!has_any) return "BestEffort";
  return is_guaranteed ? "Guaranteed" : "Burstable";
}

void PrepareNamespace(Value& object) {
  const Value name = object["metadata"]["name"];
  object.Mutable("metadata")
      .Mutable("labels")
      .Set("kubernetes.io/metadata.name", name);
  Value& spec = object.Mutable("spec");
  if (spec["finalizers"].empty()) {
    spec.Set("finalizers", Value(Value::Array{"kubernetes"}));
  }
}

}  // namespace

void NormalizeObject(Value& object) {
  if (!object.is_object()) return;
  Value metadata = object["metadata"];
  NormalizeMetadata(metadata);
  if (!metadata.is_object()) metadata = Value::MakeObject();
  if (!metadata.IsSame(object["metadata"])) {
    object.Set("metadata", std::move(metadata));
  }
}

bool HasSpecChange(const KindInfo& kind, const Value& before,
                   const Value& after) {
  const auto counts = [&](absl::string_view key) {
    return !IsIdentity(key) && !(kind.has_status && key == "status");
  };
  for (const Value::Member& member : after.object()) {
    if (counts(member.key) &&
        !IsEqualIgnoringEmpty(before[member.key], member.value)) {
      return true;
    }
  }
  for (const Value::Member& member : before.object()) {
    if (counts(member.key) && !after.Has(member.key) &&
        !IsEqualIgnoringEmpty(member.value, Value())) {
      return true;
    }
  }
  return kind.resource.gvk.kind == "Deployment" && !kind.is_custom &&
         !IsEqualIgnoringEmpty(before["metadata"]["annotations"],
                               after["metadata"]["annotations"]);
}

void Strategy::PrepareForCreate(const KindInfo& kind, Value& object) const {
  Value& metadata = object.Mutable("metadata");
  if (kind.has_generation) {
    metadata.Set("generation", 1);
  } else {
    metadata.Erase("generation");
  }
  if (kind.is_custom) {
    // A default of the schema stays: the request's status was dropped before
    // defaulting.
    return;
  }
  const std::string& name = kind.resource.gvk.kind;
  if (kind.has_status) {
    object.Set("status", InitialStatus(kind));
  }
  if (name == "Namespace") PrepareNamespace(object);
  if (name == "Pod")
    object.Mutable("status").Set("qosClass", QosClassOf(object));
  if (name == "Service") AllocateService(Value(), object);
  if (name == "PersistentVolumeClaim") ChooseStorageClass(object);
}

void Strategy::PrepareForUpdate(const KindInfo& kind, const Value& old,
                                absl::string_view subresource,
                                Value& object) const {
  const auto keep = [&](const char* key) {
    if (old.Has(key)) {
      object.Set(key, old[key]);
    } else {
      object.Erase(key);
    }
  };
  if (subresource == "status" || subresource == "approval") {
    Value result = object;
    std::vector<std::string> keys;
    for (const Value::Member& member : object.object()) {
      if (!IsIdentity(member.key) && member.key != "status") {
        keys.push_back(member.key);
      }
    }
    for (const std::string& key : keys) result.Erase(key);
    for (const Value::Member& member : old.object()) {
      if (!IsIdentity(member.key) && member.key != "status") {
        result.Set(member.key, member.value);
      }
    }
    object = std::move(result);
    if (kind.is_custom) {
      Value metadata = old["metadata"];
      const Value& managers = object["metadata"]["managedFields"];
      if (managers.is_null()) {
        metadata.Erase("managedFields");
      } else {
        metadata.Set("managedFields", managers);
      }
      object.Set("metadata", std::move(metadata));
    } else if (old["metadata"].Has("labels")) {
      object.Mutable("metadata").Set("labels", old["metadata"]["labels"]);
    } else {
      object.Mutable("metadata").Erase("labels");
    }
  } else if (kind.has_status && subresource != "binding") {
    keep("status");
  }
  if (kind.resource.gvk.kind == "Namespace" && !kind.is_custom &&
      subresource != "finalize") {
    keep("spec");
    object.Mutable("metadata")
        .Mutable("labels")
        .Set("kubernetes.io/metadata.name", old["metadata"]["name"]);
  }
  if (kind.resource.gvk.kind == "Service" && !kind.is_custom &&
      subresource.empty()) {
    AllocateService(old, object);
  }
  // The generation: never from a status.
  Value& metadata = object.Mutable("metadata");
  const Value& generation = old["metadata"]["generation"];
  if (!generation.is_null()) {
    metadata.Set("generation", generation);
  } else {
    metadata.Erase("generation");
  }
  if (kind.has_generation && subresource != "status" &&
      subresource != "binding" && HasSpecChange(kind, old, object)) {
    object.Mutable("metadata")
        .Set("generation", old["metadata"].GetInt("generation") + 1);
  }
}

// A claim that names no class gets the default one.
void Strategy::ChooseStorageClass(Value& claim) const {
  if (!claim["spec"]["storageClassName"].is_null()) return;
  for (const Value& one :
       store_.List("storageclasses.storage.k8s.io").objects) {
    if (one["metadata"]["annotations"].GetString(
            "storageclass.kubernetes.io/is-default-class") == "true") {
      claim.Mutable("spec").Set("storageClassName", one["metadata"]["name"]);
      return;
    }
  }
}

// ----------------------------------------------------------------- Services

std::string Strategy::FreeClusterIp() const {
  absl::flat_hash_set<std::string> used;
  for (const Value& service : store_.List("services").objects) {
    for (const Value& ip : service["spec"]["clusterIPs"].array()) {
      if (ip.is_string()) used.insert(ip.AsString());
    }
  }
  std::string ip;
  do {
    const uint64_t number = 16 + RandomNumber(65536 - 32);
    ip = absl::StrCat(kServiceNetwork, number / 256, ".", number % 256);
  } while (used.contains(ip));
  return ip;
}

int64_t Strategy::FreeNodePort() const {
  absl::flat_hash_set<int64_t> used;
  for (const Value& service : store_.List("services").objects) {
    for (const Value& port : service["spec"]["ports"].array()) {
      used.insert(port.GetInt("nodePort"));
    }
  }
  if (used.size() >= kNodePorts) return 0;
  int64_t port = 0;
  do {
    port = kFirstNodePort + static_cast<int64_t>(RandomNumber(kNodePorts));
  } while (used.contains(port));
  return port;
}

void Strategy::AllocateService(const Value& old, Value& service) const {
  const Value& old_spec = old["spec"];
  Value& spec = service.Mutable("spec");
  const std::string type(spec.GetString("type", "ClusterIP"));
  if (type == "ExternalName") {
    for (const char* key :
         {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}) {
      spec.Erase(key);
    }
    return;
  }
  std::string ip(spec.GetString("clusterIP"));
  if (ip.empty()) ip = std::string(old_spec.GetString("clusterIP"));
  if (ip.empty()) ip = FreeClusterIp();
  spec.Set("clusterIP", ip);
  if (spec["clusterIPs"].empty()) {
    spec.Set("clusterIPs", Value(Value::Array{ip}));
  }
  if (spec["ipFamilies"].empty()) {
    spec.Set("ipFamilies", Value(Value::Array{"IPv4"}));
  }
  if (spec.GetString("ipFamilyPolicy").empty()) {
    spec.Set("ipFamilyPolicy", "SingleStack");
  }
  const bool wants_ports =
      type == "NodePort" ||
      (type == "LoadBalancer" &&
       spec.GetBool("allocateLoadBalancerNodePorts", true));
  Value* ports = spec.FindMutable("ports");
  if (ports == nullptr || !ports->is_array()) return;
  for (size_t i = 0; i < ports->size(); ++i) {
    const Value& port = (*ports)[i];
    if (type == "ClusterIP") {
      if (port.Has("nodePort")) ports->MutableAt(i).Erase("nodePort");
      continue;
    }
    if (!wants_ports || port.GetInt("nodePort") != 0) continue;
    int64_t number = 0;
    for (const Value& before : old_spec["ports"].array()) {
      if (before["port"] == port["port"] &&
          before.GetString("protocol", "TCP") ==
              port.GetString("protocol", "TCP")) {
        number = before.GetInt("nodePort");
      }
    }
    if (number == 0) number = FreeNodePort();
    ports->MutableAt(i).Set("nodePort", number);
  }
}

}  // namespace weir::apiserver
