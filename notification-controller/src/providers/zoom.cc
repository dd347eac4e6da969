// zoom: the Incoming Webhook app of Zoom Team Chat.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"
#include "weir/value/go_url.h"

namespace weir::notification_controller {
namespace {

absl::Status Check(const Settings& settings) {
  WEIR_RETURN_IF_ERROR(CheckAddress(
      settings.address, "invalid Zoom incoming webhook URL $0: '$1'"));
  if (!settings.token.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("empty Zoom verification token");
}

// Asks for the rich format, unless the address asks for one.
absl::StatusOr<std::string> Address(const std::string& address) {
  WEIR_ASSIGN_OR_RETURN(GoUrl url, ParseGoRequestUri(address));
  auto query = url.Query();
  std::vector<std::string>& format = query["format"];
  if (format.empty() || format[0].empty()) {
    format = {"full"};
    std::vector<std::string> pairs;
    for (const auto& [key, values] : query) {
      for (const std::string& value : values) {
        pairs.push_back(
            absl::StrCat(QueryEscape(key), "=", QueryEscape(value)));
      }
    }
    url.raw_query = absl::StrJoin(pairs, "&");
  }
  return url.ToString();
}

Value Body(const Event& event) {
  Value message = Value::MakeObject({{"type", "message"}});
  if (!event.message.empty()) message.Set("text", event.message);
  Value::Array body = {message};
  if (!event.metadata.empty()) {
    body.push_back(Value::MakeObject(
        {{"type", "fields"}, {"items", Fields(event, "key", "value")}}));
  }
  Value head = Value::MakeObject(
      {{"text", ObjectName(event.object)},
       {"sub_head", Value::MakeObject({{"text", event.severity}})}});
  return Value::MakeObject(
      {{"content", Value::MakeObject({{"head", head}, {"body", body}})}});
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  WEIR_ASSIGN_OR_RETURN(const std::string address, Address(settings.address));
  WEIR_ASSIGN_OR_RETURN(http::Request request, PostValue(address, Body(event)));
  request.headers.Set("Authorization", settings.token.RevealForUse());
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kZoom = {
    .name = "zoom",
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .make = Make,
};

}  // namespace weir::notification_controller
