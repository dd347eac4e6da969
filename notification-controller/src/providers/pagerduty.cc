// pagerduty: the Events API v2. An error opens an incident of the object;
// anything else resolves it, and info is a change event as well.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"
#include "weir/value/go_url.h"

namespace weir::notification_controller {
namespace {

absl::Status Check(const Settings& settings) {
  return CheckAddress(settings.address,
                      "invalid PagerDuty endpoint URL \"$0\": '$1'");
}

// What both kinds of events say.
Value Payload(const Event& event) {
  Value details = Value::MakeObject(
      {{"message", event.message},
       {"metadata", event.metadata.empty() ? Value() : MetadataObject(event)}});
  return Value::MakeObject(
      {{"summary",
        absl::StrCat(ReasonWords(event.reason), ": ", LowerName(event.object))},
       {"source", absl::StrCat("Flux ", event.reporting_controller)},
       {"timestamp", TimestampOrZero(event)},
       {"custom_details", details}});
}

Value Alert(const Event& event, const Settings& settings) {
  Value alert = Value::MakeObject(
      {{"routing_key", settings.channel},
       {"event_action", event.is_error() ? "trigger" : "resolve"}});
  if (!event.object.uid.empty()) alert.Set("dedup_key", event.object.uid);
  if (!event.is_error()) return alert;
  Value& payload = alert.Set("payload", Payload(event));
  payload.Set("severity", "error");
  if (!event.object.name.empty()) payload.Set("component", event.object.name);
  if (!event.object.kind.empty()) payload.Set("group", event.object.kind);
  return alert;
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  if (event.reason == "Progressing") return Requests{};
  WEIR_ASSIGN_OR_RETURN(const GoUrl url, ParseGoRequestUri(settings.address));
  const std::string endpoint = absl::StrCat(url.scheme, "://", url.host);
  WEIR_ASSIGN_OR_RETURN(http::Request alert, PostValue(endpoint + "/v2/enqueue",
                                                       Alert(event, settings)));
  Requests requests = {std::move(alert)};
  if (event.severity != kSeverityInfo) return requests;
  WEIR_ASSIGN_OR_RETURN(
      http::Request change,
      PostValue(endpoint + "/v2/change/enqueue",
                Value::MakeObject({{"routing_key", settings.channel},
                                   {"payload", Payload(event)}})));
  requests.push_back(std::move(change));
  return requests;
}

}  // namespace

const ProviderType kPagerDuty = {
    .name = "pagerduty",
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .make = Make,
    .failure = "failed sending event",
};

}  // namespace weir::notification_controller
