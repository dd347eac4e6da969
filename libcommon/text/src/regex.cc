#include "weir/text/regex.h"

#include <re2/re2.h>

#include "absl/strings/numbers.h"
#include "weir/base/status.h"

namespace weir::text {
namespace {

re2::StringPiece Piece(absl::string_view text) {
  return re2::StringPiece(text.data(), text.size());
}

RE2::Options QuietOptions() {
  RE2::Options options;
  options.set_log_errors(false);
  return options;
}

bool IsNameByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || c == '_';
}

// Takes the name after "$" off `rest`; empty when there is none.
absl::string_view TakeName(absl::string_view& rest) {
  const bool braced = !rest.empty() && rest[0] == '{';
  const size_t start = braced ? 1 : 0;
  size_t end = start;
  while (end < rest.size() && IsNameByte(rest[end])) ++end;
  const absl::string_view name = rest.substr(start, end - start);
  if (braced && (end == rest.size() || rest[end] != '}')) return {};
  if (!name.empty()) rest.remove_prefix(braced ? end + 1 : end);
  return name;
}

}  // namespace

struct Regex::Impl {
  explicit Impl(absl::string_view text)
      : re(Piece(text), QuietOptions()), pattern(text) {}

  void Expand(absl::string_view with,
              const std::vector<re2::StringPiece>& groups,
              std::string& out) const {
    while (!with.empty()) {
      const size_t dollar = with.find('$');
      absl::StrAppend(&out, with.substr(0, dollar));
      if (dollar == absl::string_view::npos) return;
      with.remove_prefix(dollar + 1);
      if (!with.empty() && with[0] == '$') {
        out.push_back('$');
        with.remove_prefix(1);
        continue;
      }
      const absl::string_view name = TakeName(with);
      if (name.empty()) {
        out.push_back('$');
        continue;
      }
      int index = -1;
      if (!absl::SimpleAtoi(name, &index)) {
        const auto& names = re.NamedCapturingGroups();
        const auto found = names.find(std::string(name));
        index = found == names.end() ? -1 : found->second;
      }
      if (index >= 0 && index < static_cast<int>(groups.size())) {
        const re2::StringPiece& group = groups[static_cast<size_t>(index)];
        out.append(group.data() == nullptr ? "" : group.data(), group.size());
      }
    }
  }

  RE2 re;
  std::string pattern;
};

absl::StatusOr<Regex> Regex::Compile(absl::string_view pattern) {
  auto impl = std::make_shared<const Impl>(pattern);
  if (!impl->re.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "invalid regular expression '", pattern, "': ", impl->re.error()));
  }
  return Regex(std::move(impl));
}

bool Regex::Matches(absl::string_view text) const {
  return RE2::PartialMatch(Piece(text), impl_->re);
}

bool Regex::MatchesAll(absl::string_view text) const {
  return RE2::FullMatch(Piece(text), impl_->re);
}

std::vector<absl::string_view> Regex::Find(absl::string_view text) const {
  std::vector<re2::StringPiece> groups(static_cast<size_t>(group_count()) + 1);
  if (!impl_->re.Match(Piece(text), 0, text.size(), RE2::UNANCHORED,
                       groups.data(), static_cast<int>(groups.size()))) {
    return {};
  }
  std::vector<absl::string_view> found;
  for (const re2::StringPiece& group : groups) {
    found.emplace_back(group.data(), group.size());
  }
  return found;
}

std::string Regex::ReplaceAll(absl::string_view text,
                              absl::string_view with) const {
  std::vector<re2::StringPiece> groups(static_cast<size_t>(group_count()) + 1);
  std::string out;
  size_t copied = 0;
  size_t at = 0;
  bool after_match = false;
  while (at <= text.size() &&
         impl_->re.Match(Piece(text), at, text.size(), RE2::UNANCHORED,
                         groups.data(), static_cast<int>(groups.size()))) {
    const auto start = static_cast<size_t>(groups[0].data() - text.data());
    const size_t end = start + groups[0].size();
    absl::StrAppend(&out, text.substr(copied, start - copied));
    copied = end;
    // Go takes no empty match right behind another match.
    if (end > start || start > at || !after_match) {
      impl_->Expand(with, groups, out);
    }
    after_match = true;
    at = end;
    if (end == start) {
      // Step over one character, which the next round copies.
      ++at;
      while (at < text.size() && (text[at] & 0xc0) == 0x80) ++at;
      after_match = false;
    }
  }
  if (copied < text.size()) absl::StrAppend(&out, text.substr(copied));
  return out;
}

int Regex::group_count() const { return impl_->re.NumberOfCapturingGroups(); }

const std::string& Regex::pattern() const { return impl_->pattern; }

}  // namespace weir::text
