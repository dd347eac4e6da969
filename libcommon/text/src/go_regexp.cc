#include "weir/text/go_regexp.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace weir::text {
namespace {

re2::StringPiece Piece(absl::string_view text) {
  return re2::StringPiece(text.data(), text.size());
}

absl::string_view View(re2::StringPiece piece) {
  return absl::string_view(piece.data(), piece.size());
}

// Go's words for what RE2 found.
absl::string_view Describe(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case RE2::ErrorBadCharClass:
      return "invalid character class";
    case RE2::ErrorBadCharRange:
      return "invalid character class range";
    case RE2::ErrorMissingBracket:
      return "missing closing ]";
    case RE2::ErrorMissingParen:
      return "missing closing )";
    case RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    default:
      return "expression too large";
  }
}

// "(?<name>" as "(?P<name>", which this RE2 knows.
std::string WithNamedGroups(absl::string_view pattern) {
  if (!absl::StrContains(pattern, "(?<")) return std::string(pattern);
  std::string out;
  bool in_class = false, in_quote = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const absl::string_view rest = pattern.substr(i);
    if (rest[0] == '\\' && rest.size() > 1) {
      if (rest[1] == 'Q') in_quote = true;
      if (rest[1] == 'E') in_quote = false;
      absl::StrAppend(&out, rest.substr(0, 2));
      ++i;
      continue;
    }
    if (rest[0] == '[') in_class = true;
    if (rest[0] == ']') in_class = false;
    if (!in_class && !in_quote && absl::StartsWith(rest, "(?<")) {
      absl::StrAppend(&out, "(?P<");
      i += 2;
      continue;
    }
    out.push_back(rest[0]);
  }
  return out;
}

// The bytes of the character that the text starts with; 0 when it is no UTF-8.
size_t RuneSize(absl::string_view text) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
  };
  const auto goes_on = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  if (first < 0xE0) return goes_on(1) ? 2 : 0;
  const uint8_t second = byte(1);
  if (!goes_on(1) || !goes_on(2)) return 0;
  if (first < 0xF0) {
    const bool is_short = first == 0xE0 && second < 0xA0;
    const bool is_surrogate = first == 0xED && second > 0x9F;
    return is_short || is_surrogate ? 0 : 3;
  }
  const bool is_short = first == 0xF0 && second < 0x90;
  const bool is_large = first == 0xF4 && second > 0x8F;
  return is_short || is_large || !goes_on(3) ? 0 : 4;
}

// What starts with the first byte that is no UTF-8.
absl::string_view FromBadUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t size = RuneSize(text);
    if (size == 0) break;
    text.remove_prefix(size);
  }
  return text;
}

// A text as Go's regexp reads it: each byte that is no UTF-8 is U+FFFD, where
// RE2 would match nothing. Most texts are so already.
class ReadableText {
 public:
  explicit ReadableText(absl::string_view text) : original_(text) {
    // Beyond this, such bytes match nothing.
    constexpr size_t kMostBytes = size_t{1} << 20;
    if (FromBadUtf8(text).empty() || text.size() > kMostBytes) return;
    while (!text.empty()) {
      const size_t size = RuneSize(text);
      absl::StrAppend(&replaced_,
                      size == 0 ? "\xEF\xBF\xBD" : text.substr(0, size));
      const auto at = static_cast<uint32_t>(original_.size() - text.size());
      while (origins_.size() < replaced_.size()) origins_.push_back(at);
      text.remove_prefix(std::max<size_t>(size, 1));
    }
    origins_.push_back(static_cast<uint32_t>(original_.size()));
  }

  absl::string_view view() const {
    return origins_.empty() ? original_ : absl::string_view(replaced_);
  }
  // The same part of the text that was given.
  absl::string_view Restore(absl::string_view part) const {
    if (origins_.empty() || part.data() == nullptr) return part;
    const auto start = static_cast<size_t>(part.data() - replaced_.data());
    const size_t begin = origins_[start];
    return original_.substr(begin, origins_[start + part.size()] - begin);
  }

 private:
  const absl::string_view original_;
  std::string replaced_;
  // For each byte of `replaced_`, and its end, where it was before.
  std::vector<uint32_t> origins_;
};

// The part of the pattern that Go's message shows.
std::string Culprit(RE2::ErrorCode code, const RE2& re,
                    absl::string_view pattern) {
  if (code == RE2::ErrorBadNamedCapture &&
      !absl::StrContains(pattern, re.error_arg()) &&
      absl::StartsWith(re.error_arg(), "(?P<")) {
    return absl::StrCat("(?<", re.error_arg().substr(4));
  }
  switch (code) {
    case RE2::ErrorMissingParen:
    case RE2::ErrorUnexpectedParen:
      return std::string(pattern);
    case RE2::ErrorTrailingBackslash:
      return "";
    case RE2::ErrorBadUTF8:
      return std::string(FromBadUtf8(pattern));
    default:
      return re.error_arg();
  }
}

// A pattern keeps up to so much of what it learned of the texts.
constexpr int64_t kMostMemory = int64_t{2} << 20;
// Of a pattern that needs it.
constexpr int64_t kLargeMemory = int64_t{8} << 20;

RE2::Options OptionsWith(int64_t memory) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory);
  return options;
}

}  // namespace

struct GoRegexp::Impl {
  Impl(absl::string_view text, int64_t memory)
      : re(WithNamedGroups(text), OptionsWith(memory)), pattern(text) {}

  RE2 re;
  std::string pattern;
};

GoRegexp::GoRegexp(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
GoRegexp::~GoRegexp() = default;

absl::StatusOr<std::shared_ptr<const GoRegexp>> GoRegexp::Compile(
    absl::string_view pattern) {
  auto impl = std::make_unique<const Impl>(pattern, kMostMemory);
  if (impl->re.error_code() == RE2::ErrorPatternTooLarge) {
    impl = std::make_unique<const Impl>(pattern, kLargeMemory);
  }
  if (!impl->re.ok()) {
    const RE2::ErrorCode code = impl->re.error_code();
    return absl::InvalidArgumentError(
        absl::StrCat("error parsing regexp: ", Describe(code), ": `",
                     Culprit(code, impl->re, pattern), "`"));
  }
  return std::shared_ptr<const GoRegexp>(new GoRegexp(std::move(impl)));
}

bool GoRegexp::Matches(absl::string_view text) const {
  return RE2::PartialMatch(Piece(ReadableText(text).view()), impl_->re);
}

void GoRegexp::ForEach(absl::string_view text, size_t parts,
                       absl::FunctionRef<bool()> goes_on,
                       absl::FunctionRef<bool(const Parts&)> use) const {
  std::vector<re2::StringPiece> groups(parts);
  Parts restored(parts);
  if (text.data() == nullptr) text = absl::string_view("", 0);
  const ReadableText readable(text);
  text = readable.view();
  size_t at = 0;
  // An empty match right behind another does not count.
  size_t previous_end = absl::string_view::npos;
  while (at <= text.size() && goes_on() &&
         impl_->re.Match(Piece(text), at, text.size(), RE2::UNANCHORED,
                         groups.data(), static_cast<int>(groups.size()))) {
    const auto start = static_cast<size_t>(groups[0].data() - text.data());
    const size_t end = start + groups[0].size();
    if (end > start || start != previous_end) {
      for (size_t i = 0; i < parts; ++i) {
        restored[i] = readable.Restore(View(groups[i]));
      }
      if (!use(restored)) return;
    }
    previous_end = end;
    if (end > at) {
      at = end;
      if (end > start) continue;
    }
    if (at >= text.size()) return;
    at += std::max<size_t>(RuneSize(text.substr(at)), 1);
  }
}

int GoRegexp::group_count() const {
  return impl_->re.NumberOfCapturingGroups();
}

int GoRegexp::GroupIndex(absl::string_view name) const {
  const auto& names = impl_->re.NamedCapturingGroups();
  const auto found = names.find(std::string(name));
  return found == names.end() ? -1 : found->second;
}

size_t GoRegexp::size() const {
  return static_cast<size_t>(std::max(0, impl_->re.ProgramSize()));
}

const std::string& GoRegexp::pattern() const { return impl_->pattern; }

}  // namespace weir::text
