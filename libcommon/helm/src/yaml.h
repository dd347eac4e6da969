// YAML and JSON as Helm reads them: numbers are doubles, errors are those of
// sigs.k8s.io/yaml.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/value/json.h"
#include "weir/value/value.h"

namespace weir::helm {

// Parses the first document. Integers stay integers.
// Errors: kInvalidArgument "error converting YAML to JSON: yaml: ...".
absl::StatusOr<Value> ReadYaml(absl::string_view text);

// The same, but members of the outermost mapping that are not wanted may be
// missing.
absl::StatusOr<Value> ReadYamlMembers(
    absl::string_view text,
    absl::FunctionRef<bool(absl::string_view key)> is_wanted);

// As ReadYaml, but equal keys are an error, and there is no bound on nodes but
// the text's size.
absl::StatusOr<Value> ReadYamlStrictly(absl::string_view text);

// Parses one JSON document; numbers are doubles.
// Errors: kInvalidArgument in the words of encoding/json, as the inner one is.
absl::StatusOr<JsonInPart> ReadJsonInPart(absl::string_view text);

// Makes doubles of all numbers.
void MakeDoubles(Value& value);

// A map of anything; null is an empty one.
// Errors: those of ReadYaml, and "error unmarshaling JSON: while decoding
// JSON: json: cannot unmarshal ..." for other kinds.
absl::StatusOr<Value> ReadYamlMap(absl::string_view text);

}  // namespace weir::helm
