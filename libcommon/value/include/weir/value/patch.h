// JSON Pointer, JSON Patch (RFC 6902), JSON Merge Patch (RFC 7396) and the
// difference of two values.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir {

// Splits "/a/b~1c/0" into {"a", "b/c", "0"}. "" is the whole document.
// Errors: kInvalidArgument when it does not start with "/" or has a bad "~".
absl::StatusOr<std::vector<std::string>> ParseJsonPointer(
    absl::string_view pointer);
std::string FormatJsonPointer(const std::vector<std::string>& tokens);

// The value that the pointer names, or null.
const Value* FindByPointer(const Value& root,
                           const std::vector<std::string>& tokens);
// Sets the value, making objects on the way; array indexes must exist, "-"
// appends. Errors: kFailedPrecondition when a step is a scalar.
absl::Status SetByPointer(Value& root, const std::vector<std::string>& tokens,
                          Value value);
// Removes the value; false when it was not there.
bool EraseByPointer(Value& root, const std::vector<std::string>& tokens);

struct JsonPatchOptions {
  size_t max_operations = 10000;
};
// Applies the operations in order to a copy.
// Errors: kInvalidArgument when `patch` is no JSON Patch; kFailedPrecondition
// when a test fails or a path is absent. Messages name the operation's index
// and path.
absl::StatusOr<Value> ApplyJsonPatch(const Value& document, const Value& patch,
                                     const JsonPatchOptions& options = {});

// RFC 7396.
Value ApplyMergePatch(const Value& document, const Value& patch);
// The merge patch that turns `from` into `to`; nothing when they are equal.
// A null inside `to` cannot be expressed and is left out.
std::optional<Value> ComputeMergePatch(const Value& from, const Value& to);

// One difference, for people.
struct Difference {
  enum class Kind { kAdded, kRemoved, kChanged } kind;
  std::string path;  // JSON pointer.
  Value before;
  Value after;
};
// In path order. Arrays are compared by index.
std::vector<Difference> ComputeDifferences(const Value& before,
                                           const Value& after);

}  // namespace weir
