#include <algorithm>
#include <limits>

#include "absl/strings/escaping.h"
#include "src/go_number.h"
#include "src/natural_order.h"
#include "src/utf8.h"
#include "src/yaml_scalar.h"
#include "src/yaml_text.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_sorted.h"

namespace weir {
namespace {

constexpr int kIndent = 2;
constexpr int kWidth = 80;
constexpr size_t kMaxSimpleKey = 128;

using yaml::AnalyzeText;
using yaml::AppendEscape;
using yaml::CharacterWidth;
using yaml::IsPrintable;
using yaml::LineBreakLength;
using yaml::TextAnalysis;

enum class Style { kPlain, kSingle, kDouble, kLiteral };

// Appends to `out`.
class Writer {
 public:
  explicit Writer(std::string* out, bool has_byte_order = false)
      : out_(*out), has_byte_order_(has_byte_order) {}
  // Calls `when_long` between lines once `out`, which it may empty, is long.
  Writer(std::string* out, const absl::FunctionRef<void()>* when_long)
      : out_(*out), has_byte_order_(false), when_long_(when_long) {}

  void Write(const Value& value) {
    WriteNode(value, Context::kRoot);
    indent_ = 0;
    WriteIndent();
  }

 private:
  enum class Context { kRoot, kSequence, kMapping };

  void WriteNode(const Value& value, Context context) {
    switch (value.kind()) {
      case Value::Kind::kArray:
        WriteArray(value.array(), context);
        return;
      case Value::Kind::kObject:
        WriteObject(value.object());
        return;
      case Value::Kind::kString:
        WriteString(value.AsString(), false);
        return;
      default:
        WritePlain(ScalarText(value), true);
    }
  }

  static std::string ScalarText(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::kBool:
        return value.AsBool() ? "true" : "false";
      case Value::Kind::kInt:
        return absl::StrCat(value.AsInt());
      case Value::Kind::kUint:
        return absl::StrCat(value.AsUint());
      case Value::Kind::kDouble:
        break;
      default:
        return "null";
    }
    // What has the form of a 64-bit integer in JSON is read back as one.
    const double number = value.AsDouble();
    if (number > -9223372036854775809.0 && number < 18446744073709551616.0) {
      std::string json;
      AppendGoJsonDouble(number, json);
      if (json == "-0") return "0";
      if (json.find_first_of(".e") == std::string::npos) return json;
    }
    return FormatGoYamlDouble(number);
  }

  void WriteArray(const Value::Array& elements, Context context) {
    if (elements.empty()) {
      WriteIndicator("[", true, true, false);
      WriteIndicator("]", false, false, false);
      return;
    }
    const int outer = indent_;
    const bool flush = context == Context::kMapping && !indention_;
    if (indent_ < 0) {
      indent_ = 0;
    } else if (!flush) {
      indent_ += kIndent;
    }
    for (const Value& element : elements) {
      WriteIndent();
      WriteIndicator("-", true, false, true);
      WriteNode(element, Context::kSequence);
    }
    indent_ = outer;
  }

  void WriteObject(const Value::Object& members) {
    if (members.empty()) {
      WriteIndicator("{", true, true, false);
      WriteIndicator("}", false, false, false);
      return;
    }
    const int outer = indent_;
    indent_ = indent_ < 0 ? 0 : indent_ + kIndent;
    std::vector<const Value::Member*> sorted;
    sorted.reserve(members.size());
    for (const Value::Member& member : members) sorted.push_back(&member);
    const auto less = [](const Value::Member* a, const Value::Member* b) {
      return NaturalLess(a->key, b->key, NaturalOrder::kGoYaml2);
    };
    if (!has_byte_order_) SortAsGo(sorted, less);
    for (const Value::Member* member : sorted) WriteMember(*member);
    indent_ = outer;
  }

  void WriteMember(const Value::Member& member) {
    WriteIndent();
    const bool simple = member.key.size() <= kMaxSimpleKey &&
                        !AnalyzeText(member.key, false).multiline;
    if (simple) {
      WriteString(member.key, true);
      WriteIndicator(":", false, false, false);
    } else {
      WriteIndicator("?", true, false, true);
      WriteString(member.key, false);
      WriteIndent();
      WriteIndicator(":", true, false, true);
    }
    WriteNode(member.value, Context::kMapping);
  }

  void WriteString(absl::string_view text, bool simple_key) {
    std::string valid;
    if (!IsValidUtf8(text)) {
      AppendValidUtf8(text, valid);
      text = valid;
    }
    const TextAnalysis analysis = AnalyzeText(text, false);
    Style style = Style::kPlain;
    if (text.find('\n') != absl::string_view::npos) {
      style = Style::kLiteral;
    } else if (LooksLikeOtherThanString(text)) {
      style = Style::kDouble;
    }
    if (simple_key && analysis.multiline) style = Style::kDouble;
    if (style == Style::kPlain && !analysis.block_plain) style = Style::kSingle;
    if (style == Style::kSingle && !analysis.single_quoted)
      style = Style::kDouble;
    if (style == Style::kLiteral && (!analysis.block || simple_key)) {
      style = Style::kDouble;
    }
    const int outer = indent_;
    indent_ = indent_ < 0 ? kIndent : indent_ + kIndent;
    switch (style) {
      case Style::kPlain:
        WritePlain(text, !simple_key);
        break;
      case Style::kSingle:
        WriteSingle(text, !simple_key);
        break;
      case Style::kDouble:
        WriteDouble(text, !simple_key);
        break;
      case Style::kLiteral:
        WriteLiteral(text);
        break;
    }
    indent_ = outer;
  }

  void Put(char c) {
    out_.push_back(c);
    ++column_;
  }
  void PutBreak() {
    out_.push_back('\n');
    column_ = 0;
  }
  // One character of `text`, moving `i`.
  void Copy(absl::string_view text, size_t& i) {
    const size_t width = CharacterWidth(text, i);
    out_.append(text.data() + i, width);
    ++column_;
    i += width;
  }
  // One line break of `text`, moving `i`.
  void CopyBreak(absl::string_view text, size_t& i) {
    const size_t length = LineBreakLength(text, i);
    out_.append(text.data() + i, length);
    column_ = 0;
    i += length;
  }

  void EndLine() {
    if (when_long_ != nullptr && out_.size() >= kLong) (*when_long_)();
  }

  void WriteIndent() {
    const int indent = std::max(indent_, 0);
    EndLine();
    if (!indention_ || column_ > indent ||
        (column_ == indent && !whitespace_)) {
      PutBreak();
    }
    if (column_ < indent) {
      out_.append(static_cast<size_t>(indent - column_), ' ');
      column_ = indent;
    }
    whitespace_ = true;
    indention_ = true;
  }

  void WriteIndicator(absl::string_view indicator, bool need_whitespace,
                      bool is_whitespace, bool is_indention) {
    if (need_whitespace && !whitespace_) Put(' ');
    for (const char c : indicator) Put(c);
    whitespace_ = is_whitespace;
    indention_ = indention_ && is_indention;
  }

  bool IsSpace(absl::string_view text, size_t i) const {
    return i < text.size() && text[i] == ' ';
  }

  void WritePlain(absl::string_view text, bool may_break) {
    if (!whitespace_) Put(' ');
    bool spaces = false;
    for (size_t i = 0; i < text.size();) {
      const bool space = text[i] == ' ';
      if (space && may_break && !spaces && column_ > kWidth &&
          !IsSpace(text, i + 1)) {
        WriteIndent();
        ++i;
      } else if (space) {
        Copy(text, i);
      } else {
        CopyWord(text, i);
        indention_ = false;
      }
      spaces = space;
    }
    whitespace_ = false;
    indention_ = false;
  }

  // All of `text` from `i` to the next space.
  void CopyWord(absl::string_view text, size_t& i) {
    size_t end = i;
    int columns = 0;
    for (; end < text.size() && text[end] != ' '; ++end) {
      columns += (text[end] & 0xc0) != 0x80 ? 1 : 0;
    }
    out_.append(text.data() + i, end - i);
    column_ += columns;
    i = end;
  }

  void WriteSingle(absl::string_view text, bool may_break) {
    WriteIndicator("'", true, false, false);
    bool spaces = false;
    bool breaks = false;
    for (size_t i = 0; i < text.size();) {
      if (text[i] == ' ') {
        if (may_break && !spaces && column_ > kWidth && i > 0 &&
            i + 1 < text.size() && !IsSpace(text, i + 1)) {
          WriteIndent();
          ++i;
        } else {
          Copy(text, i);
        }
        spaces = true;
      } else if (LineBreakLength(text, i) != 0) {
        if (!breaks && text[i] == '\n') PutBreak();
        CopyBreak(text, i);
        indention_ = true;
        breaks = true;
      } else {
        if (breaks) WriteIndent();
        if (text[i] == '\'') Put('\'');
        Copy(text, i);
        indention_ = false;
        spaces = false;
        breaks = false;
      }
    }
    WriteIndicator("'", false, false, false);
  }

  void WriteDouble(absl::string_view text, bool may_break) {
    WriteIndicator("\"", true, false, false);
    bool spaces = false;
    for (size_t i = 0; i < text.size();) {
      // A byte order mark at the start makes Go escape everything.
      if (!IsPrintable(text, i) || LineBreakLength(text, i) != 0 ||
          text[i] == '"' || text[i] == '\\' ||
          text.substr(0, 3) == "\xef\xbb\xbf") {
        column_ += AppendEscape(text, i, &out_);
        spaces = false;
      } else if (text[i] == ' ') {
        if (may_break && !spaces && column_ > kWidth && i > 0 &&
            i + 1 < text.size()) {
          WriteIndent();
          if (IsSpace(text, i + 1)) Put('\\');
          ++i;
        } else {
          Copy(text, i);
        }
        spaces = true;
      } else {
        Copy(text, i);
        spaces = false;
      }
    }
    WriteIndicator("\"", false, false, false);
  }

  void WriteLiteral(absl::string_view text) {
    WriteIndicator("|", true, false, false);
    if (text[0] == ' ' || LineBreakLength(text, 0) != 0) {
      WriteIndicator(absl::StrCat(kIndent), false, false, false);
    }
    size_t last = text.size() - 1;
    while ((text[last] & 0xc0) == 0x80) --last;
    if (LineBreakLength(text, last) == 0) {
      WriteIndicator("-", false, false, false);
    } else if (last == 0) {
      WriteIndicator("+", false, false, false);
    } else {
      --last;
      while ((text[last] & 0xc0) == 0x80) --last;
      if (LineBreakLength(text, last) != 0) {
        WriteIndicator("+", false, false, false);
      }
    }
    PutBreak();
    indention_ = true;
    whitespace_ = true;
    Reserve(text);
    bool breaks = true;
    for (size_t i = 0; i < text.size();) {
      if (text[i] == '\n') {
        const size_t end = EndOfBreaks(text, i);
        out_.append(text.data() + i, end - i);
        i = end;
        column_ = 0;
        indention_ = true;
        breaks = true;
      } else if (LineBreakLength(text, i) != 0) {
        CopyBreak(text, i);
        indention_ = true;
        breaks = true;
      } else {
        if (breaks) WriteIndent();
        CopyRun(text, i);
        indention_ = false;
        breaks = false;
      }
    }
  }

  // The end of the line feeds at `i`.
  static size_t EndOfBreaks(absl::string_view text, size_t i) {
    while (i < text.size() && text[i] == '\n') ++i;
    return i;
  }

  // The character of `text` at `i`, and all behind it that begins no break.
  // Only whether the column is 0 counts after them.
  void CopyRun(absl::string_view text, size_t& i) {
    size_t end = i + 1;
    while (end < text.size() && text[end] != '\n' && text[end] != '\r' &&
           text[end] != '\xc2' && text[end] != '\xe2') {
      ++end;
    }
    out_.append(text.data() + i, end - i);
    ++column_;
    i = end;
  }

  // Makes room for a block, so that a large one is not copied as it grows.
  void Reserve(absl::string_view text) {
    constexpr size_t kLarge = 4096;
    if (text.size() < kLarge || when_long_ != nullptr) return;
    const auto lines =
        static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 2;
    out_.reserve(out_.size() + text.size() +
                 lines * static_cast<size_t>(std::max(indent_, 0)));
  }

  static constexpr size_t kLong = 256 * 1024;

  std::string& out_;
  const bool has_byte_order_;  // Else natural order.
  const absl::FunctionRef<void()>* const when_long_ = nullptr;
  int indent_ = -1;
  int column_ = 0;
  bool whitespace_ = true;
  bool indention_ = true;
};

}  // namespace

namespace {

// Whether sigs.k8s.io/yaml, which reads the value's JSON as YAML, could see in
// the text anything but itself.
bool IsOddText(absl::string_view text) {
  if (text.find('\x7f') != absl::string_view::npos) return true;
  while (true) {
    text.remove_prefix(AsciiLength(text));
    if (text.empty()) return false;
    const size_t length = Utf8Length(text);
    if (length == 0) return true;
    const uint32_t c = DecodeUtf8(text, length);
    if (c < 0xa0 || c == 0xfffe || c == 0xffff) return true;
    text.remove_prefix(length);
  }
}

bool IsOdd(const Value& value) {
  // A key is known as one by the ":" up to 1024 characters behind its start;
  // six may stand for one.
  constexpr size_t kLongKey = 1024 / 6 - 1;
  switch (value.kind()) {
    case Value::Kind::kString:
      return IsOddText(value.AsString());
    case Value::Kind::kArray:
      for (const Value& element : value.array()) {
        if (IsOdd(element)) return true;
      }
      return false;
    case Value::Kind::kObject:
      for (const Value::Member& member : value.object()) {
        if (member.key.size() > kLongKey || IsOddText(member.key) ||
            IsOdd(member.value)) {
          return true;
        }
      }
      return false;
    default:
      return false;
  }
}

// What sigs.k8s.io/yaml writes in place of `value`.
absl::StatusOr<Value> Readable(const Value& value) {
  if (!IsOdd(value)) return value;
  YamlParseOptions options;
  options.max_depth = std::numeric_limits<int>::max();
  return ParseYaml(FormatJson(value, {.escape_html = true}), options);
}

}  // namespace

absl::StatusOr<std::string> MarshalYaml(const Value& value) {
  WEIR_ASSIGN_OR_RETURN(const Value readable, Readable(value));
  std::string text;
  Writer(&text).Write(readable);
  return text;
}

void AppendYaml(const Value& value, std::string* out) {
  Writer(out).Write(Readable(value).value_or(value));
}

void AppendYaml(const Value& value, std::string* out,
                absl::FunctionRef<void()> when_long) {
  Writer(out, &when_long).Write(Readable(value).value_or(value));
}

std::string FormatSortedYaml(const Value& value) {
  std::string out;
  Writer(&out, /*has_byte_order=*/true).Write(value);
  return out;
}

std::string FormatYaml(const Value& value) {
  std::string text;
  AppendYaml(value, &text);
  return text;
}

}  // namespace weir
