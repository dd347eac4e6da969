// Requests for lists, and what to do with their pages: shared by the client,
// which waits, and the informer, which does not.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "weir/kube/client.h"
#include "weir/kube/transport.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::kube {

inline constexpr int kPageSize = 500;

// `limit` 0: unpaginated.
Request MakeListRequest(const Resource& resource, const std::string& name_space,
                        const ListOptions& options, int limit,
                        const std::string& continue_token);

// Gives an item of a list or a watch its real apiVersion and kind, which
// lists leave out and PartialObjectMetadata hides; drops all but metadata if
// asked to.
Value FinishItem(Value item, const GroupVersionKind& gvk, bool metadata_only);

// Turns an answer of 400 or more into an error that knows its Retry-After.
absl::Status ErrorOf(const Response& response);

}  // namespace weir::kube
