#include "src/urls.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace weir::remote {

std::string UrlOfScp(absl::string_view repository) {
  if (absl::StrContains(repository, "://")) return std::string(repository);
  const size_t colon = repository.find(':');
  if (colon == absl::string_view::npos) return std::string(repository);
  absl::string_view path = repository.substr(colon + 1);
  absl::ConsumePrefix(&path, "/");
  return absl::StrCat("ssh://", repository.substr(0, colon), "/", path);
}

std::string ResolveSubmoduleUrl(absl::string_view parent,
                                absl::string_view url) {
  if (!absl::StartsWith(url, "./") && !absl::StartsWith(url, "../")) {
    return UrlOfScp(url);
  }
  while (absl::ConsumeSuffix(&parent, "/")) {
  }
  while (true) {
    if (absl::ConsumePrefix(&url, "./")) continue;
    if (!absl::ConsumePrefix(&url, "../")) break;
    const size_t slash = parent.rfind('/');
    if (slash == absl::string_view::npos) break;
    parent = parent.substr(0, slash);
  }
  return absl::StrCat(parent, "/", url);
}

std::map<std::string, std::string> ReadModules(absl::string_view text) {
  std::map<std::string, std::string> modules;
  std::string path;
  std::string url;
  const auto finish = [&] {
    if (!path.empty()) modules[path] = url;
    path.clear();
    url.clear();
  };
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (absl::StartsWith(line, "[")) finish();
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    const absl::string_view key = absl::StripAsciiWhitespace(pair.first);
    absl::string_view value = absl::StripAsciiWhitespace(pair.second);
    if (absl::ConsumePrefix(&value, "\"")) absl::ConsumeSuffix(&value, "\"");
    if (key == "path") path = std::string(value);
    if (key == "url") url = std::string(value);
  }
  finish();
  return modules;
}

}  // namespace weir::remote
