// Values of templates to YAML and JSON texts and back, as Helm's functions do.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/gotmpl/value.h"

namespace weir::helm {

// Without the last newline.
// Errors: kInvalidArgument in the words of sigs.k8s.io/yaml.
absl::StatusOr<std::string> MarshalYamlText(const gotmpl::Any& value);
// Empty where that fails.
std::string ToYaml(const gotmpl::Any& value);
// As go-yaml 3 writes it, with indented lists.
std::string ToPrettyYaml(const gotmpl::Any& value);

}  // namespace weir::helm
