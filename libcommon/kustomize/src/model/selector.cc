#include "src/model/selector.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/base/status.h"
#include "weir/text/regex.h"

namespace weir::kustomize {

struct Pattern::Regex {
  text::Regex re;
};

namespace {

constexpr size_t kMaxPattern = 64 * 1024;

// What Go's package says where RE2's library says otherwise.
std::string GoRegexError(absl::string_view message,
                         const std::string& pattern) {
  const absl::string_view reason =
      message.substr(std::min(message.size(), message.rfind("': ") + 3));
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(reason, absl::MaxSplits(": ", 1));
  static constexpr std::pair<absl::string_view, absl::string_view> kWords[] = {
      {"missing )", "missing closing )"},
      {"missing ]", "missing closing ]"},
      {"no argument for repetition operator",
       "missing argument to repetition operator"},
      {"bad repetition operator", "invalid nested repetition operator"},
      {"invalid repetition size", "invalid repeat count"},
      {"trailing \\", "trailing backslash at end of expression"}};
  absl::string_view words = parts.first;
  for (const auto& [theirs, go] : kWords) {
    if (theirs == words) words = go;
  }
  return absl::StrCat(
      "error parsing regexp: ", words, ": `",
      parts.second.empty() ? absl::string_view(pattern) : parts.second, "`");
}

// "(?<name>" names a group in Go, where an older RE2 wants "(?P<name>".
std::string WithNamedGroups(absl::string_view pattern) {
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      out.push_back(pattern[i++]);
    } else if (absl::StartsWith(pattern.substr(i), "(?<")) {
      out.append("(?P");
      i += 2;
    }
    out.push_back(pattern[i]);
  }
  return out;
}

absl::StatusOr<std::shared_ptr<const Pattern::Regex>> CompileRegex(
    const std::string& pattern) {
  if (pattern.size() > kMaxPattern) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a pattern is longer than ", kMaxPattern, " bytes"));
  }
  absl::StatusOr<text::Regex> regex =
      text::Regex::Compile(WithNamedGroups(pattern));
  if (!regex.ok()) {
    return BuildError(GoRegexError(regex.status().message(), pattern));
  }
  return std::make_shared<const Pattern::Regex>(
      Pattern::Regex{*std::move(regex)});
}

bool Search(const Pattern::Regex& regex, absl::string_view text) {
  return regex.re.Matches(text);
}

bool IsPlain(absl::string_view text) {
  for (char c : text) {
    if (!absl::ascii_isalnum(c) && c != '-' && c != '_' && c != '/') {
      return false;
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<Pattern> Pattern::Compile(const std::string& text) {
  Pattern pattern;
  if (text.empty() || IsPlain(text)) {
    pattern.literal_ = text;
    return pattern;
  }
  pattern.is_literal_ = false;
  WEIR_ASSIGN_OR_RETURN(pattern.regex_,
                        CompileRegex(absl::StrCat("^(?:", text, ")$")));
  return pattern;
}

bool Pattern::Matches(absl::string_view text) const {
  if (is_literal_) return literal_.empty() || literal_ == text;
  return Search(*regex_, text);
}

absl::StatusOr<SearchPattern> SearchPattern::Compile(const std::string& text) {
  SearchPattern pattern;
  WEIR_ASSIGN_OR_RETURN(pattern.regex_, CompileRegex(text));
  return pattern;
}

bool SearchPattern::Matches(absl::string_view text) const {
  return Search(*regex_, text);
}

absl::StatusOr<Selector> Selector::Compile(const SelectorSpec& spec) {
  Selector selector;
  WEIR_ASSIGN_OR_RETURN(selector.group_, Pattern::Compile(spec.group));
  WEIR_ASSIGN_OR_RETURN(selector.version_, Pattern::Compile(spec.version));
  WEIR_ASSIGN_OR_RETURN(selector.kind_, Pattern::Compile(spec.kind));
  WEIR_ASSIGN_OR_RETURN(selector.name_, Pattern::Compile(spec.name));
  WEIR_ASSIGN_OR_RETURN(selector.ns_, Pattern::Compile(spec.ns));
  selector.labels_ = LabelSelector(spec.label_selector);
  selector.annotations_ = LabelSelector(spec.annotation_selector);
  return selector;
}

size_t Selector::cost() const {
  size_t patterns = 0;
  for (const Pattern* part : {&group_, &version_, &kind_, &name_, &ns_}) {
    if (!part->is_literal()) ++patterns;
  }
  return patterns;
}

absl::StatusOr<bool> Selector::Matches(const Resource& resource) const {
  const ResId& current = resource.CurId();
  if (!kind_.Matches(current.gvk.kind) || !group_.Matches(current.gvk.group) ||
      !version_.Matches(current.gvk.version)) {
    return false;
  }
  const bool renamed = !resource.previous.empty();
  if (!name_.Matches(current.name) &&
      !(renamed && name_.Matches(resource.previous[0].name))) {
    return false;
  }
  if (!ns_.Matches(current.EffectiveNamespace()) &&
      !(renamed && ns_.Matches(resource.previous[0].ns))) {
    return false;
  }
  return MatchesMetadata(resource);
}

bool Selector::MatchesId(const Gvk& group_version, absl::string_view kind,
                         absl::string_view name, absl::string_view ns) const {
  return kind_.Matches(kind) && group_.Matches(group_version.group) &&
         version_.Matches(group_version.version) && name_.Matches(name) &&
         ns_.Matches(ns);
}

absl::StatusOr<bool> Selector::MatchesMetadata(const Resource& resource) const {
  WEIR_ASSIGN_OR_RETURN(const bool matches,
                        labels_.Matches(resource, "labels"));
  if (!matches) return false;
  return annotations_.Matches(resource, "annotations");
}

}  // namespace weir::kustomize
