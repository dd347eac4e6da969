// Sprig's strings.go, and the strings of its functions.go.
#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "go_strconv.h"
#include "rows.h"
#include "text_ops.h"
#include "unicode.h"
#include "weir/base/status.h"
#include "weir/gotmpl/format.h"
#include "word_case.h"

namespace weir::gotmpl {

std::vector<std::string> SplitN(absl::string_view text,
                                absl::string_view separator, int64_t n) {
  std::vector<std::string> parts;
  if (n == 0) return parts;
  while (n < 0 || static_cast<int64_t>(parts.size()) + 1 < n) {
    size_t length = 0;
    if (separator.empty()) {
      if (text.empty()) return parts;
      DecodeRune(text, &length);
      if (length == text.size()) break;
    } else {
      length = FindText(text, separator);
      if (length == absl::string_view::npos) break;
    }
    parts.emplace_back(text.substr(0, length));
    text.remove_prefix(length + separator.size());
  }
  if (!separator.empty() || !text.empty()) parts.emplace_back(text);
  return parts;
}

absl::StatusOr<std::vector<std::string>> ToTexts(Call& call, const Any& value) {
  std::vector<std::string> texts;
  if (value.is_nothing()) return texts;
  if (!value.is_list()) {
    texts.push_back(ToText(value, MostText(call)));
    return texts;
  }
  // What a text costs besides its bytes.
  constexpr size_t kEach = 100;
  WEIR_RETURN_IF_ERROR(call.execution.Reserve(value.size() * kEach));
  size_t bytes = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    const Any item = value.At(i);
    if (item.is_nothing()) continue;
    texts.push_back(ToText(item, MostText(call)));
    bytes += texts.back().size();
    if (bytes > call.execution.options().limits.max_value_bytes) {
      return call.execution.Charge(bytes);
    }
  }
  WEIR_RETURN_IF_ERROR(call.execution.Charge(bytes));
  return texts;
}

size_t FindText(absl::string_view text, absl::string_view part) {
  if (part.empty()) return 0;
  const void* found =
      memmem(text.data(), text.size(), part.data(), part.size());
  if (found == nullptr) return absl::string_view::npos;
  return static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

size_t CountText(absl::string_view text, absl::string_view part) {
  if (part.size() == 1) {
    return static_cast<size_t>(std::count(text.begin(), text.end(), part[0]));
  }
  size_t count = 0;
  for (size_t at = 0; (at = FindText(text, part)) != absl::string_view::npos;
       ++count) {
    text.remove_prefix(at + part.size());
  }
  return count;
}

absl::StatusOr<absl::string_view> SliceText(absl::string_view text,
                                            int64_t begin, int64_t end) {
  const auto size = static_cast<int64_t>(text.size());
  constexpr absl::string_view kBounds =
      "runtime error: slice bounds out of range [";
  if (end < 0) return GoError(kBounds, ":", end, "]");
  if (end > size) {
    return GoError(kBounds, ":", end, "] with length ", size);
  }
  if (begin < 0) return GoError(kBounds, begin, ":]");
  if (begin > end) return GoError(kBounds, begin, ":", end, "]");
  return text.substr(static_cast<size_t>(begin),
                     static_cast<size_t>(end - begin));
}

namespace {

absl::string_view Arg(const Call& call, size_t i) {
  return call.args[i].AsString();
}

int64_t IntArg(const Call& call, size_t i) { return call.args[i].AsInt(); }

Result Repeated(Call& call, int64_t count, absl::string_view text,
                std::string* out) {
  if (count < 0) return GoError("strings: negative Repeat count");
  const auto n = static_cast<size_t>(count);
  if (!text.empty()) {
    const size_t bytes =
        n > SIZE_MAX / text.size() ? SIZE_MAX / 2 : n * text.size();
    WEIR_RETURN_IF_ERROR(call.execution.Charge(bytes));
    out->reserve(bytes);
    for (size_t i = 0; i < n; ++i) absl::StrAppend(out, text);
  }
  return Any();
}

Result Repeat(Call& call) {
  std::string out;
  Result done = Repeated(call, IntArg(call, 0), Arg(call, 1), &out);
  if (!done.ok()) return done;
  return Any::String(out);
}

Result IndentText(Call& call, absl::string_view before) {
  std::string pad;
  Result done = Repeated(call, IntArg(call, 0), " ", &pad);
  if (!done.ok()) return done;
  const absl::string_view text = Arg(call, 1);
  const auto lines =
      1 + static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  const size_t bytes = before.size() + text.size() + lines * pad.size();
  WEIR_RETURN_IF_ERROR(call.execution.Charge(bytes));
  SharedString* out = SharedString::NewUninitialized(bytes);
  char* at = out->data();
  const auto put = [&at](absl::string_view part) {
    at = std::copy(part.begin(), part.end(), at);
  };
  put(before);
  put(pad);
  for (const char c : text) {
    *at++ = c;
    if (c == '\n') put(pad);
  }
  return Any::Adopt(out);
}

Result Substring(Call& call) {
  const int64_t start = IntArg(call, 0), end = IntArg(call, 1);
  const absl::string_view text = Arg(call, 2);
  const auto size = static_cast<int64_t>(text.size());
  if (start < 0) {
    WEIR_ASSIGN_OR_RETURN(absl::string_view part, SliceText(text, 0, end));
    return Any::String(part);
  }
  const bool to_the_end = end < 0 || end > size;
  WEIR_ASSIGN_OR_RETURN(absl::string_view part,
                        SliceText(text, start, to_the_end ? size : end));
  return Any::String(part);
}

Result Truncate(Call& call) {
  const int64_t count = IntArg(call, 0);
  const absl::string_view text = Arg(call, 1);
  const auto size = static_cast<int64_t>(text.size());
  if (count < 0 && size + count > 0) {
    return Any::String(text.substr(static_cast<size_t>(size + count)));
  }
  if (count >= 0 && size > count) {
    return Any::String(text.substr(0, static_cast<size_t>(count)));
  }
  return call.args[1];
}

std::string Abbreviated(absl::string_view text, int64_t offset, int64_t width) {
  const auto size = static_cast<int64_t>(text.size());
  if (text.empty() || width < 4) return "";
  if (size <= width) return std::string(text);
  offset = std::min(offset, size);
  if (size - offset < width - 3) offset = size - (width - 3);
  constexpr absl::string_view kMarker = "...";
  if (offset <= 4) {
    return absl::StrCat(text.substr(0, static_cast<size_t>(width - 3)),
                        kMarker);
  }
  if (width < 7) return "";
  if (offset + width - 3 < size) {
    return absl::StrCat(
        kMarker,
        Abbreviated(text.substr(static_cast<size_t>(offset)), 0, width - 3));
  }
  return absl::StrCat(kMarker,
                      text.substr(static_cast<size_t>(size - (width - 3))));
}

Result Abbreviate(Call& call) {
  if (IntArg(call, 0) < 4) return call.args[1];
  return Any::String(Abbreviated(Arg(call, 1), 0, IntArg(call, 0)));
}

Result AbbreviateBoth(Call& call) {
  const int64_t left = IntArg(call, 0), right = IntArg(call, 1);
  if (right < 4 || (left > 0 && right < 7)) return call.args[2];
  return Any::String(Abbreviated(Arg(call, 2), left, right));
}

bool IsTitleSeparator(Rune rune) {
  if (rune < 0x80) return !IsLetter(rune) && !IsDigit(rune) && rune != '_';
  return !IsLetter(rune) && !IsDigit(rune) && IsSpace(rune);
}

std::string Title(absl::string_view text) {
  std::u32string runes = ToRunes(text);
  Rune previous = ' ';
  for (char32_t& c : runes) {
    const Rune rune = static_cast<Rune>(c);
    if (IsTitleSeparator(previous)) c = static_cast<char32_t>(ToTitle(rune));
    previous = rune;
  }
  return FromRunes(runes);
}

std::string Untitle(absl::string_view text) {
  std::u32string runes = ToRunes(text);
  bool is_first = true;
  for (char32_t& c : runes) {
    const Rune rune = static_cast<Rune>(c);
    if (IsSpace(rune)) {
      is_first = true;
    } else if (is_first) {
      c = static_cast<char32_t>(ToLower(rune));
      is_first = false;
    }
  }
  return FromRunes(runes);
}

std::string SwapCase(absl::string_view text) {
  std::u32string runes = ToRunes(text);
  bool is_first = true;
  for (char32_t& c : runes) {
    const Rune rune = static_cast<Rune>(c);
    if (IsUpper(rune) || IsTitle(rune)) {
      c = static_cast<char32_t>(ToLower(rune));
      is_first = false;
    } else if (IsLower(rune)) {
      c = static_cast<char32_t>(is_first ? ToTitle(rune) : ToUpper(rune));
      is_first = false;
    } else {
      is_first = IsSpace(rune);
    }
  }
  return FromRunes(runes);
}

// goutils reads bytes as code points.
std::string Initials(absl::string_view text) {
  std::string out;
  bool is_first = true;
  for (const char c : text) {
    const Rune rune = static_cast<uint8_t>(c);
    if (IsSpace(rune)) {
      is_first = true;
    } else if (is_first) {
      AppendRune(rune, &out);
      is_first = false;
    }
  }
  return out;
}

std::string WithoutSpace(absl::string_view text) {
  std::string out;
  bool has_space = false;
  for (const char c : text) {
    const Rune rune = static_cast<uint8_t>(c);
    if (IsSpace(rune)) {
      has_space = true;
    } else {
      AppendRune(rune, &out);
    }
  }
  return has_space ? out : std::string(text);
}

std::string WrapText(absl::string_view text, int64_t columns,
                     absl::string_view newline, bool breaks_words,
                     size_t most) {
  if (newline.empty()) newline = "\n";
  const size_t width = columns < 1 ? 1 : static_cast<size_t>(columns);
  std::string out;
  size_t offset = 0;
  while (text.size() - offset > width && out.size() <= most) {
    if (text[offset] == ' ') {
      ++offset;
      continue;
    }
    const size_t space = text.substr(offset, width + 1).rfind(' ');
    size_t end = offset + width;
    size_t next = end;
    if (space != absl::string_view::npos) {
      end = offset + space;
      next = end + 1;
    } else if (!breaks_words) {
      end = text.find(' ', end);
      if (end == absl::string_view::npos) break;
      next = end + 1;
    }
    absl::StrAppend(&out, text.substr(offset, end - offset), newline);
    offset = next;
  }
  absl::StrAppend(&out, text.substr(offset));
  return out;
}

absl::string_view TrimSet(absl::string_view text, absl::string_view set) {
  std::u32string runes = ToRunes(set);
  std::sort(runes.begin(), runes.end());
  const auto is_in = [&](Rune rune) {
    return std::binary_search(runes.begin(), runes.end(),
                              static_cast<char32_t>(rune));
  };
  size_t size = 1;
  while (!text.empty() && is_in(DecodeRune(text, &size))) {
    text.remove_prefix(size);
  }
  while (!text.empty() && is_in(DecodeLastRune(text, &size))) {
    text.remove_suffix(size);
  }
  return text;
}

Result TrimAll(Call& call) {
  return Any::String(TrimSet(Arg(call, 1), Arg(call, 0)));
}

Result Replace(Call& call) {
  const absl::string_view old = Arg(call, 0), with = Arg(call, 1);
  absl::string_view text = Arg(call, 2);
  std::string out;
  if (old.empty()) {
    WEIR_RETURN_IF_ERROR(
        call.execution.Charge((text.size() + 1) * (with.size() + 1)));
    absl::StrAppend(&out, with);
    while (!text.empty()) {
      size_t size = 1;
      DecodeRune(text, &size);
      absl::StrAppend(&out, text.substr(0, size), with);
      text.remove_prefix(size);
    }
    return Any::String(out);
  }
  const size_t count = CountText(text, old);
  WEIR_RETURN_IF_ERROR(call.execution.Step(count));
  if (with.size() > old.size()) {
    WEIR_RETURN_IF_ERROR(call.execution.Charge(
        text.size() + count * (with.size() - old.size())));
  }
  size_t found = 0;
  while ((found = FindText(text, old)) != absl::string_view::npos) {
    absl::StrAppend(&out, text.substr(0, found), with);
    text.remove_prefix(found + old.size());
  }
  absl::StrAppend(&out, text);
  return Text(call, out);
}

// The arguments that are something, each as `append` writes it.
template <typename Append>
Result QuoteAll(Call& call, Append append) {
  const size_t most = call.execution.options().limits.max_value_bytes;
  std::string out;
  bool is_first = true;
  for (const Any& arg : call.args) {
    if (arg.is_nothing()) continue;
    if (!is_first) out.push_back(' ');
    is_first = false;
    append(arg, most, &out);
    if (out.size() > most) break;
  }
  return Text(call, out);
}

void AppendQuotedText(const Any& value, size_t most, std::string* out) {
  if (value.type() == types::String()) {
    AppendQuoted(value.AsString(), false, out, most);
  } else {
    AppendQuoted(ToText(value, most + 1), false, out, most);
  }
}

void AppendSingleQuoted(const Any& value, size_t most, std::string* out) {
  out->push_back('\'');
  AppendFormatted(value, *out, most + 1);
  out->push_back('\'');
}

Result Concatenate(Call& call) {
  std::vector<Any> values;
  std::string format;
  for (const Any& arg : call.args) {
    if (arg.is_nothing()) continue;
    absl::StrAppend(&format, format.empty() ? "%v" : " %v");
    values.push_back(arg);
  }
  return Text(call, Sprintf(format, values, MostText(call)));
}

// The parts of a text, which may be many more than their bytes tell.
absl::StatusOr<std::vector<std::string>> Split(Call& call,
                                               absl::string_view text,
                                               int64_t n) {
  constexpr size_t kEach = 150;
  const absl::string_view separator = Arg(call, 0);
  const size_t most =
      separator.empty() ? text.size() : CountText(text, separator);
  WEIR_RETURN_IF_ERROR(call.execution.Reserve(most * kEach + text.size()));
  return SplitN(text, separator, n);
}

Result SplitToList(Call& call) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> parts,
                        Split(call, Arg(call, 1), -1));
  return Any::Strings(parts);
}

Any Numbered(const std::vector<std::string>& parts) {
  Any dict = Any::NewDict(types::StringDict());
  for (size_t i = 0; i < parts.size(); ++i) {
    dict.AsDict()->Set(absl::StrCat("_", i), Any::String(parts[i]));
  }
  return dict;
}

Result SplitToDict(Call& call) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> parts,
                        Split(call, Arg(call, 1), -1));
  return Numbered(parts);
}

Result SplitSome(Call& call) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> parts,
                        Split(call, Arg(call, 2), IntArg(call, 1)));
  return Numbered(parts);
}

Result Join(Call& call) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> texts,
                        ToTexts(call, call.args[1]));
  const absl::string_view separator = Arg(call, 0);
  if (separator.size() > 1) {
    WEIR_RETURN_IF_ERROR(
        call.execution.Charge(separator.size() * texts.size()));
  }
  return Text(call, absl::StrJoin(texts, std::string(separator)));
}

Result ToStrings(Call& call) {
  if (call.args[0].type() == types::StringList()) return call.args[0];
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> texts,
                        ToTexts(call, call.args[0]));
  return Any::Strings(texts);
}

Result SortAlpha(Call& call) {
  if (!call.args[0].is_list()) {
    return Any::Strings({ToText(call.args[0])});
  }
  WEIR_ASSIGN_OR_RETURN(std::vector<std::string> texts,
                        ToTexts(call, call.args[0]));
  WEIR_RETURN_IF_ERROR(call.execution.Step(texts.size() * 4));
  std::sort(texts.begin(), texts.end());
  return Any::Strings(texts);
}

template <std::string (*convert)(absl::string_view)>
Result Converted(Call& call) {
  return Text(call, convert(Arg(call, 0)));
}

std::string Snake(absl::string_view text) { return JoinWords(text, '_'); }
std::string Kebab(absl::string_view text) { return JoinWords(text, '-'); }
std::string Upper(absl::string_view text) { return ToUpper(text); }
std::string Lower(absl::string_view text) { return ToLower(text); }

constexpr absl::string_view kText = "func(string) string";
constexpr absl::string_view kTextText = "func(string, string) string";
constexpr absl::string_view kHas = "func(string, string) bool";

constexpr Row kRows[] = {
    {"hello", "func() string",
     [](Call&) -> Result { return Any::String("Hello!"); }},
    {"abbrev", "func(int, string) string", Abbreviate},
    {"abbrevboth", "func(int, int, string) string", AbbreviateBoth},
    {"trunc", "func(int, string) string", Truncate},
    {"trim", kText,
     [](Call& call) -> Result { return Any::String(TrimSpace(Arg(call, 0))); }},
    {"upper", kText, Converted<Upper>},
    {"lower", kText, Converted<Lower>},
    {"title", kText, Converted<Title>},
    {"untitle", kText, Converted<Untitle>},
    {"substr", "func(int, int, string) string", Substring},
    {"repeat", "func(int, string) string", Repeat},
    {"trimall", kTextText, TrimAll},
    {"trimAll", kTextText, TrimAll},
    {"trimSuffix", kTextText,
     [](Call& call) -> Result {
       absl::string_view text = Arg(call, 1);
       if (absl::EndsWith(text, Arg(call, 0))) {
         text.remove_suffix(Arg(call, 0).size());
       }
       return Any::String(text);
     }},
    {"trimPrefix", kTextText,
     [](Call& call) -> Result {
       absl::string_view text = Arg(call, 1);
       if (absl::StartsWith(text, Arg(call, 0))) {
         text.remove_prefix(Arg(call, 0).size());
       }
       return Any::String(text);
     }},
    {"nospace", kText, Converted<WithoutSpace>},
    {"initials", kText, Converted<Initials>},
    {"swapcase", kText, Converted<SwapCase>},
    {"snakecase", kText, Converted<Snake>},
    {"camelcase", kText, Converted<PascalCase>},
    {"kebabcase", kText, Converted<Kebab>},
    {"wrap", "func(int, string) string",
     [](Call& call) -> Result {
       return Text(call, WrapText(Arg(call, 1), IntArg(call, 0), "", false,
                                  std::string::npos));
     }},
    {"wrapWith", "func(int, string, string) string",
     [](Call& call) -> Result {
       return Text(call,
                   WrapText(Arg(call, 2), IntArg(call, 0), Arg(call, 1), true,
                            call.execution.options().limits.max_value_bytes));
     }},
    {"contains", kHas,
     [](Call& call) -> Result {
       return Any::Bool(FindText(Arg(call, 1), Arg(call, 0)) !=
                        absl::string_view::npos);
     }},
    {"hasPrefix", kHas,
     [](Call& call) -> Result {
       return Any::Bool(absl::StartsWith(Arg(call, 1), Arg(call, 0)));
     }},
    {"hasSuffix", kHas,
     [](Call& call) -> Result {
       return Any::Bool(absl::EndsWith(Arg(call, 1), Arg(call, 0)));
     }},
    {"quote", "func(...interface {}) string",
     [](Call& call) -> Result { return QuoteAll(call, AppendQuotedText); }},
    {"squote", "func(...interface {}) string",
     [](Call& call) -> Result { return QuoteAll(call, AppendSingleQuoted); }},
    {"cat", "func(...interface {}) string", Concatenate},
    {"indent", "func(int, string) string",
     [](Call& call) -> Result { return IndentText(call, ""); }},
    {"nindent", "func(int, string) string",
     [](Call& call) -> Result { return IndentText(call, "\n"); }},
    {"replace", "func(string, string, string) string", Replace},
    {"plural", "func(string, string, int) string",
     [](Call& call) -> Result {
       return call.args[IntArg(call, 2) == 1 ? 0 : 1];
     }},
    {"toString", "func(interface {}) string",
     [](Call& call) -> Result {
       return Text(call, ToText(call.args[0], MostText(call)));
     }},
    {"split", "func(string, string) map[string]string", SplitToDict},
    {"splitList", "func(string, string) []string", SplitToList},
    {"splitn", "func(string, int, string) map[string]string", SplitSome},
    {"toStrings", "func(interface {}) []string", ToStrings},
    {"join", "func(string, interface {}) string", Join},
    {"sortAlpha", "func(interface {}) []string", SortAlpha},
};

}  // namespace

void AddStrings(FunctionTable& table) { AddRows(kRows, table); }

}  // namespace weir::gotmpl
