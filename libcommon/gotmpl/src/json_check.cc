// What encoding/json says of a text that is no JSON.
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "go_strconv.h"
#include "weir/gotmpl/json.h"

namespace weir::gotmpl {
namespace {

constexpr size_t kMaxDepth = 10000;

class Checker {
 public:
  explicit Checker(absl::string_view text) : text_(text) {}

  absl::Status Check();

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return text_[at_]; }
  void SkipSpace() {
    while (!at_end() && absl::StrContains(" \t\r\n", peek())) ++at_;
  }
  absl::Status Wrong(absl::string_view where) const;
  absl::Status CheckScalar();
  absl::Status CheckString();
  absl::Status CheckEscape();
  absl::Status CheckNumber();
  absl::Status CheckWord(absl::string_view word);
  absl::Status CheckKey(absl::string_view where);
  absl::Status AfterValue();
  // Digits; at least one, or the message tells where.
  absl::Status TakeDigits(absl::string_view where);

  absl::string_view text_;
  size_t at_ = 0;
  std::vector<char> open_;
  bool done_ = false;
};

// Where a text that ends is said to have a space that does not fit.
bool ShowsEndAsSpace(absl::string_view where) {
  return absl::StartsWith(where, "in ") ||
         absl::StartsWith(where, "after decimal");
}

absl::Status Checker::Wrong(absl::string_view where) const {
  if (at_end() && !ShowsEndAsSpace(where)) {
    return absl::InvalidArgumentError("unexpected end of JSON input");
  }
  const char c = at_end() ? ' ' : peek();
  std::string shown;
  if (c == '\'') {
    shown = R"('\'')";
  } else if (c == '"') {
    shown = R"('"')";
  } else {
    std::string rune, quoted;
    AppendRune(static_cast<uint8_t>(c), &rune);
    AppendQuoted(rune, false, &quoted);
    shown = absl::StrCat("'", quoted.substr(1, quoted.size() - 2), "'");
  }
  return absl::InvalidArgumentError(
      absl::StrCat("invalid character ", shown, " ", where));
}

absl::Status Checker::CheckWord(absl::string_view word) {
  for (size_t i = 1; i < word.size(); ++i) {
    ++at_;
    if (at_end() || peek() != word[i]) {
      return Wrong(absl::StrCat("in literal ", word, " (expecting '",
                                word.substr(i, 1), "')"));
    }
  }
  ++at_;
  return absl::OkStatus();
}

absl::Status Checker::CheckEscape() {
  ++at_;
  if (at_end()) return Wrong("in string escape code");
  if (peek() != 'u') {
    if (absl::StrContains("bfnrt\\/\"", peek())) return absl::OkStatus();
    return Wrong("in string escape code");
  }
  for (int i = 0; i < 4; ++i) {
    ++at_;
    if (at_end() || !absl::ascii_isxdigit(static_cast<unsigned char>(peek()))) {
      return Wrong("in \\u hexadecimal character escape");
    }
  }
  return absl::OkStatus();
}

absl::Status Checker::CheckString() {
  for (++at_; !at_end(); ++at_) {
    const char c = peek();
    if (c == '"') {
      ++at_;
      return absl::OkStatus();
    }
    if (c == '\\') {
      const absl::Status escape = CheckEscape();
      if (!escape.ok()) return escape;
    } else if (static_cast<uint8_t>(c) < 0x20) {
      return Wrong("in string literal");
    }
  }
  return Wrong("");
}

absl::Status Checker::TakeDigits(absl::string_view where) {
  if (at_end() || !absl::ascii_isdigit(static_cast<unsigned char>(peek()))) {
    return Wrong(where);
  }
  while (!at_end() && absl::ascii_isdigit(static_cast<unsigned char>(peek()))) {
    ++at_;
  }
  return absl::OkStatus();
}

absl::Status Checker::CheckNumber() {
  if (peek() == '-') {
    ++at_;
    if (at_end() || !absl::ascii_isdigit(static_cast<unsigned char>(peek()))) {
      return Wrong("in numeric literal");
    }
  }
  if (peek() == '0') {
    ++at_;
  } else {
    const absl::Status digits = TakeDigits("in numeric literal");
    if (!digits.ok()) return digits;
  }
  if (!at_end() && peek() == '.') {
    ++at_;
    const absl::Status digits =
        TakeDigits("after decimal point in numeric literal");
    if (!digits.ok()) return digits;
  }
  if (!at_end() && (peek() == 'e' || peek() == 'E')) {
    ++at_;
    if (!at_end() && (peek() == '+' || peek() == '-')) ++at_;
    return TakeDigits("in exponent of numeric literal");
  }
  return absl::OkStatus();
}

absl::Status Checker::CheckScalar() {
  switch (peek()) {
    case '"':
      return CheckString();
    case 't':
      return CheckWord("true");
    case 'f':
      return CheckWord("false");
    case 'n':
      return CheckWord("null");
    default:
      if (peek() == '-' ||
          absl::ascii_isdigit(static_cast<unsigned char>(peek()))) {
        return CheckNumber();
      }
      return Wrong("looking for beginning of value");
  }
}

absl::Status Checker::CheckKey(absl::string_view where) {
  SkipSpace();
  if (at_end() || peek() != '"') return Wrong(where);
  const absl::Status key = CheckString();
  if (!key.ok()) return key;
  SkipSpace();
  if (at_end() || peek() != ':') return Wrong("after object key");
  ++at_;
  return absl::OkStatus();
}

// Closes what ends here; on return a value follows, unless all is done.
absl::Status Checker::AfterValue() {
  while (!open_.empty()) {
    SkipSpace();
    const bool is_object = open_.back() == '{';
    if (!at_end() && peek() == ',') {
      ++at_;
      if (!is_object) return absl::OkStatus();
      return CheckKey("looking for beginning of object key string");
    }
    if (at_end() || peek() != (is_object ? '}' : ']')) {
      return Wrong(is_object ? "after object key:value pair"
                             : "after array element");
    }
    ++at_;
    open_.pop_back();
  }
  done_ = true;
  SkipSpace();
  return at_end() ? absl::OkStatus() : Wrong("after top-level value");
}

absl::Status Checker::Check() {
  while (!done_) {
    SkipSpace();
    if (at_end()) return Wrong("");
    absl::Status status;
    if (peek() == '{' || peek() == '[') {
      open_.push_back(peek());
      ++at_;
      if (open_.size() > kMaxDepth) {
        return absl::InvalidArgumentError("exceeded max depth");
      }
      SkipSpace();
      const bool is_object = open_.back() == '{';
      if (!at_end() && peek() == (is_object ? '}' : ']')) {
        ++at_;
        open_.pop_back();
        status = AfterValue();
      } else if (is_object) {
        status = CheckKey("looking for beginning of object key string");
      }
    } else {
      status = CheckScalar();
      if (status.ok()) status = AfterValue();
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckJson(absl::string_view text) { return Checker(text).Check(); }

}  // namespace weir::gotmpl
