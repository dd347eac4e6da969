// Fields of the file of a builtin generator or transformer, read as Go's
// encoding/json reads them: names in any case, null as absent.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// The member, or a null Value.
const Value& ConfigMember(const Value& config, absl::string_view name);

// A number or boolean that is where `path` leads becomes a text, "*" being
// every member or element on the way.
void MakeConfigTexts(absl::Span<const absl::string_view> path, Value* config);

// Errors: kFailedPrecondition when the member is of another type.
absl::StatusOr<std::string> ConfigText(const Value& config,
                                       absl::string_view name);
absl::StatusOr<bool> ConfigFlag(const Value& config, absl::string_view name);
absl::StatusOr<std::map<std::string, std::string>> ConfigMapOf(
    const Value& config, absl::string_view name);

}  // namespace weir::kustomize
