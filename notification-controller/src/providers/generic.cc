// generic and generic-hmac: the event itself, as JSON, to any address.
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/providers.h"
#include "weir/crypto/hmac.h"

namespace weir::notification_controller {
namespace {

http::Request MakeRequest(const Event& event, const Settings& settings) {
  http::Request request = PostJson(settings.address, ToJson(event));
  request.headers.Set("gotk-component", event.reporting_controller);
  for (const auto& [name, value] : settings.headers) {
    request.headers.Set(name, value.RevealForUse());
  }
  return request;
}

absl::StatusOr<std::vector<http::Request>> MakePlain(const Event& event,
                                                     const Settings& settings) {
  return std::vector<http::Request>{MakeRequest(event, settings)};
}

absl::StatusOr<std::vector<http::Request>> MakeSigned(
    const Event& event, const Settings& settings) {
  http::Request request = MakeRequest(event, settings);
  request.headers.Set(
      "X-Signature",
      absl::StrCat("sha256=", crypto::HmacHex(crypto::DigestAlgorithm::kSha256,
                                              settings.token, request.body)));
  return std::vector<http::Request>{std::move(request)};
}

}  // namespace

const ProviderType kGeneric = {
    .name = "generic",
    .family = Family::kForward,
    .has_proxy = true,
    .has_tls = true,
    .make = MakePlain,
};

const ProviderType kGenericHmac = {
    .name = "generic-hmac",
    .family = Family::kForward,
    .has_proxy = true,
    .has_tls = true,
    .make = MakeSigned,
};

}  // namespace weir::notification_controller
