#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/utf8.h"
#include "weir/value/go_error.h"
#include "weir/value/go_quote.h"
#include "weir/value/json.h"

namespace weir {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A byte as Go's messages show it.
std::string QuoteByte(char byte) {
  if (byte == '\'') return "'\\''";
  if (byte == '"') return "'\"'";
  std::string text;
  AppendUtf8(static_cast<unsigned char>(byte), text);
  text = GoQuote(text);
  return absl::StrCat("'", text.substr(1, text.size() - 2), "'");
}

class Parser {
 public:
  Parser(absl::string_view text, const JsonParseOptions& options)
      : options_(options),
        begin_(text.data()),
        at_(text.data()),
        end_(text.data() + text.size()) {}

  absl::StatusOr<JsonInPart> Parse() {
    JsonInPart out;
    SkipSpace();
    if (!ParseValue(out.value, 0)) return error_;
    SkipSpace();
    if (at_ != end_) {
      FailHere("after top-level value");
      return error_;
    }
    out.error = number_error_;
    return out;
  }

 private:
  absl::Status MakeError(absl::StatusCode code, absl::string_view reason,
                         absl::string_view go_text) const {
    const auto line = 1 + std::count(begin_, at_, '\n');
    const char* start = at_;
    while (start > begin_ && start[-1] != '\n') --start;
    absl::Status status(code,
                        absl::StrCat("invalid JSON at line ", line, " column ",
                                     at_ - start + 1, ": ", reason));
    status.SetPayload(kGoError, absl::Cord(go_text));
    return status;
  }
  // What is here, or that nothing is, should not be where `context` says.
  bool FailHere(absl::string_view context) {
    // To Go an end is a space first.
    const bool takes_space = context == kInString ||
                             absl::StartsWith(context, "looking") ||
                             absl::StartsWith(context, "after object") ||
                             absl::StartsWith(context, "after array");
    const std::string go_text =
        at_ == end_ && takes_space
            ? "unexpected end of JSON input"
            : absl::StrCat("invalid character ",
                           QuoteByte(at_ == end_ ? ' ' : *at_), " ", context);
    const std::string reason =
        at_ == end_
            ? absl::StrCat("unexpected end of input ", context)
            : absl::StrCat("unexpected ", QuoteByte(*at_), " ", context);
    error_ = MakeError(absl::StatusCode::kInvalidArgument, reason, go_text);
    return false;
  }

  void SkipSpace() {
    while (at_ != end_ &&
           (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) {
      ++at_;
    }
  }

  bool ParseLiteral(absl::string_view word, Value value, Value& out) {
    for (const char c : word) {
      if (at_ == end_ || *at_ != c) {
        return FailHere(absl::StrCat("in literal ", word, " (expecting '",
                                     std::string(1, c), "')"));
      }
      ++at_;
    }
    out = std::move(value);
    return true;
  }

  bool FailAtLimit(absl::string_view reason, absl::string_view go_text) {
    error_ = MakeError(absl::StatusCode::kResourceExhausted, reason, go_text);
    return false;
  }

  bool ParseValue(Value& out, int depth) {
    if (at_ == end_) return FailHere(kBeginning);
    if (++values_ > options_.max_values) {
      return FailAtLimit(
          absl::StrCat("more than ", options_.max_values, " values"),
          "too many values");
    }
    switch (*at_) {
      case '{':
      case '[':
        if (depth >= options_.max_depth) {
          return FailAtLimit(absl::StrCat("nested deeper than ",
                                          options_.max_depth, " levels"),
                             "exceeded max depth");
        }
        return *at_ == '{' ? ParseObject(out, depth) : ParseArray(out, depth);
      case '"': {
        std::string text;
        if (!ParseString(text)) return false;
        out = Value(std::move(text));
        return true;
      }
      case 't':
        return ParseLiteral("true", Value(true), out);
      case 'f':
        return ParseLiteral("false", Value(false), out);
      case 'n':
        return ParseLiteral("null", Value(), out);
      default:
        return ParseNumber(out);
    }
  }

  bool ParseObject(Value& out, int depth) {
    ++at_;
    Value::Object members;
    SkipSpace();
    if (at_ != end_ && *at_ == '}') {
      ++at_;
      out = Value::MakeObject();
      return true;
    }
    while (true) {
      SkipSpace();
      if (at_ == end_ || *at_ != '"') {
        return FailHere("looking for beginning of object key string");
      }
      std::string key;
      if (!ParseString(key)) return false;
      SkipSpace();
      if (at_ == end_ || *at_ != ':') return FailHere("after object key");
      ++at_;
      SkipSpace();
      members.emplace_back(std::move(key), Value());
      if (!ParseValue(members.back().value, depth + 1)) return false;
      SkipSpace();
      if (at_ == end_ || (*at_ != ',' && *at_ != '}')) {
        return FailHere("after object key:value pair");
      }
      if (*at_++ == '}') break;
    }
    out = Value::FromMembers(std::move(members));
    return true;
  }

  bool ParseArray(Value& out, int depth) {
    ++at_;
    Value::Array elements;
    SkipSpace();
    if (at_ != end_ && *at_ == ']') {
      ++at_;
      out = Value::MakeArray();
      return true;
    }
    while (true) {
      SkipSpace();
      elements.emplace_back();
      if (!ParseValue(elements.back(), depth + 1)) return false;
      SkipSpace();
      if (at_ == end_ || (*at_ != ',' && *at_ != ']')) {
        return FailHere("after array element");
      }
      if (*at_++ == ']') break;
    }
    out = Value(std::move(elements));
    return true;
  }

  bool ParseNumber(Value& out) {
    const char* start = at_;
    if (*at_ == '-') {
      ++at_;
      if (at_ == end_ || !IsDigit(*at_)) return FailHere("in numeric literal");
    }
    if (!IsDigit(*at_)) return FailHere(kBeginning);
    if (*at_ == '0') {
      ++at_;
    } else {
      SkipDigits();
    }
    bool integer = true;
    if (at_ != end_ && *at_ == '.') {
      integer = false;
      ++at_;
      if (!SkipDigits()) {
        return FailHere("after decimal point in numeric literal");
      }
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      integer = false;
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!SkipDigits()) return FailHere("in exponent of numeric literal");
    }
    if (integer && options_.keep_integers && ReadInteger(start, out)) {
      return true;
    }
    ReadDouble(start, out);
    return true;
  }

  bool ReadInteger(const char* start, Value& out) const {
    int64_t number = 0;
    if (std::from_chars(start, at_, number).ec == std::errc()) {
      // "-0" is a double to Go, as it has no integers here.
      out = Value(number);
      return true;
    }
    uint64_t large = 0;
    if (*start == '-' || std::from_chars(start, at_, large).ec != std::errc()) {
      return false;
    }
    out = Value(large);
    return true;
  }

  void ReadDouble(const char* start, Value& out) {
    double number = 0;
    if (std::from_chars(start, at_, number).ec != std::errc()) {
      // Too small is zero, as in Go; strtod tells which of the two it was.
      number = std::strtod(std::string(start, at_).c_str(), nullptr);
      // Go looks at the whole text before it looks at numbers.
      if (number > 1 || number < -1) {
        out = Value();
        if (!number_error_.ok()) return;
        const absl::string_view digits(start, static_cast<size_t>(at_ - start));
        std::swap(start, at_);
        number_error_ = MakeError(
            absl::StatusCode::kInvalidArgument, "number is out of range",
            absl::StrCat("json: cannot unmarshal number ", digits,
                         " into Go value of type float64"));
        std::swap(start, at_);
        return;
      }
    }
    out = Value(number);
  }

  bool SkipDigits() {
    const char* start = at_;
    while (at_ != end_ && IsDigit(*at_)) ++at_;
    return at_ != start;
  }

  // At the opening quote.
  bool ParseString(std::string& out) {
    ++at_;
    while (true) {
      const char* run = at_;
      bool ascii = true;
      while (at_ != end_) {
        const auto c = static_cast<unsigned char>(*at_);
        if (c == '"' || c == '\\' || c < 0x20) break;
        if (c >= 0x80) ascii = false;
        ++at_;
      }
      const absl::string_view piece(run, static_cast<size_t>(at_ - run));
      if (ascii) {
        out.append(piece.data(), piece.size());
      } else {
        AppendValidUtf8(piece, out);
      }
      if (at_ != end_ && *at_ == '"') {
        ++at_;
        return true;
      }
      if (at_ == end_ || *at_ != '\\') return FailHere(kInString);
      if (!ParseEscape(out)) return false;
    }
  }

  bool ParseEscape(std::string& out) {
    ++at_;
    if (at_ == end_) return FailHere(kInEscape);
    static constexpr char kFrom[] = "\"\\/bfnrt";
    static constexpr char kTo[] = "\"\\/\b\f\n\r\t";
    if (*at_ != 'u') {
      const void* found = std::memchr(kFrom, *at_, sizeof(kFrom) - 1);
      if (found == nullptr) return FailHere(kInEscape);
      out.push_back(kTo[static_cast<const char*>(found) - kFrom]);
      ++at_;
      return true;
    }
    ++at_;
    uint32_t unit = 0;
    if (!ParseHex(unit)) return false;
    if (unit >= 0xd800 && unit < 0xdc00 && end_ - at_ >= 6 && at_[0] == '\\' &&
        at_[1] == 'u') {
      const char* before = at_;
      at_ += 2;
      uint32_t low = 0;
      if (!ParseHex(low)) return false;
      if (low >= 0xdc00 && low < 0xe000) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
      } else {
        at_ = before;
      }
    }
    AppendUtf8(unit >= 0xd800 && unit < 0xe000 ? 0xfffd : unit, out);
    return true;
  }

  bool ParseHex(uint32_t& out) {
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_ == end_) return FailHere(kInHex);
      const char c = *at_;
      uint32_t digit = 0;
      if (IsDigit(c)) {
        digit = static_cast<uint32_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        digit = static_cast<uint32_t>(c - 'a' + 10);
      } else if (c >= 'A' && c <= 'F') {
        digit = static_cast<uint32_t>(c - 'A' + 10);
      } else {
        return FailHere(kInHex);
      }
      out = out * 16 + digit;
    }
    return true;
  }

  static constexpr char kBeginning[] = "looking for beginning of value";
  static constexpr char kInString[] = "in string literal";
  static constexpr char kInEscape[] = "in string escape code";
  static constexpr char kInHex[] = "in \\u hexadecimal character escape";

  const JsonParseOptions& options_;
  const char* begin_;
  const char* at_;
  const char* end_;
  size_t values_ = 0;
  absl::Status error_;
  absl::Status number_error_;  // The first; the text itself is JSON.
};

}  // namespace

absl::StatusOr<JsonInPart> ParseJsonInPart(absl::string_view text,
                                           const JsonParseOptions& options) {
  if (text.size() > options.max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("invalid JSON at line 1 column 1: larger than ",
                     options.max_bytes, " bytes"));
  }
  return Parser(text, options).Parse();
}

absl::StatusOr<Value> ParseJson(absl::string_view text,
                                const JsonParseOptions& options) {
  absl::StatusOr<JsonInPart> parsed = ParseJsonInPart(text, options);
  if (!parsed.ok()) return parsed.status();
  if (!parsed->error.ok()) return parsed->error;
  return std::move(parsed->value);
}

}  // namespace weir
