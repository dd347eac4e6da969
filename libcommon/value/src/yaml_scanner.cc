#include "src/yaml_scanner.h"

#include <algorithm>
#include <utility>

namespace weir::yaml {
namespace {

// A ":" this many characters behind what starts a key is no part of it.
constexpr int32_t kMaxKey = 1024;
constexpr char kInKey[] = "while scanning a simple key";
constexpr char kNoColon[] = "could not find expected ':'";

}  // namespace

Scanner::Scanner(const Source& source, const ScannerOptions& options,
                 Texts* texts)
    : begin_(source.text().data()),
      end_(source.text().data() + source.text().size()),
      source_problem_(source.problem()),
      options_(options),
      texts_(texts),
      at_(begin_) {}

const Token* Scanner::Peek() {
  if (!available_ && !FetchMore()) return nullptr;
  return &tokens_[head_];
}

void Scanner::Take() {
  available_ = false;
  ++head_;
  ++taken_;
}

bool Scanner::IsDocumentIndicator() const {
  const char c = At();
  return (c == '-' || c == '.') && At(1) == c && At(2) == c &&
         IsBlankOrBreakOrEnd(3);
}

size_t Scanner::BreakLength(size_t i) const {
  switch (At(i)) {
    case '\n':
      return 1;
    case '\r':
      return At(i + 1) == '\n' ? 2 : 1;
    case '\xc2':
      return At(i + 1) == '\x85' ? 2 : 0;
    case '\xe2':
      return At(i + 1) == '\x80' && (At(i + 2) == '\xa8' || At(i + 2) == '\xa9')
                 ? 3
                 : 0;
    default:
      return 0;
  }
}

void Scanner::Skip() {
  if (!IsBlank()) newlines_ = 0;
  ++at_;
  while (at_ != end_ && (*at_ & '\xc0') == '\x80') {
    ++at_;
    ++continuations_;
  }
}

void Scanner::SkipBlanks() {
  while (IsBlank()) ++at_;
}

void Scanner::SkipToBreak() {
  while (!IsBreakOrEnd()) Skip();
}

void Scanner::SkipBreak() {
  const size_t length = BreakLength();
  if (*at_ != '\r') continuations_ += static_cast<int32_t>(length) - 1;
  at_ += length;
  ++line_;
  line_index_ = index();
  ++newlines_;
}

void Scanner::TakeBreak(std::string* out) {
  if (*at_ == '\xe2') {
    out->append(at_, 3);
  } else {
    out->push_back('\n');
  }
  SkipBreak();
}

bool Scanner::EnsureSlowly(size_t count) {
  constexpr size_t kMaxWidth = 4;
  if (left() >= kMaxWidth * count) return true;
  for (const char* c = at_; c < end_; ++c) {
    if ((*c & '\xc0') != '\x80' && --count == 0) return true;
  }
  error_.kind = Error::Kind::kReader;
  error_.problem = std::string(source_problem_);
  error_.context_mark = error_.problem_mark = Mark();
  return false;
}

bool Scanner::Fail(absl::string_view context, const Mark& context_mark,
                   absl::string_view problem) {
  error_.kind = Error::Kind::kScanner;
  error_.context = context;
  error_.context_mark = context_mark;
  error_.problem = std::string(problem);
  error_.problem_mark = mark();
  return false;
}

bool Scanner::FetchMore() {
  const size_t ahead = options_.dialect == Dialect::kGoYaml3 ? 2 : 0;
  while (true) {
    if (tokens_.size() - head_ > ahead) {
      // What may be a key has to be known as one or not.
      const int32_t level = tokens_[head_].key_level;
      if (level < 0 || static_cast<size_t>(level) >= keys_.size()) break;
      bool valid = false;
      if (!IsKeyValid(keys_[static_cast<size_t>(level)], &valid)) return false;
      if (!valid) break;
    }
    if (!FetchNext()) return false;
  }
  available_ = true;
  return true;
}

void Scanner::Append(Token token) {
  // The last two are looked at for comments even when they were taken.
  if (head_ >= 64) {
    tokens_.erase(tokens_.begin(),
                  tokens_.begin() + static_cast<ptrdiff_t>(head_ - 2));
    head_ = 2;
  }
  token.key_level = std::exchange(next_key_level_, -1);
  tokens_.push_back(token);
}

void Scanner::Append(TokenType type, const Mark& start) {
  Token token;
  token.type = type;
  token.start = start;
  token.end = mark();
  Append(token);
}

void Scanner::Insert(size_t number, const Token& token) {
  if (number < taken_) {  // Too late, which Go puts behind all others.
    tokens_.push_back(token);
    return;
  }
  const size_t place = head_ + number - taken_;
  tokens_.insert(tokens_.begin() + static_cast<ptrdiff_t>(place), token);
}

bool Scanner::IsKeyValid(Key& key, bool* valid) {
  *valid = key.possible;
  if (!key.possible) return true;
  if (key.mark.line < line_ || key.mark.index + kMaxKey < index()) {
    if (key.required) return Fail(kInKey, key.mark, kNoColon);
    key.possible = false;
    *valid = false;
  }
  return true;
}

bool Scanner::SaveKey() {
  if (!key_allowed_) return true;
  if (!RemoveKey()) return false;
  Key& key = keys_.back();
  key.possible = true;
  key.required = flow_level_ == 0 && indent_ == column();
  key.token_number = taken_ + (tokens_.size() - head_);
  key.mark = mark();
  next_key_level_ = static_cast<int32_t>(keys_.size()) - 1;
  return true;
}

bool Scanner::RemoveKey() {
  Key& key = keys_.back();
  if (!key.possible) return true;
  if (key.required) return Fail(kInKey, key.mark, kNoColon);
  key.possible = false;
  ForgetKey(key.token_number);
  return true;
}

void Scanner::ForgetKey(size_t token_number) {
  if (token_number < taken_) return;
  const size_t place = head_ + token_number - taken_;
  if (place < tokens_.size()) {
    tokens_[place].key_level = -1;
  } else {
    next_key_level_ = -1;
  }
}

// Opens a block when the column is deeper than the one that is open.
void Scanner::Roll(int32_t column, size_t number, TokenType type,
                   const Mark& mark) {
  if (flow_level_ > 0 || indent_ >= column) return;
  indents_.push_back(indent_);
  indent_ = column;
  Token token;
  token.type = type;
  token.start = token.end = mark;
  if (number == kAtEnd) {
    Append(token);
  } else {
    Insert(number, token);
  }
}

// Closes the blocks that are deeper than the column.
void Scanner::Unroll(int32_t column, const Mark& scan) {
  if (flow_level_ > 0 || indent_ <= column) return;
  Mark end = mark();
  if (options_.dialect == Dialect::kGoYaml3) {
    end = scan;
    --end.index;
  }
  while (indent_ > column) {
    if (options_.keep_comments) end = BlockEndMark(end);
    Token token;
    token.type = TokenType::kBlockEnd;
    token.start = token.end = end;
    Append(token);
    indent_ = indents_.back();
    indents_.pop_back();
  }
}

bool Scanner::FetchNext() {
  if (!Ensure(1)) return false;
  if (!started_) {
    started_ = true;
    keys_.emplace_back();
    Append(TokenType::kStreamStart, mark());
    return true;
  }
  const Mark scan = mark();
  if (!SkipToToken()) return false;
  Unroll(column(), scan);
  if (!Ensure(4)) return false;
  if (At() == '\0') return FetchStreamEnd();
  if (column() == 0) {
    if (At() == '%') return FetchDirective();
    if (IsDocumentIndicator()) {
      return FetchDocumentIndicator(At() == '-' ? TokenType::kDocumentStart
                                                : TokenType::kDocumentEnd);
    }
  }
  if (options_.dialect == Dialect::kGoYaml2) return FetchContent();
  Mark comment = mark();
  if (At() == (flow_level_ == 0 ? ':' : ',')) comment = tokens_.back().start;
  if (!FetchContent()) return false;
  // A comment behind a "-" is about what follows.
  if (tokens_.back().type == TokenType::kBlockEntry) return true;
  return ScanLineComment(comment);
}

bool Scanner::FetchContent() {
  switch (At()) {
    case '[':
      return FetchFlowStart(TokenType::kFlowSequenceStart);
    case '{':
      return FetchFlowStart(TokenType::kFlowMappingStart);
    case ']':
      return FetchFlowEnd(TokenType::kFlowSequenceEnd);
    case '}':
      return FetchFlowEnd(TokenType::kFlowMappingEnd);
    case ',':
      return FetchFlowEntry();
    case '-':
      if (IsBlankOrBreakOrEnd(1)) return FetchBlockEntry();
      break;
    case '?':
      if (flow_level_ > 0 || IsBlankOrBreakOrEnd(1)) return FetchKey();
      break;
    case ':':
      if (flow_level_ > 0 || IsBlankOrBreakOrEnd(1)) return FetchValue();
      break;
    case '*':
    case '&':
      return FetchKeyable(&Scanner::ScanAnchor);
    case '!':
      return FetchKeyable(&Scanner::ScanTag);
    case '|':
    case '>':
      if (flow_level_ == 0) return FetchBlockScalar();
      break;
    case '\'':
    case '"':
      return FetchKeyable(&Scanner::ScanQuoted);
    default:
      break;
  }
  constexpr absl::string_view kNeverFirst = ",[]{}#&*!|>'\"%@`";
  if (IsBlankOrBreakOrEnd() ||
      kNeverFirst.find(At()) != absl::string_view::npos) {
    return Fail("while scanning for the next token", mark(),
                "found character that cannot start any token");
  }
  return FetchKeyable(&Scanner::ScanPlain);
}

bool Scanner::SkipToToken() {
  const Mark scan = mark();
  const bool with_comments = options_.dialect == Dialect::kGoYaml3;
  while (true) {
    if (!Ensure(1)) return false;
    if (at_ == begin_ && rest().substr(0, 3) == "\xef\xbb\xbf") Skip();
    // Tabs do not indent a block.
    while (At() == ' ' ||
           (At() == '\t' && (flow_level_ > 0 || !key_allowed_))) {
      ++at_;
      if (!Ensure(1)) return false;
    }
    if (options_.keep_comments) MakeHeadOfEntry();
    if (At() == '#') {
      if (!with_comments) {
        SkipToBreak();
        if (!Ensure(1)) return false;
      } else if (!ScanComments(scan)) {
        return false;
      }
    }
    if (BreakLength() == 0) return true;
    if (!Ensure(2)) return false;
    SkipBreak();
    if (flow_level_ == 0) key_allowed_ = true;
  }
}

bool Scanner::FetchStreamEnd() {
  if (column() != 0) {
    ++line_;
    line_index_ = index();
  }
  Unroll(-1, mark());
  if (!RemoveKey()) return false;
  key_allowed_ = false;
  Append(TokenType::kStreamEnd, mark());
  return true;
}

bool Scanner::FetchDirective() {
  Unroll(-1, mark());
  if (!RemoveKey()) return false;
  key_allowed_ = false;
  Token token;
  if (!ScanDirective(token)) return false;
  Append(token);
  return true;
}

bool Scanner::FetchDocumentIndicator(TokenType type) {
  Unroll(-1, mark());
  if (!RemoveKey()) return false;
  key_allowed_ = false;
  const Mark start = mark();
  Skip(3);
  Append(type, start);
  return true;
}

bool Scanner::FetchFlowStart(TokenType type) {
  if (!SaveKey()) return false;
  Key inner;
  inner.token_number = taken_ + (tokens_.size() - head_);
  inner.mark = mark();
  keys_.push_back(inner);
  ++flow_level_;
  key_allowed_ = true;
  const Mark start = mark();
  Skip(1);
  Append(type, start);
  return true;
}

bool Scanner::FetchFlowEnd(TokenType type) {
  if (!RemoveKey()) return false;
  if (flow_level_ > 0) {
    --flow_level_;
    // Where the collection is empty this number is that of its start, which
    // then is never waited for: "[]: a" is no mapping to Go.
    ForgetKey(keys_.back().token_number);
    keys_.pop_back();
  }
  key_allowed_ = false;
  const Mark start = mark();
  Skip(1);
  Append(type, start);
  return true;
}

bool Scanner::FetchFlowEntry() {
  if (!RemoveKey()) return false;
  key_allowed_ = true;
  const Mark start = mark();
  Skip(1);
  Append(TokenType::kFlowEntry, start);
  return true;
}

bool Scanner::FetchBlockEntry() {
  if (flow_level_ == 0) {
    if (!key_allowed_) {
      return Fail("", mark(),
                  "block sequence entries are not allowed in this context");
    }
    Roll(column(), kAtEnd, TokenType::kBlockSequenceStart, mark());
  }
  if (!RemoveKey()) return false;
  key_allowed_ = true;
  const Mark start = mark();
  Skip(1);
  Append(TokenType::kBlockEntry, start);
  return true;
}

bool Scanner::FetchKey() {
  if (flow_level_ == 0) {
    if (!key_allowed_) {
      return Fail("", mark(), "mapping keys are not allowed in this context");
    }
    Roll(column(), kAtEnd, TokenType::kBlockMappingStart, mark());
  }
  if (!RemoveKey()) return false;
  key_allowed_ = flow_level_ == 0;
  const Mark start = mark();
  Skip(1);
  Append(TokenType::kKey, start);
  return true;
}

bool Scanner::FetchValue() {
  Key& key = keys_.back();
  bool valid = false;
  if (!IsKeyValid(key, &valid)) return false;
  if (valid) {
    Token token;
    token.type = TokenType::kKey;
    token.start = token.end = key.mark;
    ForgetKey(key.token_number);
    Insert(key.token_number, token);
    Roll(key.mark.column, key.token_number, TokenType::kBlockMappingStart,
         key.mark);
    key.possible = false;
    key_allowed_ = false;
  } else {
    if (flow_level_ == 0) {
      if (!key_allowed_) {
        return Fail("", mark(),
                    "mapping values are not allowed in this context");
      }
      Roll(column(), kAtEnd, TokenType::kBlockMappingStart, mark());
    }
    key_allowed_ = flow_level_ == 0;
  }
  const Mark start = mark();
  Skip(1);
  Append(TokenType::kValue, start);
  return true;
}

bool Scanner::FetchKeyable(bool (Scanner::*scan)(Token&)) {
  if (!SaveKey()) return false;
  key_allowed_ = false;
  Token token;
  if (!(this->*scan)(token)) return false;
  Append(token);
  return true;
}

bool Scanner::FetchBlockScalar() {
  if (!RemoveKey()) return false;
  key_allowed_ = true;
  Token token;
  if (!ScanBlockScalar(token)) return false;
  Append(token);
  return true;
}

}  // namespace weir::yaml
