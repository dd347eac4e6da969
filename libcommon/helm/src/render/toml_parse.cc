// Reading TOML 1.0.
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "src/go_text.h"
#include "src/render/toml.h"
#include "weir/base/status.h"
#include "weir/gotmpl/time_value.h"

namespace weir::helm {

using gotmpl::Any;
using gotmpl::Dict;

namespace {

constexpr int kMaxDepth = 200;
using Path = std::vector<std::string>;

bool IsBare(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; }

class Reader {
 public:
  Reader(absl::string_view text, const absl::TimeZone& zone)
      : text_(text), zone_(zone) {}

  absl::StatusOr<Any> Read() {
    Any root = Any::NewDict();
    Dict* at = root.AsDict();
    while (true) {
      SkipBlank(/*newlines=*/true);
      if (IsAtEnd()) return root;
      if (Peek() == '[') {
        WEIR_RETURN_IF_ERROR(ReadHeader(*root.AsDict(), &at));
      } else {
        WEIR_RETURN_IF_ERROR(ReadKeyValue(*at, 0));
      }
      SkipBlank(/*newlines=*/false);
      if (!IsAtEnd() && Peek() != '\n' && Peek() != '\r') {
        return Fail(
            absl::StrCat("expected a top-level item to end with a "
                         "newline, comment, or EOF, but got ",
                         QuotedRune(), " instead"));
      }
    }
  }

 private:
  bool IsAtEnd() const { return offset_ >= text_.size(); }
  char Peek() const { return text_[offset_]; }
  bool Take(absl::string_view expected) {
    if (!absl::StartsWith(text_.substr(offset_), expected)) return false;
    offset_ += expected.size();
    return true;
  }
  std::string QuotedRune() const {
    const std::string quoted = GoQuoteRunes(text_.substr(offset_, 1));
    return IsAtEnd() ? "EOF" : quoted.substr(1, quoted.size() - 2);
  }

  absl::Status Fail(absl::string_view what) const {
    int line = 1;
    for (char c : text_.substr(0, offset_)) line += c == '\n';
    return absl::InvalidArgumentError(
        absl::StrCat("toml: line ", line, ": ", what));
  }

  void SkipBlank(bool newlines) {
    while (!IsAtEnd()) {
      const char c = Peek();
      if (c == '#') {
        while (!IsAtEnd() && Peek() != '\n') ++offset_;
      } else if (c == ' ' || c == '\t' ||
                 (newlines && (c == '\n' || c == '\r'))) {
        ++offset_;
      } else {
        return;
      }
    }
  }

  absl::StatusOr<std::string> ReadKeyPart() {
    if (IsAtEnd()) return Fail("unexpected EOF; expected key");
    if (Peek() == '"' || Peek() == '\'') return ReadText();
    const size_t start = offset_;
    while (!IsAtEnd() && IsBare(Peek())) ++offset_;
    if (offset_ == start) {
      return Fail(
          absl::StrCat("invalid character at start of key: ", QuotedRune()));
    }
    return std::string(text_.substr(start, offset_ - start));
  }

  absl::StatusOr<Path> ReadPath() {
    Path path;
    while (true) {
      SkipBlank(false);
      WEIR_ASSIGN_OR_RETURN(std::string part, ReadKeyPart());
      path.push_back(std::move(part));
      if (path.size() > kMaxDepth) return Fail("key of too many parts");
      SkipBlank(false);
      if (!Take(".")) return path;
    }
  }

  // The table at the path, made when it is not there; of lists the last one.
  absl::StatusOr<Dict*> Descend(Dict& from, const Path& path, size_t count) {
    Dict* at = &from;
    for (size_t i = 0; i < count; ++i) {
      const Any* found = at->Find(path[i]);
      if (found == nullptr) {
        at->Set(path[i], Any::NewDict());
        found = at->Find(path[i]);
      }
      if (found->is_list() && found->type() == gotmpl::types::DictList()) {
        at = found->At(found->size() - 1).AsDict();
      } else if (found->is_dict()) {
        at = found->AsDict();
      } else {
        return Fail(absl::StrCat("Key '", absl::StrJoin(path, "."),
                                 "' has already been defined."));
      }
    }
    return at;
  }

  absl::Status ReadHeader(Dict& root, Dict** at) {
    const bool is_list = Take("[[");
    if (!is_list) Take("[");
    WEIR_ASSIGN_OR_RETURN(const Path path, ReadPath());
    if (!Take(is_list ? "]]" : "]")) {
      return Fail(
          absl::StrCat("expected '.' or ']' to end table name, but got ",
                       QuotedRune(), " instead"));
    }
    WEIR_ASSIGN_OR_RETURN(Dict * parent, Descend(root, path, path.size() - 1));
    if (is_list) {
      std::vector<Any> items;
      if (const Any* found = parent->Find(path.back()); found != nullptr) {
        for (size_t i = 0; i < found->size(); ++i)
          items.push_back(found->At(i));
      }
      items.push_back(Any::NewDict());
      *at = items.back().AsDict();
      parent->Set(path.back(),
                  Any::List(std::move(items), gotmpl::types::DictList()));
      return absl::OkStatus();
    }
    if (!defined_.insert(absl::StrJoin(path, ".")).second) {
      const bool is_in_list = parent != &root;
      if (!is_in_list) {
        return Fail(absl::StrCat("Key '", absl::StrJoin(path, "."),
                                 "' has already been defined."));
      }
    }
    WEIR_ASSIGN_OR_RETURN(*at, Descend(*parent, {path.back()}, 1));
    return absl::OkStatus();
  }

  absl::Status ReadKeyValue(Dict& table, int depth) {
    WEIR_ASSIGN_OR_RETURN(const Path path, ReadPath());
    if (!Take("=")) {
      return Fail(absl::StrCat("expected '.' or '=', but got ", QuotedRune(),
                               " instead"));
    }
    SkipBlank(false);
    WEIR_ASSIGN_OR_RETURN(Any value, ReadValue(depth));
    WEIR_ASSIGN_OR_RETURN(Dict * parent, Descend(table, path, path.size() - 1));
    if (parent->Find(path.back()) != nullptr) {
      return Fail(absl::StrCat("Key '", absl::StrJoin(path, "."),
                               "' has already been defined."));
    }
    parent->Set(path.back(), std::move(value));
    return absl::OkStatus();
  }

  absl::StatusOr<Any> ReadValue(int depth) {
    if (depth > kMaxDepth) return Fail("nested too deeply");
    if (IsAtEnd()) return Fail("unexpected EOF; expected value");
    const char c = Peek();
    if (c == '"' || c == '\'') {
      WEIR_ASSIGN_OR_RETURN(const std::string text, ReadText());
      return Any::String(text);
    }
    if (c == '[') return ReadList(depth + 1);
    if (c == '{') return ReadInlineTable(depth + 1);
    const size_t start = offset_;
    while (!IsAtEnd() && !absl::StrContains(" \t\r\n,]}#", Peek())) ++offset_;
    // A date and a time may have a blank between them.
    if (offset_ - start == 10 && offset_ + 1 < text_.size() && Peek() == ' ' &&
        absl::ascii_isdigit(text_[offset_ + 1]) && text_[start + 4] == '-') {
      ++offset_;
      while (!IsAtEnd() && !absl::StrContains(" \t\r\n,]}#", Peek())) ++offset_;
    }
    return Scalar(text_.substr(start, offset_ - start));
  }

  absl::StatusOr<Any> Scalar(absl::string_view text) {
    if (text == "true") return Any::Bool(true);
    if (text == "false") return Any::Bool(false);
    absl::string_view plain = text;
    const bool is_negative = absl::ConsumePrefix(&plain, "-");
    if (!is_negative) absl::ConsumePrefix(&plain, "+");
    if (plain == "inf") {
      const double infinity = std::numeric_limits<double>::infinity();
      return Any::Float64(is_negative ? -infinity : infinity);
    }
    if (plain == "nan") {
      return Any::Float64(std::numeric_limits<double>::quiet_NaN());
    }
    if (plain.empty() || !absl::ascii_isdigit(plain[0])) {
      return Fail(
          absl::StrCat("expected value but found ", GoQuote(text), " instead"));
    }
    if (plain.size() > 4 && (plain[4] == '-' || plain[2] == ':')) {
      return Time(text);
    }
    const std::string digits = absl::StrReplaceAll(plain, {{"_", ""}});
    int base = 10;
    if (absl::StartsWith(digits, "0x")) base = 16;
    if (absl::StartsWith(digits, "0o")) base = 8;
    if (absl::StartsWith(digits, "0b")) base = 2;
    const char* first = digits.data() + (base == 10 ? 0 : 2);
    const char* last = digits.data() + digits.size();
    int64_t integer = 0;
    const auto result = std::from_chars(first, last, integer, base);
    if (result.ec == std::errc() && result.ptr == last) {
      return Any::Int64(is_negative ? -integer : integer);
    }
    double number = 0;
    if (base == 10 && absl::SimpleAtod(digits, &number)) {
      return Any::Float64(is_negative ? -number : number);
    }
    return Fail(
        absl::StrCat("expected value but found ", GoQuote(text), " instead"));
  }

  absl::StatusOr<Any> Time(absl::string_view written) {
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
        absl::StrReplaceAll(written, {{"z", "Z"}, {"t", "T"}, {" ", "T"}});
    for (const Form& form : kForms) {
      auto time = gotmpl::ParseTimeValue(form.layout, text, zone_, form.zone);
      if (!time.ok()) continue;
      if (!HasAllDigits(text, form.layout)) break;
      return time;
    }
    return Fail(absl::StrCat("invalid datetime: ", GoQuote(text)));
  }

  // Go's layouts take numbers of one digit, too.
  static bool HasAllDigits(absl::string_view text, absl::string_view layout) {
    for (size_t i = 0; i < layout.size(); ++i) {
      const char c = layout[i];
      if (c == '.' || c == 'Z') return true;
      if (!absl::ascii_isdigit(c) && (i >= text.size() || text[i] != c)) {
        return false;
      }
    }
    return true;
  }

  absl::StatusOr<Any> ReadList(int depth) {
    ++offset_;
    std::vector<Any> items;
    while (true) {
      SkipBlank(true);
      if (Take("]")) return Any::List(std::move(items));
      WEIR_ASSIGN_OR_RETURN(Any item, ReadValue(depth));
      items.push_back(std::move(item));
      SkipBlank(true);
      if (Take(",")) continue;
      if (Take("]")) return Any::List(std::move(items));
      return Fail(
          absl::StrCat("expected a comma (',') or array terminator "
                       "(']'), but got ",
                       QuotedRune()));
    }
  }

  absl::StatusOr<Any> ReadInlineTable(int depth) {
    ++offset_;
    Any table = Any::NewDict();
    SkipBlank(true);
    if (Take("}")) return table;
    while (true) {
      SkipBlank(true);
      WEIR_RETURN_IF_ERROR(ReadKeyValue(*table.AsDict(), depth));
      SkipBlank(true);
      if (Take(",")) {
        SkipBlank(true);
        if (Take("}")) return table;
        continue;
      }
      if (Take("}")) return table;
      return Fail(
          absl::StrCat("expected a comma or an inline table "
                       "terminator '}', but got ",
                       QuotedRune(), " instead"));
    }
  }

  absl::StatusOr<std::string> ReadText() {
    const std::string quote(1, Peek());
    const std::string triple = quote + quote + quote;
    const bool is_long = Take(triple);
    if (!is_long) Take(quote);
    if (is_long && !Take("\r\n")) Take("\n");
    const absl::string_view end =
        is_long ? absl::string_view(triple) : absl::string_view(quote);
    std::string out;
    while (true) {
      if (IsAtEnd() || (!is_long && Peek() == '\n')) {
        return Fail(IsAtEnd() ? "unexpected EOF; expected '\"'"
                              : "strings cannot contain newlines");
      }
      if (Take(end)) {
        // Up to two quotes may stand before the end of a long text.
        while (is_long && out.size() < text_.size() && !IsAtEnd() &&
               Peek() == quote[0]) {
          out.push_back(quote[0]);
          ++offset_;
        }
        return out;
      }
      if (Peek() == '\\' && quote == "\"") {
        WEIR_RETURN_IF_ERROR(ReadEscape(is_long, out));
      } else {
        out.push_back(text_[offset_++]);
      }
    }
  }

  absl::Status ReadEscape(bool is_long, std::string& out) {
    ++offset_;
    if (IsAtEnd()) return Fail("unexpected EOF");
    const char c = text_[offset_++];
    constexpr absl::string_view kNames = "btnfr\"\\e";
    constexpr absl::string_view kMeant = "\b\t\n\f\r\"\\\x1b";
    const size_t at = kNames.find(c);
    if (at != absl::string_view::npos) {
      out.push_back(kMeant[at]);
      return absl::OkStatus();
    }
    if (c == 'u' || c == 'U' || c == 'x') {
      const size_t size = c == 'u' ? 4 : c == 'U' ? 8 : 2;
      uint32_t rune = 0;
      const absl::string_view digits = text_.substr(offset_, size);
      const auto result = std::from_chars(
          digits.data(), digits.data() + digits.size(), rune, 16);
      if (digits.size() != size || result.ptr != digits.data() + size ||
          rune > 0x10FFFF) {
        return Fail("invalid escape of a code point");
      }
      AppendRune(rune, &out);
      offset_ += size;
      return absl::OkStatus();
    }
    if (is_long && absl::ascii_isspace(c)) {
      while (!IsAtEnd() && absl::ascii_isspace(Peek())) ++offset_;
      return absl::OkStatus();
    }
    return Fail(absl::StrCat("invalid escape character ", GoQuote({&c, 1})));
  }

  const absl::string_view text_;
  const absl::TimeZone zone_;
  size_t offset_ = 0;
  std::set<std::string> defined_;
};

}  // namespace

absl::StatusOr<Any> ParseToml(absl::string_view text,
                              const absl::TimeZone& zone) {
  return Reader(text, zone).Read();
}

}  // namespace weir::helm
