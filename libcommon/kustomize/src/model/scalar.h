// Scalars of manifests. A scalar has a text, a style and a tag until the
// build's end; the three decide what JSON it becomes.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// Whether it is neither a map nor a list.
inline bool IsScalar(const Value& value) {
  return !value.is_object() && !value.is_array();
}

// The text of a scalar as it is written; "" for a null and for other values.
std::string ScalarText(const Value& value);
// The same, but of a null what it is written as.
std::string NodeText(const Value& value);

// Whether upstream takes it for a null: one that came of a text which was set
// without a tag is a scalar like any other.
bool IsTaggedNull(const Value& value);

// Whether the text alone, in whatever type, makes a string.
bool IsQuoted(const Value& value);

// Whether it is tagged as a string, or not at all: a plain date is neither.
bool IsText(const Value& value);

// Whether it is a string that stays itself in whatever style it is written.
bool IsSameAnyhow(const Value& value);

// A plain scalar without a tag: its type is what its text looks like.
Value UntaggedScalar(absl::string_view text);

// A string, or a scalar without a tag, that older readers of YAML would take
// for something else is quoted when upstream sets it; anything else stays.
Value QuotedWhereOdd(const Value& value);

// A new scalar in place of an old one, whose style it takes.
Value StringInPlaceOf(const Value& old, absl::string_view text);
Value UntaggedInPlaceOf(const Value& old, absl::string_view text);

// A scalar with the quotes of another one and the tag of its own: the tag is
// lost once it is written, unless the text alone would not give it, as with
// !!binary, or with !!float beside an integer.
Value InQuotes(const Value& value, Value::Style style);

// Sets a member of a map so. A new one is a string also where its text looks
// like something else.
void SetUntagged(Value& map, absl::string_view key, absl::string_view text);

// A string as it is once it was JSON and was read again.
Value StringFromJson(const Value& value);

// An old scalar with a new text. One of another type than the text looks like
// is an error only when it is still there in the end: CheckScalars.
Value WithText(const Value& old, absl::string_view text);

// Errors: kFailedPrecondition for a scalar whose text is not of its type, and
// for a map that has keys twice.
absl::Status CheckScalars(const Value& tree);

// The field of an object that says why upstream, should it write the object,
// could not read it again. A patch that has it brings it along.
inline constexpr absl::string_view kUnreadable = "\x02";

// Notes at each map that has keys twice, and so a member kRepeatedKeys, why
// upstream could not read it again. A patch that is laid over another map loses
// its second keys, and with them the note.
void NoteRepeatedKeys(absl::string_view why, Value* tree);
// The later values of such keys; null: there are none.
const Value* RepeatedKeys(const Value& map);

// What upstream has of a tree once it has written it as YAML and read that, as
// it does before anything becomes JSON.
// Errors: kFailedPrecondition, also for a text that it cannot read again.
absl::Status WriteAndRead(Value* tree);

// Makes of a value what YAML reads of it once it was written as JSON: there the
// character U+0085 is the end of a line, and a key must not be long.
// Errors: kFailedPrecondition, in Go's words, for what YAML does not take.
absl::Status ReadFromJson(Value* value);

// A value that was decoded, written as JSON and read as YAML: it is in brackets
// and its strings are quoted.
Value AsJsonText(const Value& value);

}  // namespace weir::kustomize
