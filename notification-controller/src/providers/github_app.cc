#include "src/providers/github_app.h"

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/providers/api_call.h"
#include "src/providers/git_repository.h"
#include "src/providers/github_api.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/crypto/jws.h"
#include "weir/value/go_url.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

// As upstream: what signs in lives two minutes, and began a little ago, as
// clocks differ.
constexpr absl::Duration kClockDrift = absl::Seconds(30);
constexpr absl::Duration kProofLife = absl::Minutes(2);

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(what, " must be provided to use github app authentication"));
}

// 0 when it is no number, as if it were not there.
int64_t NumberOf(const Settings& settings, absl::string_view key) {
  int64_t number = 0;
  const bool is_number =
      absl::SimpleAtoi(settings.SecretValue(key).RevealForUse(), &number);
  return is_number ? number : 0;
}

absl::StatusOr<std::string> BaseOf(const Settings& settings) {
  std::string base = settings.SecretValue("githubAppBaseURL").RevealForUse();
  if (base.empty()) return "https://api.github.com";
  const absl::StatusOr<GoUrl> url = ParseGoUrl(base);
  if (!url.ok() || (url->scheme != "http" && url->scheme != "https") ||
      url->host.empty() || url->has_user || !url->raw_query.empty()) {
    return absl::InvalidArgumentError("invalid API URL");
  }
  return std::string(absl::StripSuffix(base, "/"));
}

absl::StatusOr<http::Headers> SignIn(const GithubApp& app, absl::Time now) {
  const absl::Time issued = now - kClockDrift;
  Value claims = Value::MakeObject();
  claims.Set("iat", absl::ToUnixSeconds(issued));
  claims.Set("exp", absl::ToUnixSeconds(issued + kProofLife));
  claims.Set("iss", absl::StrCat(app.id));
  WEIR_ASSIGN_OR_RETURN(
      const Secret proof,
      crypto::SignRs256(app.private_key, R"({"alg":"RS256","typ":"JWT"})",
                        FormatJson(claims)),
      "could not parse private key");
  return GithubHeaders(proof);
}

absl::StatusOr<int64_t> FindInstallation(const Context& ctx,
                                         const Exchange& exchange,
                                         const GithubApp& app,
                                         const http::Headers& headers) {
  if (app.installation_id != 0) return app.installation_id;
  const std::string owner = EscapeSegment(app.installation_owner);
  const absl::StatusOr<Value> of_organization =
      Call(ctx, exchange.sender,
           ApiRequest("GET",
                      absl::StrCat(app.base, "/orgs/", owner, "/installation"),
                      headers));
  if (of_organization.ok()) return of_organization->GetInt("id");
  const absl::StatusOr<Value> of_user =
      Call(ctx, exchange.sender,
           ApiRequest("GET",
                      absl::StrCat(app.base, "/users/", owner, "/installation"),
                      headers));
  if (of_user.ok()) return of_user->GetInt("id");
  return absl::Status(of_user.status().code(),
                      absl::StrCat("failed to find organization installation: ",
                                   of_organization.status().message(),
                                   "\nfailed to find user installation: ",
                                   of_user.status().message()));
}

struct NewToken {
  GithubAppToken token;
  absl::Time expires;
};

absl::StatusOr<NewToken> ExchangeToken(const Context& ctx,
                                       const Exchange& exchange,
                                       const GithubApp& app, bool want_slug) {
  WEIR_ASSIGN_OR_RETURN(const http::Headers headers,
                        SignIn(app, exchange.clock.Now()));
  NewToken made;
  if (want_slug) {
    WEIR_ASSIGN_OR_RETURN(
        const Value about,
        Call(ctx, exchange.sender,
             ApiRequest("GET", absl::StrCat(app.base, "/app"), headers)),
        "failed to get app information");
    made.token.slug = std::string(about.GetString("slug"));
  }
  WEIR_ASSIGN_OR_RETURN(const int64_t installation,
                        FindInstallation(ctx, exchange, app, headers));
  WEIR_ASSIGN_OR_RETURN(
      const Value answer,
      Call(ctx, exchange.sender,
           ApiRequest("POST",
                      absl::StrCat(app.base, "/app/installations/",
                                   installation, "/access_tokens"),
                      headers)));
  made.token.token = Secret(std::string(answer.GetString("token")));
  if (made.token.token.empty()) {
    return absl::UnavailableError("github answered without a token");
  }
  // Without a time the token is used once.
  made.expires = ParseKubeTime(answer.GetString("expires_at"))
                     .value_or(exchange.clock.Now());
  return made;
}

// A digest of all that decides about the token.
std::string CacheKey(const GithubApp& app) {
  return crypto::Sha256Hex(absl::StrCat(app.id, "\n", app.installation_id, "\n",
                                        app.installation_owner, "\n", app.base,
                                        "\n", app.private_key.RevealForUse()));
}

}  // namespace

absl::StatusOr<GithubApp> ReadGithubApp(const Settings& settings) {
  GithubApp app;
  app.id = NumberOf(settings, "githubAppID");
  app.installation_id = NumberOf(settings, "githubAppInstallationID");
  app.installation_owner =
      settings.SecretValue("githubAppInstallationOwner").RevealForUse();
  app.private_key = settings.SecretValue("githubAppPrivateKey");
  if (app.id == 0) return Wrong("app ID");
  if (app.installation_owner.empty() && app.installation_id == 0) {
    return Wrong("app installation owner or ID");
  }
  if (!app.installation_owner.empty() && app.installation_id != 0) {
    return Wrong("only one of app installation owner or ID");
  }
  if (app.private_key.empty()) return Wrong("private key");
  if (!app.installation_owner.empty()) {
    WEIR_RETURN_IF_ERROR(SplitRepositoryId(app.installation_owner, 1),
                         "app installation owner");
  }
  WEIR_ASSIGN_OR_RETURN(app.base, BaseOf(settings));
  return app;
}

absl::StatusOr<GithubAppToken> GetGithubAppToken(const Context& ctx,
                                                 const Exchange& exchange,
                                                 bool want_slug) {
  WEIR_ASSIGN_OR_RETURN(const GithubApp app, ReadGithubApp(exchange.settings));
  const std::string owner = exchange.settings.TokenOwner();
  const std::string key = CacheKey(app);
  const std::string slug_key = absl::StrCat(key, "/slug");
  const std::optional<Secret> token = exchange.tokens.Find(owner, key);
  const std::optional<Secret> slug = want_slug && token.has_value()
                                         ? exchange.tokens.Find(owner, slug_key)
                                         : std::nullopt;
  if (token.has_value() && (slug.has_value() || !want_slug)) {
    return GithubAppToken{*token, slug.has_value() ? slug->RevealForUse() : ""};
  }
  WEIR_ASSIGN_OR_RETURN(NewToken made,
                        ExchangeToken(ctx, exchange, app, want_slug));
  if (want_slug) {
    exchange.tokens.Store(owner, slug_key, Secret(made.token.slug),
                          made.expires);
  }
  exchange.tokens.Store(owner, key, made.token.token, made.expires);
  return std::move(made.token);
}

}  // namespace weir::notification_controller
