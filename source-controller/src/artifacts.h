// Artifacts between the storage's type and the API's.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "weir/artifact/artifact.h"
#include "weir/meta/v1/meta.pb.h"

namespace weir::source {

meta::v1::Artifact ToApi(const artifact::Artifact& artifact);
// A time that is malformed reads as the infinite past.
artifact::Artifact FromApi(const meta::v1::Artifact& artifact);

}  // namespace weir::source
