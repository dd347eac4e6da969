// What the two grammars of --set share: reading runes up to a mark, and
// writing into maps and lists.
//
// Touches: nothing.
// Threads: an object belongs to one thread.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::helm {

// How a step ended. kEnd: the text did, which is an error only for some.
struct SetOutcome {
  enum class Kind { kDone, kEnd, kFailed } kind = Kind::kDone;
  std::string message;

  static SetOutcome Done() { return {}; }
  static SetOutcome End() { return {Kind::kEnd, ""}; }
  static SetOutcome Failed(std::string message) {
    return {Kind::kFailed, std::move(message)};
  }
  bool is_done() const { return kind == Kind::kDone; }
  bool is_end() const { return kind == Kind::kEnd; }
  bool is_failed() const { return kind == Kind::kFailed; }
};

class SetScanner {
 public:
  // `escapes`: a backslash takes the next rune as it is.
  SetScanner(absl::string_view text, bool escapes);

  // Reads up to one of the marks and over it. Returns the mark; 0 at the end.
  char ReadUntil(absl::string_view marks, std::string* out);
  // Reads "3]"; `index` is set when the outcome is done.
  SetOutcome ReadIndex(int* index);

  absl::string_view rest() const {
    return absl::string_view(text_).substr(offset_);
  }
  bool is_at_end() const { return offset_ >= text_.size(); }
  void Skip(size_t bytes) { offset_ += bytes; }

 private:
  std::string text_;  // Valid UTF-8.
  bool escapes_;
  size_t offset_ = 0;
};

// Sets a member, unless the key is empty.
void SetMember(Value& map, const std::string& key, Value value);
SetOutcome SetElement(Value& list, int index, Value value);
// What Go says when a value is not of the type that a step needs.
SetOutcome WrongType(const Value& value, absl::string_view wanted);
SetOutcome NegativeIndex(int index);

}  // namespace weir::helm
