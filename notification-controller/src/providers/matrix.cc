// matrix: a room of a homeserver.
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
  return CheckAddress(settings.address,
                      "invalid Matrix homeserver URL $0: '$1'");
}

// The room stays one segment of the path; one that is escaped already is left
// alone. The same event has the same transaction, so that the homeserver drops
// what arrives twice.
std::string Address(const Event& event, const Settings& settings) {
  const std::string transaction =
      crypto::ComputeDigest(crypto::DigestAlgorithm::kSha1, ToJson(event)).hex;
  return absl::StrCat(settings.address, "/_matrix/client/r0/rooms/",
                      http::PercentEncode(settings.channel, "!$&'()*+,;=:@%"),
                      "/send/m.room.message/", transaction);
}

std::string Text(const Event& event) {
  std::string text = absl::StrCat(Emoji(event), " ", ObjectName(event.object),
                                  "\n", event.message, "\n");
  for (const auto& [key, value] : event.metadata) {
    absl::StrAppend(&text, "- ", key, ": ", value, "\n");
  }
  return text;
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  WEIR_ASSIGN_OR_RETURN(http::Request request,
                        PostValue(Address(event, settings),
                                  Value::MakeObject({{"body", Text(event)},
                                                     {"msgtype", "m.text"}})));
  request.method = "PUT";
  SetBearer(request, settings.token);
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kMatrix = {
    .name = "matrix",
    .has_tls = true,
    .check = Check,
    .make = Make,
};

}  // namespace weir::notification_controller
