// YamlOutline says on which lines of a YAML text its nodes are, for messages
// that point at them.
//
// Touches: nothing.
// Threads: pure functions and value types.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir {

struct YamlOutline {
  enum class Kind { kScalar, kMap, kList };
  Kind kind = Kind::kScalar;
  // Of the node; in a map, of its key. From 1.
  int line = 0;
  std::string text;  // Of a scalar, unquoted.
  // Members by key, elements with an empty one; in the text's order.
  struct Member;
  std::vector<Member> children;

  // The member, or null.
  const YamlOutline* Find(absl::string_view key) const;
};

struct YamlOutline::Member {
  std::string key;
  YamlOutline value;
};

// One outline a document; aliases are scalars.
// Errors: kInvalidArgument when it is no YAML, kResourceExhausted when it is
// nested too deeply.
absl::StatusOr<std::vector<YamlOutline>> OutlineYaml(absl::string_view text);

}  // namespace weir
