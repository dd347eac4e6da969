// rocket: an incoming webhook of Rocket.Chat, which reads Slack's format.
#include <utility>

#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::Status Check(const Settings& settings) {
  return CheckAddress(settings.address, "invalid Rocket hook URL $0: '$1'");
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  SlackLook look;
  look.channel = settings.channel;
  look.username = settings.username;
  look.good_color = "#0076D7";
  look.bad_color = "#FF0000";
  WEIR_ASSIGN_OR_RETURN(http::Request request,
                        PostValue(settings.address, SlackMessage(event, look)));
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kRocket = {
    .name = "rocket",
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .make = Make,
};

}  // namespace weir::notification_controller
