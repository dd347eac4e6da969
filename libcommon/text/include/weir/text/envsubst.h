// Envsubst replaces ${variables} in a text, in the dialect of Flux's
// post-build substitution.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::text {

struct EnvsubstOptions {
  // A reference to a variable that is not set is an error, unless it has a
  // default. Otherwise such a variable is empty.
  bool strict = true;
  // Longer results are refused.
  size_t max_output_bytes = 64u << 20;
  // Substitutions within substitutions.
  int max_depth = 100;
};

// The value of a variable; nothing when it is not set.
using VariableLookup =
    std::function<std::optional<std::string>(absl::string_view name)>;

// Known forms: $$ ${v} ${v:-d} ${v:=d} ${v=d} ${v:?d} ${v:+d} (the last two as
// defaults) ${#v} ${v^} ${v^^} ${v,} ${v,,} ${v:pos} ${v:pos:len} ${v#glob}
// ${v##glob} ${v%glob} ${v%%glob} ${v/a/b} ${v//a/b} ${v/#a/b} ${v/%a/b}.
// All other text is copied. Positions and lengths are bytes.
//
// Errors: kInvalidArgument with upstream's text: "missing closing brace",
// "unable to parse variable name", `variable not set (strict mode): "x"`, ...;
// kResourceExhausted above a limit.
// Source: github.com/fluxcd/pkg/envsubst.
absl::StatusOr<std::string> Envsubst(absl::string_view text,
                                     const VariableLookup& lookup,
                                     const EnvsubstOptions& options = {});

}  // namespace weir::text
