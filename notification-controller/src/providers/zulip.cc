// zulip: a topic of a stream, as a bot.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/markdown.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"
#include "weir/value/go_url.h"

namespace weir::notification_controller {
namespace {

absl::StatusOr<std::string> Endpoint(const std::string& address) {
  absl::StatusOr<GoUrl> url = ParseGoUrl(address);
  if (!url.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "invalid Zulip endpoint URL: ", MaskedUrlError(url.status())));
  }
  url->path = "/api/v1/messages";
  return url->ToString();
}

struct Place {
  std::string stream;
  std::string topic;
};

absl::StatusOr<Place> ParseChannel(const std::string& channel) {
  const size_t slash = channel.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == channel.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid Zulip channel format, expected "
                     "<channel>/<topic>, got '",
                     channel, "'"));
  }
  return Place{channel.substr(0, slash), channel.substr(slash + 1)};
}

absl::Status Check(const Settings& settings) {
  WEIR_RETURN_IF_ERROR(Endpoint(settings.address).status());
  return ParseChannel(settings.channel).status();
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  WEIR_ASSIGN_OR_RETURN(const std::string endpoint, Endpoint(settings.address));
  WEIR_ASSIGN_OR_RETURN(const Place place, ParseChannel(settings.channel));
  const std::string form =
      absl::StrCat("content=", QueryEscape(FormatMarkdown(event)),
                   "&to=", QueryEscape(place.stream),
                   "&topic=", QueryEscape(place.topic), "&type=stream");
  WEIR_ASSIGN_OR_RETURN(http::Request request, PostTo(endpoint, form));
  request.headers.Set("Content-Type", "application/x-www-form-urlencoded");
  if (!settings.username.empty() || !settings.password.empty()) {
    SetBasic(request, settings.username, settings.password);
  }
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kZulip = {
    .name = "zulip",
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .make = Make,
    .failure = "",
};

}  // namespace weir::notification_controller
