// TomlScanner reads the runes, names and scalars of a TOML text, and keeps the
// first thing that is wrong with it.
//
// Touches: nothing.
// Threads: a scanner is used by one thread.
// Source: github.com/BurntSushi/toml 1.6.0; messages are its own.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace weir::helm {

struct TomlToken {
  enum class Kind {
    kText,         // Without escapes, as are raw texts.
    kEscapedText,  // Of one line.
    kLongText,
    kRawLongText,
    kInteger,
    kFloat,
    kBool,
    kTime,
  };
  Kind kind = Kind::kText;
  absl::string_view text;  // Without quotes.
  int line = 0;            // On which it ends.
};

class TomlScanner {
 public:
  // What Next() gives at the end, and where the text is no TOML at all.
  static constexpr char32_t kEnd = 0;
  static constexpr char32_t kBad = 0xFFFFFFFF;

  explicit TomlScanner(absl::string_view text) : text_(text) {}

  char32_t Next();
  // Takes back the last rune of Next().
  void Backup();
  char32_t Peek();
  bool Accept(char32_t wanted);
  void SkipBlanks();
  // Up to the end of the line; what begins a comment has been read.
  bool SkipComment();
  int line() const { return line_; }

  // After a failure nothing else counts. Each of these returns false.
  bool has_failed() const { return has_failed_; }
  bool Fail(absl::string_view message);
  bool FailOnLine(int line, absl::string_view message);
  const std::string& message() const { return message_; }
  int failed_line() const { return failed_line_; }

  // A part of a key; it may be empty.
  bool ScanBareName(TomlToken* token);
  // Begins with a quote.
  bool ScanQuotedName(TomlToken* token);
  // A text, number, time or boolean that begins with `first`, which has been
  // read.
  bool ScanScalar(char32_t first, TomlToken* token);

 private:
  absl::string_view Current() const {
    return text_.substr(start_, offset_ - start_);
  }
  void Emit(TomlToken::Kind kind, TomlToken* token);
  template <typename Holds>
  void SkipWhile(Holds holds);

  bool ScanText(TomlToken* token);
  bool ScanRawText(TomlToken* token);
  bool ScanLongText(char32_t quote, TomlToken* token);
  bool ScanEscape();
  bool ScanHexadecimal(int digits, absl::string_view problem);
  bool ScanNumberOrTime(TomlToken* token);
  bool ScanAfterZero(TomlToken* token);
  bool ScanBased(bool (*is_digit)(char32_t), absl::string_view kind,
                 TomlToken* token);
  bool ScanDecimal(TomlToken* token);
  bool ScanSigned(TomlToken* token);
  bool ScanFloat(TomlToken* token);
  bool ScanTime(TomlToken* token);
  bool ScanBool(TomlToken* token);

  const absl::string_view text_;
  size_t start_ = 0;  // Of the token.
  size_t offset_ = 0;
  int line_ = 1;
  bool is_at_end_ = false;  // Next() gave kEnd.
  bool has_escapes_ = false;
  bool has_failed_ = false;
  int failed_line_ = 0;
  std::string message_;
};

// %q of a rune: "'x'".
std::string QuotedTomlRune(char32_t rune);

}  // namespace weir::helm
