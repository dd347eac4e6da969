#include "src/providers/google_token.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/api_call.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/crypto/jws.h"
#include "weir/value/go_url.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

constexpr absl::Duration kProofLife = absl::Hours(1);  // Google's limit.
constexpr int64_t kUsualSeconds = 3600;

struct ServiceAccount {
  std::string email;
  std::string key_id;
  Secret key;
  std::string token_uri;
};

absl::StatusOr<ServiceAccount> ReadAccount(const Secret& json) {
  const absl::StatusOr<Value> value = ParseJson(json.RevealForUse());
  if (!value.ok() || value->GetString("type") != "service_account") {
    return absl::InvalidArgumentError(
        "the token is not the JSON of a service account");
  }
  ServiceAccount account;
  account.email = std::string(value->GetString("client_email"));
  account.key_id = std::string(value->GetString("private_key_id"));
  account.key = Secret(std::string(value->GetString("private_key")));
  account.token_uri = std::string(
      value->GetString("token_uri", "https://oauth2.googleapis.com/token"));
  const absl::StatusOr<GoUrl> url = ParseGoUrl(account.token_uri);
  if (!url.ok() || (url->scheme != "https" && url->scheme != "http") ||
      url->host.empty()) {
    return absl::InvalidArgumentError(
        "the service account's token_uri is no address");
  }
  return account;
}

absl::StatusOr<http::Request> MakeRequest(const ServiceAccount& account,
                                          absl::string_view scope,
                                          absl::Time now) {
  Value header = Value::MakeObject();
  header.Set("alg", "RS256");
  header.Set("typ", "JWT");
  header.Set("kid", account.key_id);
  Value claims = Value::MakeObject();
  claims.Set("iss", account.email);
  claims.Set("scope", scope);
  claims.Set("aud", account.token_uri);
  claims.Set("iat", absl::ToUnixSeconds(now));
  claims.Set("exp", absl::ToUnixSeconds(now + kProofLife));
  WEIR_ASSIGN_OR_RETURN(
      const Secret proof,
      crypto::SignRs256(account.key, FormatJson(header), FormatJson(claims)),
      "the service account's private_key");
  http::Request request =
      ApiRequest("POST", account.token_uri,
                 {{"Content-Type", "application/x-www-form-urlencoded"}});
  request.body = http::FormatQuery(
      {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
       {"assertion", proof.RevealForUse()}});
  return request;
}

}  // namespace

absl::StatusOr<Secret> GetGoogleToken(const Context& ctx,
                                      const Exchange& exchange,
                                      absl::string_view scope) {
  const Secret& json = exchange.settings.token;
  const std::string owner = exchange.settings.TokenOwner();
  const std::string key =
      crypto::Sha256Hex(absl::StrCat(scope, "\n", json.RevealForUse()));
  if (std::optional<Secret> token = exchange.tokens.Find(owner, key)) {
    return *std::move(token);
  }
  WEIR_ASSIGN_OR_RETURN(const ServiceAccount account, ReadAccount(json));
  const absl::Time now = exchange.clock.Now();
  WEIR_ASSIGN_OR_RETURN(http::Request request,
                        MakeRequest(account, scope, now));
  CallOptions options;
  options.what = "getting a token";
  WEIR_ASSIGN_OR_RETURN(const Value answer, Call(ctx, exchange.sender,
                                                 std::move(request), options));
  Secret token(std::string(answer.GetString("access_token")));
  if (token.empty()) {
    return absl::UnavailableError("getting a token: the answer has none");
  }
  exchange.tokens.Store(
      owner, key, token,
      now + absl::Seconds(answer.GetInt("expires_in", kUsualSeconds)));
  return token;
}

}  // namespace weir::notification_controller
