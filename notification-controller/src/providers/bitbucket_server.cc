// bitbucketserver: build statuses of Bitbucket Server and Data Center.
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/providers/api_call.h"
#include "src/providers/commit_status.h"
#include "src/providers/git_repository.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"
#include "weir/value/go_url.h"

namespace weir::notification_controller {
namespace {

// What every address to clone over HTTP has before project and repository.
constexpr absl::string_view kClonePath = "/scm/";

absl::Status WrongAddress(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("could not parse git address: ", why));
}

absl::StatusOr<ForgeApi> ParseAddress(const std::string& address) {
  absl::StatusOr<GoUrl> url = ParseGoUrl(address);
  if (!url.ok()) return WrongAddress("it is no URL");
  if (url->scheme != "http" && url->scheme != "https") {
    return WrongAddress(absl::StrCat("unsupported scheme type in address: ",
                                     url->scheme, ". Must be http or https"));
  }
  const std::string path(absl::StripSuffix(url->path, ".git"));
  const size_t found = path.rfind(std::string(kClonePath));
  if (found == std::string::npos) {
    return WrongAddress(
        "supplied provider address is not http(s) git clone url");
  }
  WEIR_ASSIGN_OR_RETURN(
      const std::vector<std::string> parts,
      SplitRepositoryId(path.substr(found + kClonePath.size()), 2),
      "could not parse git address");
  // Servers may be below a path of their own.
  std::string base = absl::StrCat(url->scheme, "://", url->host);
  if (found > 0) {
    WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> below,
                          SplitRepositoryId(path.substr(1, found - 1), 0),
                          "could not parse git address");
    for (const std::string& part : below) {
      absl::StrAppend(&base, "/", EscapeSegment(part));
    }
  }
  ForgeApi api;
  api.repository =
      absl::StrCat(base, "/rest/api/latest/projects/", EscapeSegment(parts[0]),
                   "/repos/", EscapeSegment(parts[1]));
  // It is written into the status, which is no place for a password.
  url->has_user = url->has_password = false;
  url->user.clear();
  url->password.clear();
  api.address = url->ToString();
  return api;
}

absl::StatusOr<ForgeApi> MakeApi(const Settings& settings) {
  WEIR_ASSIGN_OR_RETURN(ForgeApi api, ParseAddress(settings.address));
  http::Request with_login;
  if (!settings.token.empty()) {
    SetBearer(with_login, settings.token);
  } else if (!settings.username.empty() && !settings.password.empty()) {
    SetBasic(with_login, settings.username, settings.password);
  } else {
    return absl::InvalidArgumentError(
        "invalid credentials, expected to be one of username/password or API "
        "Token");
  }
  api.headers = std::move(with_login.headers);
  api.headers.Set("x-atlassian-token", "no-check");
  api.headers.Set("x-requested-with", "XMLHttpRequest");
  return api;
}

absl::Status Check(const Settings& settings) {
  return MakeApi(settings).status();
}

absl::StatusOr<ForgeApi> Connect(const Context& /*ctx*/,
                                 const Exchange& exchange) {
  return MakeApi(exchange.settings);
}

// The page of a build shows no description.
std::string NameOf(const StatusUpdate& update) {
  return absl::StrCat(update.name, " [", update.description, "]");
}

std::string Builds(const ForgeApi& api, const StatusUpdate& update) {
  return absl::StrCat(api.repository, "/commits/", update.hash, "/builds");
}

http::Request List(const ForgeApi& api, const StatusUpdate& update) {
  return ApiRequest("GET",
                    absl::StrCat(Builds(api, update), "?key=", KeyOf(update)),
                    api.headers);
}

bool IsDuplicate(const Value& answer, const StatusUpdate& update) {
  return answer.GetString("key") == KeyOf(update) &&
         answer.GetString("state") == update.state &&
         answer.GetString("description") == update.description &&
         answer.GetString("name") == NameOf(update);
}

http::Request Post(const ForgeApi& api, const StatusUpdate& update) {
  Value body = Value::MakeObject();
  body.Set("key", KeyOf(update));
  body.Set("state", update.state);
  body.Set("url", api.address);
  body.Set("description", update.description);
  body.Set("name", NameOf(update));
  return ApiRequest("POST", Builds(api, update), api.headers, body);
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  static constexpr StatusForge kForge = {
      .info_state = "SUCCESSFUL",
      .error_state = "FAILED",
      .wrong_revision = "could not parse revision",
      .wrong_severity =
          "couldn't convert to bitbucket server state: bitbucket server state "
          "generated on info or error events only",
      .list_failed = "could not get existing commit status",
      .post_failed = "could not post build status",
      .absent_is_none = true,
      .connect = Connect,
      .list = List,
      .is_duplicate = IsDuplicate,
      .post = Post,
  };
  return PostStatus(ctx, exchange, kForge);
}

}  // namespace

const ProviderType kBitbucketServer = {
    .name = "bitbucketserver",
    .family = Family::kCommitStatus,
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .notify = Notify,
};

}  // namespace weir::notification_controller
