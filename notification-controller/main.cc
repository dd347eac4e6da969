// The notification-controller: flags to Options, signals to Context, Run.

#include <cstdlib>

#include "weir/notification_controller/controller.h"
#include "weir/reconcile/flags.h"

int main(int argc, char** argv) {
  weir::notification_controller::Options options;
  // EVENTS_ADDR is where others post to; here events are taken.
  const std::string events_address = options.common.events_addr;
  weir::reconcile::SetDefaultsFromEnvironment(&options.common);
  options.common.events_addr = events_address;
  if (const char* host = std::getenv("AZURE_AUTHORITY_HOST")) {
    options.azure_authority_host = host;
  }
  weir::reconcile::FlagSet flags(
      "notification-controller",
      "Tells people and machines about events, and takes webhooks.");
  weir::notification_controller::AddFlags(flags, &options);
  return weir::reconcile::RunProgram(
      argc, argv, flags, &options.common, [&](const weir::Context& ctx) {
        return weir::notification_controller::Run(ctx, options);
      });
}
