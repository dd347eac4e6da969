// The JsonDecoder of kustomization files and of what they name.
//
// Touches: nothing.
// Threads: a decoder is used by one thread.
#pragma once

#include "weir/value/json_decoder.h"

namespace weir::kustomize {

class JsonDecoder : public weir::JsonDecoder {
 public:
  // `strict`: unknown fields are errors.
  explicit JsonDecoder(bool strict)
      : weir::JsonDecoder({.strict = strict,
                           .package = "types",
                           .code = absl::StatusCode::kFailedPrecondition}) {}
};

}  // namespace weir::kustomize
