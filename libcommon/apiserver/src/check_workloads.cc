// Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs.
#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "kinds_check.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

// A number, or "25%"; -1 when it is neither.
int64_t IntOrPercent(const Value& value, bool& is_percent) {
  is_percent = false;
  if (value.is_int()) return value.AsInt();
  if (!value.is_string()) return value.is_null() ? 0 : -1;
  absl::string_view text = value.AsString();
  int64_t number = 0;
  if (!absl::ConsumeSuffix(&text, "%") || !absl::SimpleAtoi(text, &number)) {
    return -1;
  }
  is_percent = true;
  return number;
}

int64_t CheckIntOrPercent(const Value& object, absl::string_view key,
                          const std::string& path, FieldErrors& errors) {
  const Value& value = object[key];
  if (value.is_null()) return 0;
  const std::string at = absl::StrCat(path, ".", key);
  bool is_percent = false;
  int64_t number = IntOrPercent(value, is_percent);
  if (value.is_string() && !is_percent) {
    errors.push_back(InvalidError(
        at, value,
        "a valid percent string must be a numeric string followed by an "
        "ending '%' (e.g. '1%',  or '93%', regex used for validation is "
        "'[0-9]+%')"));
  } else if (value.is_int() && number < 0) {
    errors.push_back(
        InvalidError(at, value, "must be greater than or equal to 0"));
  } else if (is_percent && number > 100 && key == "maxUnavailable") {
    errors.push_back(InvalidError(at, value, "must not be greater than 100%"));
  }
  return number;
}

void CheckTemplateOf(const Value& spec, absl::string_view empty_error,
                     absl::string_view kind, FieldErrors& errors) {
  const Value& selector = spec["selector"];
  const Value& pod = spec["template"];
  if (selector.is_null()) {
    if (kind != "DaemonSet") errors.push_back(RequiredError("spec.selector"));
  } else {
    CheckSelector(selector, "spec.selector", errors);
    if (IsSelectorEmpty(selector)) {
      errors.push_back(InvalidError("spec.selector", selector, empty_error));
    }
  }
  const bool is_usable = IsSelectorUsable(selector);
  if (!is_usable && kind != "DaemonSet") {
    errors.push_back(
        InvalidError("spec.selector", selector,
                     kind == "StatefulSet" ? "" : "invalid label selector"));
  }
  // No selector at all matches nothing.
  if (!is_usable) {
    // Told above.
  } else if (selector.is_null() ||
             (!IsSelectorEmpty(selector) &&
              !SelectorMatches(selector, pod["metadata"]["labels"]))) {
    const Value& labels = pod["metadata"]["labels"];
    errors.push_back(
        InvalidError("spec.template.metadata.labels", labels,
                     "`selector` does not match template `labels`"));
  }
  CheckPodTemplate(pod, "spec.template", errors);
  std::string policy(pod["spec"].GetString("restartPolicy"));
  if (policy != "Always") {
    errors.push_back(NotSupportedError("spec.template.spec.restartPolicy",
                                       Value(policy), {Value("Always")}));
  }
  if (pod["spec"].Has("activeDeadlineSeconds")) {
    errors.push_back(ForbiddenError(
        "spec.template.spec.activeDeadlineSeconds",
        absl::StrCat("activeDeadlineSeconds in ", kind, " is not Supported")));
  }
}

void CheckDeployment(const Value& spec, FieldErrors& errors) {
  CheckNonNegative(spec, "replicas", "spec", errors);
  CheckTemplateOf(spec, "empty selector is invalid for deployment",
                  "ReplicaSet", errors);
  const Value& strategy = spec["strategy"];
  const Value& update = strategy["rollingUpdate"];
  if (strategy.GetString("type") == "Recreate" && !update.is_null()) {
    errors.push_back(ForbiddenError(
        "spec.strategy.rollingUpdate",
        "may not be specified when strategy `type` is 'Recreate'"));
  } else if (strategy.GetString("type") == "RollingUpdate") {
    const std::string path = "spec.strategy.rollingUpdate";
    int64_t down = CheckIntOrPercent(update, "maxUnavailable", path, errors);
    int64_t surge = CheckIntOrPercent(update, "maxSurge", path, errors);
    if (down == 0 && surge == 0) {
      errors.push_back(InvalidError(path + ".maxUnavailable",
                                    update["maxUnavailable"],
                                    "may not be 0 when `maxSurge` is 0"));
    }
  }
  if (std::string type(strategy.GetString("type"));
      type != "Recreate" && type != "RollingUpdate") {
    errors.push_back(
        RawNotSupportedError("spec.strategy",
                             absl::StrCat("{\"Type\":", FormatJson(Value(type)),
                                          ",\"RollingUpdate\":null}"),
                             {Value("Recreate"), Value("RollingUpdate")}));
  }
  CheckNonNegative(spec, "minReadySeconds", "spec", errors);
  CheckNonNegative(spec, "revisionHistoryLimit", "spec", errors);
  if (spec.Has("progressDeadlineSeconds")) {
    CheckNonNegative(spec, "progressDeadlineSeconds", "spec", errors);
    if (spec.GetInt("progressDeadlineSeconds") <=
        spec.GetInt("minReadySeconds")) {
      errors.push_back(InvalidError("spec.progressDeadlineSeconds",
                                    spec["progressDeadlineSeconds"],
                                    "must be greater than minReadySeconds"));
    }
  }
}

void CheckDaemonSet(const Value& spec, FieldErrors& errors) {
  CheckTemplateOf(spec, "empty selector is invalid for daemonset", "DaemonSet",
                  errors);
  const Value& strategy = spec["updateStrategy"];
  std::string type(strategy.GetString("type"));
  if (type != "RollingUpdate" && type != "OnDelete") {
    errors.push_back(
        RawNotSupportedError("spec.updateStrategy",
                             absl::StrCat("{\"Type\":", FormatJson(Value(type)),
                                          ",\"RollingUpdate\":null}"),
                             {Value("RollingUpdate"), Value("OnDelete")}));
  }
  if (type != "RollingUpdate") return;
  const std::string path = "spec.updateStrategy.rollingUpdate";
  const Value& update = strategy["rollingUpdate"];
  int64_t down = CheckIntOrPercent(update, "maxUnavailable", path, errors);
  int64_t surge = CheckIntOrPercent(update, "maxSurge", path, errors);
  if (down != 0 && surge != 0) {
    errors.push_back(
        InvalidError(path + ".maxSurge", update["maxSurge"],
                     "may not be set when maxUnavailable is non-zero"));
  } else if (down == 0 && surge == 0) {
    errors.push_back(RequiredError(path + ".maxUnavailable",
                                   "cannot be 0 when maxSurge is 0"));
  }
  CheckNonNegative(spec, "minReadySeconds", "spec", errors);
}

void CheckStatefulSet(const Value& old, const Value& spec,
                      FieldErrors& errors) {
  CheckNonNegative(spec, "replicas", "spec", errors);
  CheckNonNegative(spec, "minReadySeconds", "spec", errors);
  std::string policy(spec.GetString("podManagementPolicy"));
  if (policy != "OrderedReady" && policy != "Parallel") {
    errors.push_back(InvalidError("spec.podManagementPolicy", Value(policy),
                                  "must be 'OrderedReady' or 'Parallel'"));
  }
  std::string type(spec["updateStrategy"].GetString("type"));
  if (type != "RollingUpdate" && type != "OnDelete") {
    errors.push_back(
        RawInvalidError("spec.updateStrategy",
                        absl::StrCat("{\"Type\":", FormatJson(Value(type)),
                                     ",\"RollingUpdate\":null}"),
                        "must be 'RollingUpdate' or 'OnDelete'"));
  }
  CheckTemplateOf(spec, "empty selector is invalid for statefulset",
                  "StatefulSet", errors);
  if (old.is_null()) return;
  Value before = old["spec"];
  Value after = spec;
  for (absl::string_view key :
       {"replicas", "ordinals", "template", "updateStrategy",
        "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds"}) {
    before.Erase(key);
    after.Erase(key);
  }
  if (before != after) {
    errors.push_back(ForbiddenError(
        "spec",
        "updates to statefulset spec for fields other than 'replicas', "
        "'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
        "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
        "forbidden"));
  }
}

void CheckJobSpec(const Value& spec, const std::string& path, bool is_template,
                  FieldErrors& errors) {
  for (absl::string_view key :
       {"parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
        "ttlSecondsAfterFinished", "backoffLimitPerIndex",
        "maxFailedIndexes"}) {
    CheckNonNegative(spec, key, path, errors);
  }
  if (spec.GetString("completionMode") == "Indexed" &&
      !spec.Has("completions")) {
    errors.push_back(RequiredError(path + ".completions",
                                   "when completion mode is Indexed"));
  }
  CheckPodTemplate(spec["template"], path + ".template", errors);
  std::string policy(spec["template"]["spec"].GetString("restartPolicy"));
  const std::string at = path + ".template.spec.restartPolicy";
  if (policy.empty() || policy == "Always") {
    errors.push_back(
        RequiredError(at, "valid values: \"OnFailure\", \"Never\""));
  } else if (policy != "OnFailure" && policy != "Never") {
    errors.push_back(NotSupportedError(at, Value(policy),
                                       {Value("OnFailure"), Value("Never")}));
  }
  if (is_template) {
    if (!spec["selector"].is_null()) {
      errors.push_back(InvalidError(path + ".selector", spec["selector"],
                                    "`selector` will be auto-generated"));
    }
  } else if (spec["selector"].is_null()) {
    errors.push_back(RequiredError(path + ".selector"));
  } else {
    CheckSelector(spec["selector"], path + ".selector", errors);
    const Value& labels = spec["template"]["metadata"]["labels"];
    if (!SelectorMatches(spec["selector"], labels)) {
      errors.push_back(
          InvalidError(path + ".template.metadata.labels", labels,
                       "`selector` does not match template `labels`"));
    }
  }
}

// What may change in a job's template while it is suspended.
Value WithoutScheduling(Value pod) {
  if (!pod["spec"].is_object()) return pod;
  for (absl::string_view key :
       {"nodeSelector", "affinity", "tolerations", "schedulingGates"}) {
    pod.Mutable("spec").Erase(key);
  }
  if (pod["metadata"].is_object()) {
    pod.Mutable("metadata").Erase("annotations");
    pod.Mutable("metadata").Erase("labels");
  }
  return pod;
}

void CheckJobUpdate(const Value& old, const Value& job, FieldErrors& errors) {
  const Value& before = old["spec"];
  const Value& after = job["spec"];
  bool scales = after.GetString("completionMode") == "Indexed" &&
                after["completions"] == after["parallelism"];
  if (!scales || before["completions"].is_null()) {
    CheckImmutableField(before["completions"], after["completions"],
                        "spec.completions", errors);
  }
  CheckImmutableField(before["selector"], after["selector"], "spec.selector",
                      errors);
  bool can_move =
      before.GetBool("suspend") && old["status"]["startTime"].is_null();
  if (can_move) {
    Value a = WithoutScheduling(before["template"]);
    Value b = WithoutScheduling(after["template"]);
    if (a != b) {
      errors.push_back(InvalidError("spec.template", after["template"],
                                    "field is immutable"));
    }
  } else {
    CheckImmutableField(before["template"], after["template"], "spec.template",
                        errors);
  }
  for (absl::string_view key :
       {"completionMode", "podFailurePolicy", "backoffLimitPerIndex",
        "managedBy", "successPolicy"}) {
    CheckImmutableField(before[key], after[key], absl::StrCat("spec.", key),
                        errors);
  }
}

// "*/5 * * * *", "@hourly", "@every 5m".
bool IsSchedule(absl::string_view text) {
  absl::ConsumePrefix(&text, "TZ=");
  if (absl::StartsWith(text, "@every ")) return true;
  if (absl::StartsWith(text, "@")) {
    for (absl::string_view name :
         {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight",
          "@hourly"}) {
      if (text == name) return true;
    }
    return false;
  }
  std::vector<absl::string_view> fields =
      absl::StrSplit(text, ' ', absl::SkipWhitespace());
  if (fields.size() != 5) return false;
  for (absl::string_view field : fields) {
    bool fine = std::all_of(field.begin(), field.end(), [](char c) {
      return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
             absl::StrContains("*/,-?", absl::string_view(&c, 1));
    });
    if (!fine) return false;
  }
  return true;
}

void CheckCronJob(const Value& object, FieldErrors& errors) {
  const Value& spec = object["spec"];
  std::string schedule(spec.GetString("schedule"));
  if (schedule.empty()) {
    errors.push_back(RequiredError("spec.schedule"));
  } else if (!IsSchedule(schedule)) {
    size_t fields = std::vector<absl::string_view>(
                        absl::StrSplit(schedule, ' ', absl::SkipWhitespace()))
                        .size();
    errors.push_back(InvalidError(
        "spec.schedule", Value(schedule),
        fields != 5 ? absl::StrCat("expected exactly 5 fields, found ", fields,
                                   ": [", schedule, "]")
                    : absl::StrCat("failed to parse int from ", schedule)));
  }
  for (absl::string_view key :
       {"startingDeadlineSeconds", "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit"}) {
    CheckNonNegative(spec, key, "spec", errors);
  }
  CheckJobSpec(spec["jobTemplate"]["spec"], "spec.jobTemplate.spec", true,
               errors);
  absl::string_view name = object["metadata"].GetString("name");
  if (name.size() > 52) {
    errors.push_back(InvalidError("metadata.name", Value(name),
                                  "must be no more than 52 characters"));
  }
}

}  // namespace

bool CheckWorkload(const KindInfo& kind, const Value& old, const Value& object,
                   FieldErrors& errors) {
  const kube::GroupVersionKind& gvk = kind.resource.gvk;
  const Value& spec = object["spec"];
  if (gvk.group == "batch") {
    if (gvk.kind == "CronJob") {
      CheckCronJob(object, errors);
    } else {
      CheckJobSpec(spec, "spec", false, errors);
      if (!old.is_null()) CheckJobUpdate(old, object, errors);
    }
    return true;
  }
  if (gvk.group != "apps") return false;
  if (gvk.kind == "StatefulSet") {
    CheckStatefulSet(old, spec, errors);
    return true;
  }
  if (gvk.kind == "Deployment") {
    CheckDeployment(spec, errors);
  } else if (gvk.kind == "DaemonSet") {
    CheckDaemonSet(spec, errors);
  } else if (gvk.kind == "ReplicaSet") {
    CheckNonNegative(spec, "replicas", "spec", errors);
    CheckNonNegative(spec, "minReadySeconds", "spec", errors);
    CheckTemplateOf(spec, "empty selector is invalid for deployment",
                    "ReplicaSet", errors);
  } else {
    return true;
  }
  if (!old.is_null()) {
    CheckImmutableField(old["spec"]["selector"], spec["selector"],
                        "spec.selector", errors);
  }
  return true;
}

}  // namespace weir::apiserver
