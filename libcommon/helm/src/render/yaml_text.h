// Values of templates to YAML and JSON texts and back, as Helm's functions do.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/gotmpl/function.h"
#include "weir/gotmpl/value.h"

namespace weir::helm {

// Without the last newline.
// Errors: kInvalidArgument in the words of sigs.k8s.io/yaml;
// kResourceExhausted beyond a limit, here and below.
absl::StatusOr<std::string> MarshalYamlText(gotmpl::Call& call,
                                            const gotmpl::Any& value);
// A text, empty where that fails.
absl::StatusOr<gotmpl::Any> ToYaml(gotmpl::Call& call,
                                   const gotmpl::Any& value);
// As go-yaml 3 writes it, with indented lists.
absl::StatusOr<std::string> ToPrettyYaml(const gotmpl::Any& value);

}  // namespace weir::helm
