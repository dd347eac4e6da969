// Deployments: a ReplicaSet for each Pod template, the newest scaled up, the
// others down once it is available.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api_errors.h"
#include "simulate.h"
#include "weir/base/duration.h"
#include "weir/kube/conditions.h"

namespace weir::apiserver {
namespace {

constexpr char kHashLabel[] = "pod-template-hash";
constexpr char kRevision[] = "deployment.kubernetes.io/revision";
constexpr char kLastApplied[] =
    "kubectl.kubernetes.io/last-applied-configuration";
constexpr char kSets[] = "replicasets.apps";

int64_t RevisionOf(const Value& object) {
  int64_t revision = 0;
  if (!absl::SimpleAtoi(object["metadata"]["annotations"].GetString(kRevision),
                        &revision)) {
    return 0;
  }
  return revision;
}

Value WithoutHash(Value pod_template) {
  Value* metadata = pod_template.FindMutable("metadata");
  if (metadata == nullptr) return pod_template;
  if (Value* labels = metadata->FindMutable("labels")) {
    labels->Erase(kHashLabel);
  }
  return pod_template;
}

// "25%" or 2 of `total`.
int64_t Resolve(const Value& amount, int64_t total, bool rounds_up) {
  if (amount.is_int()) return amount.AsInt();
  if (!amount.is_string()) return Resolve("25%", total, rounds_up);
  absl::string_view text = amount.AsString();
  absl::ConsumeSuffix(&text, "%");
  int64_t percent = 0;
  if (!absl::SimpleAtoi(text, &percent)) return 0;
  return (percent * total + (rounds_up ? 99 : 0)) / 100;
}

// One Deployment and its ReplicaSets.
class Rollout {
 public:
  Rollout(Simulated& sim, const Value& deployment);
  void Run();

 private:
  void MakeSet();
  void Scale(const Value& set, int64_t replicas);
  void DropHistory();
  void Report();
  bool IsOverdue(absl::Time now, const Value& progressing) const;

  Simulated& sim_;
  const Value& deployment_;
  const std::string name_space_, name_;
  const int64_t wanted_;
  Value present_;           // The ReplicaSet of the present template, or null.
  std::vector<Value> old_;  // The others, oldest first.
  int64_t max_revision_ = 0;
};

Rollout::Rollout(Simulated& sim, const Value& deployment)
    : sim_(sim),
      deployment_(deployment),
      name_space_(deployment["metadata"].GetString("namespace")),
      name_(deployment["metadata"].GetString("name")),
      wanted_(deployment["spec"].GetInt("replicas", 1)) {
  const Value pod_template = WithoutHash(deployment["spec"]["template"]);
  for (const Value& set :
       sim.context().store().List(kSets, name_space_).objects) {
    if (!IsControlledBy(set, deployment) || IsLeaving(set)) continue;
    max_revision_ = std::max(max_revision_, RevisionOf(set));
    if (present_.is_null() &&
        WithoutHash(set["spec"]["template"]) == pod_template) {
      present_ = set;
    } else {
      old_.push_back(set);
    }
  }
  std::sort(old_.begin(), old_.end(), [](const Value& a, const Value& b) {
    return RevisionOf(a) < RevisionOf(b);
  });
}

void Rollout::MakeSet() {
  Value pod_template = deployment_["spec"]["template"];
  const std::string hash = TemplateHash(pod_template);
  pod_template.Mutable("metadata").Mutable("labels").Set(kHashLabel, hash);
  Value selector = deployment_["spec"]["selector"];
  selector.Mutable("matchLabels").Set(kHashLabel, hash);
  Value annotations = deployment_["metadata"]["annotations"];
  if (!annotations.is_object()) annotations = Value::MakeObject();
  annotations.Erase(kLastApplied);
  annotations.Set(kRevision, absl::StrCat(max_revision_ + 1));
  annotations.Set("deployment.kubernetes.io/desired-replicas",
                  absl::StrCat(wanted_));
  annotations.Set(
      "deployment.kubernetes.io/max-replicas",
      absl::StrCat(
          wanted_ +
          Resolve(deployment_["spec"]["strategy"]["rollingUpdate"]["maxSurge"],
                  wanted_, true)));
  Value spec = Value::MakeObject({{"replicas", wanted_},
                                  {"selector", std::move(selector)},
                                  {"template", pod_template}});
  if (deployment_["spec"].Has("minReadySeconds")) {
    spec.Set("minReadySeconds", deployment_["spec"]["minReadySeconds"]);
  }
  sim_.context().Create(Value::MakeObject(
      {{"apiVersion", "apps/v1"},
       {"kind", "ReplicaSet"},
       {"metadata",
        Value::MakeObject(
            {{"name", absl::StrCat(name_, "-", hash)},
             {"namespace", name_space_},
             {"labels", pod_template["metadata"]["labels"]},
             {"annotations", std::move(annotations)},
             {"ownerReferences",
              Value(Value::Array{ControllerReference(deployment_)})}})},
       {"spec", std::move(spec)}}));
}

void Rollout::Scale(const Value& set, int64_t replicas) {
  if (set["spec"].GetInt("replicas", 1) == replicas) return;
  sim_.context().Edit(kube::RefOf(set), "", [replicas](Value& edited) {
    edited.Mutable("spec").Set("replicas", replicas);
    return absl::OkStatus();
  });
}

void Rollout::DropHistory() {
  const int64_t limit = deployment_["spec"].GetInt("revisionHistoryLimit", 10);
  int64_t left = static_cast<int64_t>(old_.size());
  for (const Value& set : old_) {
    if (left <= limit) return;
    if (set["spec"].GetInt("replicas") != 0 ||
        set["status"].GetInt("replicas") != 0) {
      continue;
    }
    sim_.context().Delete(
        kube::RefOf(set),
        Value::MakeObject({{"propagationPolicy", "Background"}}));
    --left;
  }
}

bool Rollout::IsOverdue(absl::Time now, const Value& progressing) const {
  const int64_t seconds =
      deployment_["spec"].GetInt("progressDeadlineSeconds", 600);
  absl::StatusOr<absl::Time> since =
      ParseKubeTime(progressing.GetString("lastUpdateTime"));
  if (!since.ok()) return false;
  const absl::Time due = *since + absl::Seconds(seconds);
  // Times are whole seconds: a little later is surely late enough.
  if (now > due) return true;
  sim_.EnqueueAt(due + absl::Milliseconds(1), "deployments.apps",
                 {name_space_, name_});
  return false;
}

void Rollout::Report() {
  int64_t total = present_["status"].GetInt("replicas");
  int64_t ready = present_["status"].GetInt("readyReplicas");
  const int64_t updated = total;
  for (const Value& set : old_) {
    total += set["status"].GetInt("replicas");
    ready += set["status"].GetInt("readyReplicas");
  }
  const int64_t updated_ready = present_["status"].GetInt("availableReplicas");
  const bool rolls = deployment_["spec"]["strategy"].GetString(
                         "type", "RollingUpdate") == "RollingUpdate";
  const int64_t spare =
      rolls ? Resolve(deployment_["spec"]["strategy"]["rollingUpdate"]
                                 ["maxUnavailable"],
                      wanted_, false)
            : 0;
  const bool is_available = ready >= wanted_ - spare;
  const bool is_complete =
      updated == wanted_ && total == wanted_ && updated_ready == wanted_;
  const std::string set_name(present_["metadata"].GetString("name"));
  const absl::Time now = sim_.context().Now();
  const Value progressing = kube::FindCondition(deployment_, "Progressing");
  const bool names_this_set = absl::StrContains(
      progressing.GetString("message"), absl::StrCat("\"", set_name, "\""));
  const bool was_late =
      progressing.GetString("reason") == "ProgressDeadlineExceeded";
  const bool is_paused = deployment_["spec"].GetBool("paused");
  const bool is_late = !is_complete && !is_paused && names_this_set &&
                       (was_late || IsOverdue(now, progressing));
  const int64_t revision = RevisionOf(present_);
  const int64_t unavailable = std::max<int64_t>(0, wanted_ - ready);
  sim_.EditStatus(deployment_, [=](Value& edited) {
    const Value generation = edited["metadata"]["generation"];
    if (revision > 0) {
      edited.Mutable("metadata")
          .Mutable("annotations")
          .Set(kRevision, absl::StrCat(revision));
    }
    Value& status = edited.Mutable("status");
    const auto set = [&](const char* key, int64_t count) {
      if (count == 0) {
        status.Erase(key);
      } else {
        status.Set(key, count);
      }
    };
    set("replicas", total);
    set("updatedReplicas", updated);
    set("readyReplicas", ready);
    set("availableReplicas", ready);
    set("unavailableReplicas", unavailable);
    status.Set("observedGeneration", generation);
    if (is_available) {
      SetCondition(edited, "Available", "True", "MinimumReplicasAvailable",
                   "Deployment has minimum availability.", now, true);
    } else {
      SetCondition(edited, "Available", "False", "MinimumReplicasUnavailable",
                   "Deployment does not have minimum availability.", now, true);
    }
    if (is_paused) return;
    if (is_complete) {
      SetCondition(edited, "Progressing", "True", "NewReplicaSetAvailable",
                   absl::StrCat("ReplicaSet \"", set_name,
                                "\" has successfully progressed."),
                   now, true);
    } else if (is_late) {
      SetCondition(edited, "Progressing", "False", "ProgressDeadlineExceeded",
                   absl::StrCat("ReplicaSet \"", set_name,
                                "\" has timed out progressing."),
                   now, true);
    } else {
      SetCondition(
          edited, "Progressing", "True", "ReplicaSetUpdated",
          absl::StrCat("ReplicaSet \"", set_name, "\" is progressing."), now,
          true);
    }
  });
}

void Rollout::Run() {
  const bool is_paused = deployment_["spec"].GetBool("paused");
  if (present_.is_null()) {
    if (!is_paused) return MakeSet();
    return Report();
  }
  if (!is_paused && RevisionOf(present_) < max_revision_) {
    // An older template is wanted again: its set is the newest now.
    sim_.context().Edit(kube::RefOf(present_), "",
                        [revision = max_revision_ + 1](Value& edited) {
                          edited.Mutable("metadata")
                              .Mutable("annotations")
                              .Set(kRevision, absl::StrCat(revision));
                          return absl::OkStatus();
                        });
  }
  const bool recreates =
      deployment_["spec"]["strategy"].GetString("type") == "Recreate";
  const bool old_are_gone = std::all_of(
      old_.begin(), old_.end(),
      [](const Value& set) { return set["status"].GetInt("replicas") == 0; });
  if (!recreates || old_are_gone || is_paused) Scale(present_, wanted_);
  const bool is_available =
      present_["status"].GetInt("availableReplicas") >= wanted_;
  if (!is_paused && (is_available || recreates)) {
    for (const Value& set : old_) Scale(set, 0);
  }
  DropHistory();
  Report();
}

}  // namespace

void SimulateDeployment(Simulated& sim, const Value& deployment) {
  if (IsLeaving(deployment)) return;
  Rollout(sim, deployment).Run();
}

}  // namespace weir::apiserver
