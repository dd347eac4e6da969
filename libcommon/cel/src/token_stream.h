// TokenStream gives a parser its tokens, and tells of wrong ones, recovering
// from them, as ANTLR's parsers do: messages and places are the same.
//
// Touches: nothing.
// Threads: used by one thread.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lexer.h"
#include "source.h"
#include "token_set.h"

namespace weir::cel {

class TokenStream {
 public:
  TokenStream(const Source& source, Errors& errors)
      : source_(source), errors_(errors), tokens_(Tokenize(source, errors)) {}

  // What may follow a rule within the rule that calls it; `may_end` when that
  // one may end there, too. Lives as long as the called rule runs.
  class Rule {
   public:
    Rule(TokenStream& stream, TokenSet follow, bool may_end) : stream_(stream) {
      stream_.rules_.push_back({follow, may_end});
    }
    ~Rule() { stream_.rules_.pop_back(); }
    Rule(const Rule&) = delete;
    Rule& operator=(const Rule&) = delete;

   private:
    TokenStream& stream_;
  };

  const Token& Peek(size_t ahead = 0) const;
  TokenType type() const { return Peek().type; }
  bool At(TokenType type) const { return Peek().type == type; }
  std::string Text(const Token& token) const;
  // Takes the token, which fits.
  Token Take();

  // Takes a token of this type. False, with the error told, when there is
  // none; then the rule must Recover and end. `next` is what may follow, with
  // `may_end` when the rule may end behind it.
  bool Match(TokenType type, TokenSet next, bool may_end, Token* token);
  // Whether a token of `expected` is next, a superfluous one left out.
  bool Sync(TokenSet expected);
  // Between repetitions: leaves out whatever is none of `expected`.
  void SyncLoop(TokenSet expected);
  // The tokens from `begin` to here are no beginning of anything.
  void NoViable(size_t begin);
  size_t position() const { return at_; }

  // Leaves out tokens up to one that some running rule waits for.
  void Recover();

 private:
  struct Follow {
    TokenSet tokens;
    bool may_end;
  };
  TokenSet InContext(TokenSet tokens, bool may_end) const;
  void Report(const Token& at, std::string message);
  std::string Shown(const Token& token) const;
  void TellUnwanted(TokenSet expected);

  const Source& source_;
  Errors& errors_;
  const std::vector<Token> tokens_;
  std::vector<Follow> rules_;
  size_t at_ = 0;
  bool is_recovering_ = false;
  std::set<std::pair<size_t, size_t>> failures_;  // Token and depth of rules.

  friend class Rule;
};

}  // namespace weir::cel
