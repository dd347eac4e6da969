// Discovery: which kinds there are, as documents in both of its forms.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "registry.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// APIVersions of /api.
Value CoreVersions();
// APIGroupList of /apis.
Value GroupList(const KindTable& table);
// APIGroup of /apis/<group>; null when there is no such group.
Value GroupDocument(const KindTable& table, absl::string_view group);
// APIResourceList of one group version.
Value ResourceList(const KindTable& table, absl::string_view group,
                   absl::string_view version);
// APIGroupDiscoveryList of /api or /apis; `version`: "v2" or "v2beta1".
Value AggregatedDiscovery(const KindTable& table, bool is_core,
                          absl::string_view version);

}  // namespace weir::apiserver
