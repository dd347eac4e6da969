// Reading status.conditions of an object.
//
// Touches: nothing.
// Threads: as Value.
#pragma once

#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::kube {

// The first condition of that type, or a null Value. Lives as long as
// `object`, and is not written meanwhile.
const Value& FindCondition(const Value& object ABSL_ATTRIBUTE_LIFETIME_BOUND,
                           absl::string_view type);

bool IsConditionTrue(const Value& object, absl::string_view type);

}  // namespace weir::kube
