// msteams: a webhook of Microsoft Teams: an adaptive card for one of a
// workflow, a message card for one of the older connectors.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"
#include "weir/value/go_url.h"

namespace weir::notification_controller {
namespace {

absl::Status Check(const Settings& settings) {
  return CheckAddress(settings.address,
                      "invalid MS Teams webhook URL $0: '$1'");
}

bool IsConnector(const std::string& address) {
  const absl::StatusOr<GoUrl> url = ParseGoRequestUri(address);
  return url.ok() && absl::EndsWith(url->host.substr(0, url->host.find(':')),
                                    ".webhook.office.com");
}

Value MessageCard(const Event& event) {
  const std::string name = ObjectName(event.object);
  Value section =
      Value::MakeObject({{"activityTitle", event.message},
                         {"activitySubtitle", name},
                         {"facts", Fields(event, "name", "value")}});
  return Value::MakeObject(
      {{"@type", "MessageCard"},
       {"@context", "http://schema.org/extensions"},
       {"themeColor", event.is_error() ? "FF0000" : "0076D7"},
       {"summary", name},
       {"sections", Value::Array{section}}});
}

// The summary comes first, as it says most.
Value Facts(const Event& event) {
  Value facts = Fields(event, "title", "value");
  Value::Array& array = facts.MutableArray();
  std::stable_partition(array.begin(), array.end(), [](const Value& fact) {
    return fact.GetString("title") == "summary";
  });
  return facts;
}

Value AdaptiveCard(const Event& event) {
  Value title = Value::MakeObject({{"type", "TextBlock"},
                                   {"text", ObjectName(event.object)},
                                   {"size", "large"},
                                   {"weight", "bolder"},
                                   {"wrap", true}});
  Value message = Value::MakeObject({{"type", "TextBlock"}, {"wrap", true}});
  if (!event.message.empty()) message.Set("text", event.message);
  if (event.is_error()) message.Set("color", "attention");
  Value facts = Value::MakeObject({{"type", "FactSet"}});
  if (!event.metadata.empty()) facts.Set("facts", Facts(event));
  Value container = Value::MakeObject(
      {{"type", "Container"}, {"items", Value::Array{title, message, facts}}});
  Value content = Value::MakeObject(
      {{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
       {"type", "AdaptiveCard"},
       {"version", "1.4"},  // The newest that Teams reads.
       {"body", Value::Array{container}},
       {"msteams", Value::MakeObject({{"width", "Full"}})}});
  Value attachment = Value::MakeObject(
      {{"contentType", "application/vnd.microsoft.card.adaptive"},
       {"content", content}});
  return Value::MakeObject(
      {{"type", "message"}, {"attachments", Value::Array{attachment}}});
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  const Value card =
      IsConnector(settings.address) ? MessageCard(event) : AdaptiveCard(event);
  WEIR_ASSIGN_OR_RETURN(http::Request request,
                        PostValue(settings.address, card));
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kMsTeams = {
    .name = "msteams",
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .make = Make,
};

}  // namespace weir::notification_controller
