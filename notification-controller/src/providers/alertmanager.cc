// alertmanager: the alerts API of Prometheus' Alertmanager.
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
  return CheckAddress(settings.address, "invalid Alertmanager URL $0: '$1'");
}

// Words in title case, the rest in lower case: "BuildFailed" is one word and
// becomes "Buildfailed".
// Source: Unicode's UAX #29 for ASCII; other bytes count as letters.
std::string TitleCase(absl::string_view text) {
  std::string title;
  bool is_in_word = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_letter =
        absl::ascii_isalpha(c) || static_cast<unsigned char>(c) >= 0x80;
    title.push_back(is_in_word ? absl::ascii_tolower(c)
                               : absl::ascii_toupper(c));
    if (is_letter) {
      is_in_word = true;
    } else if (absl::StrContains("'.:", c)) {
      // One of these joins letters; two are a break.
      if (i > 0 && absl::StrContains("'.:", text[i - 1])) is_in_word = false;
    } else if (!absl::ascii_isdigit(c) && c != '_') {
      is_in_word = false;
    }
  }
  return title;
}

Value Labels(const Event& event) {
  Value labels = MetadataObject(event);
  labels.Erase("summary");
  labels.Set("alertname",
             absl::StrCat("Flux", event.object.kind, TitleCase(event.reason)));
  labels.Set("severity", event.severity);
  labels.Set("reason", event.reason);
  labels.Set("kind", event.object.kind);
  labels.Set("name", event.object.name);
  labels.Set("namespace", event.object.name_space);
  labels.Set("reportingcontroller", event.reporting_controller);
  return labels;
}

// When the object will be reconciled again is not known, so the end is left to
// Alertmanager, which takes the year 1 for none.
Value Alert(const Event& event) {
  Value annotations = Value::MakeObject({{"message", event.message}});
  const auto summary = event.metadata.find("summary");
  if (summary != event.metadata.end()) {
    annotations.Set("summary", summary->second);
  }
  return Value::MakeObject({{"status", "firing"},
                            {"labels", Labels(event)},
                            {"annotations", annotations},
                            {"startsAt", TimestampOrZero(event)},
                            {"endsAt", "0001-01-01T00:00:00Z"}});
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  WEIR_ASSIGN_OR_RETURN(
      http::Request request,
      PostValue(settings.address, Value::Array{Alert(event)}));
  if (!settings.username.empty() && !settings.password.empty()) {
    SetBasic(request, settings.username, settings.password);
  } else if (!settings.token.empty()) {
    SetBearer(request, settings.token);
  }
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kAlertmanager = {
    .name = "alertmanager",
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .make = Make,
};

}  // namespace weir::notification_controller
