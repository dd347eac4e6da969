// TOML as BurntSushi's package writes and reads it.
//
// Touches: nothing.
// Threads: pure functions.
// Source: github.com/BurntSushi/toml 1.6.0.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/gotmpl/value.h"

namespace weir::helm {

// Errors: kInvalidArgument "toml: ..."; kResourceExhausted above 32 MiB.
absl::StatusOr<std::string> MarshalToml(const gotmpl::Any& value);

// A table. Errors: kInvalidArgument "toml: line 1: ...".
absl::StatusOr<gotmpl::Any> ParseToml(absl::string_view text);

}  // namespace weir::helm
