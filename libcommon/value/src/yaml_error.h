// Errors of the YAML readers: with file, line and column, and in Go's words.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "src/yaml_token.h"
#include "weir/value/yaml.h"

namespace weir::yaml {

absl::Status MakeError(const YamlParseOptions& options, absl::StatusCode code,
                       const Mark& mark, absl::string_view reason,
                       absl::string_view go_text);
absl::Status MakeError(const YamlParseOptions& options, const Error& error,
                       Dialect dialect);
// What Go says of it: "yaml: line 2: did not find ...".
std::string GoText(const Error& error, Dialect dialect);
absl::Status TooLarge(const YamlParseOptions& options);

}  // namespace weir::yaml
