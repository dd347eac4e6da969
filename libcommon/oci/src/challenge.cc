#include "src/challenge.h"

#include <utility>

#include "absl/strings/ascii.h"

namespace weir::oci {
namespace {

class Scanner {
 public:
  explicit Scanner(absl::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  void SkipSpace() { text_ = absl::StripLeadingAsciiWhitespace(text_); }
  void SkipSeparators() {
    while (!text_.empty() && (text_[0] == ',' || IsSpace(text_[0]))) {
      text_.remove_prefix(1);
    }
  }
  bool Take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void SkipOne() { text_.remove_prefix(1); }

  absl::string_view Token() {
    size_t size = 0;
    while (size < text_.size() && IsTokenChar(text_[size])) ++size;
    const absl::string_view token = text_.substr(0, size);
    text_.remove_prefix(size);
    return token;
  }

  std::string QuotedOrToken() {
    if (!Take('"')) return std::string(Token());
    std::string out;
    while (!text_.empty() && text_[0] != '"') {
      if (text_[0] == '\\' && text_.size() > 1) text_.remove_prefix(1);
      out.push_back(text_[0]);
      text_.remove_prefix(1);
    }
    Take('"');
    return out;
  }

 private:
  static bool IsSpace(char c) {
    return absl::ascii_isspace(static_cast<unsigned char>(c));
  }
  static bool IsTokenChar(char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c)) && c != ',' &&
           c != '=' && c != '"';
  }

  absl::string_view text_;
};

}  // namespace

std::vector<Challenge> ParseChallenges(absl::string_view header) {
  std::vector<Challenge> out;
  Scanner scanner(header);
  for (scanner.SkipSeparators(); !scanner.at_end(); scanner.SkipSeparators()) {
    const std::string word = absl::AsciiStrToLower(scanner.Token());
    if (word.empty()) {
      scanner.SkipOne();
      continue;
    }
    scanner.SkipSpace();
    if (!scanner.Take('=')) {
      out.push_back({word, {}});
      continue;
    }
    scanner.SkipSpace();
    std::string value = scanner.QuotedOrToken();
    if (!out.empty()) out.back().params.emplace(word, std::move(value));
  }
  return out;
}

}  // namespace weir::oci
