#include "conversion.h"

#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

struct Renamed {
  const char* core;
  const char* group;  // In events.k8s.io.
};
constexpr Renamed kEventFields[] = {
    {"message", "note"},
    {"involvedObject", "regarding"},
    {"reportingComponent", "reportingController"},
    {"source", "deprecatedSource"},
    {"count", "deprecatedCount"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
};

// What core events write when empty and the others leave out.
constexpr const char* kAlwaysInCore[] = {"reportingComponent",
                                         "reportingInstance"};

constexpr char kMetricsAnnotation[] = "autoscaling.alpha.kubernetes.io/metrics";
constexpr char kBehaviorAnnotation[] =
    "autoscaling.alpha.kubernetes.io/behavior";
constexpr char kConditionsAnnotation[] =
    "autoscaling.alpha.kubernetes.io/conditions";
constexpr char kCurrentMetricsAnnotation[] =
    "autoscaling.alpha.kubernetes.io/current-metrics";

Value Rename(const Value& event, bool to_core) {
  Value out = event;
  for (const Renamed& field : kEventFields) {
    const char* from = to_core ? field.group : field.core;
    const char* to = to_core ? field.core : field.group;
    const Value* member = event.Find(from);
    if (member == nullptr) continue;
    Value value = *member;
    out.Erase(from);
    out.Set(to, std::move(value));
  }
  out.Set("apiVersion", to_core ? "v1" : "events.k8s.io/v1");
  return out;
}

bool IsCpuUtilization(const Value& metric) {
  return metric.GetString("type") == "Resource" &&
         metric["resource"].GetString("name") == "cpu";
}

void MoveToAnnotation(Value& object, const char* section, const char* field,
                      const char* annotation) {
  const Value value = object[section][field];
  if (value.is_null()) return;
  object.FindMutable(section)->Erase(field);
  object.Mutable("metadata")
      .Mutable("annotations")
      .Set(annotation, FormatJson(value));
}

void MoveFromAnnotation(Value& object, const char* annotation,
                        const char* section, const char* field) {
  const Value& text = object["metadata"]["annotations"][annotation];
  if (!text.is_string()) return;
  absl::StatusOr<Value> value = ParseJson(text.AsString());
  if (value.ok()) object.Mutable(section).Set(field, *std::move(value));
  Value& metadata = object.Mutable("metadata");
  metadata.FindMutable("annotations")->Erase(annotation);
  if (metadata["annotations"].empty()) metadata.Erase("annotations");
}

}  // namespace

Value EventFromCore(const Value& event) {
  Value stripped = event;
  for (const char* key : kAlwaysInCore) {
    if (event.GetString(key).empty()) stripped.Erase(key);
  }
  return Rename(stripped, false);
}

Value EventToCore(const Value& event) {
  Value out = Rename(event, true);
  for (const char* key : kAlwaysInCore) {
    if (!out.Has(key)) out.Set(key, "");
  }
  return out;
}

Value AutoscalerToV1(const Value& autoscaler) {
  Value out = autoscaler;
  out.Set("apiVersion", "autoscaling/v1");
  Value others = Value::MakeArray();
  for (const Value& metric : autoscaler["spec"]["metrics"].array()) {
    const Value& target = metric["resource"]["target"];
    if (IsCpuUtilization(metric) && target.Has("averageUtilization")) {
      out.Mutable("spec").Set("targetCPUUtilizationPercentage",
                              target["averageUtilization"]);
    } else {
      others.Append(metric);
    }
  }
  if (out["spec"].Has("metrics")) {
    if (others.empty()) {
      out.FindMutable("spec")->Erase("metrics");
    } else {
      out.FindMutable("spec")->Set("metrics", std::move(others));
      MoveToAnnotation(out, "spec", "metrics", kMetricsAnnotation);
    }
  }
  MoveToAnnotation(out, "spec", "behavior", kBehaviorAnnotation);
  for (const Value& metric : autoscaler["status"]["currentMetrics"].array()) {
    const Value& used = metric["resource"]["current"]["averageUtilization"];
    if (IsCpuUtilization(metric) && !used.is_null()) {
      out.Mutable("status").Set("currentCPUUtilizationPercentage", used);
    }
  }
  MoveToAnnotation(out, "status", "currentMetrics", kCurrentMetricsAnnotation);
  MoveToAnnotation(out, "status", "conditions", kConditionsAnnotation);
  return out;
}

Value AutoscalerToV2(const Value& autoscaler) {
  Value out = autoscaler;
  out.Set("apiVersion", "autoscaling/v2");
  MoveFromAnnotation(out, kMetricsAnnotation, "spec", "metrics");
  MoveFromAnnotation(out, kBehaviorAnnotation, "spec", "behavior");
  MoveFromAnnotation(out, kCurrentMetricsAnnotation, "status",
                     "currentMetrics");
  MoveFromAnnotation(out, kConditionsAnnotation, "status", "conditions");
  const Value target = out["spec"]["targetCPUUtilizationPercentage"];
  if (!target.is_null()) {
    Value& spec = out.Mutable("spec");
    spec.Erase("targetCPUUtilizationPercentage");
    Value metrics = Value::MakeArray();
    metrics.Append(Value::MakeObject(
        {{"type", "Resource"},
         {"resource",
          Value::MakeObject(
              {{"name", "cpu"},
               {"target",
                Value::MakeObject({{"type", "Utilization"},
                                   {"averageUtilization", target}})}})}}));
    for (const Value& metric : spec["metrics"].array()) metrics.Append(metric);
    spec.Set("metrics", std::move(metrics));
  }
  if (Value* status = out.FindMutable("status"); status != nullptr) {
    status->Erase("currentCPUUtilizationPercentage");
  }
  return out;
}

Value ToServed(const Served& served, const Value& stored) {
  const kube::GroupVersionKind& gvk = served.kind->resource.gvk;
  if (served.kind == served.stored_as || stored.is_null()) return stored;
  if (gvk.group == "events.k8s.io") return EventFromCore(stored);
  if (gvk.kind == "HorizontalPodAutoscaler" && gvk.group == "autoscaling") {
    return AutoscalerToV1(stored);
  }
  Value out = stored;
  out.Set("apiVersion", gvk.ApiVersion());
  return out;
}

Value ToStored(const Served& served, const Value& object) {
  const kube::GroupVersionKind& gvk = served.kind->resource.gvk;
  if (served.kind == served.stored_as || object.is_null()) return object;
  if (gvk.group == "events.k8s.io") return EventToCore(object);
  if (gvk.kind == "HorizontalPodAutoscaler" && gvk.group == "autoscaling") {
    return AutoscalerToV2(object);
  }
  Value out = object;
  out.Set("apiVersion", served.stored_as->resource.gvk.ApiVersion());
  return out;
}

}  // namespace weir::apiserver
