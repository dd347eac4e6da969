#include "src/yaml_plain.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/utf8.h"
#include "src/yaml_scalar.h"
#include "src/yaml_source.h"

namespace weir::yaml {
namespace {

constexpr int kMaxDepth = 60;
// A key is known as one by the ":" up to 1024 characters behind its start.
constexpr size_t kMaxKey = 1000;

// What a character may be to a scalar that has no quotes.
enum : uint8_t {
  kStops = 1,       // Ends it, or may.
  kNotFirst = 2,    // Cannot be its first.
  kMayResolve = 4,  // As the first, may make it something else than a text.
  kSimple = 8,      // Is nothing but itself, also in brackets.
};

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (const char c : absl::string_view("\n\t:#")) {
    classes[static_cast<unsigned char>(c)] = kStops;
  }
  for (const char c : absl::string_view(" \n\t,[]{}#&*!|>'\"%@`")) {
    classes[static_cast<unsigned char>(c)] |= kNotFirst;
  }
  for (const char c : absl::string_view("yYnNtTfFoO~.+-0123456789")) {
    classes[static_cast<unsigned char>(c)] |= kMayResolve;
  }
  for (unsigned c = 0; c < 256; ++c) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
        (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '/' ||
        c == '-' || c == '+') {
      classes[c] |= kSimple;
    }
  }
  return classes;
}
constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

uint8_t ClassOf(char c) { return kClasses[static_cast<unsigned char>(c)]; }

// Whether a scalar without quotes is nothing but a text.
bool IsText(absl::string_view text) {
  return (ClassOf(text[0]) & kMayResolve) == 0 ||
         ResolveYamlScalar(text, YamlParseOptions::Schema::kYaml11, true)
                 .type >= YamlScalar::Type::kString;
}

// Whether a character ends lines that is none of ASCII.
bool HasOddBreak(absl::string_view text) {
  while (true) {
    text.remove_prefix(AsciiLength(text));
    if (text.empty()) return false;
    for (absl::string_view odd : {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"}) {
      if (text.substr(0, odd.size()) == odd) return true;
    }
    text.remove_prefix(1);
  }
}

// Every function gives false when it meets what it does not know. A null `out`
// is for what nobody wants.
class PlainReader {
 public:
  PlainReader(absl::string_view text, size_t max_nodes,
              absl::FunctionRef<bool(absl::string_view)> is_wanted)
      : at_(text.data()),
        end_(text.data() + text.size()),
        nodes_left_(max_nodes),
        is_wanted_(is_wanted) {}

  bool Read(Value* out) {
    if (absl::string_view(at_, left()).substr(0, 4) == "---\n") at_ += 4;
    StartLine();
    if (column_ < 0) {
      *out = Value();
      return !is_odd_;
    }
    const bool is_bracketed = *at_ == '{' || *at_ == '[';
    const bool is_read = is_bracketed ? Bracketed(0, out) && EndLine(-1)
                                      : Collection(column_, 0, out);
    return is_read && column_ < 0 && !is_odd_;
  }

 private:
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  bool AtLineEnd() const { return at_ == end_ || *at_ == '\n'; }
  bool IsBlankOrEnd(const char* c) const {
    return c == end_ || *c == ' ' || *c == '\n';
  }
  bool AtDash() const { return *at_ == '-' && IsBlankOrEnd(at_ + 1); }
  bool AtMarker() const {
    const absl::string_view three(at_, std::min<size_t>(left(), 3));
    return three == "---" || three == "...";
  }
  bool Count() {
    if (nodes_left_ == 0) return false;
    --nodes_left_;
    return true;
  }
  void SkipSpaces() {
    while (at_ != end_ && *at_ == ' ') ++at_;
  }
  const char* FindLineEnd() const {
    const void* found = std::memchr(at_, '\n', left());
    return found == nullptr ? end_ : static_cast<const char*>(found);
  }

  // Goes to the next line that has more than a comment.
  void StartLine();
  void NextLine();
  // Behind a value: the line ends, and the next one goes not on with it.
  bool EndLine(int outer);
  bool Empty(Value* out);

  bool IsKeyLine() const;
  bool Key(std::string* made, absl::string_view* key);
  bool Collection(int column, int depth, Value* out) {
    return AtDash() ? Sequence(column, depth, false, out)
                    : Mapping(column, depth, out);
  }
  bool Mapping(int column, int depth, Value* out);
  bool Member(int column, int depth, Value* out);
  bool Sequence(int column, int depth, bool is_indentless, Value* out);
  bool Element(int column, int depth, Value* out);
  // A value behind its key or dash, in the block of column `outer`.
  bool Inline(int outer, int depth, Value* out);
  // What is on a line below its key or dash, deeper than their column.
  bool Below(int column, int depth, Value* out) {
    return AtDash() || IsKeyLine() ? Collection(column_, depth + 1, out)
                                   : Inline(column, depth, out);
  }
  bool PlainScalar(int outer, Value* out);
  bool PlainLine(absl::string_view* line);
  bool NextPlainLine(int outer, size_t* breaks);
  bool Scalar(absl::string_view text, Value* out);
  bool Quoted(bool may_break, std::string* made, absl::string_view* text);
  bool QuotedScalar(Value* out);
  bool Block(int outer, Value* out);
  bool FindIndent(int outer, int* indent) const;

  void SkipSpaceAndBreaks();
  bool Bracketed(int depth, Value* out);
  bool InBrackets(int depth, Value* out);
  bool FlowKey(std::string* made, absl::string_view* key);
  bool FlowMapping(int depth, Value* out);
  bool FlowSequence(int depth, Value* out);
  // Behind an entry: another one follows, or the collection ends.
  bool NextEntry(char close, bool* is_over);
  bool Word(absl::string_view* word);

  const char* at_;
  const char* const end_;
  size_t nodes_left_;
  absl::FunctionRef<bool(absl::string_view)> is_wanted_;
  // Of the line's first character that is no space; -1 behind the last line.
  int column_ = 0;
  bool is_odd_ = false;
};

void PlainReader::StartLine() {
  while (at_ != end_) {
    const char* line = at_;
    SkipSpaces();
    if (!AtLineEnd() && *at_ != '#') {
      column_ = static_cast<int>(at_ - line);
      is_odd_ = is_odd_ || *at_ == '\t' || (column_ == 0 && AtMarker());
      if (!is_odd_) return;
      break;
    }
    at_ = FindLineEnd();
    if (at_ != end_) ++at_;
  }
  column_ = -1;
}

void PlainReader::NextLine() {
  at_ = FindLineEnd();
  if (at_ != end_) ++at_;
  StartLine();
}

bool PlainReader::EndLine(int outer) {
  const char* end = at_;
  SkipSpaces();
  if (!AtLineEnd() && (*at_ != '#' || at_ == end)) return false;
  NextLine();
  return column_ <= outer;
}

bool PlainReader::Empty(Value* out) {
  if (out != nullptr) *out = Value::OmittedNull();
  return Count();
}

// Whether a key starts here that is none of a collection.
bool PlainReader::IsKeyLine() const {
  const char quote = *at_;
  const char* c = at_;
  if (quote == '"' || quote == '\'') {
    for (++c; c != end_ && *c != '\n' && *c != quote; ++c) {
      if (*c == '\\' && quote == '"' && c + 1 != end_) ++c;
    }
    return c != end_ && *c == quote && c + 1 != end_ && c[1] == ':' &&
           IsBlankOrEnd(c + 2);
  }
  if (quote == '[' || quote == '{') return false;
  for (; c != end_ && *c != '\n'; ++c) {
    if (*c == ':' && IsBlankOrEnd(c + 1)) return true;
    if (*c == '#' && c != at_ && c[-1] == ' ') return false;
  }
  return false;
}

// Takes the key and its ":".
bool PlainReader::Key(std::string* made, absl::string_view* key) {
  if (!Count()) return false;
  if (*at_ == '"' || *at_ == '\'') {
    if (!Quoted(false, made, key) || at_ == end_ || *at_ != ':') return false;
  } else {
    if ((ClassOf(*at_) & kNotFirst) != 0 || AtDash()) return false;
    const char* c = at_;
    for (;; ++c) {
      if (c == end_) return false;
      if ((ClassOf(*c) & kStops) == 0) continue;
      if (*c == ':' && IsBlankOrEnd(c + 1)) break;
      if (*c != ':' && (*c != '#' || c[-1] == ' ')) return false;
    }
    *key = absl::string_view(at_, static_cast<size_t>(c - at_));
    if (key->empty() || key->back() == ' ' || key->substr(0, 2) == "? " ||
        !IsText(*key)) {
      return false;
    }
    at_ = c;
  }
  ++at_;
  return IsBlankOrEnd(at_) && key->size() <= kMaxKey && *key != "<<";
}

bool PlainReader::Mapping(int column, int depth, Value* out) {
  if (depth > kMaxDepth || !Count()) return false;
  Value::Object members;
  do {
    std::string made;
    absl::string_view key;
    if (!Key(&made, &key)) return false;
    const bool is_wanted = out != nullptr && (depth > 0 || is_wanted_(key));
    Value value;
    if (!Member(column, depth, is_wanted ? &value : nullptr)) return false;
    if (is_wanted) members.emplace_back(std::string(key), std::move(value));
  } while (column_ == column);
  if (column_ > column) return false;
  if (out != nullptr) *out = Value::FromMembers(std::move(members));
  return true;
}

bool PlainReader::Member(int column, int depth, Value* out) {
  SkipSpaces();
  if (!AtLineEnd() && *at_ != '#') return Inline(column, depth, out);
  NextLine();
  if (column_ > column) return Below(column, depth, out);
  if (column_ == column && AtDash()) {
    return Sequence(column, depth + 1, true, out);
  }
  return Empty(out);
}

bool PlainReader::Sequence(int column, int depth, bool is_indentless,
                           Value* out) {
  if (depth > kMaxDepth || !Count()) return false;
  Value::Array elements;
  while (column_ == column && AtDash()) {
    Value element;
    if (!Element(column, depth, out == nullptr ? nullptr : &element)) {
      return false;
    }
    if (out != nullptr) elements.push_back(std::move(element));
  }
  if (column_ > column || (column_ == column && !is_indentless)) return false;
  if (out != nullptr) *out = Value(std::move(elements));
  return true;
}

bool PlainReader::Element(int column, int depth, Value* out) {
  const char* dash = at_++;
  SkipSpaces();
  if (AtLineEnd() || *at_ == '#') {
    NextLine();
    return column_ > column ? Below(column, depth, out) : Empty(out);
  }
  const int inner = column + static_cast<int>(at_ - dash);
  if (!AtDash() && !IsKeyLine()) return Inline(column, depth, out);
  column_ = inner;
  return Collection(inner, depth + 1, out);
}

bool PlainReader::Inline(int outer, int depth, Value* out) {
  switch (*at_) {
    case '|':
    case '>':
      return Count() && Block(outer, out);
    case '"':
    case '\'':
      return QuotedScalar(out) && EndLine(outer);
    case '[':
    case '{':
      return Bracketed(depth + 1, out) && EndLine(outer);
    default:
      return PlainScalar(outer, out) && EndLine(outer);
  }
}

bool PlainReader::PlainScalar(int outer, Value* out) {
  if ((ClassOf(*at_) & kNotFirst) != 0) return false;
  if ((*at_ == '-' || *at_ == '?' || *at_ == ':') && IsBlankOrEnd(at_ + 1)) {
    return false;
  }
  absl::string_view line;
  if (!PlainLine(&line)) return false;
  size_t breaks = 0;
  if (!NextPlainLine(outer, &breaks)) return Scalar(line, out);
  std::string text;
  do {
    if (out != nullptr) {
      absl::StrAppend(&text, line,
                      breaks == 1 ? " " : std::string(breaks - 1, '\n'));
    }
    if (!PlainLine(&line)) return false;
  } while (NextPlainLine(outer, &breaks));
  return Scalar(out == nullptr ? line : absl::StrCat(text, line), out);
}

// The rest of a line, to a comment, without the space at its end.
bool PlainReader::PlainLine(absl::string_view* line) {
  const char* c = at_;
  for (; c != end_; ++c) {
    if ((ClassOf(*c) & kStops) == 0) continue;
    if (*c == '\n' || (*c == '#' && c != at_ && c[-1] == ' ')) break;
    if (*c == '\t' || (*c == ':' && IsBlankOrEnd(c + 1))) return false;
  }
  while (c[-1] == ' ') --c;
  *line = absl::string_view(at_, static_cast<size_t>(c - at_));
  at_ = c;
  return true;
}

// Goes to the next line when the scalar goes on there.
bool PlainReader::NextPlainLine(int outer, size_t* breaks) {
  const char* const end = at_;
  SkipSpaces();
  *breaks = 0;
  const char* line = at_;
  while (at_ != end_ && *at_ == '\n') {
    ++*breaks;
    line = ++at_;
    SkipSpaces();
  }
  if (*breaks > 0 && at_ != end_ && *at_ != '#' && at_ - line > outer) {
    return true;
  }
  at_ = end;
  return false;
}

// One without quotes.
bool PlainReader::Scalar(absl::string_view text, Value* out) {
  if (!Count()) return false;
  const char first = text[0];
  const bool may_be_infinite = first == '.' || first == '+' || first == '-';
  if (out == nullptr && !may_be_infinite) return true;
  if ((ClassOf(first) & kMayResolve) != 0) {
    YamlScalar found =
        ResolveYamlScalar(text, YamlParseOptions::Schema::kYaml11, true);
    if (found.type == YamlScalar::Type::kFloat &&
        !std::isfinite(found.value.AsDouble())) {
      return false;
    }
    if (found.type < YamlScalar::Type::kString) {
      if (out != nullptr) *out = std::move(found.value);
      return true;
    }
  }
  if (out != nullptr) *out = Value(text);
  return true;
}

// What is between the quotes, in `made` when it is not as it stands there.
bool PlainReader::Quoted(bool may_break, std::string* made,
                         absl::string_view* text) {
  const char quote = *at_;
  const char* start = ++at_;
  bool is_made = false;
  for (;; ++at_) {
    if (at_ == end_ || *at_ == '\t') return false;
    if (*at_ == '\n') {
      ++at_;
      if (!may_break || AtMarker()) return false;
      --at_;
    }
    const bool is_escape = quote == '"' && *at_ == '\\';
    if (*at_ != quote && !is_escape) continue;
    const char next = left() > 1 ? at_[1] : '\0';
    if (!is_escape && (quote == '"' || next != quote)) break;
    constexpr absl::string_view kEscapes = "n\"\\t'";
    constexpr absl::string_view kMeanings = "\n\"\\\t'";
    const size_t escape = kEscapes.find(next);
    if (escape == absl::string_view::npos) return false;
    made->append(start, at_);
    made->push_back(kMeanings[escape]);
    is_made = true;
    start = ++at_ + 1;
  }
  *text = absl::string_view(start, static_cast<size_t>(at_ - start));
  if (is_made) {
    made->append(start, at_);
    *text = *made;
  }
  ++at_;
  return true;
}

bool PlainReader::QuotedScalar(Value* out) {
  std::string made;
  absl::string_view text;
  // Folding is left to who knows it all.
  if (!Count() || !Quoted(out == nullptr, &made, &text)) return false;
  if (out != nullptr) *out = Value(text);
  return true;
}

// The indentation of the block that starts here, by its first line; 0 when it
// has none.
bool PlainReader::FindIndent(int outer, int* indent) const {
  int deepest = 0;
  *indent = 0;
  for (const char* line = at_; line != end_;) {
    const char* c = line;
    while (c != end_ && *c == ' ') ++c;
    if (c == end_) return true;
    const int column = static_cast<int>(c - line);
    if (*c != '\n') {
      if (column > outer) *indent = column;
      return *c != '\t' && (*indent == 0 || *indent >= deepest);
    }
    deepest = std::max(deepest, column);
    line = c + 1;
  }
  return true;
}

bool PlainReader::Block(int outer, Value* out) {
  // Folding is left to who knows it all.
  if (*at_ == '>' && out != nullptr) return false;
  ++at_;
  const char chomping = at_ == end_ ? '\0' : *at_;
  if (chomping == '+' || chomping == '-') ++at_;
  SkipSpaces();
  if (at_ == end_ || *at_ != '\n') return false;
  ++at_;
  int indent = 0;
  if (!FindIndent(outer, &indent)) return false;
  // Empty lines that are kept are rare where there is nothing else.
  if (indent == 0 && chomping == '+') return false;
  std::string text;
  std::string breaks;
  while (indent > 0 && at_ != end_) {
    const char* line = at_;
    while (at_ != end_ && *at_ == ' ' && at_ - line < indent) ++at_;
    if (at_ == end_) break;
    if (*at_ != '\n' && at_ - line < indent) {
      if (*at_ == '\t') return false;
      at_ = line;
      break;
    }
    const char* content = at_;
    at_ = FindLineEnd();
    if (out != nullptr && content != at_) {
      text.append(breaks);
      text.append(content, at_);
      breaks.clear();
    }
    if (at_ == end_) break;
    ++at_;
    if (out != nullptr) breaks.push_back('\n');
  }
  if (chomping == '+') {
    text.append(breaks);
  } else if (chomping != '-' && !breaks.empty()) {
    text.push_back('\n');
  }
  if (out != nullptr) *out = Value(std::move(text));
  StartLine();
  return column_ <= outer;
}

void PlainReader::SkipSpaceAndBreaks() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n')) ++at_;
}

bool PlainReader::Bracketed(int depth, Value* out) {
  if (depth > kMaxDepth || !Count()) return false;
  return *at_ == '{' ? FlowMapping(depth, out) : FlowSequence(depth, out);
}

// A word that is nothing else in brackets either, and no marker.
bool PlainReader::Word(absl::string_view* word) {
  const char* start = at_;
  while (at_ != end_ && (ClassOf(*at_) & kSimple) != 0) ++at_;
  *word = absl::string_view(start, static_cast<size_t>(at_ - start));
  if (word->empty()) return false;
  const bool is_signed = (*word)[0] == '-' || (*word)[0] == '+';
  const bool is_dotted = (*word)[0] == '.';
  return !(is_signed || is_dotted) ||
         (word->size() > 1 && (*word)[1] >= '0' && (*word)[1] <= '9');
}

bool PlainReader::InBrackets(int depth, Value* out) {
  if (at_ == end_) return false;
  if (*at_ == '{' || *at_ == '[') return Bracketed(depth + 1, out);
  if (*at_ == '"' || *at_ == '\'') return QuotedScalar(out);
  absl::string_view word;
  return Word(&word) && Scalar(word, out);
}

bool PlainReader::FlowKey(std::string* made, absl::string_view* key) {
  if (!Count() || at_ == end_) return false;
  const bool is_quoted = *at_ == '"' || *at_ == '\'';
  if (is_quoted ? !Quoted(false, made, key) : !Word(key) || !IsText(*key)) {
    return false;
  }
  if (at_ == end_ || *at_ != ':' || key->size() > kMaxKey || *key == "<<") {
    return false;
  }
  ++at_;
  return is_quoted || IsBlankOrEnd(at_);
}

bool PlainReader::NextEntry(char close, bool* is_over) {
  SkipSpaceAndBreaks();
  if (at_ == end_) return false;
  const char c = *at_++;
  *is_over = c == close;
  if (*is_over) return true;
  SkipSpaceAndBreaks();
  return c == ',';
}

bool PlainReader::FlowMapping(int depth, Value* out) {
  ++at_;
  SkipSpaceAndBreaks();
  Value::Object members;
  bool is_over = at_ != end_ && *at_ == '}';
  if (is_over) ++at_;
  while (!is_over) {
    std::string made;
    absl::string_view key;
    if (!FlowKey(&made, &key)) return false;
    SkipSpaceAndBreaks();
    const bool is_wanted = out != nullptr && (depth > 0 || is_wanted_(key));
    Value value;
    if (!InBrackets(depth, is_wanted ? &value : nullptr)) return false;
    if (is_wanted) members.emplace_back(std::string(key), std::move(value));
    if (!NextEntry('}', &is_over)) return false;
  }
  if (out != nullptr) *out = Value::FromMembers(std::move(members));
  return true;
}

bool PlainReader::FlowSequence(int depth, Value* out) {
  ++at_;
  SkipSpaceAndBreaks();
  Value::Array elements;
  bool is_over = at_ != end_ && *at_ == ']';
  if (is_over) ++at_;
  while (!is_over) {
    Value element;
    if (!InBrackets(depth, out == nullptr ? nullptr : &element)) return false;
    if (out != nullptr) elements.push_back(std::move(element));
    if (!NextEntry(']', &is_over)) return false;
  }
  if (out != nullptr) *out = Value(std::move(elements));
  return true;
}

}  // namespace

bool ReadPlain(absl::string_view text, size_t max_nodes,
               absl::FunctionRef<bool(absl::string_view key)> is_wanted,
               Value* out) {
  const Source source(text);
  if (!source.problem().empty() || source.text().data() != text.data() ||
      text.find('\r') != absl::string_view::npos || HasOddBreak(text)) {
    return false;
  }
  return PlainReader(text, max_nodes, is_wanted).Read(out);
}

}  // namespace weir::yaml
