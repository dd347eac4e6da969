#include "src/event_proto.h"

#include <utility>

#include "weir/base/duration.h"
#include "weir/base/status.h"

namespace weir::reconcile {
namespace {

event::v1::Severity ToProto(Severity severity) {
  switch (severity) {
    case Severity::kTrace:
      return event::v1::SEVERITY_TRACE;
    case Severity::kInfo:
      return event::v1::SEVERITY_INFO;
    case Severity::kError:
      return event::v1::SEVERITY_ERROR;
  }
  return event::v1::SEVERITY_UNSPECIFIED;
}

}  // namespace

void ToProto(const RecordedEvent& from, event::v1::Event* to) {
  const Value& metadata = from.event.object["metadata"];
  event::v1::ObjectReference* object = to->mutable_involved_object();
  const auto text = [](absl::string_view view) { return std::string(view); };
  object->set_kind(text(from.event.object.GetString("kind")));
  object->set_namespace_(text(metadata.GetString("namespace")));
  object->set_name(text(metadata.GetString("name")));
  object->set_uid(text(metadata.GetString("uid")));
  object->set_api_version(text(from.event.object.GetString("apiVersion")));
  object->set_resource_version(text(metadata.GetString("resourceVersion")));
  to->set_severity(ToProto(from.event.severity));
  if (from.time != absl::InfinitePast()) {
    to->set_timestamp(FormatKubeTime(from.time));
  }
  to->set_message(from.event.message);
  to->set_reason(from.event.reason);
  to->mutable_metadata()->insert(from.event.metadata.begin(),
                                 from.event.metadata.end());
  to->set_reporting_controller(from.component);
  to->set_reporting_instance(from.instance);
}

namespace {

// What an emitter must say; nothing is wrong when it is empty.
std::string MissingPart(const event::v1::Event& from) {
  if (from.involved_object().kind().empty() ||
      from.involved_object().name().empty()) {
    return "the involved object needs a kind and a name";
  }
  if (from.severity() != event::v1::SEVERITY_TRACE &&
      from.severity() != event::v1::SEVERITY_INFO &&
      from.severity() != event::v1::SEVERITY_ERROR) {
    return "a known severity is needed";
  }
  if (from.reason().empty()) return "a reason is needed";
  if (from.reporting_controller().empty()) {
    return "a reporting controller is needed";
  }
  return "";
}

}  // namespace

absl::StatusOr<RecordedEvent> FromProto(const event::v1::Event& from) {
  const std::string missing = MissingPart(from);
  if (!missing.empty()) return absl::InvalidArgumentError(missing);
  RecordedEvent recorded;
  recorded.time = absl::InfinitePast();
  if (!from.timestamp().empty()) {
    WEIR_ASSIGN_OR_RETURN(recorded.time, ParseKubeTime(from.timestamp()),
                          "timestamp");
  }
  recorded.component = from.reporting_controller();
  recorded.instance = from.reporting_instance();

  const event::v1::ObjectReference& object = from.involved_object();
  Event& to = recorded.event;
  Value metadata = Value::MakeObject({{"name", Value(object.name())}});
  for (const auto& [key, text] :
       {std::pair("namespace", object.namespace_()),
        std::pair("uid", object.uid()),
        std::pair("resourceVersion", object.resource_version())}) {
    if (!text.empty()) metadata.Set(key, Value(text));
  }
  to.object = Value::MakeObject({{"apiVersion", Value(object.api_version())},
                                 {"kind", Value(object.kind())},
                                 {"metadata", std::move(metadata)}});
  to.severity = from.severity() == event::v1::SEVERITY_ERROR ? Severity::kError
                : from.severity() == event::v1::SEVERITY_INFO
                    ? Severity::kInfo
                    : Severity::kTrace;
  to.reason = from.reason();
  to.message = from.message();
  to.metadata.insert(from.metadata().begin(), from.metadata().end());
  return recorded;
}

}  // namespace weir::reconcile
