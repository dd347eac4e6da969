#include "src/providers/github_api.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/providers/git_repository.h"
#include "src/providers/github_app.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

// Enterprise servers have their API below a path, unless the host is the API's.
std::string BaseOf(const std::string& host) {
  const std::string name = host.substr(host.find("://") + 3);
  if (name == "github.com") return "https://api.github.com";
  if (absl::StartsWith(name, "api.") || absl::StrContains(name, ".api.")) {
    return host;
  }
  return absl::StrCat(host, "/api/v3");
}

}  // namespace

absl::Status CheckGithub(const Settings& settings) {
  if (TokenOrPassword(settings).empty()) {
    if (!settings.secret.contains("githubAppID")) {
      return absl::InvalidArgumentError(
          "github token or github app details must be specified");
    }
    WEIR_RETURN_IF_ERROR(ReadGithubApp(settings));
  }
  WEIR_ASSIGN_OR_RETURN(const GitAddress address,
                        ParseGitAddress(settings.address));
  return SplitRepositoryId(address.id, 2).status();
}

http::Headers GithubHeaders(const Secret& token) {
  return {{"Accept", "application/vnd.github.v3+json"},
          {"Authorization", absl::StrCat("Bearer ", token.RevealForUse())},
          {"X-GitHub-Api-Version", "2022-11-28"}};
}

absl::StatusOr<GithubApi> ConnectToGithub(const Context& ctx,
                                          const Exchange& exchange,
                                          AppLogin login) {
  WEIR_RETURN_IF_ERROR(CheckGithub(exchange.settings));
  WEIR_ASSIGN_OR_RETURN(const GitAddress address,
                        ParseGitAddress(exchange.settings.address));
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> parts,
                        SplitRepositoryId(address.id, 2));
  GithubApi api;
  api.base = BaseOf(address.host);
  Secret token = TokenOrPassword(exchange.settings);
  if (token.empty()) {
    WEIR_ASSIGN_OR_RETURN(
        GithubAppToken app,
        GetGithubAppToken(ctx, exchange, login == AppLogin::kWanted));
    token = std::move(app.token);
    if (!app.slug.empty()) api.app_login = absl::StrCat(app.slug, "[bot]");
  }
  api.repository.repository =
      absl::StrCat(api.base, "/repos/", EscapeSegment(parts[0]), "/",
                   EscapeSegment(parts[1]));
  api.repository.headers = GithubHeaders(token);
  return api;
}

}  // namespace weir::notification_controller
