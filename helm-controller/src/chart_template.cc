#include "src/chart_template.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/apply/normalize.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/consumer/source_watch.h"

namespace weir::helm_controller {
namespace {

constexpr char kHelmChart[] = "HelmChart";

Value ToValue(const google::protobuf::Map<std::string, std::string>& map) {
  Value value = Value::MakeObject();
  for (const auto& [key, text] : map) value.Set(key, text);
  return value;
}

// Whether all members of `wanted` are in `live` with the same value.
bool IsWithin(const Value& wanted, const Value& live) {
  for (const Value::Member& member : wanted.object()) {
    if (!(live[member.key] == member.value)) return false;
  }
  return true;
}

std::string NormalDuration(const std::string& text) {
  const auto duration = ParseGoDuration(text);
  return duration.ok() ? FormatGoDuration(*duration) : text;
}

}  // namespace

Value MakeHelmChart(const Plan& plan) {
  const auto& asked = plan.spec.chart();
  const auto& spec = asked.spec();
  Value chart_spec = Value::MakeObject(
      {{"chart", spec.chart()},
       {"version", spec.version().empty() ? "*" : spec.version()},
       {"sourceRef", Value::MakeObject({{"kind", spec.source_ref().kind()},
                                        {"name", spec.source_ref().name()}})},
       {"interval",
        NormalDuration(spec.interval().empty() ? plan.spec.interval()
                                               : spec.interval())},
       {"reconcileStrategy", spec.reconcile_strategy().empty()
                                 ? "ChartVersion"
                                 : spec.reconcile_strategy()}});
  for (const std::string& file : spec.values_files()) {
    chart_spec.Mutable("valuesFiles").Append(file);
  }
  if (spec.ignore_missing_values_files()) {
    chart_spec.Set("ignoreMissingValuesFiles", true);
  }
  if (spec.has_verify())
    chart_spec.Set("verify", codec::ToValue(spec.verify()));
  Value chart = Value::MakeObject(
      {{"apiVersion", consumer::SourceKind(kHelmChart).ApiVersion()},
       {"kind", kHelmChart},
       {"metadata", Value::MakeObject({{"name", plan.source.name},
                                       {"namespace", plan.source.name_space}})},
       {"spec", std::move(chart_spec)}});
  if (!asked.metadata().annotations().empty()) {
    apply::SetAnnotations(chart, ToValue(asked.metadata().annotations()));
  }
  if (!asked.metadata().labels().empty()) {
    apply::SetLabels(chart, ToValue(asked.metadata().labels()));
  }
  apply::SetLabels(chart, OriginLabels(plan.key));
  return chart;
}

bool IsInSync(const Value& wanted, const Value& live) {
  return live.is_object() && wanted["spec"] == live["spec"] &&
         IsWithin(wanted["metadata"]["labels"], live["metadata"]["labels"]) &&
         IsWithin(wanted["metadata"]["annotations"],
                  live["metadata"]["annotations"]);
}

std::string DescribeSourceRef(const Plan& plan) {
  const auto& ref = plan.spec.chart().spec().source_ref();
  return absl::StrCat(ref.kind(), "/", plan.source.name_space, "/", ref.name());
}

absl::StatusOr<bool> DeleteHelmChart(const Context& ctx,
                                     const kube::Client& client,
                                     const std::string& name) {
  const size_t slash = name.find('/');
  if (slash == std::string::npos) return false;
  const absl::Status deleted =
      client.Delete(ctx, {consumer::SourceKind(kHelmChart),
                          {name.substr(0, slash), name.substr(slash + 1)}});
  if (absl::IsNotFound(deleted)) return false;
  WEIR_RETURN_IF_ERROR(deleted, "failed to delete HelmChart '", name, "'");
  return true;
}

}  // namespace weir::helm_controller
