#include "impersonation.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api_errors.h"
#include "tokens.h"
#include "weir/http/headers.h"

namespace weir::apiserver {

absl::Status Impersonate(
    const std::vector<std::pair<std::string, std::string>>& headers,
    UserInfo& user) {
  constexpr absl::string_view kExtra = "impersonate-extra-";
  UserInfo other;
  bool has_others = false;
  std::vector<std::string> groups;
  std::string name;
  for (const auto& [key, value] : headers) {
    const std::string lower = absl::AsciiStrToLower(key);
    if (lower == "impersonate-user") {
      name = value;
    } else if (lower == "impersonate-uid") {
      other.uid = value;
      has_others = true;
    } else if (lower == "impersonate-group") {
      groups.push_back(value);
      has_others = true;
    } else if (absl::StartsWith(lower, kExtra)) {
      other.extra[http::PercentDecode(lower.substr(kExtra.size()))].push_back(
          value);
      has_others = true;
    }
  }
  if (name.empty()) {
    if (!has_others) return absl::OkStatus();
    return BadRequest(
        "requested impersonation of groups, a uid or extra without a user");
  }
  const UserInfo known = ImpersonatedUser(name);
  other.name = known.name;
  if (groups.empty()) groups = known.groups;
  const bool is_authenticated =
      std::find(groups.begin(), groups.end(), "system:authenticated") !=
      groups.end();
  if (!is_authenticated && name != "system:anonymous") {
    groups.push_back("system:authenticated");
  }
  other.groups = std::move(groups);
  user = std::move(other);
  return absl::OkStatus();
}

}  // namespace weir::apiserver
