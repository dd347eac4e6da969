// Values as the nodes that upstream writes them from.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "weir/value/value.h"
#include "weir/value/yaml_node.h"

namespace weir::kustomize {

// With the styles that the value remembers; maps are sorted.
YamlNode NodeOf(const Value& value);

// As it stands in a manifest, quotes included, without blanks around it.
std::string ShownText(const Value& value);

}  // namespace weir::kustomize
