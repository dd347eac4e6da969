// slack: an incoming webhook, or chat.postMessage with a bot's token.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"
#include "weir/value/go_error.h"
#include "weir/value/json.h"
#include "weir/value/json_decoder.h"

namespace weir::notification_controller {
namespace {

constexpr char kApi[] = "https://slack.com/api/chat.postMessage";

absl::Status Check(const Settings& settings) {
  return CheckAddress(settings.address, "invalid Slack hook URL $0: '$1'");
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  const std::string first_line =
      event.message.substr(0, event.message.find('\n'));
  SlackLook look;
  look.channel = settings.channel;
  look.username = settings.username.empty() ? event.reporting_controller
                                            : settings.username;
  look.fallback = absl::StrCat(ObjectName(event.object), ": ", first_line);
  WEIR_ASSIGN_OR_RETURN(http::Request request,
                        PostValue(settings.address, SlackMessage(event, look)));
  if (!settings.token.empty()) SetBearer(request, settings.token);
  return Requests{std::move(request)};
}

absl::Status NotUnderstood(absl::string_view why) {
  return absl::UnavailableError(
      absl::StrCat("request failed: unable to unmarshal response body: ", why));
}

// chat.postMessage says in the body whether it worked; its code is 200 either
// way.
// Source: https://api.slack.com/methods/chat.postMessage
absl::Status CheckAnswerOf(const Settings& settings,
                           const http::Response& response) {
  if (settings.address != kApi) return CheckAnswer(response);
  if (response.body.empty()) return NotUnderstood("EOF");
  const absl::StatusOr<Value> body = ParseJson(response.body);
  if (!body.ok()) return NotUnderstood(GoError(body.status()));
  bool is_ok = false;
  std::string error;
  JsonDecoder decoder;
  decoder.Struct(*body, "",
                 {{"ok", decoder.To(&is_ok)}, {"error", decoder.To(&error)}});
  if (!decoder.status().ok()) {
    return NotUnderstood(decoder.status().message());
  }
  if (is_ok) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("request failed: Slack responded with error: ", error));
}

}  // namespace

const ProviderType kSlack = {
    .name = "slack",
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .make = Make,
    .check_answer = CheckAnswerOf,
};

}  // namespace weir::notification_controller
