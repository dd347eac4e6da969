// Senders that prove themselves by the token that both sides have: by a
// signature of the body, or by sending it.
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "src/receivers/media_type.h"
#include "src/receivers/payload.h"
#include "src/receivers/receiver_type.h"
#include "weir/base/status.h"
#include "weir/crypto/hmac.h"

namespace weir::notification_controller {
namespace {

using crypto::DigestAlgorithm;

absl::Status Denied(absl::string_view why) {
  return absl::PermissionDeniedError(why);
}

bool IsHex(absl::string_view text) {
  return text.size() % 2 == 0 &&
         text.find_first_not_of("0123456789abcdefABCDEF") ==
             absl::string_view::npos;
}

// `signature`: "<sha1|sha256|sha512>=<hex>".
absl::Status CheckSignature(absl::string_view signature,
                            const std::string& body, const Secret& token) {
  if (signature.empty()) return Denied("missing signature");
  const size_t mark = signature.find('=');
  if (mark == absl::string_view::npos) {
    return Denied("error parsing signature");
  }
  const absl::string_view name = signature.substr(0, mark);
  DigestAlgorithm algorithm = DigestAlgorithm::kSha256;
  if (name == "sha1") {
    algorithm = DigestAlgorithm::kSha1;
  } else if (name == "sha512") {
    algorithm = DigestAlgorithm::kSha512;
  } else if (name != "sha256") {
    return Denied("unknown hash type prefix");
  }
  const absl::string_view hex = signature.substr(mark + 1);
  if (!IsHex(hex)) return Denied("error decoding signature");
  if (!crypto::EqualInConstantTime(absl::HexStringToBytes(hex),
                                   crypto::Hmac(algorithm, token, body))) {
    return Denied("payload signature check failed");
  }
  return absl::OkStatus();
}

// The value of a form's field, the first one.
std::string FormField(const std::string& form, absl::string_view name) {
  for (const auto& [key, value] : http::ParseQuery(form)) {
    if (key == name) return value;
  }
  return "";
}

// The stronger signature counts, if there are two: a wrong one is not helped
// by a right one of the other kind.
absl::StatusOr<Message> ReadHubSignature(const Hook& hook,
                                         const Secret& token) {
  absl::string_view signature = hook.headers.Get("X-Hub-Signature-256");
  if (signature.empty()) signature = hook.headers.Get("X-Hub-Signature");
  WEIR_ASSIGN_OR_RETURN(const std::string type,
                        ParseMediaType(hook.headers.Get("Content-Type")));
  Message message;
  if (type == "application/x-www-form-urlencoded") {
    message.body = FormField(hook.body, "payload");
  } else if (type != "application/json") {
    return Denied(absl::StrCat(
        "webhook request has unsupported Content-Type \"", type, "\""));
  }
  // As upstream has it, a token that is empty asks for no signature.
  if (!token.empty() || !signature.empty()) {
    WEIR_RETURN_IF_ERROR(CheckSignature(signature, hook.body, token));
  }
  return message;
}

// Whether a header has the token itself.
bool HasToken(absl::string_view value, const Secret& token) {
  return crypto::EqualInConstantTime(value, token.RevealForUse());
}

}  // namespace

absl::StatusOr<Message> ReadPlain(const Hook&, const Secret&) {
  return Message();
}

absl::StatusOr<Message> ReadSigned(const Hook& hook, const Secret& token) {
  WEIR_RETURN_IF_ERROR(
      CheckSignature(hook.headers.Get("X-Signature"), hook.body, token),
      "unable to validate HMAC signature");
  return Message();
}

absl::StatusOr<Message> ReadGitHub(const Hook& hook, const Secret& token) {
  WEIR_ASSIGN_OR_RETURN(Message message, ReadHubSignature(hook, token),
                        "the GitHub signature header is invalid, err");
  return message;
}

absl::StatusOr<Message> ReadBitbucket(const Hook& hook, const Secret& token) {
  WEIR_ASSIGN_OR_RETURN(
      Message message, ReadHubSignature(hook, token),
      "the Bitbucket server signature header is invalid, err");
  return message;
}

absl::StatusOr<Message> ReadGitLab(const Hook& hook, const Secret& token) {
  if (HasToken(hook.headers.Get("X-Gitlab-Token"), token)) return Message();
  return Denied(
      "the X-Gitlab-Token header value does not match the receiver token");
}

absl::StatusOr<Message> ReadHarbor(const Hook& hook, const Secret& token) {
  if (HasToken(hook.headers.Get("Authorization"), token)) return Message();
  return Denied(
      "the Harbor Authorization header value does not match the receiver "
      "token");
}

absl::StatusOr<Message> ReadNexus(const Hook& hook, const Secret& token) {
  const absl::string_view signature =
      hook.headers.Get("X-Nexus-Webhook-Signature");
  if (signature.empty()) {
    return Denied("the Nexus signature is missing from header");
  }
  if (!crypto::EqualInConstantTime(
          signature,
          crypto::HmacHex(DigestAlgorithm::kSha1, token, hook.body))) {
    return Denied("invalid Nexus signature");
  }
  WEIR_RETURN_IF_ERROR(
      CheckWholePayload(hook.body, {{"action", PayloadKind::kText},
                                    {"repositoryName", PayloadKind::kText}}),
      "cannot decode Nexus webhook payload");
  return Message();
}

}  // namespace weir::notification_controller
