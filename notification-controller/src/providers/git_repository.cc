#include "src/providers/git_repository.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"
#include "weir/http/headers.h"
#include "weir/text/regex.h"
#include "weir/value/go_quote.h"
#include "weir/value/go_url.h"

namespace weir::notification_controller {
namespace {

constexpr size_t kMaxAddress = 2048;
constexpr char kScpSyntax[] =
    R"(^(?:[a-zA-Z0-9._~-]+@)?([a-zA-Z0-9._-]+):([a-zA-Z0-9./_-]+)(?:\?.*)?$)";
constexpr size_t kSha1Digits = 40;
constexpr size_t kSha256Digits = 64;

absl::Status WrongAddress(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("failed parsing URL: ", why));
}

GitAddress MakeAddress(absl::string_view scheme, absl::string_view host,
                       absl::string_view path) {
  while (absl::ConsumePrefix(&path, "/")) {
  }
  absl::ConsumeSuffix(&path, ".git");
  return {absl::StrCat(scheme, "://", host), std::string(path)};
}

bool LeadsElsewhere(absl::string_view part) {
  return part.empty() || part == "." || part == ".." ||
         std::any_of(part.begin(), part.end(), absl::ascii_iscntrl);
}

}  // namespace

absl::StatusOr<GitAddress> ParseGitAddress(absl::string_view address) {
  if (address.size() > kMaxAddress) return WrongAddress("it is too long");
  const absl::StatusOr<GoUrl> url = ParseGoUrl(address);
  if (url.ok() && (url->scheme == "http" || url->scheme == "https" ||
                   url->scheme == "ssh")) {
    if (url->host.empty()) return WrongAddress("it has no host");
    return MakeAddress(url->scheme == "ssh" ? "https" : url->scheme, url->host,
                       url->path);
  }
  if (url.ok() && absl::StrContains(address, "://")) {
    return WrongAddress(
        absl::StrCat("unsupported protocol scheme ", GoQuote(url->scheme)));
  }
  WEIR_ASSIGN_OR_RETURN(const text::Regex scp,
                        text::Regex::Compile(kScpSyntax));
  const std::vector<absl::string_view> found = scp.Find(address);
  if (found.empty()) return WrongAddress("it is no address of a repository");
  return MakeAddress("https", found[1], found[2]);
}

absl::StatusOr<std::vector<std::string>> SplitRepositoryId(absl::string_view id,
                                                           size_t count) {
  std::vector<std::string> parts = absl::StrSplit(id, '/');
  if ((count != 0 && parts.size() != count) ||
      std::any_of(parts.begin(), parts.end(), LeadsElsewhere)) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid repository id ", GoQuote(id)));
  }
  return parts;
}

std::string EscapeSegment(absl::string_view segment) {
  return http::PercentEncode(segment, "$&+:=@");
}

absl::StatusOr<std::string> CommitHash(const Event& event) {
  for (const char* key : {"commit", "originRevision", "revision"}) {
    const auto found = event.metadata.find(key);
    if (found == event.metadata.end()) continue;
    const std::string& revision = found->second;
    size_t start = revision.rfind(':');
    if (start == std::string::npos) start = revision.rfind('/');
    std::string hash =
        start == std::string::npos ? revision : revision.substr(start + 1);
    if ((hash.size() != kSha1Digits && hash.size() != kSha256Digits) ||
        !std::all_of(hash.begin(), hash.end(), absl::ascii_isxdigit)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "failed to extract commit hash from '", revision, "' revision"));
    }
    return hash;
  }
  return absl::FailedPreconditionError("missing revision metadata");
}

const Secret& TokenOrPassword(const Settings& settings) {
  return settings.token.empty() ? settings.password : settings.token;
}

}  // namespace weir::notification_controller
