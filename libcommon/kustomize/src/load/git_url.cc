#include "src/load/git_url.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/load/paths.h"
#include "weir/kustomize/remote.h"

namespace weir::kustomize {
namespace {

constexpr absl::string_view kSchemes[] = {"ssh://", "https://", "http://",
                                          "file://"};
constexpr absl::string_view kFile = "file://";
constexpr absl::string_view kGitDelimiter = "_git/";
constexpr absl::string_view kGitSuffix = ".git";

bool ConsumePrefixIgnoreCase(absl::string_view* text,
                             absl::string_view prefix) {
  if (!absl::StartsWithIgnoreCase(*text, prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// "user@" at the start, or nothing.
absl::string_view TakeUser(absl::string_view* text) {
  size_t size = 0;
  while (size < text->size() &&
         (absl::ascii_isalpha((*text)[size]) ||
          (size > 0 &&
           (absl::ascii_isdigit((*text)[size]) || (*text)[size] == '-')))) {
    ++size;
  }
  if (size == 0 || size == text->size() || (*text)[size] != '@') return "";
  const absl::string_view user = text->substr(0, size + 1);
  text->remove_prefix(size + 1);
  return user;
}

struct Host {
  std::string text;  // Scheme and user included.
  bool is_file = false;
};

// What precedes the repository's path.
std::optional<Host> TakeHost(absl::string_view* text) {
  ConsumePrefixIgnoreCase(text, "git::");
  absl::string_view scheme;
  for (absl::string_view known : kSchemes) {
    if (ConsumePrefixIgnoreCase(text, known)) {
      scheme = known;
      break;
    }
  }
  // Nothing else of such a URL is a host.
  if (scheme == kFile) return Host{std::string(kFile), true};
  absl::string_view user = TakeUser(text);
  const bool is_github = absl::StartsWithIgnoreCase(*text, "github.com/") ||
                         absl::StartsWithIgnoreCase(*text, "github.com:");
  const bool is_scp = scheme.empty() && (!user.empty() || is_github);
  if (scheme.empty() && !is_scp) return std::nullopt;
  size_t end = text->find('/');
  if (is_scp) {
    const size_t colon = text->find(':');
    if (end == absl::string_view::npos ||
        (colon != absl::string_view::npos && colon > 0 && colon < end)) {
      end = colon;
    }
  }
  std::string host(end == absl::string_view::npos ? *text
                                                  : text->substr(0, end + 1));
  text->remove_prefix(host.size());
  if (is_github) {
    // Upstream writes it in one of two ways, whatever the URL says.
    const bool is_ssh = scheme == "ssh://" || !user.empty();
    host = is_ssh ? "github.com:" : "github.com/";
    scheme = is_ssh ? "" : "https://";
    if (!is_ssh) user = "";
  }
  if (host.empty()) return std::nullopt;
  return Host{absl::StrCat(scheme, user, host), false};
}

struct Split {
  std::string repository;
  std::string directory;
};

std::optional<Split> SplitRepository(absl::string_view path, bool is_file) {
  using Segments = std::vector<absl::string_view>;
  size_t at = path.find(kGitDelimiter);
  if (at != absl::string_view::npos) {
    at += kGitDelimiter.size();
    const Segments rest = absl::StrSplit(path.substr(at), '/');
    return Split{absl::StrCat(path.substr(0, at), rest[0]),
                 absl::StrJoin(rest.begin() + 1, rest.end(), "/")};
  }
  at = path.find("//");
  if (at != absl::string_view::npos) {
    return Split{std::string(path.substr(0, at)),
                 std::string(path.substr(at + 2))};
  }
  at = path.find(kGitSuffix);
  if (at != absl::string_view::npos) {
    at += kGitSuffix.size();
    return Split{std::string(path.substr(0, at)), std::string(path.substr(at))};
  }
  if (is_file) return Split{std::string(path), ""};
  const Segments all = absl::StrSplit(path, '/');
  if (all.size() < 2) return std::nullopt;
  return Split{absl::StrCat(all[0], "/", all[1]),
               absl::StrJoin(all.begin() + 2, all.end(), "/")};
}

int HexDigit(char c) {
  if (absl::ascii_isdigit(c)) return c - '0';
  if (!absl::ascii_isxdigit(c)) return -1;
  return absl::ascii_tolower(c) - 'a' + 10;
}

// A key or value of a query. False when it is malformed.
bool Unescape(absl::string_view text, std::string* out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out->push_back(' ');
    } else if (text[i] != '%') {
      out->push_back(text[i]);
    } else {
      if (i + 2 >= text.size()) return false;
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      out->push_back(static_cast<char>(high << 4 | low));
      i += 2;
    }
  }
  return true;
}

using Query = std::vector<std::pair<std::string, std::string>>;

// Nothing when any part of it is malformed.
Query ParseQuery(absl::string_view text) {
  Query query;
  for (absl::string_view part : absl::StrSplit(text, '&', absl::SkipEmpty())) {
    if (absl::StrContains(part, ";")) return {};
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    query.emplace_back();
    if (!Unescape(pair.first, &query.back().first) ||
        !Unescape(pair.second, &query.back().second)) {
      return {};
    }
  }
  return query;
}

// The first value of a key.
absl::string_view Get(const Query& query, absl::string_view key) {
  for (const auto& [name, value] : query) {
    if (name == key) return value;
  }
  return "";
}

void ReadQuery(absl::string_view text, GitUrl* url) {
  const Query query = ParseQuery(text);
  url->ref = std::string(Get(query, "version"));
  if (!Get(query, "ref").empty()) url->ref = std::string(Get(query, "ref"));
  const absl::string_view timeout = Get(query, "timeout");
  int seconds = 0;
  absl::Duration duration;
  if (absl::SimpleAtoi(timeout, &seconds) && seconds > 0) {
    url->timeout = absl::Seconds(seconds);
  } else if (absl::ParseDuration(timeout, &duration) &&
             duration > absl::ZeroDuration() &&
             duration < absl::InfiniteDuration()) {
    url->timeout = duration;
  }
  const absl::string_view submodules = Get(query, "submodules");
  for (absl::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (submodules == no) url->submodules = false;
  }
}

}  // namespace

std::optional<GitUrl> ParseGitUrl(absl::string_view path) {
  if (absl::StartsWith(path, "/")) return std::nullopt;
  GitUrl url;
  url.raw = std::string(path);
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(path, absl::MaxSplits('?', 1));
  ReadQuery(parts.second, &url);
  absl::string_view rest = parts.first;
  const std::optional<Host> host = TakeHost(&rest);
  if (!host.has_value()) return std::nullopt;
  std::optional<Split> split = SplitRepository(rest, host->is_file);
  if (!split.has_value() || split->repository.empty()) return std::nullopt;
  url.repository = absl::StrCat(host->text, split->repository);
  url.directory = std::string(absl::StripPrefix(split->directory, "/"));
  if (LeavesRoot(CleanPath(url.directory))) return std::nullopt;
  return url;
}

bool NamesRepository(absl::string_view path) {
  return ParseGitUrl(path).has_value();
}

bool IsRemoteFile(absl::string_view path) {
  return absl::StartsWithIgnoreCase(path, "http:") ||
         absl::StartsWithIgnoreCase(path, "https:");
}

}  // namespace weir::kustomize
