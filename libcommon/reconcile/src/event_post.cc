#include <utility>

#include "weir/base/duration.h"
#include "weir/reconcile/events.h"

namespace weir::reconcile {

const char* SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kTrace:
      return "trace";
    case Severity::kInfo:
      return "info";
    case Severity::kError:
      return "error";
  }
  return "";
}

Value MakePostedEvent(const RecordedEvent& event) {
  const Value& object = event.event.object;
  const Value& metadata = object["metadata"];
  Value involved = Value::MakeObject();
  const auto set = [&involved](const char* key, absl::string_view text) {
    if (!text.empty()) involved.Set(key, text);
  };
  set("kind", object.GetString("kind"));
  set("apiVersion", object.GetString("apiVersion"));
  for (const char* key : {"namespace", "name", "uid", "resourceVersion"}) {
    set(key, metadata.GetString(key));
  }
  Value body =
      Value::MakeObject({{"involvedObject", std::move(involved)},
                         {"severity", SeverityName(event.event.severity)},
                         {"timestamp", FormatKubeTime(event.time)},
                         {"message", event.event.message},
                         {"reason", event.event.reason},
                         {"reportingController", event.component},
                         {"reportingInstance", event.instance}});
  if (!event.event.metadata.empty()) {
    Value extra = Value::MakeObject();
    for (const auto& [key, value] : event.event.metadata) {
      extra.Set(key, value);
    }
    body.Set("metadata", std::move(extra));
  }
  return body;
}

}  // namespace weir::reconcile
