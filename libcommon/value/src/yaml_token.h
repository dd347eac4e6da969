// What the YAML scanner makes of a text: tokens, comments, one error.
//
// Touches: nothing.
// Threads: plain values.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "absl/strings/string_view.h"

namespace weir::yaml {

// The two libraries that upstream reads with. They differ in what a comment
// does to the text around it, in how far they look ahead, and in the line that
// an error names.
enum class Dialect : uint8_t { kGoYaml2, kGoYaml3 };

// A place in a text. All from 0 and in characters, not bytes.
struct Mark {
  int32_t index = 0;
  int32_t line = 0;
  int32_t column = 0;
};

enum class ScalarStyle : uint8_t {
  kPlain,
  kSingle,
  kDouble,
  kLiteral,
  kFolded
};

enum class TokenType : uint8_t {
  kNone,
  kStreamStart,
  kStreamEnd,
  kVersionDirective,
  kTagDirective,
  kDocumentStart,
  kDocumentEnd,
  kBlockSequenceStart,
  kBlockMappingStart,
  kBlockEnd,
  kFlowSequenceStart,
  kFlowSequenceEnd,
  kFlowMappingStart,
  kFlowMappingEnd,
  kBlockEntry,
  kFlowEntry,
  kKey,
  kValue,
  kAlias,
  kAnchor,
  kTag,
  kScalar,
};

struct Token {
  TokenType type = TokenType::kNone;
  ScalarStyle style = ScalarStyle::kPlain;
  // The level whose possible key this token starts, or -1.
  int32_t key_level = -1;
  Mark start;
  Mark end;
  // Of a scalar its value, of an anchor or alias its name, of a tag or a tag
  // directive its handle, of a version directive the version.
  absl::string_view text;
  // Of a tag its suffix, of a tag directive its prefix.
  absl::string_view suffix;
  // Holds `text` where the source does not have it as it is.
  std::string* owned = nullptr;
};

// A run of comment lines, as go-yaml 3 attaches them to what is around.
struct Comment {
  Mark scan;   // Where the scanner was when it met them.
  Mark token;  // The token they belong to starts at or before this.
  Mark start;
  Mark end;
  std::string head;
  std::string line;
  std::string foot;
};

struct Error {
  enum class Kind : uint8_t {
    kNone,
    kReader,
    kScanner,
    kParser,
    kMeaning,  // Go names no line.
    kLimit,    // Ours.
  };
  Kind kind = Kind::kNone;
  absl::string_view context;
  std::string problem;
  Mark context_mark;
  Mark problem_mark;
};

// Texts that tokens and nodes view; they live as long as this.
using Texts = std::deque<std::string>;

}  // namespace weir::yaml
