// Field paths of replacements and vars: "spec.template.[name=web].image".
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "src/model/field_spec.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// Errors: kResourceExhausted for a path of so many parts that what it makes
// would be nested too deep.
absl::Status CheckPathLength(size_t parts);

// Cuts at dots; "\." is a dot, and "[a.b/c]" a name with dots.
std::vector<std::string> SplitFieldPath(absl::string_view path);

// Whether a step is no index, "-", "*" or "[key=value]".
bool IsFieldName(absl::string_view step);

// The value that a path leads to, or null. "[key=value]" is the first element
// with that text, "-" the last one.
// Errors: kFailedPrecondition when a step meets another kind of node.
absl::StatusOr<const Value*> LookUpPath(const Value& root,
                                        absl::Span<const std::string> path);

// What a path that is not there becomes.
enum class CreateField { kNothing, kScalar, kMapping, kSequence };

// Calls `set` for each value that the path matches: "*" is every element,
// "[key=pattern]" each in which the pattern is found. Returns how many there
// were.
absl::StatusOr<int> VisitFieldPath(Value& root,
                                   const std::vector<std::string>& path,
                                   CreateField create,
                                   absl::FunctionRef<absl::Status(Value&)> set);

}  // namespace weir::kustomize
