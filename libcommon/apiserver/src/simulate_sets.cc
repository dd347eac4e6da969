// ReplicaSets, StatefulSets and DaemonSets.
#include "absl/strings/str_cat.h"
#include "api_errors.h"
#include "simulate.h"
#include "weir/base/duration.h"

namespace weir::apiserver {
namespace {

// Slots beyond the wanted ones that may still hold a Pod.
constexpr int kSlotsToSearch = 8;

std::string NamespaceOf(const Value& object) {
  return std::string(object["metadata"].GetString("namespace"));
}
std::string NameOf(const Value& object) {
  return std::string(object["metadata"].GetString("name"));
}

void DeletePod(const Simulated& sim, const Value& pod) {
  if (IsLeaving(pod)) return;
  sim.context().Delete(
      kube::RefOf(pod),
      Value::MakeObject(
          {{"preconditions",
            Value::MakeObject({{"uid", pod["metadata"]["uid"]}})}}));
}

// Zero is left out, as Go leaves it out.
void SetCount(Value& status, const char* key, int64_t count) {
  if (count == 0) {
    status.Erase(key);
  } else {
    status.Set(key, count);
  }
}

// Whether parents' Pods are ready where no Pods are made; looks again when a
// delay is over.
bool IsReadyWithoutPods(Simulated& sim, const std::string& storage,
                        const Value& object) {
  const Wish wish = WishOf(object);
  if (wish.outcome != Outcome::kReady && wish.outcome != Outcome::kSucceed) {
    return false;
  }
  if (wish.delay <= absl::ZeroDuration()) return true;
  absl::StatusOr<absl::Time> born =
      ParseKubeTime(object["metadata"].GetString("creationTimestamp"));
  const absl::Time due = born.value_or(sim.context().Now()) + wish.delay;
  if (sim.context().Now() >= due) return true;
  sim.EnqueueAt(due, storage, kube::KeyOf(object));
  return false;
}

struct Counts {
  int64_t total = 0, ready = 0;
};

// Makes the Pods of a ReplicaSet and removes those too many.
Counts KeepSlots(Simulated& sim, const Value& set, int64_t wanted) {
  Counts counts;
  const std::string ns = NamespaceOf(set);
  int absent = 0;
  for (int64_t slot = 0; slot < wanted || absent < kSlotsToSearch; ++slot) {
    const std::string name =
        absl::StrCat(NameOf(set), "-", SlotName(set, slot));
    const Value pod = sim.Get("pods", ns, name);
    if (slot < wanted) {
      if (pod.is_null()) {
        sim.context().Create(MakePod(sim, set, name, Value()));
      } else if (IsPodActive(pod)) {
        ++counts.total;
        if (IsPodReady(pod)) ++counts.ready;
      }
    } else if (pod.is_null()) {
      ++absent;
    } else {
      DeletePod(sim, pod);
    }
  }
  return counts;
}

}  // namespace

void SimulateReplicaSet(Simulated& sim, const Value& set) {
  if (IsLeaving(set)) return;
  const int64_t wanted = set["spec"].GetInt("replicas", 1);
  Counts counts;
  if (sim.makes_pods()) {
    counts = KeepSlots(sim, set, wanted);
  } else {
    counts.total = wanted;
    counts.ready =
        IsReadyWithoutPods(sim, "replicasets.apps", set) ? wanted : 0;
  }
  sim.EditStatus(set, [counts](Value& edited) {
    const Value generation = edited["metadata"]["generation"];
    Value& status = edited.Mutable("status");
    status.Set("replicas", counts.total);
    SetCount(status, "fullyLabeledReplicas", counts.total);
    SetCount(status, "readyReplicas", counts.ready);
    SetCount(status, "availableReplicas", counts.ready);
    status.Set("observedGeneration", generation);
  });
}

// ------------------------------------------------------------- StatefulSets

namespace {

// Makes the ControllerRevision of a set's present template; its name.
std::string KeepRevision(Simulated& sim, const Value& set) {
  const std::string hash = TemplateHash(set["spec"]["template"]);
  const std::string name = absl::StrCat(NameOf(set), "-", hash);
  if (!sim.Get("controllerrevisions.apps", NamespaceOf(set), name).is_null()) {
    return name;
  }
  int64_t revision = 1;
  for (const Value& one :
       sim.context()
           .store()
           .List("controllerrevisions.apps", NamespaceOf(set))
           .objects) {
    if (IsControlledBy(one, set)) {
      revision = std::max(revision, one.GetInt("revision") + 1);
    }
  }
  Value pod_template = set["spec"]["template"];
  pod_template.Set("$patch", "replace");
  Value labels = set["spec"]["selector"]["matchLabels"];
  if (!labels.is_object()) labels = Value::MakeObject();
  labels.Set("controller.kubernetes.io/hash", hash);
  sim.context().Create(Value::MakeObject(
      {{"apiVersion", "apps/v1"},
       {"kind", "ControllerRevision"},
       {"metadata",
        Value::MakeObject({{"name", name},
                           {"namespace", NamespaceOf(set)},
                           {"labels", std::move(labels)},
                           {"ownerReferences",
                            Value(Value::Array{ControllerReference(set)})}})},
       {"revision", revision},
       {"data",
        Value::MakeObject(
            {{"spec",
              Value::MakeObject({{"template", std::move(pod_template)}})}})}}));
  return name;
}

void MakeClaims(Simulated& sim, const Value& set, int64_t ordinal, Value& pod) {
  for (const Value& one : set["spec"]["volumeClaimTemplates"].array()) {
    const std::string name =
        absl::StrCat(NameOf(one), "-", NameOf(set), "-", ordinal);
    Value volumes = Value::MakeArray();
    for (const Value& volume : pod["spec"]["volumes"].array()) {
      if (!(volume["name"] == one["metadata"]["name"])) volumes.Append(volume);
    }
    volumes.Append(Value::MakeObject(
        {{"name", one["metadata"]["name"]},
         {"persistentVolumeClaim", Value::MakeObject({{"claimName", name}})}}));
    pod.Mutable("spec").Set("volumes", std::move(volumes));
    if (!sim.Get("persistentvolumeclaims", NamespaceOf(set), name).is_null()) {
      continue;
    }
    Value claim = one;
    claim.Set("apiVersion", "v1");
    claim.Set("kind", "PersistentVolumeClaim");
    claim.Erase("status");
    Value& metadata = claim.Mutable("metadata");
    metadata.Set("name", name);
    metadata.Set("namespace", NamespaceOf(set));
    for (const Value::Member& label :
         set["spec"]["selector"]["matchLabels"].object()) {
      metadata.Mutable("labels").Set(label.key, label.value);
    }
    sim.context().Create(claim);
  }
}

struct StatefulCounts {
  int64_t total = 0, ready = 0, updated = 0;
};

StatefulCounts KeepOrdinals(Simulated& sim, const Value& set,
                            const std::string& revision) {
  const Value& spec = set["spec"];
  const int64_t first = spec["ordinals"].GetInt("start");
  const int64_t wanted = spec.GetInt("replicas", 1);
  const bool in_order =
      spec.GetString("podManagementPolicy", "OrderedReady") == "OrderedReady";
  const int64_t partition =
      spec["updateStrategy"]["rollingUpdate"].GetInt("partition");
  const bool updates = spec["updateStrategy"].GetString(
                           "type", "RollingUpdate") == "RollingUpdate";
  StatefulCounts counts;
  bool may_make = true;
  Value outdated;  // The last Pod of an older revision.
  int absent = 0;
  for (int64_t i = 0; i < wanted || absent < kSlotsToSearch; ++i) {
    const std::string name = absl::StrCat(NameOf(set), "-", first + i);
    const Value pod = sim.Get("pods", NamespaceOf(set), name);
    if (i >= wanted) {
      if (pod.is_null()) {
        ++absent;
      } else if (IsControlledBy(pod, set)) {
        DeletePod(sim, pod);
      } else {
        break;
      }
      continue;
    }
    if (pod.is_null()) {
      if (!may_make) continue;
      Value made = MakePod(
          sim, set, name,
          Value::MakeObject(
              {{"controller-revision-hash", revision},
               {"statefulset.kubernetes.io/pod-name", name},
               {"apps.kubernetes.io/pod-index", absl::StrCat(first + i)}}));
      MakeClaims(sim, set, first + i, made);
      sim.context().Create(made);
      if (in_order) may_make = false;
      continue;
    }
    ++counts.total;
    const bool is_ready = IsPodReady(pod) && !IsLeaving(pod);
    if (is_ready) ++counts.ready;
    if (!is_ready && in_order) may_make = false;
    const bool is_updated = pod["metadata"]["labels"].GetString(
                                "controller-revision-hash") == revision;
    if (is_updated) ++counts.updated;
    if (!is_updated && updates && i >= partition && !IsLeaving(pod)) {
      outdated = pod;
    }
  }
  // One at a time, from the last, and only while all others are ready or the
  // one itself is not.
  if (!outdated.is_null() &&
      (counts.ready == counts.total || !IsPodReady(outdated))) {
    DeletePod(sim, outdated);
  }
  return counts;
}

}  // namespace

void SimulateStatefulSet(Simulated& sim, const Value& set) {
  if (IsLeaving(set)) return;
  const std::string revision = KeepRevision(sim, set);
  const int64_t wanted = set["spec"].GetInt("replicas", 1);
  StatefulCounts counts;
  if (sim.makes_pods()) {
    counts = KeepOrdinals(sim, set, revision);
  } else {
    const bool ready = IsReadyWithoutPods(sim, "statefulsets.apps", set);
    counts = {wanted, ready ? wanted : 0, wanted};
  }
  sim.EditStatus(set, [=](Value& edited) {
    const Value generation = edited["metadata"]["generation"];
    Value& status = edited.Mutable("status");
    status.Set("replicas", counts.total);
    SetCount(status, "readyReplicas", counts.ready);
    status.Set("availableReplicas", counts.ready);
    SetCount(status, "updatedReplicas", counts.updated);
    status.Set("updateRevision", revision);
    const bool is_through = counts.updated == counts.total &&
                            counts.total == wanted && counts.ready == wanted;
    if (is_through || status.GetString("currentRevision").empty()) {
      status.Set("currentRevision", revision);
    }
    const bool is_current = status.GetString("currentRevision") == revision;
    SetCount(status, "currentReplicas",
             is_current ? counts.updated : counts.total - counts.updated);
    status.Set("observedGeneration", generation);
    status.Set("collisionCount", 0);
  });
}

// --------------------------------------------------------------- DaemonSets

namespace {

bool NodeMatches(const Value& node, const Value& set) {
  const Value& labels = node["metadata"]["labels"];
  for (const Value::Member& wanted :
       set["spec"]["template"]["spec"]["nodeSelector"].object()) {
    if (!(labels[wanted.key] == wanted.value)) return false;
  }
  return true;
}

}  // namespace

void SimulateDaemonSet(Simulated& sim, const Value& set) {
  if (IsLeaving(set)) return;
  const std::string revision = KeepRevision(sim, set);
  const bool ready_without =
      !sim.makes_pods() && IsReadyWithoutPods(sim, "daemonsets.apps", set);
  int64_t wanted = 0, present = 0, ready = 0, updated = 0;
  Value outdated;
  for (const Value& node : sim.context().store().List("nodes").objects) {
    const std::string pod_name = absl::StrCat(
        NameOf(set), "-", TemplateHash(node["metadata"]["name"]).substr(0, 5));
    const Value pod = sim.makes_pods()
                          ? sim.Get("pods", NamespaceOf(set), pod_name)
                          : Value();
    if (!NodeMatches(node, set)) {
      if (!pod.is_null()) DeletePod(sim, pod);
      continue;
    }
    ++wanted;
    if (!sim.makes_pods()) {
      ++present, ++updated;
      if (ready_without) ++ready;
      continue;
    }
    if (pod.is_null()) {
      const std::string hash = revision.substr(NameOf(set).size() + 1);
      Value made =
          MakePod(sim, set, pod_name,
                  Value::MakeObject({{"controller-revision-hash", hash},
                                     {"pod-template-generation", "1"}}));
      made.Mutable("spec").Set("nodeName", node["metadata"]["name"]);
      sim.context().Create(made);
      continue;
    }
    ++present;
    if (IsPodReady(pod) && !IsLeaving(pod)) ++ready;
    if (absl::StrCat(NameOf(set), "-",
                     pod["metadata"]["labels"].GetString(
                         "controller-revision-hash")) == revision) {
      ++updated;
    } else {
      outdated = pod;
    }
  }
  if (!outdated.is_null() &&
      set["spec"]["updateStrategy"].GetString("type") != "OnDelete") {
    DeletePod(sim, outdated);
  }
  sim.EditStatus(set, [=](Value& edited) {
    const Value generation = edited["metadata"]["generation"];
    Value& status = edited.Mutable("status");
    status.Set("desiredNumberScheduled", wanted);
    status.Set("currentNumberScheduled", present);
    status.Set("numberMisscheduled", 0);
    status.Set("numberReady", ready);
    SetCount(status, "numberAvailable", ready);
    SetCount(status, "numberUnavailable", wanted - ready);
    SetCount(status, "updatedNumberScheduled", updated);
    status.Set("observedGeneration", generation);
  });
}

}  // namespace weir::apiserver
