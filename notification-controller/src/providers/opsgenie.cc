// opsgenie: the alerts API.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"

namespace weir::notification_controller {
namespace {

absl::Status Check(const Settings& settings) {
  WEIR_RETURN_IF_ERROR(
      CheckAddress(settings.address, "invalid Opsgenie hook URL $0: '$1'"));
  if (!settings.token.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("empty Opsgenie apikey/token");
}

// Alerts of one alias are one alert; Providers of two clusters differ in it.
std::string Alias(const Event& event, const Settings& settings) {
  const ObjectReference& object = event.object;
  return crypto::Sha256Hex(absl::StrCat(settings.uid, "/", object.kind, "/",
                                        object.name_space, "/", object.name,
                                        "/", event.reason));
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  Value details = MetadataObject(event);
  details.Set("severity", event.severity);
  const Value alert = Value::MakeObject(
      {{"message", absl::StrCat(event.object.kind, "/", event.object.name)},
       {"alias", Alias(event, settings)},
       {"description", event.message},
       {"details", details}});
  WEIR_ASSIGN_OR_RETURN(http::Request request,
                        PostValue(settings.address, alert));
  request.headers.Set("Authorization",
                      absl::StrCat("GenieKey ", settings.token.RevealForUse()));
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kOpsgenie = {
    .name = "opsgenie",
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .make = Make,
};

}  // namespace weir::notification_controller
