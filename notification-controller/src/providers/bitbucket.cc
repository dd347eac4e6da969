// bitbucket: build statuses of Bitbucket Cloud.
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/providers/api_call.h"
#include "src/providers/commit_status.h"
#include "src/providers/git_repository.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::StatusOr<ForgeApi> MakeApi(const Settings& settings) {
  const std::string& token = settings.token.RevealForUse();
  if (token.empty()) {
    return absl::InvalidArgumentError("bitbucket token cannot be empty");
  }
  WEIR_ASSIGN_OR_RETURN(const GitAddress address,
                        ParseGitAddress(settings.address));
  const std::vector<std::string> login = absl::StrSplit(token, ':');
  if (login.size() != 2) {
    return absl::InvalidArgumentError(
        "invalid token format, expected to be <user>:<password>");
  }
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> parts,
                        SplitRepositoryId(address.id, 2));
  ForgeApi api;
  api.repository =
      absl::StrCat("https://api.bitbucket.org/2.0/repositories/",
                   EscapeSegment(parts[0]), "/", EscapeSegment(parts[1]));
  http::Request with_login;
  SetBasic(with_login, login[0], Secret(login[1]));
  api.headers = std::move(with_login.headers);
  return api;
}

absl::Status Check(const Settings& settings) {
  return MakeApi(settings).status();
}

absl::StatusOr<ForgeApi> Connect(const Context& /*ctx*/,
                                 const Exchange& exchange) {
  return MakeApi(exchange.settings);
}

std::string Statuses(const ForgeApi& api, const StatusUpdate& update) {
  return absl::StrCat(api.repository, "/commit/", update.hash,
                      "/statuses/build");
}

http::Request List(const ForgeApi& api, const StatusUpdate& update) {
  return ApiRequest("GET",
                    absl::StrCat(Statuses(api, update), "/", KeyOf(update)),
                    api.headers);
}

bool IsDuplicate(const Value& answer, const StatusUpdate& update) {
  return answer.GetString("state") == update.state &&
         answer.GetString("description") == update.description;
}

http::Request Post(const ForgeApi& api, const StatusUpdate& update) {
  Value body = Value::MakeObject();
  body.Set("key", KeyOf(update));
  body.Set("url", "https://bitbucket.org");
  body.Set("state", update.state);
  body.Set("name", update.name);
  body.Set("description", update.description);
  return ApiRequest("POST", Statuses(api, update), api.headers, body);
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  static constexpr StatusForge kForge = {
      .info_state = "SUCCESSFUL",
      .error_state = "FAILED",
      .wrong_severity = "can't convert to bitbucket state",
      .list_failed = "could not get commit status",
      .absent_is_none = true,
      .connect = Connect,
      .list = List,
      .is_duplicate = IsDuplicate,
      .post = Post,
  };
  return PostStatus(ctx, exchange, kForge);
}

}  // namespace

const ProviderType kBitbucket = {
    .name = "bitbucket",
    .family = Family::kCommitStatus,
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .notify = Notify,
};

}  // namespace weir::notification_controller
