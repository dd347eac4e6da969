// Reads of a large YAML mapping what is wanted of it.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir {

// As ParseYaml without options, but members of the outermost mapping that are
// not wanted may be missing. All of the text is looked at.
// Errors: as ParseYaml.
absl::StatusOr<Value> ParseYamlMembers(
    absl::string_view text,
    absl::FunctionRef<bool(absl::string_view key)> is_wanted);

}  // namespace weir
