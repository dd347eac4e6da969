// generic and generic-hmac: the event itself, as JSON, to any address.
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"
#include "weir/crypto/hmac.h"

namespace weir::notification_controller {
namespace {

absl::Status CheckPlain(const Settings& settings) {
  return CheckAddress(settings.address, "invalid hook URL $0: $1");
}

absl::Status CheckSigned(const Settings& settings) {
  WEIR_RETURN_IF_ERROR(CheckPlain(settings));
  if (!settings.token.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("HMAC key is empty");
}

// Go's client sends its own of these, whatever a Secret says; two lengths
// would let one request pass for two.
bool IsOfTheConnection(absl::string_view name) {
  for (const char* own :
       {"Host", "Content-Length", "Transfer-Encoding", "Trailer"}) {
    if (absl::EqualsIgnoreCase(name, own)) return true;
  }
  return false;
}

absl::StatusOr<http::Request> MakeRequest(const Event& event,
                                          const Settings& settings) {
  WEIR_ASSIGN_OR_RETURN(http::Request request,
                        PostTo(settings.address, ToJson(event)));
  request.headers.Set("gotk-component", event.reporting_controller);
  for (const auto& [name, value] : settings.headers) {
    if (IsOfTheConnection(name)) continue;
    request.headers.Set(name, value.RevealForUse());
  }
  return request;
}

absl::StatusOr<Requests> MakePlain(const Event& event,
                                   const Settings& settings) {
  WEIR_ASSIGN_OR_RETURN(http::Request request, MakeRequest(event, settings));
  return Requests{std::move(request)};
}

absl::StatusOr<Requests> MakeSigned(const Event& event,
                                    const Settings& settings) {
  WEIR_ASSIGN_OR_RETURN(http::Request request, MakeRequest(event, settings));
  request.headers.Set(
      "X-Signature",
      absl::StrCat("sha256=", crypto::HmacHex(crypto::DigestAlgorithm::kSha256,
                                              settings.token, request.body)));
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kGeneric = {
    .name = "generic",
    .family = Family::kForward,
    .has_proxy = true,
    .has_tls = true,
    .check = CheckPlain,
    .make = MakePlain,
};

const ProviderType kGenericHmac = {
    .name = "generic-hmac",
    .family = Family::kForward,
    .has_proxy = true,
    .has_tls = true,
    .check = CheckSigned,
    .make = MakeSigned,
};

}  // namespace weir::notification_controller
