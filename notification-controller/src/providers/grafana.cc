// grafana: the annotations API, in Graphite's format.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::Status Check(const Settings& settings) {
  return CheckAddress(settings.address, "invalid Grafana URL $0");
}

// Grafana splits a tag at its first colon.
std::string WithoutColons(const std::string& text) {
  return absl::StrReplaceAll(text, {{":", "|"}});
}

Value::Array Tags(const Event& event) {
  Value::Array tags = {"flux", event.reporting_controller};
  for (const auto& [key, value] : event.metadata) {
    tags.push_back(
        absl::StrCat(WithoutColons(key), ": ", WithoutColons(value)));
  }
  tags.push_back(absl::StrCat("kind: ", event.object.kind));
  tags.push_back(absl::StrCat("name: ", event.object.name));
  tags.push_back(absl::StrCat("namespace: ", event.object.name_space));
  return tags;
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  WEIR_ASSIGN_OR_RETURN(
      http::Request request,
      PostValue(settings.address,
                Value::MakeObject({{"when", UnixTime(event)},
                                   {"text", ObjectName(event.object)},
                                   {"tags", Tags(event)}})));
  if (!settings.token.empty()) {
    SetBearer(request, settings.token);
  } else if (!settings.username.empty() && !settings.password.empty()) {
    SetBasic(request, settings.username, settings.password);
  }
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kGrafana = {
    .name = "grafana",
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .make = Make,
};

}  // namespace weir::notification_controller
