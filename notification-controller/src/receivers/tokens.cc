#include "src/receivers/tokens.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"
#include "weir/crypto/hmac.h"

namespace weir::notification_controller {
namespace {

absl::Status Denied(absl::string_view why) {
  return absl::PermissionDeniedError(why);
}

absl::StatusOr<crypto::Jwt> ReadToken(const Hook& hook) {
  absl::string_view token = hook.headers.Get("Authorization");
  if (!absl::ConsumePrefix(&token, "Bearer ")) {
    return Denied("the Authorization header is missing or malformed");
  }
  token = absl::StripAsciiWhitespace(token);
  if (token.empty()) {
    return Denied("the Authorization header is missing a bearer token");
  }
  return crypto::ParseJwt(token);
}

bool IsEqual(const Secret& secret, absl::string_view text) {
  return crypto::EqualInConstantTime(secret.RevealForUse(), text);
}

absl::StatusOr<Secret> Require(const kube::SecretData& secret,
                               const std::string& key) {
  const Secret* const found = secret.Find(key);
  if (found != nullptr && !found->empty()) return *found;
  return Denied(absl::StrCat("invalid secret data: required field '", key,
                             "' for GCR receiver"));
}

}  // namespace

absl::Status CheckRules(const TokenRules& rules, const Value& claims) {
  const cel::Value claimed = cel::Value::FromJson(claims);
  std::vector<std::pair<cel::Value, cel::Value>> variables;
  const auto evaluate = [&](const TokenRules::Program& program) {
    return program->Evaluate(
        [&](absl::string_view name) -> std::optional<cel::Value> {
          if (name == "claims") return claimed;
          if (name == "vars") return cel::MakeMap(variables);
          return std::nullopt;
        });
  };
  for (const TokenRules::Variable& variable : rules.variables) {
    WEIR_ASSIGN_OR_RETURN(cel::Value value, evaluate(variable.program),
                          "failed to evaluate variable \"", variable.name,
                          "\"");
    variables.emplace_back(cel::Value::String(variable.name), std::move(value));
  }
  std::vector<std::string> failures;
  for (const TokenRules::Validation& validation : rules.validations) {
    WEIR_ASSIGN_OR_RETURN(const cel::Value value, evaluate(validation.program),
                          "failed to evaluate validation");
    if (!value.IsTrue()) failures.push_back(validation.message);
  }
  if (failures.empty()) return absl::OkStatus();
  return Denied(
      absl::StrCat("token validation failed: ", absl::StrJoin(failures, "; ")));
}

absl::StatusOr<Value> VerifyConfigured(const Context& ctx, const Hook& hook,
                                       const std::vector<TokenRules>& rules,
                                       Issuers& issuers, const Clock& clock) {
  WEIR_ASSIGN_OR_RETURN(const crypto::Jwt token, ReadToken(hook));
  const absl::string_view issuer = token.claims.GetString("iss");
  const auto found =
      std::find_if(rules.begin(), rules.end(), [issuer](const auto& one) {
        return !issuer.empty() && one.issuer == issuer;
      });
  if (found == rules.end()) {
    return Denied("no oidcProvider configured for the issuer of the token");
  }
  WEIR_RETURN_IF_ERROR(
      crypto::CheckClaims(token.claims,
                          {found->issuer, found->audience, clock.Now()}),
      "failed to verify OIDC token");
  WEIR_RETURN_IF_ERROR(
      issuers.Verify(ctx, {.issuer = found->issuer, .keys_url = ""}, token),
      "failed to verify OIDC token");
  WEIR_RETURN_IF_ERROR(CheckRules(*found, token.claims));
  return token.claims;
}

absl::Status VerifyGoogle(const Context& ctx, const Hook& hook,
                          const kube::SecretData& secret,
                          const std::string& keys_url, Issuers& issuers,
                          const Clock& clock) {
  WEIR_ASSIGN_OR_RETURN(const Secret email, Require(secret, "email"));
  WEIR_ASSIGN_OR_RETURN(const Secret audience, Require(secret, "audience"));
  WEIR_ASSIGN_OR_RETURN(const crypto::Jwt token, ReadToken(hook),
                        "cannot authenticate GCR request");
  const absl::string_view issuer = token.claims.GetString("iss");
  if (issuer != "accounts.google.com" &&
      issuer != "https://accounts.google.com") {
    return Denied("cannot authenticate GCR request: the token is not Google's");
  }
  if (!token.claims["aud"].is_string()) {
    return Denied(
        "cannot authenticate GCR request: the token is for another audience");
  }
  WEIR_RETURN_IF_ERROR(
      crypto::CheckClaims(token.claims, {std::string(issuer),
                                         audience.RevealForUse(), clock.Now()}),
      "cannot authenticate GCR request");
  WEIR_RETURN_IF_ERROR(
      issuers.Verify(ctx, {.issuer = "", .keys_url = keys_url}, token),
      "cannot authenticate GCR request");
  if (!IsEqual(email, token.claims.GetString("email"))) {
    return Denied(
        "cannot authenticate GCR request: the token is of another account");
  }
  if (!token.claims.GetBool("email_verified")) {
    return Denied(
        "cannot authenticate GCR request: the token's email is not verified");
  }
  return absl::OkStatus();
}

}  // namespace weir::notification_controller
