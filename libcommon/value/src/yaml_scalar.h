// What a YAML scalar stands for, by the rules of Go's YAML libraries.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "weir/value/value.h"
#include "weir/value/yaml.h"

namespace weir {

struct YamlScalar {
  enum class Type { kNull, kBool, kInt, kFloat, kString, kTimestamp };
  Type type = Type::kString;
  // Of a string or timestamp: null, the text being the value.
  Value value;
};

// `timestamps`: whether dates count as such.
YamlScalar ResolveYamlScalar(absl::string_view text,
                             YamlParseOptions::Schema schema, bool timestamps);

// Whether a string has to be quoted lest it be read as something else by
// YAML 1.1. False for "<<", which Go's writers take for a string.
bool LooksLikeOtherThanString(absl::string_view text);

// A timestamp as RFC 3339; empty when `text` is none. `printable`, where it is
// not null, tells whether Go would print it in JSON.
std::string YamlTimestampToRfc3339(absl::string_view text,
                                   bool* printable = nullptr);

}  // namespace weir
