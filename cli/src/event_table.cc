#include "event_table.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "nouns.h"
#include "weir/base/duration.h"
#include "weir/base/human_duration.h"

namespace weir::cli {
namespace {

// A kind that says things, but that no other command knows.
constexpr absl::string_view kGenerator = "ArtifactGenerator";

// The kind as it is written; "" for none of the toolkit's.
std::string FindKind(absl::string_view text) {
  const auto is_it = [text](absl::string_view name) {
    return absl::EqualsIgnoreCase(name, text);
  };
  for (const Noun& noun : Nouns()) {
    if (is_it(noun.gvk.kind) ||
        (noun.group == NounGroup::kNone && absl::c_any_of(noun.names, is_it))) {
      return noun.gvk.kind;
    }
  }
  return is_it(kGenerator) ? std::string(kGenerator) : "";
}

absl::Time ReadTime(const Value& value) {
  if (!value.is_string()) return absl::InfinitePast();
  const auto time = ParseKubeTime(value.AsString());
  return time.ok() ? *time : absl::InfinitePast();
}

std::string Since(absl::Time time, absl::Time now) {
  return time == absl::InfinitePast() ? "<unknown>"
                                      : FormatHumanDuration(now - time);
}

std::string LastSeen(const Value& event, absl::Time now) {
  const absl::Time event_time = ReadTime(event["eventTime"]);
  const std::string first = Since(event_time == absl::InfinitePast()
                                      ? ReadTime(event["firstTimestamp"])
                                      : event_time,
                                  now);
  const auto repeated = [&](const Value& last, int64_t count) {
    return absl::StrCat(Since(ReadTime(last), now), " (x", count, " over ",
                        first, ")");
  };
  const Value& series = event["series"];
  if (series.is_object()) {
    return repeated(series["lastObservedTime"], series.GetInt("count"));
  }
  const int64_t count = event.GetInt("count");
  return count > 1 ? repeated(event["lastTimestamp"], count) : first;
}

}  // namespace

std::string EventTarget::FieldSelector() const {
  std::vector<std::string> parts;
  if (!kind.empty())
    parts.push_back(absl::StrCat("involvedObject.kind=", kind));
  if (!name.empty())
    parts.push_back(absl::StrCat("involvedObject.name=", name));
  return absl::StrJoin(parts, ",");
}

absl::StatusOr<EventTarget> ParseEventTarget(absl::string_view text,
                                             const std::string& name_space) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('/', 1));
  EventTarget target{name_space, FindKind(parts.first),
                     std::string(parts.second)};
  if (target.kind.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--for: '", parts.first,
                     "' is no kind of the toolkit's; say KIND or KIND/NAME"));
  }
  return target;
}

std::vector<EventTarget> RelatedTargets(const Value& object) {
  const Value& spec = object["spec"];
  const std::string own(object["metadata"].GetString("namespace"));
  std::vector<EventTarget> targets;
  const auto add = [&](const Value& ref, absl::string_view kind) {
    if (!ref.is_object()) return;
    targets.push_back({std::string(ref.GetString("namespace", own)),
                       std::string(ref.GetString("kind", kind)),
                       std::string(ref.GetString("name"))});
  };
  const absl::string_view kind = object.GetString("kind");
  if (kind == "Kustomization" || kind == "HelmChart") {
    add(spec["sourceRef"], "");
  } else if (kind == "HelmRelease") {
    add(spec["chartRef"], "");
    const Value& source = spec["chart"]["spec"]["sourceRef"];
    add(source, "");
    if (source.is_object()) {
      targets.push_back(
          {targets.back().name_space, "HelmChart",
           absl::StrCat(own, "-", object["metadata"].GetString("name"))});
    }
  } else if (kind == "Alert") {
    add(spec["providerRef"], "Provider");
  } else if (kind == "ImagePolicy") {
    add(spec["imageRepositoryRef"], "ImageRepository");
  }
  return targets;
}

absl::Status CheckEventTypes(const std::vector<std::string>& types) {
  for (const std::string& type : types) {
    if (!absl::EqualsIgnoreCase(type, "Normal") &&
        !absl::EqualsIgnoreCase(type, "Warning")) {
      return absl::InvalidArgumentError(
          absl::StrCat("--types: '", type, "' is neither Normal nor Warning"));
    }
  }
  return absl::OkStatus();
}

bool IsShown(const Value& event, const std::vector<std::string>& types) {
  if (FindKind(event["involvedObject"].GetString("kind")).empty()) return false;
  return types.empty() || absl::c_any_of(types, [&](const std::string& type) {
           return absl::EqualsIgnoreCase(type, event.GetString("type"));
         });
}

absl::Time TimeOfEvent(const Value& event) {
  const Value& series = event["series"];
  if (series.is_object()) return ReadTime(series["lastObservedTime"]);
  const absl::Time last = ReadTime(event["lastTimestamp"]);
  return last == absl::InfinitePast() ? ReadTime(event["eventTime"]) : last;
}

void SortByTime(std::vector<Value>& events) {
  std::stable_sort(events.begin(), events.end(),
                   [](const Value& a, const Value& b) {
                     return TimeOfEvent(a) < TimeOfEvent(b);
                   });
}

std::vector<std::string> EventHeader(bool with_namespace) {
  std::vector<std::string> header = {"Last seen", "Type", "Reason", "Object",
                                     "Message"};
  if (with_namespace) header.insert(header.begin(), "Namespace");
  return header;
}

std::vector<std::string> EventRow(const Value& event, bool with_namespace,
                                  absl::Time now) {
  const Value& object = event["involvedObject"];
  std::vector<std::string> row;
  if (with_namespace) {
    row.emplace_back(event["metadata"].GetString("namespace"));
  }
  row.push_back(LastSeen(event, now));
  row.emplace_back(event.GetString("type"));
  row.emplace_back(event.GetString("reason"));
  row.push_back(
      absl::StrCat(object.GetString("kind"), "/", object.GetString("name")));
  row.emplace_back(event.GetString("message"));
  return row;
}

std::string ColourWarnings(absl::string_view table,
                           const std::vector<bool>& is_warning,
                           bool has_header) {
  std::string out;
  size_t line = 0;
  for (const absl::string_view text :
       absl::StrSplit(table, '\n', absl::SkipEmpty())) {
    const bool is_header = has_header && line == 0;
    const size_t row = line++ - (has_header ? 1 : 0);
    const bool is_coloured =
        is_header || (row < is_warning.size() && is_warning[row]);
    absl::StrAppend(&out,
                    !is_coloured ? ""
                    : is_header  ? "\x1b[1m"
                                 : "\x1b[33m",
                    text, is_coloured ? "\x1b[0m\n" : "\n");
  }
  return out;
}

}  // namespace weir::cli
