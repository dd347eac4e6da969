#include "regular.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "re2/re2.h"

namespace weir::cel {
namespace {

// What Go says of an error.
absl::string_view GoReason(RE2::ErrorCode code) {
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
    case RE2::ErrorPatternTooLarge:
      return "expression too large";
    default:
      return "internal error";
  }
}

class Re2Regular : public Regular {
 public:
  explicit Re2Regular(const std::string& pattern)
      : re_(pattern, QuietOptions()) {}

  const RE2& re() const { return re_; }

  bool Matches(absl::string_view text) const override {
    return re_.Match(Piece(text), 0, text.size(), RE2::UNANCHORED, nullptr, 0);
  }
  int group_count() const override { return re_.NumberOfCapturingGroups(); }

  std::vector<Match> FindAll(absl::string_view text,
                             size_t most) const override {
    std::vector<Match> all;
    std::vector<re2::StringPiece> groups(group_count() + 1);
    size_t at = 0;
    size_t last_end = absl::string_view::npos;
    while (at <= text.size() && all.size() < most) {
      if (!re_.Match(Piece(text), at, text.size(), RE2::UNANCHORED,
                     groups.data(), static_cast<int>(groups.size()))) {
        break;
      }
      const size_t begin = groups[0].data() - text.data();
      const size_t end = begin + groups[0].size();
      const bool is_empty = begin == end;
      if (!is_empty || begin != last_end) {
        Match match;
        for (const re2::StringPiece& group : groups) {
          match.emplace_back(group.data(), group.size());
        }
        all.push_back(std::move(match));
      }
      last_end = end;
      at = is_empty ? NextPoint(text, end) : end;
    }
    return all;
  }

 private:
  static re2::StringPiece Piece(absl::string_view text) {
    return re2::StringPiece(text.data(), text.size());
  }
  static size_t NextPoint(absl::string_view text, size_t at) {
    ++at;
    while (at < text.size() && (text[at] & 0xC0) == 0x80) ++at;
    return at;
  }
  static RE2::Options QuietOptions() {
    RE2::Options options;
    options.set_log_errors(false);
    return options;
  }

  const RE2 re_;
};

}  // namespace

std::shared_ptr<const Regular> Regular::Compile(const std::string& pattern,
                                                std::string& error) {
  auto compiled = std::make_shared<Re2Regular>(pattern);
  if (compiled->re().ok()) return compiled;
  error = absl::StrCat(
      "error parsing regexp: ", GoReason(compiled->re().error_code()), ": `",
      compiled->re().error_arg(), "`");
  return nullptr;
}

}  // namespace weir::cel
