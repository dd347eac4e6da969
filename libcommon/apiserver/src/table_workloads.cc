// Columns of workloads.
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tables.h"
#include "weir/base/duration.h"
#include "weir/base/human_duration.h"
#include "weir/kube/conditions.h"
#include "weir/kube/selector.h"

namespace weir::apiserver {
namespace {

using Cells = std::vector<Value>;

std::string Age(const Value& object, absl::Time now) {
  return FormatAge(object["metadata"].GetString("creationTimestamp"), now);
}

std::string ContainerNames(const Value& pod_spec) {
  std::vector<std::string> names;
  for (const Value& one : pod_spec["containers"].array()) {
    names.emplace_back(one.GetString("name"));
  }
  return absl::StrJoin(names, ",");
}

std::string ContainerImages(const Value& pod_spec) {
  std::vector<std::string> images;
  for (const Value& one : pod_spec["containers"].array()) {
    images.emplace_back(one.GetString("image"));
  }
  return absl::StrJoin(images, ",");
}

std::string SelectorText(const Value& selector) {
  auto parsed = kube::LabelSelector::FromValue(selector);
  if (!parsed.ok()) return "<invalid>";
  const std::string text = parsed->ToString();
  return text.empty() ? "<none>" : text;
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

std::string Ready(int64_t ready, int64_t wanted) {
  return absl::StrCat(ready, "/", wanted);
}

// --------------------------------------------------------------------- pods

std::string ReasonOfContainer(const Value& status) {
  const Value& waiting = status["state"]["waiting"];
  if (!waiting.GetString("reason").empty()) {
    return std::string(waiting.GetString("reason"));
  }
  const Value& ended = status["state"]["terminated"];
  if (ended.is_null()) return "";
  if (!ended.GetString("reason").empty()) {
    return std::string(ended.GetString("reason"));
  }
  return ended.GetInt("signal") != 0
             ? absl::StrCat("Signal:", ended.GetInt("signal"))
             : absl::StrCat("ExitCode:", ended.GetInt("exitCode"));
}

// What stops the init containers; empty when they are through.
std::string ReasonOfInit(const Value& pod) {
  const Value::Array& statuses = pod["status"]["initContainerStatuses"].array();
  const size_t total = pod["spec"]["initContainers"].size();
  for (size_t i = 0; i < statuses.size(); ++i) {
    const Value& state = statuses[i]["state"];
    const Value& ended = state["terminated"];
    if (!ended.is_null() && ended.GetInt("exitCode") == 0) continue;
    if (!ended.is_null()) return "Init:" + ReasonOfContainer(statuses[i]);
    const absl::string_view waiting = state["waiting"].GetString("reason");
    if (!waiting.empty() && waiting != "PodInitializing") {
      return absl::StrCat("Init:", waiting);
    }
    return absl::StrCat("Init:", i, "/", total);
  }
  return "";
}

std::string PodReason(const Value& pod) {
  const Value& status = pod["status"];
  std::string reason(status.GetString("reason"));
  if (reason.empty()) reason = std::string(status.GetString("phase"));
  const std::string init = ReasonOfInit(pod);
  if (!init.empty()) {
    reason = init;
  } else {
    bool has_running = false;
    const Value::Array& containers = status["containerStatuses"].array();
    for (auto one = containers.rbegin(); one != containers.rend(); ++one) {
      const std::string why = ReasonOfContainer(*one);
      if (!why.empty()) reason = why;
      if ((*one).GetBool("ready") && (*one)["state"].Has("running")) {
        has_running = true;
      }
    }
    if (reason == "Completed" && has_running) reason = "Running";
  }
  const bool is_leaving =
      !pod["metadata"].GetString("deletionTimestamp").empty();
  const absl::string_view phase = status.GetString("phase");
  if (is_leaving && phase != "Succeeded" && phase != "Failed") {
    return "Terminating";
  }
  return reason;
}

std::string OrNone(absl::string_view text) {
  return text.empty() ? "<none>" : std::string(text);
}

Cells PodCells(const Value& pod, absl::Time now) {
  const Value& status = pod["status"];
  int64_t ready = 0, restarts = 0;
  for (const Value& one : status["containerStatuses"].array()) {
    if (one.GetBool("ready")) ++ready;
    restarts += one.GetInt("restartCount");
  }
  std::string gates = "<none>";
  if (!pod["spec"]["readinessGates"].empty()) {
    int64_t through = 0;
    for (const Value& gate : pod["spec"]["readinessGates"].array()) {
      if (kube::IsConditionTrue(pod, gate.GetString("conditionType"))) {
        ++through;
      }
    }
    gates = Ready(through,
                  static_cast<int64_t>(pod["spec"]["readinessGates"].size()));
  }
  return {Ready(ready, static_cast<int64_t>(pod["spec"]["containers"].size())),
          PodReason(pod),
          absl::StrCat(restarts),
          Age(pod, now),
          OrNone(status.GetString("podIP")),
          OrNone(pod["spec"].GetString("nodeName")),
          OrNone(status.GetString("nominatedNodeName")),
          gates};
}

// --------------------------------------------------------------- the others

Cells DeploymentCells(const Value& object, absl::Time now) {
  const Value& status = object["status"];
  const Value& pod = object["spec"]["template"]["spec"];
  return {
      Ready(status.GetInt("readyReplicas"), object["spec"].GetInt("replicas")),
      status.GetInt("updatedReplicas"),
      status.GetInt("availableReplicas"),
      Age(object, now),
      ContainerNames(pod),
      ContainerImages(pod),
      SelectorText(object["spec"]["selector"])};
}

Cells ReplicaSetCells(const Value& object, absl::Time now) {
  const Value& status = object["status"];
  const Value& pod = object["spec"]["template"]["spec"];
  return {object["spec"].GetInt("replicas"),
          status.GetInt("replicas"),
          status.GetInt("readyReplicas"),
          Age(object, now),
          ContainerNames(pod),
          ContainerImages(pod),
          SelectorText(object["spec"]["selector"])};
}

Cells StatefulSetCells(const Value& object, absl::Time now) {
  const Value& pod = object["spec"]["template"]["spec"];
  return {Ready(object["status"].GetInt("readyReplicas"),
                object["spec"].GetInt("replicas")),
          Age(object, now), ContainerNames(pod), ContainerImages(pod)};
}

Cells DaemonSetCells(const Value& object, absl::Time now) {
  const Value& status = object["status"];
  const Value& pod = object["spec"]["template"]["spec"];
  return {status.GetInt("desiredNumberScheduled"),
          status.GetInt("currentNumberScheduled"),
          status.GetInt("numberReady"),
          status.GetInt("updatedNumberScheduled"),
          status.GetInt("numberAvailable"),
          LabelsText(pod["nodeSelector"]),
          Age(object, now),
          ContainerNames(pod),
          ContainerImages(pod),
          SelectorText(object["spec"]["selector"])};
}

std::string JobStatus(const Value& job) {
  std::string status = "Running";
  for (const Value& one : job["status"]["conditions"].array()) {
    if (one.GetString("status") != "True") continue;
    const absl::string_view type = one.GetString("type");
    if (type == "Complete" || type == "Failed") return std::string(type);
    if (type == "Suspended") status = "Suspended";
  }
  if (!job["metadata"].GetString("deletionTimestamp").empty()) {
    return "Terminating";
  }
  return status;
}

Cells JobCells(const Value& job, absl::Time now) {
  const Value& status = job["status"];
  const int64_t parallelism = job["spec"].GetInt("parallelism", 1);
  std::string completions;
  if (job["spec"]["completions"].is_int()) {
    completions =
        Ready(status.GetInt("succeeded"), job["spec"].GetInt("completions"));
  } else if (parallelism > 1) {
    completions =
        absl::StrCat(status.GetInt("succeeded"), "/1 of ", parallelism);
  } else {
    completions = Ready(status.GetInt("succeeded"), 1);
  }
  std::string duration;
  absl::StatusOr<absl::Time> start =
      ParseKubeTime(status.GetString("startTime"));
  if (start.ok()) {
    absl::StatusOr<absl::Time> end =
        ParseKubeTime(status.GetString("completionTime"));
    duration = FormatHumanDuration(end.value_or(now) - *start);
  }
  const Value& pod = job["spec"]["template"]["spec"];
  return {JobStatus(job),
          completions,
          duration,
          Age(job, now),
          ContainerNames(pod),
          ContainerImages(pod),
          SelectorText(job["spec"]["selector"])};
}

Cells CronJobCells(const Value& object, absl::Time now) {
  const Value& spec = object["spec"];
  const absl::string_view last = object["status"].GetString("lastScheduleTime");
  const Value& pod = spec["jobTemplate"]["spec"]["template"]["spec"];
  return {spec.GetString("schedule"),
          OrNone(spec.GetString("timeZone")),
          spec.GetBool("suspend") ? "True" : "False",
          static_cast<int64_t>(object["status"]["active"].size()),
          last.empty() ? std::string("<none>") : FormatAge(last, now),
          Age(object, now),
          ContainerNames(pod),
          ContainerImages(pod),
          SelectorText(spec["jobTemplate"]["spec"]["selector"])};
}

Cells RevisionCells(const Value& object, absl::Time now) {
  std::string owner = "<none>";
  for (const Value& one : object["metadata"]["ownerReferences"].array()) {
    if (!one.GetBool("controller")) continue;
    const kube::GroupVersionKind gvk = kube::GroupVersionKindOf(one);
    owner = absl::StrCat(absl::AsciiStrToLower(gvk.kind), ".", gvk.group, "/",
                         one.GetString("name"));
  }
  return {owner, object.GetInt("revision"), Age(object, now)};
}

}  // namespace

std::vector<KindPrinter> WorkloadPrinters() {
  const TableColumn containers{"Containers", "string", 1};
  const TableColumn images{"Images", "string", 1};
  const TableColumn selector{"Selector", "string", 1};
  return {
      {"",
       "Pod",
       {{"Ready"},
        {"Status"},
        {"Restarts"},
        {"Age"},
        {"IP", "string", 1},
        {"Node", "string", 1},
        {"Nominated Node", "string", 1},
        {"Readiness Gates", "string", 1}},
       PodCells},
      {"apps",
       "Deployment",
       {{"Ready"},
        {"Up-to-date"},
        {"Available"},
        {"Age"},
        containers,
        images,
        selector},
       DeploymentCells},
      {"apps",
       "ReplicaSet",
       {{"Desired", "integer"},
        {"Current", "integer"},
        {"Ready", "integer"},
        {"Age"},
        containers,
        images,
        selector},
       ReplicaSetCells},
      {"apps",
       "StatefulSet",
       {{"Ready"}, {"Age"}, containers, images},
       StatefulSetCells},
      {"apps",
       "DaemonSet",
       {{"Desired", "integer"},
        {"Current", "integer"},
        {"Ready", "integer"},
        {"Up-to-date", "integer"},
        {"Available", "integer"},
        {"Node Selector"},
        {"Age"},
        containers,
        images,
        selector},
       DaemonSetCells},
      {"apps",
       "ControllerRevision",
       {{"Controller"}, {"Revision", "integer"}, {"Age"}},
       RevisionCells},
      {"batch",
       "Job",
       {{"Status"},
        {"Completions"},
        {"Duration"},
        {"Age"},
        containers,
        images,
        selector},
       JobCells},
      {"batch",
       "CronJob",
       {{"Schedule"},
        {"Timezone"},
        {"Suspend", "boolean"},
        {"Active", "integer"},
        {"Last Schedule"},
        {"Age"},
        containers,
        images,
        selector},
       CronJobCells},
  };
}

}  // namespace weir::apiserver
