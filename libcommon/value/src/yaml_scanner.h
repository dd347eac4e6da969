// Cuts a YAML text into tokens, exactly where Go's YAML libraries cut it.
//
// Those are ports of libyaml's scanner, each with changes of its own; what they
// accept, the line that an error names, and the comments that go-yaml 3 keeps
// all follow from the order in which characters are looked at. So this looks at
// them in that order: it reads as far ahead as they do and no further.
//
// Touches: nothing.
// Threads: one scanner is used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "src/yaml_source.h"
#include "src/yaml_token.h"

namespace weir::yaml {

struct ScannerOptions {
  Dialect dialect = Dialect::kGoYaml2;
  // Collects comments; go-yaml 3 only.
  bool keep_comments = false;
};

class Scanner {
 public:
  // `source` and `texts` outlive the scanner.
  Scanner(const Source& source, const ScannerOptions& options, Texts* texts);

  // The next token, which stays the next until it is taken. Null on an error.
  const Token* Peek();
  // Takes the token that Peek() showed.
  void Take();
  const Error& error() const { return error_; }

  // Comments that have not been taken, in the order of the text.
  std::deque<Comment>& comments() { return comments_; }

 private:
  // A place where a key could start that is known to be one only by the ":"
  // that follows it.
  struct Key {
    bool possible = false;
    bool required = false;
    size_t token_number = 0;
    Mark mark;
  };
  // Text that is viewed as long as it is in one piece.
  class Builder;

  // Characters. Beyond the end all are NUL.
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  char At(size_t i = 0) const { return i < left() ? at_[i] : '\0'; }
  absl::string_view rest() const { return {at_, left()}; }
  bool IsBlank(size_t i = 0) const { return At(i) == ' ' || At(i) == '\t'; }
  // The length in bytes of the line break there, "\r\n" counting as one; or 0.
  size_t BreakLength(size_t i = 0) const;
  bool IsBreakOrEnd(size_t i = 0) const {
    return At(i) == '\0' || BreakLength(i) != 0;
  }
  bool IsBlankOrBreakOrEnd(size_t i = 0) const {
    return IsBlank(i) || IsBreakOrEnd(i);
  }
  bool IsDocumentIndicator() const;

  int32_t index() const {
    return static_cast<int32_t>(at_ - begin_) - continuations_;
  }
  int32_t column() const { return index() - line_index_; }
  Mark mark() const { return {index(), line_, column()}; }
  void Skip();
  void Skip(size_t ascii) {
    at_ += ascii;
    newlines_ = 0;
  }
  void SkipBlanks();
  void SkipToBreak();
  void SkipBreak();
  // Skips a line break, adding to `out` what it stands for.
  void TakeBreak(std::string* out);

  // Whether there are `count` more characters that can be decoded.
  bool Ensure(size_t count) {
    return source_problem_.empty() || EnsureSlowly(count);
  }
  bool EnsureSlowly(size_t count);
  bool Fail(absl::string_view context, const Mark& context_mark,
            absl::string_view problem);

  // Tokens, and the keys and blocks that they open.
  bool FetchMore();
  bool FetchNext();
  bool FetchContent();
  bool FetchBlockContent(bool* found);
  void Append(Token token);
  void Append(TokenType type, const Mark& start);
  void Insert(size_t number, const Token& token);
  bool IsKeyValid(Key& key, bool* valid);
  bool SaveKey();
  bool RemoveKey();
  void ForgetKey(size_t token_number);
  void Unroll(int32_t column, const Mark& scan);
  void Roll(int32_t column, size_t number, TokenType type, const Mark& mark);
  static constexpr size_t kAtEnd = static_cast<size_t>(-1);

  bool SkipToToken();
  bool FetchStreamEnd();
  bool FetchDirective();
  bool FetchDocumentIndicator(TokenType type);
  bool FetchFlowStart(TokenType type);
  bool FetchFlowEnd(TokenType type);
  bool FetchFlowEntry();
  bool FetchBlockEntry();
  bool FetchKey();
  bool FetchValue();
  // Of what may be a key: tokens after which no other key may start.
  bool FetchKeyable(bool (Scanner::*scan)(Token&));
  bool FetchBlockScalar();

  bool ScanDirective(Token& token);
  bool ScanDirectiveName(const Mark& start, absl::string_view* name);
  bool ScanVersion(const Mark& start, Token& token);
  bool ScanVersionNumber(const Mark& start);
  bool ScanTagDirective(const Mark& start, Token& token);
  bool ScanAnchor(Token& token);
  bool ScanTag(Token& token);
  bool ScanTagHandle(bool directive, const Mark& start,
                     absl::string_view* handle);
  bool ScanTagUri(bool directive, absl::string_view head, const Mark& start,
                  absl::string_view* uri);
  bool ScanUriEscapes(bool directive, const Mark& start, std::string* out);
  bool FailTag(bool directive, const Mark& start, absl::string_view problem);
  bool IsInWord(size_t i, uint8_t stops) const;
  bool ScanPlain(Token& token);
  bool ScanQuoted(Token& token);
  bool ScanQuotedRun(char quote, const Mark& start, Builder& builder,
                     bool* after_break);
  bool ScanEscape(const Mark& start, std::string* out);
  bool ScanHexEscape(size_t digits, const Mark& start, std::string* out);
  bool ScanBlockScalar(Token& token);
  bool ScanBlockHeader(const Mark& start, int* chomping, int32_t* increment);
  void TakeEmptyLines(std::string* breaks);
  bool ScanBlockBreaks(const Mark& start, int32_t* indent, std::string* breaks,
                       Mark* end);

  // Comments; see yaml_comments.cc.
  bool ScanComments(Mark scan);
  bool ScanLineComment(const Mark& token);
  void MakeHeadOfEntry();
  bool AddComment(Comment comment);
  bool FailAtLimit(std::string problem);
  bool TakeCommentLine(int32_t ahead, std::string* text);
  Mark BlockEndMark(Mark mark) const;

  // Constant after construction.
  const char* const begin_;
  const char* const end_;
  const absl::string_view source_problem_;
  const ScannerOptions options_;
  Texts* const texts_;

  const char* at_;
  int32_t continuations_ = 0;  // UTF-8 continuation bytes before `at_`.
  int32_t line_ = 0;
  int32_t line_index_ = 0;  // Of the line's first character.
  // Line breaks since the last character that is no blank.
  int32_t newlines_ = 0;

  std::vector<Token> tokens_;  // From head_ on those not taken yet.
  size_t head_ = 0;
  size_t taken_ = 0;
  bool available_ = false;
  bool started_ = false;
  bool key_allowed_ = true;
  int32_t next_key_level_ = -1;  // Of the token that is appended next.
  int32_t indent_ = -1;
  std::vector<int32_t> indents_;
  uint32_t flow_level_ = 0;
  std::vector<Key> keys_;  // One for each level of flow collections.
  std::deque<Comment> comments_;
  size_t comment_bytes_ = 0;
  Error error_;
};

}  // namespace weir::yaml
