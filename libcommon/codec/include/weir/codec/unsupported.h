// Which of an object's fields ask for what is not built yet.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace weir::codec {

// Paths of the fields that are valid but not built yet and whose value is not
// zero (or, for some, is none of the values that are built): {"spec.verify",
// "spec.dependsOn[0].readyExpr"}. Paths start at `message`: give the whole
// object's. In the order of the schema.
std::vector<std::string> FindUnsupported(
    const google::protobuf::Message& message);

// The text of the condition Stalled, whose reason is NotSupported.
std::string DescribeUnsupported(const std::vector<std::string>& paths);

}  // namespace weir::codec
