#include "src/alert.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace weir::notification_controller {
namespace {

std::map<std::string, std::string> ReadMap(const Value& object) {
  std::map<std::string, std::string> map;
  for (const Value::Member& member : object.object()) {
    if (member.value.is_string()) map[member.key] = member.value.AsString();
  }
  return map;
}

std::vector<Alert::Pattern> ReadPatterns(const Value& list) {
  std::vector<Alert::Pattern> patterns;
  for (const Value& item : list.array()) {
    if (!item.is_string()) continue;
    Alert::Pattern pattern{item.AsString(), nullptr};
    absl::StatusOr<text::Regex> regex = text::Regex::Compile(pattern.text);
    if (regex.ok()) {
      pattern.regex = std::make_shared<const text::Regex>(*std::move(regex));
    }
    patterns.push_back(std::move(pattern));
  }
  return patterns;
}

// Whether one matches; those that cannot are told of until then.
bool AnyMatches(const std::vector<Alert::Pattern>& patterns,
                const std::string& message, absl::string_view list,
                std::vector<Warning>& warnings) {
  for (const Alert::Pattern& pattern : patterns) {
    if (pattern.regex == nullptr) {
      warnings.push_back(
          {"InvalidConfig",
           absl::StrCat("failed to compile ", list, " regex: ", pattern.text)});
    } else if (pattern.regex->Matches(message)) {
      return true;
    }
  }
  return false;
}

bool HaveLabels(const Value& labels,
                const std::map<std::string, std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&labels](const auto& one) {
    const Value* found = labels.Find(one.first);
    return found != nullptr && found->is_string() &&
           found->AsString() == one.second;
  });
}

bool IsFrom(const Alert& alert, const Alert::Source& source, const Event& event,
            const FindLabels& find_labels, std::vector<Warning>& warnings) {
  const ObjectReference& object = event.object;
  if (object.name_space != source.name_space || object.kind != source.kind) {
    return false;
  }
  if (event.severity != alert.severity && alert.severity != kSeverityInfo) {
    return false;
  }
  if (source.name != "*" && source.name != object.name) return false;
  if (source.match_labels.empty()) return true;
  const absl::StatusOr<Value> labels = find_labels(object);
  if (!labels.ok()) {
    warnings.push_back(
        {"SourceFetchFailed",
         absl::StrCat("error getting source object ", object.ToString())});
    return false;
  }
  return HaveLabels(*labels, source.match_labels);
}

}  // namespace

std::shared_ptr<const Alert> Alert::Parse(const Value& object) {
  auto alert = std::make_shared<Alert>();
  const Value& spec = object["spec"];
  alert->key = kube::KeyOf(object);
  alert->uid = std::string(object["metadata"].GetString("uid"));
  alert->provider = std::string(spec["providerRef"].GetString("name"));
  alert->severity = std::string(spec.GetString("eventSeverity"));
  alert->is_suspended = spec.GetBool("suspend");
  for (const Value& item : spec["eventSources"].array()) {
    Source source;
    source.kind = std::string(item.GetString("kind"));
    source.name_space = std::string(item.GetString("namespace"));
    if (source.name_space.empty()) source.name_space = alert->key.name_space;
    source.name = std::string(item.GetString("name"));
    source.match_labels = ReadMap(item["matchLabels"]);
    alert->sources.push_back(std::move(source));
  }
  alert->inclusions = ReadPatterns(spec["inclusionList"]);
  alert->exclusions = ReadPatterns(spec["exclusionList"]);
  alert->metadata = ReadMap(spec["eventMetadata"]);
  alert->summary = std::string(spec.GetString("summary"));
  alert->object = object;
  return alert;
}

bool Wants(const Alert& alert, const Event& event,
           const FindLabels& find_labels, std::vector<Warning>& warnings) {
  if (alert.is_suspended) return false;
  const bool is_from_source = std::any_of(
      alert.sources.begin(), alert.sources.end(), [&](const auto& source) {
        return IsFrom(alert, source, event, find_labels, warnings);
      });
  if (!is_from_source) return false;
  if (!alert.inclusions.empty() &&
      !AnyMatches(alert.inclusions, event.message, "inclusion", warnings)) {
    return false;
  }
  return !AnyMatches(alert.exclusions, event.message, "exclusion", warnings);
}

}  // namespace weir::notification_controller
