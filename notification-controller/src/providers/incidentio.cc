// incident.io: an HTTP alert source. An error fires the alert of the object;
// anything else resolves it.
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::Status Check(const Settings& settings) {
  WEIR_RETURN_IF_ERROR(CheckAddress(
      settings.address, "invalid incident.io alert source URL $0: '$1'"));
  if (!settings.token.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("empty incident.io API token");
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  if (event.reason == "Progressing") return Requests{};
  Value metadata = MetadataObject(event);
  metadata.Set("severity", event.severity);
  metadata.Set("reason", event.reason);
  if (!event.reporting_controller.empty()) {
    metadata.Set("reportingController", event.reporting_controller);
  }
  Value alert = Value::MakeObject(
      {{"title", absl::StrCat(ObjectName(event.object), ": ", event.reason)},
       {"status", event.is_error() ? "firing" : "resolved"},
       {"deduplication_key", event.object.uid},
       {"metadata", metadata}});
  if (!event.message.empty()) alert.Set("description", event.message);
  WEIR_ASSIGN_OR_RETURN(http::Request request,
                        PostValue(settings.address, alert));
  SetBearer(request, settings.token);
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kIncidentIo = {
    .name = "incident.io",
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .make = Make,
};

}  // namespace weir::notification_controller
