#include "receiver_request.h"

#include "absl/strings/str_cat.h"
#include "weir/crypto/digest.h"
#include "weir/crypto/hmac.h"

namespace weir::cli {
namespace {

constexpr char kAuthorization[] = "Authorization";

// How a type learns that the sender is who it should be.
enum class Proof {
  kNone,           // The path is all.
  kHmac,           // "sha256=" and the body's signature, in `header`.
  kBareHmac,       // The body's signature by SHA-1, in hex, in `header`.
  kToken,          // The token itself, in `header`.
  kIdentityToken,  // A token of the sender's own.
};

struct Type {
  const char* name;
  Proof proof;
  const char* header;
  // Which header says the event, and which event is harmless.
  const char* event_header = "";
  const char* event = "";
  const char* payload = "{}";
};

constexpr char kChange[] =
    R"({"context":{"version":"0.4.1","id":"weir-trigger","source":"/weir",)"
    R"("type":"dev.cdevents.change.merged.0.2.0",)"
    R"("timestamp":"2024-01-01T00:00:00Z"},)"
    R"("subject":{"id":"weir-trigger","source":"/weir","type":"change",)"
    R"("content":{}}})";
// A message of Pub/Sub whose data is {"action":"INSERT","digest":"","tag":""}.
constexpr char kPubSub[] =
    R"({"message":{"data":"eyJhY3Rpb24iOiJJTlNFUlQiLCJkaWdlc3QiOiIiLCJ0YWciO)"
    R"(iIifQ==","messageId":"weir-trigger"},"subscription":"weir-trigger"})";

constexpr Type kTypes[] = {
    {"generic", Proof::kNone, ""},
    {"generic-hmac", Proof::kHmac, "X-Signature"},
    {"generic-oidc", Proof::kIdentityToken, ""},
    {"github", Proof::kHmac, "X-Hub-Signature-256", "X-GitHub-Event", "ping"},
    {"gitlab", Proof::kToken, "X-Gitlab-Token", "X-Gitlab-Event", "Push Hook"},
    {"bitbucket", Proof::kHmac, "X-Hub-Signature", "X-Event-Key",
     "diagnostics:ping"},
    {"harbor", Proof::kToken, kAuthorization},
    {"dockerhub", Proof::kNone, "", "", "",
     R"({"push_data":{"tag":""},"repository":{"repo_url":""}})"},
    {"quay", Proof::kNone, "", "", "",
     R"({"docker_url":"","updated_tags":[]})"},
    {"gcr", Proof::kIdentityToken, "", "", "", kPubSub},
    {"nexus", Proof::kBareHmac, "X-Nexus-Webhook-Signature", "", "",
     R"({"action":"UPDATED","repositoryName":""})"},
    {"acr", Proof::kNone, "", "", "",
     R"({"action":"ping","target":{"repository":"","tag":""}})"},
    {"cdevents", Proof::kNone, "", "Ce-Type",
     "dev.cdevents.change.merged.0.2.0", kChange},
};

absl::StatusOr<std::pair<std::string, std::string>> MakeProof(
    const Type& type, const ReceiverCall& call, const std::string& body) {
  const bool is_identity = type.proof == Proof::kIdentityToken;
  if ((is_identity ? call.id_token : call.token).empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a Receiver of type ", type.name, " wants ",
        is_identity ? "a token of the sender's own: give --oidc-token"
                    : "its token to be known: give --token"));
  }
  const std::string& token = call.token.RevealForUse();
  switch (type.proof) {
    case Proof::kHmac:
      return std::pair(
          std::string(type.header),
          absl::StrCat("sha256=",
                       crypto::HmacHex(crypto::DigestAlgorithm::kSha256,
                                       call.token, body)));
    case Proof::kBareHmac:
      return std::pair(
          std::string(type.header),
          crypto::HmacHex(crypto::DigestAlgorithm::kSha1, call.token, body));
    case Proof::kToken:
      return std::pair(std::string(type.header), token);
    case Proof::kIdentityToken:
      return std::pair(std::string(kAuthorization),
                       absl::StrCat("Bearer ", call.id_token.RevealForUse()));
    case Proof::kNone:
      break;
  }
  return absl::InternalError("a type without proof");
}

}  // namespace

absl::StatusOr<ReceiverRequest> MakeReceiverRequest(const ReceiverCall& call) {
  for (const Type& type : kTypes) {
    if (call.type != type.name) continue;
    ReceiverRequest request;
    request.body = call.payload.empty() ? type.payload : call.payload;
    request.headers.emplace_back("Content-Type", "application/json");
    if (type.event_header[0] != '\0') {
      request.headers.emplace_back(
          type.event_header, call.event.empty() ? type.event : call.event);
    }
    if (type.proof != Proof::kNone) {
      auto proof = MakeProof(type, call, request.body);
      if (!proof.ok()) return proof.status();
      request.headers.push_back(*std::move(proof));
    }
    return request;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no Receiver type '", call.type, "'"));
}

std::string WebhookPath(const Secret& token, absl::string_view name,
                        absl::string_view name_space) {
  return absl::StrCat("/hook/", crypto::Sha256Hex(absl::StrCat(
                                    token.RevealForUse(), name, name_space)));
}

bool IsWorthAnotherTry(int code) {
  switch (code) {
    case 404:
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return true;
    default:
      return false;
  }
}

}  // namespace weir::cli
