// telegram: the bot API, whose address is always the same.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::Status Check(const Settings& settings) {
  if (settings.channel.empty()) {
    return absl::InvalidArgumentError("empty Telegram channel");
  }
  if (settings.token.empty()) {
    return absl::InvalidArgumentError("empty Telegram token");
  }
  const std::string& token = settings.token.RevealForUse();
  if (std::any_of(token.begin(), token.end(), absl::ascii_iscntrl)) {
    return absl::InvalidArgumentError(
        "the Telegram token holds a line break or another control character");
  }
  return absl::OkStatus();
}

// Source: https://core.telegram.org/bots/api#markdownv2-style
std::string Escape(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (absl::StrContains("\\.-_[]()~>`#+=|{}!*", c)) escaped.push_back('\\');
    escaped.push_back(c);
  }
  return escaped;
}

std::string Text(const Event& event) {
  const ObjectReference& object = event.object;
  const std::string heading =
      absl::StrCat(Emoji(event), " ", absl::AsciiStrToLower(object.kind), "/",
                   object.name, "/", object.name_space);
  std::string text =
      absl::StrCat("*", Escape(heading), "*\n", Escape(event.message), "\n");
  for (const auto& [key, value] : event.metadata) {
    absl::StrAppend(&text, "\\- *", Escape(key), "*: ", Escape(value), "\n");
  }
  return text;
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  const size_t colon =
      std::min(settings.channel.find(':'), settings.channel.size());
  Value body =
      Value::MakeObject({{"chat_id", settings.channel.substr(0, colon)},
                         {"text", Text(event)},
                         {"parse_mode", "MarkdownV2"}});
  if (colon + 1 < settings.channel.size()) {
    body.Set("message_thread_id", settings.channel.substr(colon + 1));
  }
  const std::string address = absl::StrCat(
      "https://api.telegram.org/bot",
      http::PercentEncode(settings.token.RevealForUse(), ":"), "/sendMessage");
  WEIR_ASSIGN_OR_RETURN(http::Request request, PostValue(address, body));
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kTelegram = {
    .name = "telegram",
    .has_proxy = true,
    .check = Check,
    .make = Make,
    .failure = "",
};

}  // namespace weir::notification_controller
