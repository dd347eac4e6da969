// discord: a webhook, at its address for messages in Slack's format.
#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"
#include "weir/value/go_url.h"

namespace weir::notification_controller {
namespace {

absl::Status Check(const Settings& settings) {
  return CheckAddress(settings.address, "invalid Discord hook URL $0: '$1'");
}

absl::StatusOr<std::string> SlackAddress(const std::string& address) {
  if (absl::EndsWith(address, "/slack")) return address;
  WEIR_ASSIGN_OR_RETURN(GoUrl url, ParseGoRequestUri(address));
  url.path = std::filesystem::path(absl::StrCat(url.path, "/slack"))
                 .lexically_normal()
                 .string();
  return url.ToString();
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  SlackLook look;
  look.username = settings.username.empty() ? event.reporting_controller
                                            : settings.username;
  WEIR_ASSIGN_OR_RETURN(const std::string address,
                        SlackAddress(settings.address));
  WEIR_ASSIGN_OR_RETURN(http::Request request,
                        PostValue(address, SlackMessage(event, look)));
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kDiscord = {
    .name = "discord",
    .has_proxy = true,
    .check = Check,
    .make = Make,
};

}  // namespace weir::notification_controller
