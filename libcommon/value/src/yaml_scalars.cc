// The scanner's part that reads scalars.
#include <algorithm>
#include <array>
#include <utility>

#include "src/utf8.h"
#include "src/yaml_scanner.h"

namespace weir::yaml {
namespace {

constexpr char kInQuoted[] = "while scanning a quoted scalar";
constexpr char kInEscape[] = "while parsing a quoted scalar";
constexpr char kInBlock[] = "while scanning a block scalar";

// What a character may mean inside a scalar; nothing for most.
enum : uint8_t {
  kEndsRun = 1,   // Blank, or may start a line break.
  kEndsFlow = 2,  // Ends a plain scalar in a flow collection.
  kColon = 4,
  kSingleQuote = 8,
  kDoubleQuote = 16,
  kBackslash = 32,
  kMultibyte = 64,
};

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (size_t c = 0x80; c < 256; ++c) classes[c] = kMultibyte;
  for (const char c : {' ', '\t', '\r', '\n'}) {
    classes[static_cast<unsigned char>(c)] = kEndsRun;
  }
  classes[0xc2] |= kEndsRun;
  classes[0xe2] |= kEndsRun;
  for (const char c : {',', '?', '[', ']', '{', '}'}) {
    classes[static_cast<unsigned char>(c)] = kEndsFlow;
  }
  classes[':'] = kColon;
  classes['\''] = kSingleQuote;
  classes['"'] = kDoubleQuote;
  classes['\\'] = kBackslash;
  return classes;
}
constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

bool IsAllBlank(absl::string_view line) {
  return std::all_of(line.begin(), line.end(),
                     [](char c) { return c == ' ' || c == '\t'; });
}

}  // namespace

class Scanner::Builder {
 public:
  explicit Builder(Texts* texts) : texts_(texts) {}

  // The next piece of the source that belongs to the text.
  void Add(const char* from, const char* to) {
    if (from == to) return;
    if (owned_ != nullptr) {
      owned_->append(from, to);
    } else if (view_.empty()) {
      view_ = {from, static_cast<size_t>(to - from)};
    } else if (view_.data() + view_.size() == from) {
      view_ = {view_.data(), view_.size() + static_cast<size_t>(to - from)};
    } else {
      Own()->append(from, to);
    }
  }
  // For what the source does not have.
  std::string* Own() {
    if (owned_ == nullptr) {
      owned_ = &texts_->emplace_back(view_);
    }
    return owned_;
  }
  // Folds the line breaks between two words.
  void Fold(absl::string_view first, absl::string_view more) {
    std::string* out = Own();
    if (!first.empty() && first[0] == '\n') {
      if (more.empty()) out->push_back(' ');
    } else {
      out->append(first.data(), first.size());
    }
    out->append(more.data(), more.size());
  }
  void Finish(Token& token) const {
    token.owned = owned_;
    token.text = owned_ != nullptr ? absl::string_view(*owned_) : view_;
  }

 private:
  Texts* const texts_;
  absl::string_view view_;
  std::string* owned_ = nullptr;
};

// Whether what is `i` bytes behind can be nothing but a part of a plain scalar.
bool Scanner::IsInWord(size_t i, uint8_t stops) const {
  if (end_ - at_ <= static_cast<ptrdiff_t>(i) || !source_problem_.empty()) {
    return false;
  }
  return at_[i] != '#' &&
         (kClasses[static_cast<unsigned char>(at_[i])] & stops) == 0;
}

bool Scanner::ScanPlain(Token& token) {
  token.type = TokenType::kScalar;
  token.style = ScalarStyle::kPlain;
  token.start = token.end = mark();
  Builder builder(texts_);
  const int32_t indent = indent_ + 1;
  const uint8_t stops =
      flow_level_ > 0 ? kEndsRun | kEndsFlow | kColon : kEndsRun | kColon;
  bool after_break = false;
  const char* blanks = at_;  // Those before the word that comes next.
  std::string first_break;
  std::string more_breaks;
  while (true) {
    if (!Ensure(4)) return false;
    if (At() == '#' || (column() == 0 && IsDocumentIndicator())) break;
    const char* word = at_;
    while (at_ != end_) {
      const uint8_t type = kClasses[static_cast<unsigned char>(*at_)];
      if ((type & stops) != 0) {
        if ((type & kColon) != 0) {
          if (IsBlankOrBreakOrEnd(1)) break;
        } else if (((type & kMultibyte) == 0 || BreakLength() != 0) &&
                   !(*at_ == ' ' && IsInWord(1, stops))) {
          break;
        }
      }
      if ((*at_ & '\xc0') == '\x80') ++continuations_;
      ++at_;
    }
    if (at_ != word) {
      if (after_break) {
        builder.Fold(first_break, more_breaks);
        first_break.clear();
        more_breaks.clear();
        after_break = false;
      } else {
        builder.Add(blanks, word);
      }
      builder.Add(word, at_);
      newlines_ = 0;
      token.end = mark();
    }
    if (!Ensure(2)) return false;
    if (!IsBlank() && BreakLength() == 0) break;
    blanks = at_;
    while (true) {
      if (IsBlank()) {
        if (after_break && At() == '\t' && column() < indent) {
          return Fail("while scanning a plain scalar", token.start,
                      "found a tab character that violates indentation");
        }
        ++at_;
      } else if (BreakLength() != 0) {
        if (!Ensure(2)) return false;
        TakeBreak(after_break ? &more_breaks : &first_break);
        after_break = true;
      } else {
        break;
      }
      if (!Ensure(1)) return false;
    }
    if (flow_level_ == 0 && column() < indent) break;
  }
  builder.Finish(token);
  if (after_break) key_allowed_ = true;
  return true;
}

bool Scanner::ScanQuoted(Token& token) {
  const char quote = At();
  token.type = TokenType::kScalar;
  token.style = quote == '\'' ? ScalarStyle::kSingle : ScalarStyle::kDouble;
  token.start = mark();
  Skip(1);
  Builder builder(texts_);
  std::string first_break;
  std::string more_breaks;
  while (true) {
    if (!Ensure(4)) return false;
    if (column() == 0 && IsDocumentIndicator()) {
      return Fail(kInQuoted, token.start,
                  "found unexpected document indicator");
    }
    if (At() == '\0') {
      return Fail(kInQuoted, token.start, "found unexpected end of stream");
    }
    bool after_break = false;
    if (!ScanQuotedRun(quote, token.start, builder, &after_break)) return false;
    if (!Ensure(1)) return false;
    if (At() == quote) break;
    const char* blanks = at_;
    while (true) {
      if (IsBlank()) {
        ++at_;
      } else if (BreakLength() != 0) {
        if (!Ensure(2)) return false;
        TakeBreak(after_break ? &more_breaks : &first_break);
        after_break = true;
      } else {
        break;
      }
      if (!Ensure(1)) return false;
    }
    if (after_break) {
      builder.Fold(first_break, more_breaks);
      first_break.clear();
      more_breaks.clear();
    } else {
      builder.Add(blanks, at_);
    }
  }
  Skip(1);
  token.end = mark();
  builder.Finish(token);
  return true;
}

// Reads up to the closing quote, a blank or a line break.
bool Scanner::ScanQuotedRun(char quote, const Mark& start, Builder& builder,
                            bool* after_break) {
  const uint8_t stops =
      kEndsRun | (quote == '\'' ? kSingleQuote : kDoubleQuote | kBackslash);
  const char* run = at_;
  while (at_ != end_) {
    const uint8_t type = kClasses[static_cast<unsigned char>(*at_)];
    if ((type & stops) == 0 ||
        ((type & kMultibyte) != 0 && BreakLength() == 0)) {
      if ((*at_ & '\xc0') == '\x80') ++continuations_;
      ++at_;
      continue;
    }
    if ((type & kEndsRun) != 0) break;
    if (!Ensure(2)) return false;
    if (*at_ == '\\') {
      builder.Add(run, at_);
      if (BreakLength(1) != 0) {
        if (!Ensure(3)) return false;
        Skip(1);
        SkipBreak();
        *after_break = true;
        builder.Own();
        return true;
      }
      if (!ScanEscape(start, builder.Own())) return false;
      run = at_;
    } else if (*at_ == '\'' && At(1) == '\'') {
      builder.Add(run, at_ + 1);
      Skip(2);
      builder.Own();
      run = at_;
    } else {
      break;
    }
  }
  builder.Add(run, at_);
  newlines_ = 0;
  return Ensure(2);
}

// At the backslash.
bool Scanner::ScanEscape(const Mark& start, std::string* out) {
  static constexpr std::pair<char, absl::string_view> kMeanings[] = {
      {'n', "\n"},       {'"', "\""},           {'\\', "\\"},
      {'t', "\t"},       {'\t', "\t"},          {'r', "\r"},
      {'0', {"\0", 1}},  {'a', "\a"},           {'b', "\b"},
      {'v', "\v"},       {'f', "\f"},           {'e', "\x1b"},
      {' ', " "},        {'\'', "'"},           {'N', "\xc2\x85"},
      {'_', "\xc2\xa0"}, {'L', "\xe2\x80\xa8"}, {'P', "\xe2\x80\xa9"}};
  const char c = At(1);
  const size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (digits > 0) {
    Skip(2);
    return ScanHexEscape(digits, start, out);
  }
  for (const auto& [name, meaning] : kMeanings) {
    if (c != name) continue;
    out->append(meaning.data(), meaning.size());
    Skip(2);
    return Ensure(2);
  }
  return Fail(kInEscape, start, "found unknown escape character");
}

bool Scanner::ScanHexEscape(size_t digits, const Mark& start,
                            std::string* out) {
  if (!Ensure(digits)) return false;
  uint64_t code = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char c = At(i);
    const char lower = static_cast<char>(c | 0x20);
    uint64_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint64_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      digit = static_cast<uint64_t>(lower - 'a') + 10;
    } else {
      return Fail(kInEscape, start, "did not find expected hexdecimal number");
    }
    code = code << 4 | digit;
  }
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) {
    return Fail(kInEscape, start,
                "found invalid Unicode character escape code");
  }
  AppendUtf8(static_cast<uint32_t>(code), *out);
  Skip(digits);
  return Ensure(2);
}

// What is behind the "|" or ">" up to the first line.
bool Scanner::ScanBlockHeader(const Mark& start, int* chomping,
                              int32_t* increment) {
  for (int i = 0; i < 2; ++i) {
    if (!Ensure(1)) return false;
    const char c = At();
    if ((c == '+' || c == '-') && *chomping == 0) {
      *chomping = c == '+' ? 1 : -1;
      Skip(1);
    } else if (c >= '0' && c <= '9' && *increment == 0) {
      if (c == '0') {
        return Fail(kInBlock, start,
                    "found an indentation indicator equal to 0");
      }
      *increment = c - '0';
      Skip(1);
    } else {
      break;
    }
  }
  SkipBlanks();
  if (!Ensure(1)) return false;
  if (At() == '#') {
    if (options_.dialect == Dialect::kGoYaml3 && !ScanLineComment(start)) {
      return false;
    }
    SkipToBreak();
    if (!Ensure(1)) return false;
  }
  if (!IsBreakOrEnd()) {
    return Fail(kInBlock, start, "did not find expected comment or line break");
  }
  if (BreakLength() != 0) {
    if (!Ensure(2)) return false;
    SkipBreak();
  }
  return true;
}

bool Scanner::ScanBlockScalar(Token& token) {
  const bool literal = At() == '|';
  token.type = TokenType::kScalar;
  token.style = literal ? ScalarStyle::kLiteral : ScalarStyle::kFolded;
  token.start = mark();
  Skip(1);
  int chomping = 0;
  int32_t increment = 0;
  if (!ScanBlockHeader(token.start, &chomping, &increment)) return false;
  token.end = mark();
  int32_t indent = 0;
  if (increment > 0) indent = std::max(indent_, 0) + increment;
  std::string* out = &texts_->emplace_back();
  std::string line_break;
  std::string more_breaks;
  if (!ScanBlockBreaks(token.start, &indent, &more_breaks, &token.end)) {
    return false;
  }
  bool after_blank = false;
  while (column() == indent && At() != '\0') {
    const bool blank = IsBlank();
    if (!literal && !after_blank && !blank && line_break == "\n") {
      if (more_breaks.empty()) out->push_back(' ');
    } else {
      out->append(line_break);
    }
    line_break.clear();
    out->append(more_breaks);
    more_breaks.clear();
    after_blank = blank;
    const char* line = at_;
    while (at_ != end_) {
      const uint8_t type = kClasses[static_cast<unsigned char>(*at_)];
      if ((type & kEndsRun) != 0 && !IsBlank() && BreakLength() != 0) break;
      if ((*at_ & '\xc0') == '\x80') ++continuations_;
      ++at_;
    }
    out->append(line, at_);
    if (!IsAllBlank({line, static_cast<size_t>(at_ - line)})) newlines_ = 0;
    if (!Ensure(2)) return false;
    if (BreakLength() != 0) TakeBreak(&line_break);
    if (!ScanBlockBreaks(token.start, &indent, &more_breaks, &token.end)) {
      return false;
    }
  }
  if (chomping != -1) out->append(line_break);
  if (chomping == 1) out->append(more_breaks);
  token.owned = out;
  token.text = *out;
  return true;
}

// All but the last of the line feeds that come next.
void Scanner::TakeEmptyLines(std::string* breaks) {
  const char* last = at_;
  while (last != end_ && *last == '\n') ++last;
  if (last - at_ < 2 || !source_problem_.empty()) return;
  const auto count = static_cast<int32_t>(last - at_) - 1;
  breaks->append(static_cast<size_t>(count), '\n');
  at_ += count;
  line_ += count;
  newlines_ += count;
  line_index_ = index();
}

// Indentation and empty lines. Finds the indentation where it is not known.
bool Scanner::ScanBlockBreaks(const Mark& start, int32_t* indent,
                              std::string* breaks, Mark* end) {
  *end = mark();
  int32_t deepest = 0;
  while (true) {
    if (!Ensure(1)) return false;
    while ((*indent == 0 || column() < *indent) && At() == ' ') {
      ++at_;
      if (!Ensure(1)) return false;
    }
    deepest = std::max(deepest, column());
    if ((*indent == 0 || column() < *indent) && At() == '\t') {
      return Fail(
          kInBlock, start,
          "found a tab character where an indentation space is expected");
    }
    if (BreakLength() == 0) break;
    if (!Ensure(2)) return false;
    TakeEmptyLines(breaks);
    TakeBreak(breaks);
    *end = mark();
  }
  if (*indent == 0) *indent = std::max({deepest, indent_ + 1, 1});
  return true;
}

}  // namespace weir::yaml
