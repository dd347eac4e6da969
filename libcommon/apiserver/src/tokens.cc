#include "tokens.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api_errors.h"
#include "weir/base/duration.h"
#include "weir/base/random.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

constexpr char kIssuer[] = "https://kubernetes.default.svc";
constexpr int64_t kDefaultLifetime = 3600;
constexpr int64_t kMinLifetime = 600;

std::string Base64Url(absl::string_view bytes) {
  std::string out;
  absl::WebSafeBase64Escape(bytes, &out);
  while (!out.empty() && out.back() == '=') out.pop_back();
  return out;
}

// HMAC-SHA256. Nobody but this server checks these tokens.
std::string Sign(const Secret& key, absl::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const std::string& bytes = key.RevealForUse();
  HMAC(EVP_sha256(), bytes.data(), static_cast<int>(bytes.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest,
       &size);
  return std::string(reinterpret_cast<char*>(digest), size);
}

bool IsEqual(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() &&
         CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

absl::StatusOr<Secret> ReadOrMake(Backend& backend, absl::string_view key) {
  WEIR_ASSIGN_OR_RETURN(std::string value, backend.ReadMeta(key));
  if (value.empty()) {
    value = RandomHex(32);
    WEIR_RETURN_IF_ERROR(backend.WriteMeta(key, value));
  }
  return Secret(std::move(value));
}

}  // namespace

UserInfo AdminUser() {
  UserInfo user;
  user.name = "kubernetes-admin";
  user.groups = {"system:masters", "system:authenticated"};
  return user;
}

UserInfo ServiceAccountUser(absl::string_view name_space,
                            absl::string_view name) {
  UserInfo user;
  user.name = absl::StrCat("system:serviceaccount:", name_space, ":", name);
  user.groups = {"system:serviceaccounts",
                 absl::StrCat("system:serviceaccounts:", name_space),
                 "system:authenticated"};
  return user;
}

UserInfo ImpersonatedUser(absl::string_view name) {
  absl::string_view rest = name;
  if (absl::ConsumePrefix(&rest, "system:serviceaccount:")) {
    const size_t colon = rest.find(':');
    if (colon != rest.npos) {
      return ServiceAccountUser(rest.substr(0, colon), rest.substr(colon + 1));
    }
  }
  UserInfo user;
  user.name = std::string(name);
  return user;
}

absl::StatusOr<std::unique_ptr<Tokens>> Tokens::Open(Store& store,
                                                     const Clock& clock) {
  std::unique_ptr<Tokens> tokens(new Tokens(store, clock));
  WEIR_ASSIGN_OR_RETURN(tokens->admin_token_,
                        ReadOrMake(store.backend(), "admin_token"));
  WEIR_ASSIGN_OR_RETURN(tokens->signing_key_,
                        ReadOrMake(store.backend(), "signing_key"));
  return tokens;
}

Tokens::~Tokens() = default;

std::optional<UserInfo> Tokens::Authenticate(
    absl::string_view token, std::vector<std::string>* audiences) const {
  if (IsEqual(token, admin_token_.RevealForUse())) return AdminUser();
  const size_t dot = token.rfind('.');
  if (dot == token.npos) return std::nullopt;
  const absl::string_view signed_part = token.substr(0, dot);
  std::string signature, payload;
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3 || !absl::WebSafeBase64Unescape(parts[2], &signature) ||
      !absl::WebSafeBase64Unescape(parts[1], &payload) ||
      !IsEqual(signature, Sign(signing_key_, signed_part))) {
    return std::nullopt;
  }
  absl::StatusOr<Value> claims = ParseJson(payload);
  if (!claims.ok() ||
      claims->GetInt("exp") < absl::ToUnixSeconds(clock_.Now())) {
    return std::nullopt;
  }
  const Value& about = (*claims)["kubernetes.io"];
  const std::string ns(about.GetString("namespace"));
  const std::string name(about["serviceaccount"].GetString("name"));
  const Value account = store_.Get("serviceaccounts", {ns, name});
  if (account.is_null() ||
      !(account["metadata"]["uid"] == about["serviceaccount"]["uid"])) {
    return std::nullopt;
  }
  for (const auto& [member, resource] :
       {std::pair("pod", "pods"), std::pair("secret", "secrets")}) {
    const Value& bound = about[member];
    if (bound.is_null()) continue;
    const Value object =
        store_.Get(resource, {ns, std::string(bound.GetString("name"))});
    if (object.is_null() || !(object["metadata"]["uid"] == bound["uid"])) {
      return std::nullopt;
    }
  }
  UserInfo user = ServiceAccountUser(ns, name);
  user.uid = std::string(account["metadata"].GetString("uid"));
  if (audiences != nullptr) {
    for (const Value& one : (*claims)["aud"].array()) {
      if (one.is_string()) audiences->push_back(one.AsString());
    }
  }
  return user;
}

absl::StatusOr<Value> Tokens::Issue(const Value& service_account,
                                    const Value& request) const {
  const int64_t lifetime =
      request.GetInt("expirationSeconds", kDefaultLifetime);
  if (lifetime < kMinLifetime) {
    return InvalidOption(
        "TokenRequest", "authentication.k8s.io",
        service_account["metadata"].GetString("name"),
        {"FieldValueInvalid", "spec.expirationSeconds",
         absl::StrCat("Invalid value: ", lifetime,
                      ": may not specify a duration less than 10 minutes")});
  }
  const Value& metadata = service_account["metadata"];
  const absl::Time now = clock_.Now();
  const absl::Time end = now + absl::Seconds(lifetime);
  Value audiences = request["audiences"];
  if (audiences.empty()) audiences = Value(Value::Array{kIssuer});
  Value about = Value::MakeObject(
      {{"namespace", metadata["namespace"]},
       {"serviceaccount", Value::MakeObject({{"name", metadata["name"]},
                                             {"uid", metadata["uid"]}})}});
  const Value& bound = request["boundObjectRef"];
  if (bound.is_object()) {
    const bool is_pod = bound.GetString("kind") == "Pod";
    const std::string resource = is_pod ? "pods" : "secrets";
    const Value object =
        store_.Get(resource, {std::string(metadata.GetString("namespace")),
                              std::string(bound.GetString("name"))});
    if (object.is_null()) {
      return MakeFailure(404, "NotFound",
                         absl::StrCat(resource, " \"", bound.GetString("name"),
                                      "\" not found"));
    }
    about.Set(is_pod ? "pod" : "secret",
              Value::MakeObject({{"name", bound["name"]},
                                 {"uid", object["metadata"]["uid"]}}));
  }
  const Value claims = Value::MakeObject(
      {{"aud", audiences},
       {"exp", absl::ToUnixSeconds(end)},
       {"iat", absl::ToUnixSeconds(now)},
       {"nbf", absl::ToUnixSeconds(now)},
       {"iss", kIssuer},
       {"jti", RandomUuid()},
       {"kubernetes.io", std::move(about)},
       {"sub",
        absl::StrCat("system:serviceaccount:", metadata.GetString("namespace"),
                     ":", metadata.GetString("name"))}});
  std::string token = absl::StrCat(Base64Url(R"({"alg":"HS256","typ":"JWT"})"),
                                   ".", Base64Url(FormatJson(claims)));
  absl::StrAppend(&token, ".", Base64Url(Sign(signing_key_, token)));
  return Value::MakeObject({{"token", std::move(token)},
                            {"expirationTimestamp", FormatKubeTime(end)}});
}

}  // namespace weir::apiserver
