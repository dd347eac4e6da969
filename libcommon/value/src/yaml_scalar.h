// What a YAML scalar stands for, by the rules of Go's YAML libraries.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "absl/strings/string_view.h"
#include "weir/value/value.h"
#include "weir/value/yaml.h"

namespace weir {

struct YamlScalar {
  enum class Type { kNull, kBool, kInt, kFloat, kString, kTimestamp, kMerge };
  Type type = Type::kString;
  // Of a string, timestamp or merge key: null, the text being the value.
  Value value;
};

// `timestamps`: whether dates count as such.
YamlScalar ResolveYamlScalar(absl::string_view text,
                             YamlParseOptions::Schema schema, bool timestamps);

// A timestamp as RFC 3339; empty when `text` is none.
std::string YamlTimestampToRfc3339(absl::string_view text);

}  // namespace weir
