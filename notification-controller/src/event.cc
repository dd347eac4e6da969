#include "src/event.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/json_decoder.h"

namespace weir::notification_controller {
namespace {

// Far more than a Kubernetes event says.
constexpr size_t kMaxValues = 100'000;
constexpr int kMaxDepth = 64;

absl::StatusOr<absl::Time> ReadTimestamp(const std::string& text) {
  if (text.empty()) return absl::InfinitePast();
  return ParseKubeTime(text);
}

// A member that is there even when it is empty.
using Member = std::pair<const char*, Value>;

void AppendMembers(absl::Span<const Member> members, std::string* out) {
  JsonFormatOptions format;
  format.escape_html = true;
  out->push_back('{');
  for (size_t i = 0; i < members.size(); ++i) {
    absl::StrAppend(out, i == 0 ? "\"" : ",\"", members[i].first, "\":");
    AppendJson(members[i].second, out, format);
  }
  out->push_back('}');
}

std::vector<Member> ObjectMembers(const ObjectReference& object) {
  std::vector<Member> members;
  const auto add = [&members](const char* name, const std::string& text) {
    if (!text.empty()) members.emplace_back(name, text);
  };
  add("kind", object.kind);
  add("namespace", object.name_space);
  add("name", object.name);
  add("uid", object.uid);
  add("apiVersion", object.api_version);
  add("resourceVersion", object.resource_version);
  add("fieldPath", object.field_path);
  return members;
}

// All members but the object, in upstream's order.
std::vector<Member> EventMembers(const Event& event) {
  std::vector<Member> members;
  members.emplace_back("severity", event.severity);
  members.emplace_back("timestamp",
                       event.timestamp == absl::InfinitePast()
                           ? Value()
                           : Value(FormatKubeTime(event.timestamp)));
  members.emplace_back("message", event.message);
  members.emplace_back("reason", event.reason);
  if (!event.metadata.empty()) {
    Value metadata = Value::MakeObject();
    for (const auto& [key, value] : event.metadata) metadata.Set(key, value);
    members.emplace_back("metadata", std::move(metadata));
  }
  members.emplace_back("reportingController", event.reporting_controller);
  if (!event.reporting_instance.empty()) {
    members.emplace_back("reportingInstance", event.reporting_instance);
  }
  return members;
}

}  // namespace

std::string ObjectReference::Group() const {
  const size_t slash = api_version.find('/');
  // With two it names nothing, as for Kubernetes.
  if (slash == std::string::npos || slash != api_version.rfind('/')) return "";
  return api_version.substr(0, slash);
}

std::string ObjectReference::ToString() const {
  return absl::StrCat(kind, "/", name_space, "/", name);
}

std::string Event::Metadata(absl::string_view key) const {
  const auto found = metadata.find(std::string(key));
  return found == metadata.end() ? "" : found->second;
}

absl::StatusOr<Event> ParseEvent(absl::string_view json) {
  JsonParseOptions options;
  options.max_values = kMaxValues;
  options.max_depth = kMaxDepth;
  WEIR_ASSIGN_OR_RETURN(const Value value, ParseJson(json, options));
  Event event;
  std::string timestamp;
  JsonDecoder decoder;
  ObjectReference& object = event.object;
  const auto read_object = [&decoder, &object](const Value& from) {
    decoder.Struct(from, "v1.ObjectReference",
                   {{"kind", decoder.To(&object.kind)},
                    {"namespace", decoder.To(&object.name_space)},
                    {"name", decoder.To(&object.name)},
                    {"uid", decoder.To(&object.uid)},
                    {"apiVersion", decoder.To(&object.api_version)},
                    {"resourceVersion", decoder.To(&object.resource_version)},
                    {"fieldPath", decoder.To(&object.field_path)}});
  };
  decoder.Struct(
      value, "v1beta1.Event",
      {{"involvedObject", read_object},
       {"severity", decoder.To(&event.severity)},
       {"timestamp", decoder.To(&timestamp)},
       {"message", decoder.To(&event.message)},
       {"reason", decoder.To(&event.reason)},
       {"metadata", decoder.To(&event.metadata)},
       {"reportingController", decoder.To(&event.reporting_controller)},
       {"reportingInstance", decoder.To(&event.reporting_instance)}});
  WEIR_RETURN_IF_ERROR(decoder.status());
  WEIR_ASSIGN_OR_RETURN(event.timestamp, ReadTimestamp(timestamp), "timestamp");
  return event;
}

Value ToValue(const Event& event) {
  Value object = Value::MakeObject();
  for (Member& member : ObjectMembers(event.object)) {
    object.Set(member.first, std::move(member.second));
  }
  Value value = Value::MakeObject();
  value.Set("involvedObject", std::move(object));
  for (Member& member : EventMembers(event)) {
    value.Set(member.first, std::move(member.second));
  }
  return value;
}

std::string ToJson(const Event& event) {
  std::string object;
  AppendMembers(ObjectMembers(event.object), &object);
  std::string rest;
  AppendMembers(EventMembers(event), &rest);
  return absl::StrCat("{\"involvedObject\":", object, ",", rest.substr(1));
}

}  // namespace weir::notification_controller
