// nats: the event as a message of a NATS subject.
#include <string>

#include "src/event.h"
#include "src/nats_client.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::Status Check(const Settings& settings) {
  if (settings.address.empty()) {
    return absl::InvalidArgumentError("NATS server (address) cannot be empty");
  }
  if (settings.channel.empty()) {
    return absl::InvalidArgumentError("NATS subject (channel) cannot be empty");
  }
  if (!IsNatsSubject(settings.channel)) {
    return absl::InvalidArgumentError("NATS subject (channel) is invalid");
  }
  return CheckNatsServers(settings.address);
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  const Settings& settings = exchange.settings;
  WEIR_RETURN_IF_ERROR(Check(settings));
  NatsLogin login;
  login.creds = settings.SecretValue("creds");
  login.nkey = settings.SecretValue("nkey");
  login.username = settings.username;
  login.password = settings.password;
  WEIR_RETURN_IF_ERROR(PublishToNats(ctx, settings.address, login,
                                     settings.channel, ToJson(exchange.event)),
                       "error publishing event to subject ", settings.channel);
  return absl::OkStatus();
}

}  // namespace

const ProviderType kNats = {
    .name = "nats",
    .check = Check,
    .notify = Notify,
};

}  // namespace weir::notification_controller
