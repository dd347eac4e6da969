// azuredevops: statuses of commits of Azure DevOps.
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "src/providers/api_call.h"
#include "src/providers/commit_status.h"
#include "src/providers/git_repository.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::StatusOr<ForgeApi> MakeApi(const Settings& settings) {
  if (settings.token.empty()) {
    return absl::InvalidArgumentError(
        "failed to acquire azure devops token: managed identity is not "
        "supported yet");
  }
  WEIR_ASSIGN_OR_RETURN(const GitAddress address,
                        ParseGitAddress(settings.address));
  // <organisation>/<project>/_git/<repository>
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> parts,
                        SplitRepositoryId(address.id, 4));
  ForgeApi api;
  api.repository =
      absl::StrCat(absl::AsciiStrToLower(absl::StrCat(address.host, "/",
                                                      EscapeSegment(parts[0]))),
                   "/", EscapeSegment(parts[1]), "/_apis/git/repositories/",
                   EscapeSegment(parts[3]));
  http::Request with_login;
  SetBasic(with_login, "", settings.token);
  api.headers = std::move(with_login.headers);
  api.headers.Set("Accept", "application/json;api-version=6.0");
  // Answers with 401 instead of a page to log in.
  api.headers.Set("X-TFS-FedAuthRedirect", "Suppress");
  return api;
}

absl::Status Check(const Settings& settings) {
  return MakeApi(settings).status();
}

absl::StatusOr<ForgeApi> Connect(const Context& /*ctx*/,
                                 const Exchange& exchange) {
  return MakeApi(exchange.settings);
}

std::string GenreOf(const StatusUpdate& update) {
  const auto summary = update.event.metadata.find("summary");
  return summary == update.event.metadata.end()
             ? "fluxcd"
             : absl::StrCat("fluxcd:", summary->second);
}

std::string Statuses(const ForgeApi& api, const StatusUpdate& update) {
  return absl::StrCat(api.repository, "/commits/", update.hash, "/statuses");
}

http::Request List(const ForgeApi& api, const StatusUpdate& update) {
  return ApiRequest("GET", Statuses(api, update), api.headers);
}

bool IsDuplicate(const Value& answer, const StatusUpdate& update) {
  for (const Value& status : answer["value"].array()) {
    const Value& context = status["context"];
    if (!context["name"].is_string() || !context["genre"].is_string() ||
        !status["state"].is_string() || !status["description"].is_string()) {
      continue;
    }
    if (context.GetString("name") != update.id ||
        context.GetString("genre") != GenreOf(update)) {
      continue;
    }
    return status.GetString("state") == update.state &&
           status.GetString("description") == update.description;
  }
  return false;
}

http::Request Post(const ForgeApi& api, const StatusUpdate& update) {
  Value context = Value::MakeObject();
  context.Set("genre", GenreOf(update));
  context.Set("name", update.id);
  Value body = Value::MakeObject();
  body.Set("context", std::move(context));
  body.Set("description", update.description);
  body.Set("state", update.state);
  http::Request request =
      ApiRequest("POST", Statuses(api, update), api.headers, body);
  request.headers.Set("Content-Type", "application/json;charset=utf-8");
  return request;
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  static constexpr StatusForge kForge = {
      .info_state = "succeeded",
      .error_state = "error",
      .wrong_severity = "can't convert to azure devops state",
      .list_failed = "could not list commit statuses",
      .post_failed = "could not create commit status",
      .connect = Connect,
      .list = List,
      .is_duplicate = IsDuplicate,
      .post = Post,
  };
  return PostStatus(ctx, exchange, kForge);
}

}  // namespace

const ProviderType kAzureDevOps = {
    .name = "azuredevops",
    .family = Family::kCommitStatus,
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .notify = Notify,
};

}  // namespace weir::notification_controller
