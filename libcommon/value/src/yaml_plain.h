// Reads the YAML that nearly every manifest and values file is made of: block
// mappings and sequences, scalars of one line, literal blocks, comments, and
// collections in brackets as JSON has them. Some ten times as fast as what
// reads all of YAML; whatever else it meets, it leaves to that.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::yaml {

// Reads a text of one document as sigs.k8s.io/yaml does, with the last of equal
// keys. False when it is not of that kind, also when it is no YAML at all.
// Members of the outermost mapping that are not wanted are looked at and left
// out; the members of others are all there.
bool ReadPlain(absl::string_view text, size_t max_nodes,
               absl::FunctionRef<bool(absl::string_view key)> is_wanted,
               Value* out);

}  // namespace weir::yaml
