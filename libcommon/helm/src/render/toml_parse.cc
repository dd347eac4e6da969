// Reading TOML 1.0, in the order and with the errors of BurntSushi's package.
#include <charconv>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/go_text.h"
#include "src/render/toml.h"
#include "src/render/toml_scanner.h"
#include "src/render/toml_tables.h"
#include "weir/base/status.h"
#include "weir/gotmpl/time_value.h"

namespace weir::helm {

using gotmpl::Any;

namespace {

constexpr size_t kMaxDepth = 200;

bool IsNewline(char32_t rune) { return rune == '\n' || rune == '\r'; }
bool IsSpace(char32_t rune) {
  return rune == ' ' || rune == '\t' || IsNewline(rune);
}

std::string RuneOrEnd(char32_t rune) {
  if (rune == TomlScanner::kEnd) return "end of file";
  std::string text = "'";
  AppendRune(rune, &text);
  return text + "'";
}

// Each is surrounded by digits, of whichever base.
bool AreUnderscoresRight(absl::string_view number) {
  bool may_follow = false;
  for (const char c : number) {
    if (c == '_' && !may_follow) return false;
    may_follow = absl::ascii_isxdigit(static_cast<unsigned char>(c));
  }
  return may_follow;
}

bool HasLeadingZero(absl::string_view number) {
  if (number.size() > 1 && number[0] == '0') {
    return !absl::StrContains("box", number[1]);
  }
  return number.size() > 2 && (number[0] == '-' || number[0] == '+') &&
         number[1] == '0';
}

bool AreDigitsAfterPeriods(absl::string_view number) {
  for (size_t i = 0; i < number.size(); ++i) {
    if (number[i] != '.') continue;
    if (i + 1 == number.size() || !absl::ascii_isdigit(number[i + 1])) {
      return false;
    }
  }
  return true;
}

// Go's layouts take numbers of one digit, too.
bool HasAllDigits(absl::string_view text, absl::string_view layout) {
  for (size_t i = 0; i < layout.size(); ++i) {
    const char c = layout[i];
    if (c == '.' || c == 'Z') return true;
    if (!absl::ascii_isdigit(c) && (i >= text.size() || text[i] != c)) {
      return false;
    }
  }
  return true;
}

absl::string_view WithoutFirstNewline(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "\n")) absl::ConsumePrefix(&text, "\r\n");
  return text;
}

// A backslash at the end of a line takes all blanks and newlines after it.
std::string WithoutEscapedNewlines(absl::string_view text) {
  std::string out;
  size_t i = 0;
  while (i < text.size()) {
    if (text[i] != '\\') {
      out.push_back(text[i++]);
      continue;
    }
    const size_t end =
        std::min(text.find_first_not_of(" \t\r\n", i + 1), text.size());
    if (absl::StrContains(text.substr(i, end - i), '\n')) {
      i = end;
      continue;
    }
    const size_t length = i + 1 < text.size() && text[i + 1] == '\\' ? 2 : 1;
    out.append(text.data() + i, length);
    i += length;
  }
  return out;
}

class Reader {
 public:
  Reader(absl::string_view text, const absl::TimeZone& zone)
      : scanner_(text), zone_(zone) {}

  absl::StatusOr<Any> Read() {
    while (ReadItem()) {
    }
    if (scanner_.has_failed()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "toml: line ", scanner_.failed_line(),
          last_key_.empty()
              ? ""
              : absl::StrCat(" (last key ", GoQuote(last_key_), ")"),
          ": ", scanner_.message()));
    }
    return tables_.Take();
  }

 private:
  // The key that is being read, for messages.
  std::string CurrentKey() const {
    if (current_.empty()) return tables_.Path();
    return absl::StrCat(tables_.Path(), tables_.depth() == 0 ? "" : ".",
                        current_);
  }
  // Also to be called with what the scanner gave: a failure of its own gets
  // the key that it was at.
  bool Check(bool is_fine) {
    if (!is_fine || scanner_.has_failed()) {
      if (last_key_.empty()) last_key_ = CurrentKey();
      return false;
    }
    return true;
  }
  bool Fail(absl::string_view message) { return Check(scanner_.Fail(message)); }
  bool FailOnLine(int line, absl::string_view message) {
    return Check(scanner_.FailOnLine(line, message));
  }
  // A definition, of the key that was read last.
  bool Define(const TomlTables::Problem& problem) {
    return !problem.has_value() || FailOnLine(key_line_, *problem);
  }

  // A table's header or a key with its value; false at the end.
  bool ReadItem() {
    while (true) {
      const char32_t rune = scanner_.Next();
      if (IsSpace(rune)) continue;
      if (rune == '#') {
        if (!Check(scanner_.SkipComment())) return false;
        continue;
      }
      if (rune == TomlScanner::kEnd) return false;
      if (rune == '[') {
        if (!ReadHeader()) return false;
      } else {
        scanner_.Backup();
        if (!ReadKeyValue(nullptr, 0)) return false;
        current_ = "";
      }
      return ReadEndOfItem();
    }
  }

  bool ReadEndOfItem() {
    scanner_.SkipBlanks();
    const char32_t rune = scanner_.Next();
    if (rune == '#') return Check(scanner_.SkipComment());
    if (IsNewline(rune)) return true;
    if (rune == TomlScanner::kEnd) return false;
    return Fail(absl::StrCat(
        "expected a top-level item to end with a newline, comment, or EOF, but "
        "got ",
        QuotedTomlRune(rune), " instead"));
  }

  // One part of a key or of a table's name.
  bool ReadPart(std::vector<absl::string_view>& key) {
    TomlToken token;
    const char32_t first = scanner_.Peek();
    const bool is_quoted = first == '"' || first == '\'';
    if (!Check(is_quoted ? scanner_.ScanQuotedName(&token)
                         : scanner_.ScanBareName(&token))) {
      return false;
    }
    if (key.empty()) key_line_ = token.line;
    if (key.size() >= kMaxDepth) return Fail("key of too many parts");
    if (token.kind == TomlToken::Kind::kText) {
      key.push_back(token.text);
      return true;
    }
    std::string& kept = names_.emplace_back();
    if (!Unescape(token, token.text, kept)) return false;
    key.push_back(kept);
    return true;
  }

  bool ReadHeader() {
    const bool is_list = scanner_.Accept('[');
    std::vector<absl::string_view> key;
    while (true) {
      scanner_.SkipBlanks();
      const char32_t first = scanner_.Peek();
      if (first == ']' || first == TomlScanner::kEnd) {
        return Fail(
            "unexpected end of table name (table names cannot be empty)");
      }
      if (first == '.') {
        return Fail("unexpected table separator (table names cannot be empty)");
      }
      if (!ReadPart(key)) return false;
      scanner_.SkipBlanks();
      const char32_t rune = scanner_.Next();
      if (rune == '.') continue;
      if (rune == ']') break;
      return Fail(
          absl::StrCat("expected '.' or ']' to end table name, but got ",
                       QuotedTomlRune(rune), " instead"));
    }
    if (is_list) {
      if (const char32_t rune = scanner_.Next(); rune != ']') {
        return Fail(
            absl::StrCat("expected end of table array name delimiter "
                         "']', but got ",
                         QuotedTomlRune(rune), " instead"));
      }
    }
    if (!Define(tables_.Open(key, is_list))) return false;
    tables_.SetIsList("", false);
    return true;
  }

  bool ReadKey(std::vector<absl::string_view>& key) {
    scanner_.SkipBlanks();
    const char32_t first = scanner_.Peek();
    if (first == '=' || first == TomlScanner::kEnd) {
      return Fail("unexpected '=': key name appears blank");
    }
    if (first == '.') {
      return Fail("unexpected '.': keys cannot start with a '.'");
    }
    while (true) {
      scanner_.SkipBlanks();
      const char32_t next = scanner_.Peek();
      if (next == '=' || next == TomlScanner::kEnd) {
        return Fail("unexpected '='");
      }
      if (next == '.') return Fail("unexpected '.'");
      if (!ReadPart(key)) return false;
      scanner_.SkipBlanks();
      const char32_t rune = scanner_.Next();
      if (rune == '.') continue;
      if (rune == '=') return true;
      if (rune == TomlScanner::kEnd) {
        return Fail("unexpected EOF; expected key separator '='");
      }
      const std::string message = absl::StrCat(
          "expected '.' or '=', but got ", QuotedTomlRune(rune), " instead");
      return rune == '\n' ? FailOnLine(scanner_.line() - 1, message)
                          : Fail(message);
    }
  }

  // `inline_table`: what the key and its value are put into besides.
  bool ReadKeyValue(Any* inline_table, size_t depth) {
    const size_t outer = tables_.depth();
    std::vector<absl::string_view> key;
    if (!ReadKey(key)) return false;
    current_ = key.back();
    if (outer + key.size() > 5 * kMaxDepth) return Fail("nested too deeply");
    for (size_t i = 0; i + 1 < key.size(); ++i) {
      tables_.Imply(key[i]);
      if (!Define(tables_.Enter(key[i], false))) return false;
    }
    Any value;
    bool is_list = false;
    if (!ReadValue(depth, false, value, is_list)) return false;
    if (!Define(tables_.Set(current_, value))) return false;
    tables_.SetIsList(current_, is_list);
    if (inline_table != nullptr) PutInto(*inline_table, key, value);
    tables_.LeaveTo(outer);
    return true;
  }

  static void PutInto(const Any& table,
                      const std::vector<absl::string_view>& key,
                      const Any& value) {
    gotmpl::Dict* at = table.AsDict();
    for (size_t i = 0; i + 1 < key.size(); ++i) {
      const Any* found = at->Find(key[i]);
      if (found == nullptr || !found->is_dict()) {
        at->Set(key[i], Any::NewDict());
        found = at->Find(key[i]);
      }
      at = found->AsDict();
    }
    at->Set(key.back(), value);
  }

  bool ReadValue(size_t depth, bool is_in_list, Any& value, bool& is_list) {
    if (depth > kMaxDepth) return Fail("nested too deeply");
    scanner_.SkipBlanks();
    const char32_t rune = scanner_.Next();
    if (rune == '[') {
      is_list = true;
      return ReadList(depth, value);
    }
    if (rune == '{') return ReadInlineTable(depth, is_in_list, value);
    TomlToken token;
    return Check(scanner_.ScanScalar(rune, &token)) && Scalar(token, value);
  }

  bool ReadList(size_t depth, Any& value) {
    tables_.SetIsList(current_, true);
    std::vector<Any> items;
    while (true) {
      char32_t rune = 0;
      if (!ReadPastComments(rune)) return false;
      if (rune == ',') return Fail("unexpected comma");
      if (rune == ']') break;
      scanner_.Backup();
      bool is_list = false;
      items.emplace_back();
      if (!ReadValue(depth + 1, true, items.back(), is_list)) return false;
      if (!ReadPastComments(rune)) return false;
      if (rune == ',') continue;
      if (rune == ']') break;
      return Fail(absl::StrCat(
          "expected a comma (',') or array terminator (']'), but got ",
          RuneOrEnd(rune)));
    }
    value = Any::List(std::move(items));
    return true;
  }

  bool ReadInlineTable(size_t depth, bool is_in_list, Any& value) {
    const size_t outer = tables_.depth();
    const absl::string_view outer_key = current_;
    const std::string path = tables_.PathWith(current_);
    if (const TomlTables::Problem problem = tables_.CheckPath()) {
      last_key_ = path;
      return FailOnLine(key_line_, *problem);
    }
    tables_.Imply(outer_key);
    current_ = "";
    if (!Define(tables_.Enter(outer_key, is_in_list))) return false;
    value = Any::NewDict();
    while (true) {
      char32_t rune = 0;
      if (!ReadPastComments(rune)) return false;
      if (rune == ',') return Fail("unexpected comma");
      if (rune == '}') break;
      scanner_.Backup();
      if (!ReadKeyValue(&value, depth + 1)) return false;
      bool has_ended = false;
      if (!ReadAfterMember(has_ended)) return false;
      if (has_ended) break;
    }
    tables_.LeaveTo(outer);
    current_ = outer_key;
    return true;
  }

  bool ReadAfterMember(bool& has_ended) {
    while (true) {
      char32_t rune = 0;
      if (!ReadPastComments(rune)) return false;
      has_ended = rune == '}';
      if (has_ended) return true;
      if (rune != ',') {
        return Fail(absl::StrCat(
            "expected a comma or an inline table terminator '}', but got ",
            RuneOrEnd(rune), " instead"));
      }
      scanner_.SkipBlanks();
      if (scanner_.Peek() != '}') return true;
    }
  }

  // The first rune after blanks, newlines and comments.
  bool ReadPastComments(char32_t& rune) {
    while (true) {
      rune = scanner_.Next();
      if (IsSpace(rune)) continue;
      if (rune != '#') return Check(true);
      if (!Check(scanner_.SkipComment())) return false;
    }
  }

  bool Scalar(const TomlToken& token, Any& value) {
    using Kind = TomlToken::Kind;
    std::string text;
    switch (token.kind) {
      case Kind::kText:
        value = Any::String(token.text);
        return true;
      case Kind::kRawLongText:
        value = Any::String(WithoutFirstNewline(token.text));
        return true;
      case Kind::kEscapedText:
        if (!Unescape(token, token.text, text)) return false;
        value = Any::String(text);
        return true;
      case Kind::kLongText: {
        const std::string joined =
            WithoutEscapedNewlines(WithoutFirstNewline(token.text));
        if (!Unescape(token, joined, text)) return false;
        value = Any::String(text);
        return true;
      }
      case Kind::kInteger:
        return Integer(token, value);
      case Kind::kFloat:
        return Float(token, value);
      case Kind::kBool:
        value = Any::Bool(token.text == "true");
        return true;
      case Kind::kTime:
        return Time(token, value);
    }
    return false;
  }

  // The scanner has seen that escapes are whole.
  bool Unescape(const TomlToken& token, absl::string_view text,
                std::string& out) {
    constexpr absl::string_view kNames = "btnfre\"\\";
    constexpr absl::string_view kMeant = "\b\t\n\f\r\x1b\"\\";
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        out.push_back(text[i]);
        continue;
      }
      const char name = text[++i];
      const size_t at = kNames.find(name);
      if (at != absl::string_view::npos) {
        out.push_back(kMeant[at]);
        continue;
      }
      const size_t size = name == 'x' ? 2 : name == 'u' ? 4 : 8;
      if (!absl::StrContains("xuU", name)) {
        return FailOnLine(token.line, absl::StrCat("invalid escape: '\\",
                                                   std::string(1, name), "'"));
      }
      const absl::string_view digits = text.substr(i + 1, size);
      uint32_t rune = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), rune, 16);
      if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF)) {
        return FailOnLine(token.line,
                          absl::StrCat("Escaped character '\\u", digits,
                                       "' is not valid UTF-8."));
      }
      AppendRune(rune, &out);
      i += size;
    }
    return true;
  }

  bool Integer(const TomlToken& token, Any& value) {
    if (!AreUnderscoresRight(token.text)) {
      return FailOnLine(token.line,
                        absl::StrCat("Invalid integer ", GoQuote(token.text),
                                     ": underscores must be surrounded by "
                                     "digits"));
    }
    if (HasLeadingZero(token.text)) {
      return FailOnLine(token.line,
                        absl::StrCat("Invalid integer ", GoQuote(token.text),
                                     ": cannot have leading zeroes"));
    }
    std::string digits = absl::StrReplaceAll(token.text, {{"_", ""}});
    if (digits[0] == '+') digits.erase(0, 1);
    int base = 10;
    if (absl::StartsWith(digits, "0x")) base = 16;
    if (absl::StartsWith(digits, "0o")) base = 8;
    if (absl::StartsWith(digits, "0b")) base = 2;
    int64_t integer = 0;
    const char* first = digits.data() + (base == 10 ? 0 : 2);
    const auto result =
        std::from_chars(first, digits.data() + digits.size(), integer, base);
    if (result.ec != std::errc()) {
      return FailOnLine(token.line,
                        absl::StrCat(token.text, " is out of range for int64"));
    }
    value = Any::Int64(integer);
    return true;
  }

  bool Float(const TomlToken& token, Any& value) {
    absl::string_view word = token.text;
    const bool is_negative = word[0] == '-';
    word.remove_prefix(is_negative || word[0] == '+' ? 1 : 0);
    if (word == "inf" || word == "nan") {
      const double number = word == "inf"
                                ? std::numeric_limits<double>::infinity()
                                : std::numeric_limits<double>::quiet_NaN();
      value = Any::Float64(is_negative ? -number : number);
      return true;
    }
    const std::string invalid =
        absl::StrCat("Invalid float ", GoQuote(token.text));
    const std::vector<absl::string_view> parts =
        absl::StrSplit(token.text, absl::ByAnyChar(".eE"), absl::SkipEmpty());
    for (const absl::string_view part : parts) {
      if (!AreUnderscoresRight(part)) {
        return FailOnLine(token.line, absl::StrCat(invalid,
                                                   ": underscores must be "
                                                   "surrounded by digits"));
      }
    }
    if (!parts.empty() && HasLeadingZero(parts[0])) {
      return FailOnLine(token.line, invalid + ": cannot have leading zeroes");
    }
    if (!AreDigitsAfterPeriods(token.text)) {
      return FailOnLine(token.line,
                        absl::StrCat(invalid,
                                     ": '.' must be followed by one "
                                     "or more digits"));
    }
    double number = 0;
    if (!absl::SimpleAtod(absl::StrReplaceAll(token.text, {{"_", ""}}),
                          &number)) {
      return FailOnLine(token.line, absl::StrCat("Invalid float value: ",
                                                 GoQuote(token.text)));
    }
    if (std::isinf(number)) {
      return FailOnLine(
          token.line, absl::StrCat(token.text, " is out of range for float64"));
    }
    value = Any::Float64(number);
    return true;
  }

  bool Time(const TomlToken& token, Any& value) {
    struct Form {
      absl::string_view layout;
      absl::string_view zone;
    };
    static const Form kForms[] = {
        {"2006-01-02T15:04:05.999999999Z07:00", "Local"},
        {"2006-01-02T15:04:05.999999999", kLocalDateTime},
        {"2006-01-02", kLocalDate},
        {"15:04:05.999999999", kLocalTime},
        {"2006-01-02T15:04Z07:00", "Local"},
        {"2006-01-02T15:04", kLocalDateTime},
        {"15:04", kLocalTime}};
    const std::string text =
        absl::StrReplaceAll(token.text, {{"z", "Z"}, {"t", "T"}, {" ", "T"}});
    for (const Form& form : kForms) {
      auto time = gotmpl::ParseTimeValue(form.layout, text, zone_, form.zone);
      if (!time.ok()) continue;
      if (!HasAllDigits(text, form.layout)) break;
      value = *std::move(time);
      return true;
    }
    return FailOnLine(token.line,
                      absl::StrCat("invalid datetime: ", GoQuote(text)));
  }

  TomlScanner scanner_;
  const absl::TimeZone zone_;
  TomlTables tables_;
  absl::string_view current_;  // The key whose value is read.
  int key_line_ = 0;           // Of the key that was read last.
  std::deque<std::string> names_;
  std::string last_key_;  // Where it failed.
};

}  // namespace

absl::StatusOr<Any> ParseToml(absl::string_view text,
                              const absl::TimeZone& zone) {
  // Byte order marks; the zeros of UTF-16 are an error of their own.
  if (!absl::ConsumePrefix(&text, "\xff\xfe") &&
      !absl::ConsumePrefix(&text, "\xfe\xff")) {
    absl::ConsumePrefix(&text, "\xef\xbb\xbf");
  }
  if (absl::StrContains(text.substr(0, 6), '\0')) {
    return absl::InvalidArgumentError(
        "toml: line 1: files cannot contain NULL bytes; probably using UTF-16; "
        "TOML files must be UTF-8");
  }
  return Reader(text, zone).Read();
}

}  // namespace weir::helm
