#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/http/client.h"
#include "weir/reconcile/event_sink.h"
#include "weir/reconcile/events.h"
#include "weir/value/json.h"

namespace weir::reconcile {
namespace {

class HttpEventSink : public EventSink {
 public:
  explicit HttpEventSink(const std::string& url) : url_(url) {}

  absl::string_view name() const override { return "http"; }

  absl::Status Send(const Context& ctx, const RecordedEvent& event) override {
    http::Request request;
    request.method = "POST";
    request.url = url_;
    request.headers.Set("Content-Type", "application/json");
    request.body = FormatJson(MakePostedEvent(event));
    request.max_response_bytes = 64u << 10;
    WEIR_ASSIGN_OR_RETURN(const http::Response answer,
                          http_.SendAndWait(ctx, request));
    if (answer.code < 500) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("the answer was ", answer.code));
  }

 private:
  const std::string url_;
  http::Client http_;
};

}  // namespace

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

std::shared_ptr<EventSink> MakeHttpEventSink(const std::string& url) {
  return std::make_shared<HttpEventSink>(url);
}

}  // namespace weir::reconcile
