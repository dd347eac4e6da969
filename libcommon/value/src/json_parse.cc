#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "src/utf8.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  Parser(absl::string_view text, int max_depth)
      : begin_(text.data()),
        at_(text.data()),
        end_(text.data() + text.size()),
        max_depth_(max_depth) {}

  absl::StatusOr<Value> Parse() {
    Value value;
    SkipSpace();
    if (!ParseValue(value, 0)) return error_;
    SkipSpace();
    if (at_ != end_) {
      Fail("unexpected text after the document");
      return error_;
    }
    return value;
  }

 private:
  bool Fail(absl::string_view reason,
            absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
    const auto line = 1 + std::count(begin_, at_, '\n');
    const char* start = at_;
    while (start > begin_ && start[-1] != '\n') --start;
    error_ = absl::Status(
        code, absl::StrCat("invalid JSON at line ", line, " column ",
                           at_ - start + 1, ": ", reason));
    return false;
  }
  bool FailHere() {
    if (at_ == end_) return Fail("unexpected end of input");
    const auto byte = static_cast<unsigned char>(*at_);
    if (byte < 0x20 || byte > 0x7e) {
      return Fail(absl::StrCat("unexpected byte 0x", absl::Hex(byte)));
    }
    return Fail(absl::StrCat("unexpected '", absl::string_view(at_, 1), "'"));
  }

  void SkipSpace() {
    while (at_ != end_ &&
           (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) {
      ++at_;
    }
  }

  bool ParseLiteral(absl::string_view word, Value value, Value& out) {
    for (const char c : word) {
      if (at_ == end_ || *at_ != c) return FailHere();
      ++at_;
    }
    out = std::move(value);
    return true;
  }

  bool ParseValue(Value& out, int depth) {
    if (at_ == end_) return FailHere();
    switch (*at_) {
      case '{':
      case '[':
        if (depth >= max_depth_) {
          return Fail(
              absl::StrCat("nested deeper than ", max_depth_, " levels"),
              absl::StatusCode::kResourceExhausted);
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
      if (at_ == end_ || *at_ != '"') return FailHere();
      std::string key;
      if (!ParseString(key)) return false;
      SkipSpace();
      if (at_ == end_ || *at_ != ':') return FailHere();
      ++at_;
      SkipSpace();
      members.emplace_back(std::move(key), Value());
      if (!ParseValue(members.back().value, depth + 1)) return false;
      SkipSpace();
      if (at_ == end_ || (*at_ != ',' && *at_ != '}')) return FailHere();
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
      if (at_ == end_ || (*at_ != ',' && *at_ != ']')) return FailHere();
      if (*at_++ == ']') break;
    }
    out = Value(std::move(elements));
    return true;
  }

  bool ParseNumber(Value& out) {
    const char* start = at_;
    if (at_ != end_ && *at_ == '-') ++at_;
    if (at_ == end_ || !IsDigit(*at_)) return FailHere();
    if (*at_ == '0') {
      ++at_;
    } else {
      SkipDigits();
    }
    bool integer = true;
    if (at_ != end_ && *at_ == '.') {
      integer = false;
      ++at_;
      if (!SkipDigits()) return FailHere();
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      integer = false;
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!SkipDigits()) return FailHere();
    }
    if (integer) {
      int64_t number = 0;
      if (std::from_chars(start, at_, number).ec == std::errc()) {
        out = Value(number);
        return true;
      }
      uint64_t large = 0;
      if (*start != '-' &&
          std::from_chars(start, at_, large).ec == std::errc()) {
        out = Value(large);
        return true;
      }
    }
    double number = 0;
    if (std::from_chars(start, at_, number).ec != std::errc()) {
      // Too small is zero, as in Go; strtod tells which of the two it was.
      number = std::strtod(std::string(start, at_).c_str(), nullptr);
      if (number > 1 || number < -1) {
        at_ = start;
        return Fail("number is out of range");
      }
    }
    out = Value(number);
    return true;
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
      if (at_ == end_) return FailHere();
      if (*at_ == '"') {
        ++at_;
        return true;
      }
      if (*at_ != '\\') return Fail("control character in a string");
      if (!ParseEscape(out)) return false;
    }
  }

  bool ParseEscape(std::string& out) {
    ++at_;
    if (at_ == end_) return FailHere();
    static constexpr char kFrom[] = "\"\\/bfnrt";
    static constexpr char kTo[] = "\"\\/\b\f\n\r\t";
    if (*at_ != 'u') {
      const void* found = std::memchr(kFrom, *at_, sizeof(kFrom) - 1);
      if (found == nullptr) return FailHere();
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
      if (at_ == end_) return FailHere();
      const char c = *at_;
      uint32_t digit = 0;
      if (IsDigit(c)) {
        digit = static_cast<uint32_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        digit = static_cast<uint32_t>(c - 'a' + 10);
      } else if (c >= 'A' && c <= 'F') {
        digit = static_cast<uint32_t>(c - 'A' + 10);
      } else {
        return FailHere();
      }
      out = out * 16 + digit;
    }
    return true;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  int max_depth_;
  absl::Status error_;
};

}  // namespace

absl::StatusOr<Value> ParseJson(absl::string_view text,
                                const JsonParseOptions& options) {
  if (text.size() > options.max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "JSON document is larger than ", options.max_bytes, " bytes"));
  }
  return Parser(text, options.max_depth).Parse();
}

}  // namespace weir
