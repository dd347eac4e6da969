// datadog: the events API v1.
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"
#include "weir/value/go_url.h"

namespace weir::notification_controller {
namespace {

absl::StatusOr<GoUrl> ParseAddress(const std::string& address) {
  absl::StatusOr<GoUrl> url = ParseGoUrl(address);
  if (url.ok()) return url;
  return absl::InvalidArgumentError(absl::StrCat(
      "failed to parse address \"*****\": ", MaskedUrlError(url.status())));
}

absl::Status Check(const Settings& settings) {
  if (settings.token.empty()) {
    return absl::InvalidArgumentError("token cannot be empty");
  }
  return ParseAddress(settings.address).status();
}

// Datadog keeps tags in lower case.
// Source: https://docs.datadoghq.com/getting_started/tagging/
Value::Array Tags(const Event& event) {
  Value::Array tags;
  const auto add = [&tags](absl::string_view key, absl::string_view value) {
    tags.push_back(absl::AsciiStrToLower(absl::StrCat(key, ":", value)));
  };
  add("flux_reporting_controller", event.reporting_controller);
  add("flux_reason", event.reason);
  add("kube_kind", event.object.kind);
  add("kube_name", event.object.name);
  add("kube_namespace", event.object.name_space);
  for (const auto& [key, value] : event.metadata) add(key, value);
  return tags;
}

Value Body(const Event& event) {
  const ObjectReference& object = event.object;
  return Value::MakeObject(
      {{"title", absl::StrCat("Events from the ", object.kind, " ", object.name,
                              "/", object.name_space)},
       {"text", event.message},
       {"tags", Tags(event)},
       {"source_type_name", "fluxcd"},
       {"date_happened", UnixTime(event)},
       {"alert_type", event.is_error() ? "error" : "info"}});
}

// An address without a host or scheme means those of Datadog's first site, as
// for its own client.
absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  WEIR_ASSIGN_OR_RETURN(const GoUrl url, ParseAddress(settings.address));
  const std::string address = absl::StrCat(
      url.scheme.empty() ? "https" : url.scheme, "://",
      url.host.empty() ? "api.datadoghq.com" : url.host, "/api/v1/events");
  WEIR_ASSIGN_OR_RETURN(http::Request request, PostValue(address, Body(event)));
  request.headers.Set("Accept", "application/json");
  request.headers.Set("DD-API-KEY", settings.token.RevealForUse());
  return Requests{std::move(request)};
}

// In the words of Datadog's client.
absl::Status CheckAnswerOf(const Settings& /*settings*/,
                           const http::Response& response) {
  if (CheckAnswer(response).ok()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat(response.code, " ", http::ReasonPhrase(response.code)));
}

}  // namespace

const ProviderType kDatadog = {
    .name = "datadog",
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .make = Make,
    .check_answer = CheckAnswerOf,
    .failure = "failed to post event to DataDog",
};

}  // namespace weir::notification_controller
