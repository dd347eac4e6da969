// webex: the messages API, as a bot that is in the room.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::Status Check(const Settings& settings) {
  return CheckAddress(settings.address, "invalid Webex hook URL $0: '$1'");
}

std::string Markdown(const Event& event) {
  std::string text =
      absl::StrCat(event.is_error() ? "💣" : "✅", " **",
                   ObjectName(event.object), "**\n", event.message, "\n");
  for (const auto& [key, value] : event.metadata) {
    absl::StrAppend(&text, ">**", key, "**: ", value, "\n");
  }
  return text;
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  Value body = Value::MakeObject({{"markdown", Markdown(event)}});
  if (!settings.channel.empty()) body.Set("roomId", settings.channel);
  WEIR_ASSIGN_OR_RETURN(http::Request request,
                        PostValue(settings.address, body));
  SetBearer(request, settings.token);
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kWebex = {
    .name = "webex",
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .make = Make,
};

}  // namespace weir::notification_controller
