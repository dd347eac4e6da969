#include "selection.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api_errors.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

const Value& FindPath(const Value& object, absl::string_view path) {
  const Value* at = &object;
  for (absl::string_view step : absl::StrSplit(path, '.')) {
    at = &(*at)[step];
  }
  return *at;
}

std::string FieldText(const Value& object, absl::string_view field) {
  // Fields whose selector is not their path.
  if (field == "source") {
    const absl::string_view component = object["source"].GetString("component");
    return std::string(
        component.empty() ? object.GetString("reportingComponent") : component);
  }
  if (field == "status.successful") field = "status.succeeded";
  const Value& value = FindPath(object, field);
  if (value.is_string()) return value.AsString();
  if (value.is_null()) {
    if (field == "spec.unschedulable" || field == "spec.hostNetwork") {
      return "false";
    }
    if (field == "status.replicas" || field == "status.succeeded") return "0";
    return "";
  }
  return FormatJson(value);
}

// The name that events.k8s.io gives a field of the stored form.
std::string StoredField(const KindInfo& kind, absl::string_view field) {
  if (kind.resource.gvk.group != "events.k8s.io") return std::string(field);
  if (absl::ConsumePrefix(&field, "regarding.")) {
    return absl::StrCat("involvedObject.", field);
  }
  if (field == "reportingController") return "reportingComponent";
  return std::string(field);
}

}  // namespace

absl::StatusOr<Selection> Selection::Parse(const KindInfo& kind,
                                           absl::string_view labels,
                                           absl::string_view fields,
                                           absl::string_view name) {
  Selection out;
  auto selector = kube::LabelSelector::Parse(labels);
  if (!selector.ok()) {
    return BadRequest(std::string(selector.status().message()));
  }
  out.labels_ = *std::move(selector);
  auto requirements = kube::ParseFieldSelector(fields);
  if (!requirements.ok()) {
    return BadRequest(std::string(requirements.status().message()));
  }
  if (!name.empty()) {
    requirements->push_back({kube::Requirement::Operator::kIn,
                             "metadata.name",
                             {std::string(name)}});
  }
  for (kube::Requirement& requirement : *requirements) {
    requirement.key = StoredField(kind, requirement.key);
    const bool is_name = requirement.key == "metadata.name";
    const std::vector<std::string>& offered = kind.selectable_fields;
    if (!is_name && requirement.key != "metadata.namespace" &&
        std::find(offered.begin(), offered.end(), requirement.key) ==
            offered.end() &&
        kind.resource.gvk.kind != "Event") {
      return BadRequest(
          offered.empty() && !kind.is_custom
              ? absl::StrCat("\"", requirement.key,
                             "\" is not a known field selector: only "
                             "\"metadata.name\", \"metadata.namespace\"")
              : absl::StrCat("field label not supported: ", requirement.key));
    }
    if (is_name && requirement.op == kube::Requirement::Operator::kIn) {
      out.name_ = requirement.values.front();
    }
  }
  out.fields_ = *std::move(requirements);
  return out;
}

bool Selection::Matches(const Value& stored) const {
  for (const kube::Requirement& requirement : fields_) {
    const bool is_equal =
        FieldText(stored, requirement.key) == requirement.values.front();
    if (is_equal != (requirement.op == kube::Requirement::Operator::kIn)) {
      return false;
    }
  }
  return labels_.empty() || labels_.Matches(stored["metadata"]["labels"]);
}

}  // namespace weir::apiserver
