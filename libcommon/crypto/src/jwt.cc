#include "weir/crypto/jwt.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/public_key.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::crypto {
namespace {

constexpr size_t kMaxToken = 64u << 10;
constexpr size_t kMaxSet = 1u << 20;
constexpr size_t kMaxKeys = 100;
constexpr absl::Duration kClockSkew = absl::Minutes(5);

JsonParseOptions Limits(size_t max_bytes) {
  JsonParseOptions options;
  options.keep_integers = false;
  options.max_bytes = max_bytes;
  options.max_depth = 32;
  options.max_values = 100'000;
  return options;
}

// Base64 for URLs, without padding, and nothing else.
std::optional<std::string> Decode(absl::string_view text) {
  const bool is_clean = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
           c == '_';
  });
  std::string bytes;
  if (!is_clean || !absl::WebSafeBase64Unescape(text, &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

absl::StatusOr<Value> DecodeObject(absl::string_view text,
                                   absl::string_view what) {
  const std::optional<std::string> json = Decode(text);
  if (json.has_value()) {
    absl::StatusOr<Value> value = ParseJson(*json, Limits(kMaxToken));
    if (value.ok() && value->is_object()) return *std::move(value);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("malformed token: its ", what, " is no JSON object"));
}

// The key of a JSON Web Key, or null when we cannot use it.
std::shared_ptr<const PublicKey> ReadKey(const Value& jwk) {
  const auto part = [&jwk](absl::string_view name) {
    return Decode(jwk.GetString(name)).value_or("");
  };
  const absl::string_view type = jwk.GetString("kty");
  if (type == "RSA") return PublicKey::MakeRsa(part("n"), part("e"));
  if (type == "EC") {
    return PublicKey::MakeEc(jwk.GetString("crv"), part("x"), part("y"));
  }
  if (type == "OKP" && jwk.GetString("crv") == "Ed25519") {
    return PublicKey::MakeEd25519(part("x"));
  }
  return nullptr;
}

bool HasAudience(const Value& claim, absl::string_view audience) {
  if (claim.is_string()) return claim.AsString() == audience;
  const Value::Array& all = claim.array();
  return std::any_of(all.begin(), all.end(), [&](const Value& one) {
    return one.is_string() && one.AsString() == audience;
  });
}

absl::Status Refuse(absl::string_view why) {
  return absl::UnauthenticatedError(why);
}

}  // namespace

absl::StatusOr<Jwt> ParseJwt(absl::string_view text) {
  if (text.size() > kMaxToken) {
    return absl::InvalidArgumentError("malformed token: it is too long");
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  if (parts.size() != 3) {
    return absl::InvalidArgumentError(
        "malformed token: it has not three parts");
  }
  WEIR_ASSIGN_OR_RETURN(const Value header, DecodeObject(parts[0], "header"));
  if (header.Has("crit")) {
    return absl::InvalidArgumentError(
        "malformed token: it asks for an extension");
  }
  Jwt token;
  WEIR_ASSIGN_OR_RETURN(token.claims, DecodeObject(parts[1], "payload"));
  token.algorithm = std::string(header.GetString("alg"));
  token.key_id = std::string(header.GetString("kid"));
  token.signed_text = absl::StrCat(parts[0], ".", parts[1]);
  const std::optional<std::string> signature = Decode(parts[2]);
  if (!signature.has_value()) {
    return absl::InvalidArgumentError(
        "malformed token: its signature is no base64");
  }
  token.signature = *signature;
  return token;
}

struct KeySet::Key {
  std::string id;
  std::string algorithm;  // Empty: any that the key can do.
  std::shared_ptr<const PublicKey> key;
};

absl::StatusOr<KeySet> KeySet::Parse(absl::string_view json) {
  WEIR_ASSIGN_OR_RETURN(const Value set, ParseJson(json, Limits(kMaxSet)),
                        "reading keys");
  if (!set["keys"].is_array()) {
    return absl::InvalidArgumentError("reading keys: there is no list of them");
  }
  KeySet out;
  for (const Value& jwk : set["keys"].array()) {
    if (jwk.GetString("use", "sig") != "sig") continue;
    std::shared_ptr<const PublicKey> key = ReadKey(jwk);
    if (key == nullptr) continue;
    if (out.keys_.size() == kMaxKeys) {
      return absl::InvalidArgumentError("reading keys: there are too many");
    }
    out.keys_.push_back(std::make_shared<const Key>(
        Key{std::string(jwk.GetString("kid")),
            std::string(jwk.GetString("alg")), std::move(key)}));
  }
  return out;
}

absl::Status KeySet::Verify(const Jwt& token,
                            absl::Span<const std::string> algorithms) const {
  if (!IsSignatureAlgorithm(token.algorithm) ||
      std::find(algorithms.begin(), algorithms.end(), token.algorithm) ==
          algorithms.end()) {
    return Refuse("the token is signed by an algorithm that is not allowed");
  }
  bool has_key = false;
  for (const std::shared_ptr<const Key>& one : keys_) {
    if (!token.key_id.empty() && one->id != token.key_id) continue;
    if (!one->algorithm.empty() && one->algorithm != token.algorithm) continue;
    has_key = true;
    if (one->key->Verify(token.algorithm, token.signed_text, token.signature)) {
      return absl::OkStatus();
    }
  }
  if (!has_key) return absl::NotFoundError("no key fits the token");
  return Refuse("the signature of the token is wrong");
}

bool IsSignatureAlgorithm(absl::string_view name) {
  return PublicKey::Knows(name);
}

absl::Status CheckClaims(const Value& claims, const ClaimRules& rules) {
  if (claims.GetString("iss") != rules.issuer) {
    return Refuse("the token is of another issuer");
  }
  if (rules.audience.empty() || !HasAudience(claims["aud"], rules.audience)) {
    return Refuse("the token is for another audience");
  }
  const auto time = [&claims](absl::string_view name) {
    return absl::UnixEpoch() + absl::Seconds(claims[name].AsDouble());
  };
  if (!claims["exp"].is_number() || time("exp") < rules.now) {
    return Refuse("the token is expired");
  }
  if (claims.Has("nbf") && !claims["nbf"].is_null() &&
      (!claims["nbf"].is_number() || time("nbf") > rules.now + kClockSkew)) {
    return Refuse("the token is not valid yet");
  }
  return absl::OkStatus();
}

}  // namespace weir::crypto
