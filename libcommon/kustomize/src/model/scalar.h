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

// The text of a scalar as it is written; "" for a null and for other values.
std::string ScalarText(const Value& value);
// The same, but of a null what it is written as.
std::string NodeText(const Value& value);

// Whether the text alone, in whatever type, makes a string.
bool IsQuoted(const Value& value);

// Whether it is tagged as a string, or not at all: a plain date is neither.
bool IsText(const Value& value);

// A plain scalar without a tag: its type is what its text looks like.
Value UntaggedScalar(absl::string_view text);

// A new scalar in place of an old one, whose style it takes.
Value StringInPlaceOf(const Value& old, absl::string_view text);
Value UntaggedInPlaceOf(const Value& old, absl::string_view text);

// Sets a member of a map so. A new one is a string also where its text looks
// like something else.
void SetUntagged(Value& map, absl::string_view key, absl::string_view text);

// A string as it is once it was JSON and was read again.
Value StringFromJson(const Value& value);

// An old scalar with a new text. One of another type than the text looks like
// is an error only when it is still there in the end: CheckScalars.
Value WithText(const Value& old, absl::string_view text);

// Errors: kFailedPrecondition for a scalar whose text is not of its type, and
// for a text that upstream loses as it writes objects before they become JSON.
absl::Status CheckScalars(const Value& tree);

}  // namespace weir::kustomize
