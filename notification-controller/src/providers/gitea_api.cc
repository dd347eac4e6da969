#include "src/providers/gitea_api.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "src/providers/api_call.h"
#include "src/providers/git_repository.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::StatusOr<GiteaApi> MakeApi(const Settings& settings) {
  const Secret& token = TokenOrPassword(settings);
  if (token.empty()) {
    return absl::InvalidArgumentError("gitea token cannot be empty");
  }
  WEIR_ASSIGN_OR_RETURN(const GitAddress address,
                        ParseGitAddress(settings.address));
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> parts,
                        SplitRepositoryId(address.id, 2));
  GiteaApi api;
  api.base = absl::StrCat(address.host, "/api/v1");
  api.repository.repository =
      absl::StrCat(api.base, "/repos/", EscapeSegment(parts[0]), "/",
                   EscapeSegment(parts[1]));
  api.repository.headers = {
      {"Authorization", absl::StrCat("token ", token.RevealForUse())}};
  return api;
}

}  // namespace

absl::Status CheckGitea(const Settings& settings) {
  return MakeApi(settings).status();
}

absl::StatusOr<GiteaApi> ConnectToGitea(const Context& ctx,
                                        const Exchange& exchange) {
  WEIR_ASSIGN_OR_RETURN(GiteaApi api, MakeApi(exchange.settings));
  WEIR_ASSIGN_OR_RETURN(
      const Value version,
      Call(ctx, exchange.sender,
           ApiRequest("GET", absl::StrCat(api.base, "/version"),
                      api.repository.headers)),
      "failed creating Gitea client");
  if (!version["version"].is_string()) {
    return absl::FailedPreconditionError(
        "failed creating Gitea client: the server says no version");
  }
  return api;
}

}  // namespace weir::notification_controller
