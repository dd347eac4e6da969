#include "src/load/ignore.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/go_text.h"
#include "weir/base/status.h"
#include "weir/text/glob.h"

namespace weir::helm {
namespace {

// What Go's filepath.Match notices while it holds a pattern against "abc":
// only as far as it needs to look.
bool IsMalformed(absl::string_view glob) {
  bool is_in_class = false;
  for (size_t i = 0; i < glob.size(); ++i) {
    if (glob[i] == '\\') {
      if (++i == glob.size()) return true;
    } else if (glob[i] == '[' && !is_in_class) {
      is_in_class = true;
      if (i + 1 < glob.size() && glob[i + 1] == '^') ++i;
      if (i + 1 < glob.size() && glob[i + 1] == ']') return true;
    } else if (glob[i] == ']') {
      is_in_class = false;
    }
  }
  return is_in_class;
}

}  // namespace

absl::Status HelmIgnore::AddFile(absl::string_view text) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    WEIR_RETURN_IF_ERROR(AddRule(line));
  }
  return absl::OkStatus();
}

absl::Status HelmIgnore::AddRule(absl::string_view rule) {
  rule = TrimSpace(rule);
  if (rule.empty() || rule[0] == '#') return absl::OkStatus();
  if (absl::StrContains(rule, "**")) {
    return absl::InvalidArgumentError(
        "double-star (**) syntax is not supported");
  }
  if (IsMalformed(rule)) {
    return absl::InvalidArgumentError("syntax error in pattern");
  }
  Pattern pattern;
  pattern.is_negated = absl::ConsumePrefix(&rule, "!");
  pattern.is_for_folders = absl::ConsumeSuffix(&rule, "/");
  pattern.is_for_base_names = !absl::StrContains(rule, '/');
  absl::ConsumePrefix(&rule, "/");
  pattern.glob = std::string(rule);
  patterns_.push_back(std::move(pattern));
  return absl::OkStatus();
}

bool HelmIgnore::IsIgnored(absl::string_view path, bool is_folder) const {
  if (path.empty() || path == ".") return false;
  const absl::string_view base = path.substr(path.rfind('/') + 1);
  const auto matches = [path, base](const Pattern& pattern) {
    return text::GlobMatches(pattern.glob,
                             pattern.is_for_base_names ? base : path);
  };
  for (const Pattern& pattern : patterns_) {
    if (pattern.is_negated) {
      if (pattern.is_for_folders && !is_folder) return true;
      if (!matches(pattern)) return true;
      continue;
    }
    if (pattern.is_for_folders && !is_folder) continue;
    if (matches(pattern)) return true;
  }
  return false;
}

}  // namespace weir::helm
