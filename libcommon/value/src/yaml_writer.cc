#include <algorithm>

#include "absl/strings/escaping.h"
#include "src/go_number.h"
#include "src/natural_order.h"
#include "src/utf8.h"
#include "src/yaml_scalar.h"
#include "weir/value/yaml.h"

namespace weir {
namespace {

constexpr int kIndent = 2;
constexpr int kWidth = 80;
constexpr size_t kMaxSimpleKey = 128;

enum class Style { kPlain, kSingle, kDouble, kLiteral };

size_t Width(absl::string_view text, size_t i) {
  return std::max<size_t>(Utf8Length(text.substr(i)), 1);
}

// The length of the line break at `i`, or 0.
size_t BreakLength(absl::string_view text, size_t i) {
  if (text[i] == '\n' || text[i] == '\r') return 1;
  if (text[i] == '\xc2') return text[i + 1] == '\x85' ? 2 : 0;
  if (text[i] == '\xe2' && text[i + 1] == '\x80' &&
      (text[i + 2] == '\xa8' || text[i + 2] == '\xa9')) {
    return 3;
  }
  return 0;
}

// libyaml's notion, in Go's version of it: nothing above U+FFFD.
bool IsPrintable(absl::string_view text, size_t i) {
  const auto c = static_cast<unsigned char>(text[i]);
  if (c < 0x80) return c == '\n' || (c >= 0x20 && c <= 0x7e);
  const auto next = static_cast<unsigned char>(text[i + 1]);
  if (c == 0xc2) return next >= 0xa0;
  if (c == 0xed) return next < 0xa0;
  if (c == 0xef) {
    const auto last = static_cast<unsigned char>(text[i + 2]);
    return !(next == 0xbb && last == 0xbf) &&
           !(next == 0xbf && (last == 0xbe || last == 0xbf));
  }
  return c > 0xc2 && c < 0xf0;
}

bool IsBlank(absl::string_view text, size_t i) {
  return i < text.size() && (text[i] == ' ' || text[i] == '\t');
}

// [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
bool IsBase60(absl::string_view text) {
  if (text.find(':') == absl::string_view::npos) return false;
  const auto digit = [text](size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9';
  };
  size_t i = text[0] == '+' || text[0] == '-' ? 1 : 0;
  if (!digit(i)) return false;
  while (digit(i) || (i < text.size() && text[i] == '_')) ++i;
  if (i == text.size() || text[i] != ':') return false;
  while (i < text.size() && text[i] == ':') {
    ++i;
    if (!digit(i)) return false;
    i += text[i] <= '5' && digit(i + 1) ? 2 : 1;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    while (digit(i) || (i < text.size() && text[i] == '_')) ++i;
  }
  return i == text.size();
}

struct Analysis {
  bool multiline = false;
  bool plain = true;
  bool single = true;
  bool literal = true;
};

bool IsIndicator(absl::string_view text, size_t i, bool after_blank,
                 bool before_blank) {
  const char c = text[i];
  if (i == 0) {
    if (absl::string_view("#,[]{}&*!|>'\"%@`").find(c) !=
        absl::string_view::npos) {
      return true;
    }
    return (c == '?' || c == ':' || c == '-') && before_blank;
  }
  return (c == ':' && before_blank) || (c == '#' && after_blank);
}

Analysis Analyze(absl::string_view text) {
  Analysis result;
  if (text.empty()) {
    result.literal = false;
    return result;
  }
  const absl::string_view head = text.substr(0, 3);
  bool indicators = head == "---" || head == "...";
  bool special = false, leading = false, trailing_space = false;
  bool trailing_break = false, break_space = false, space_break = false;
  bool after_blank = true, previous_space = false, previous_break = false;
  for (size_t i = 0, w = 0; i < text.size(); i += w) {
    w = Width(text, i);
    const bool last = i + w >= text.size();
    if (IsIndicator(text, i, after_blank, last || IsBlank(text, i + w))) {
      indicators = true;
    }
    if (!IsPrintable(text, i)) special = true;
    const bool is_break = BreakLength(text, i) != 0;
    const bool is_space = text[i] == ' ';
    if (is_space || is_break) {
      if (i == 0) leading = true;
      if (last) (is_space ? trailing_space : trailing_break) = true;
      if (is_space && previous_break) break_space = true;
      if (is_break && previous_space) space_break = true;
      if (is_break) result.multiline = true;
    }
    previous_space = is_space;
    previous_break = is_break;
    after_blank = is_space || is_break || text[i] == '\t' || text[i] == '\0';
  }
  const bool unsafe = space_break || special;
  result.plain = !(leading || trailing_space || trailing_break || break_space ||
                   unsafe || result.multiline || indicators);
  result.single = !(break_space || unsafe);
  result.literal = !(trailing_space || unsafe);
  return result;
}

class Writer {
 public:
  std::string Write(const Value& value) {
    WriteNode(value, Context::kRoot);
    indent_ = 0;
    WriteIndent();
    return std::move(out_);
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
      return NaturalLess(a->key, b->key);
    };
    // Not std::sort: the order has cycles on some odd keys.
    std::stable_sort(sorted.begin(), sorted.end(), less);
    for (const Value::Member* member : sorted) WriteMember(*member);
    indent_ = outer;
  }

  void WriteMember(const Value::Member& member) {
    WriteIndent();
    const bool simple =
        member.key.size() <= kMaxSimpleKey && !Analyze(member.key).multiline;
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
    AppendValidUtf8(text, valid);
    if (valid.size() != text.size()) text = valid;
    const Analysis analysis = Analyze(text);
    Style style = Style::kPlain;
    if (text.find('\n') != absl::string_view::npos) {
      style = Style::kLiteral;
    } else {
      const YamlScalar::Type type =
          ResolveYamlScalar(text, YamlParseOptions::Schema::kYaml11, true).type;
      // Go's resolver takes "<<" for a string here.
      if ((type != YamlScalar::Type::kString &&
           type != YamlScalar::Type::kMerge) ||
          IsBase60(text)) {
        style = Style::kDouble;
      }
    }
    if (simple_key && analysis.multiline) style = Style::kDouble;
    if (style == Style::kPlain && !analysis.plain) style = Style::kSingle;
    if (style == Style::kSingle && !analysis.single) style = Style::kDouble;
    if (style == Style::kLiteral && (!analysis.literal || simple_key)) {
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
    const size_t width = Width(text, i);
    out_.append(text.data() + i, width);
    ++column_;
    i += width;
  }
  // One line break of `text`, moving `i`.
  void CopyBreak(absl::string_view text, size_t& i) {
    const size_t length = BreakLength(text, i);
    out_.append(text.data() + i, length);
    column_ = 0;
    i += length;
  }

  void WriteIndent() {
    const int indent = std::max(indent_, 0);
    if (!indention_ || column_ > indent ||
        (column_ == indent && !whitespace_)) {
      PutBreak();
    }
    while (column_ < indent) Put(' ');
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
      } else {
        Copy(text, i);
        if (!space) indention_ = false;
      }
      spaces = space;
    }
    whitespace_ = false;
    indention_ = false;
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
      } else if (BreakLength(text, i) != 0) {
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
      if (!IsPrintable(text, i) || BreakLength(text, i) != 0 ||
          text[i] == '"' || text[i] == '\\' ||
          text.substr(0, 3) == "\xef\xbb\xbf") {
        WriteEscape(text, i);
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

  void WriteEscape(absl::string_view text, size_t& i) {
    const size_t width = Width(text, i);
    uint32_t c = static_cast<unsigned char>(text[i]);
    if (width > 1) c &= 0x7fu >> width;
    for (size_t k = 1; k < width; ++k) {
      c = (c << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3f);
    }
    i += width;
    Put('\\');
    static constexpr std::pair<uint32_t, char> kNamed[] = {
        {0x00, '0'},  {0x07, 'a'}, {0x08, 'b'}, {0x09, 't'},   {0x0a, 'n'},
        {0x0b, 'v'},  {0x0c, 'f'}, {0x0d, 'r'}, {0x1b, 'e'},   {0x22, '"'},
        {0x5c, '\\'}, {0x85, 'N'}, {0xa0, '_'}, {0x2028, 'L'}, {0x2029, 'P'}};
    for (const auto& [code, name] : kNamed) {
      if (c == code) return Put(name);
    }
    const int digits = c <= 0xff ? 2 : c <= 0xffff ? 4 : 8;
    Put(digits == 2 ? 'x' : digits == 4 ? 'u' : 'U');
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
      Put("0123456789ABCDEF"[(c >> shift) & 15]);
    }
  }

  void WriteLiteral(absl::string_view text) {
    WriteIndicator("|", true, false, false);
    if (text[0] == ' ' || BreakLength(text, 0) != 0) {
      WriteIndicator(absl::StrCat(kIndent), false, false, false);
    }
    size_t last = text.size() - 1;
    while ((text[last] & 0xc0) == 0x80) --last;
    if (BreakLength(text, last) == 0) {
      WriteIndicator("-", false, false, false);
    } else if (last == 0) {
      WriteIndicator("+", false, false, false);
    } else {
      --last;
      while ((text[last] & 0xc0) == 0x80) --last;
      if (BreakLength(text, last) != 0) {
        WriteIndicator("+", false, false, false);
      }
    }
    PutBreak();
    indention_ = true;
    whitespace_ = true;
    bool breaks = true;
    for (size_t i = 0; i < text.size();) {
      if (BreakLength(text, i) != 0) {
        CopyBreak(text, i);
        indention_ = true;
        breaks = true;
      } else {
        if (breaks) WriteIndent();
        Copy(text, i);
        indention_ = false;
        breaks = false;
      }
    }
  }

  std::string out_;
  int indent_ = -1;
  int column_ = 0;
  bool whitespace_ = true;
  bool indention_ = true;
};

}  // namespace

std::string FormatYaml(const Value& value) { return Writer().Write(value); }

}  // namespace weir
