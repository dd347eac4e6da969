#include "weir/text/ignore.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "weir/text/glob.h"

namespace weir::text {
namespace {

constexpr absl::string_view kVersionControl[] = {
    ".git/", ".gitignore", ".gitmodules", ".gitattributes"};
constexpr absl::string_view kDefaults[] = {"*.jpg",
                                           "*.jpeg",
                                           "*.gif",
                                           "*.png",
                                           "*.wmv",
                                           "*.flv",
                                           "*.tar.gz",
                                           "*.zip",
                                           ".github/",
                                           ".circleci/",
                                           ".travis.yml",
                                           ".gitlab-ci.yml",
                                           "appveyor.yml",
                                           ".drone.yml",
                                           "cloudbuild.yaml",
                                           "codeship-services.yml",
                                           "codeship-steps.yml",
                                           "**/.goreleaser.yml",
                                           "**/.sops.yaml",
                                           "**/.flux.yaml"};

}  // namespace

void IgnoreRules::AddFile(absl::string_view contents,
                          absl::string_view folder) {
  for (absl::string_view line : absl::StrSplit(contents, '\n')) {
    absl::ConsumeSuffix(&line, "\r");
    if (absl::StartsWith(line, "#")) continue;
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    AddPattern(line, folder);
  }
}

void IgnoreRules::AddPattern(absl::string_view pattern,
                             absl::string_view folder) {
  Pattern out;
  if (!folder.empty()) out.folder = absl::StrSplit(folder, '/');
  out.is_inclusion = absl::ConsumePrefix(&pattern, "!");
  if (!absl::EndsWith(pattern, "\\ ")) {
    while (absl::ConsumeSuffix(&pattern, " ")) {
    }
  }
  out.only_directories = absl::ConsumeSuffix(&pattern, "/");
  out.is_anchored = absl::StrContains(pattern, '/');
  out.parts = absl::StrSplit(pattern, '/');
  patterns_.push_back(std::move(out));
}

void IgnoreRules::Append(const IgnoreRules& other) {
  patterns_.insert(patterns_.end(), other.patterns_.begin(),
                   other.patterns_.end());
}

bool IgnoreRules::IsIgnored(absl::string_view path, bool is_directory) const {
  const Parts parts = absl::StrSplit(path, '/');
  for (auto it = patterns_.rbegin(); it != patterns_.rend(); ++it) {
    if (Matches(*it, parts, is_directory)) return !it->is_inclusion;
  }
  return false;
}

bool IgnoreRules::Matches(const Pattern& pattern, const Parts& path,
                          bool is_directory) {
  const size_t first = pattern.folder.size();
  if (path.size() <= first) return false;
  for (size_t i = 0; i < first; ++i) {
    if (path[i] != pattern.folder[i]) return false;
  }
  return pattern.is_anchored
             ? MatchesAnchored(pattern, path, first, is_directory)
             : MatchesName(pattern, path, first, is_directory);
}

bool IgnoreRules::MatchesName(const Pattern& pattern, const Parts& path,
                              size_t first, bool is_directory) {
  for (size_t i = first; i < path.size(); ++i) {
    if (!GlobMatches(pattern.parts[0], path[i])) continue;
    return !pattern.only_directories || is_directory || i + 1 < path.size();
  }
  return false;
}

// Matches the start of the path, part by part; "**" stands for any number of
// parts.
bool IgnoreRules::MatchesAnchored(const Pattern& pattern, const Parts& path,
                                  size_t first, bool is_directory) {
  size_t at = first;
  bool matched = false;
  bool may_skip = false;
  for (size_t i = 0; i < pattern.parts.size(); ++i) {
    const std::string& part = pattern.parts[i];
    const bool is_last = i + 1 == pattern.parts.size();
    if (part.empty()) {
      may_skip = false;
      continue;
    }
    if (part == "**") {
      if (is_last) break;
      may_skip = true;
      continue;
    }
    // "foo**" never matches.
    if (absl::StrContains(part, "**") || at == path.size()) return false;
    if (may_skip) {
      may_skip = false;
      matched = false;
      while (at < path.size() && !matched) {
        matched = GlobMatches(part, path[at++]);
      }
      continue;
    }
    if (!GlobMatches(part, path[at++])) return false;
    // A file is not what is below it.
    matched = at < path.size() || is_last;
  }
  if (matched && pattern.only_directories && !is_directory &&
      at == path.size()) {
    return false;
  }
  return matched;
}

IgnoreRules WithSourceDefaults(const IgnoreRules& given) {
  IgnoreRules rules;
  for (const absl::string_view pattern : kVersionControl) {
    rules.AddPattern(pattern);
  }
  if (given.empty()) {
    for (const absl::string_view pattern : kDefaults) rules.AddPattern(pattern);
  }
  rules.Append(given);
  return rules;
}

}  // namespace weir::text
