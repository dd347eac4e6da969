// Requests that change a release's objects: applying and deleting.
//
// Touches: network, through the workbench's client.
// Threads: pure functions besides.
// Source: helm-engine.md, section 9.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/release_objects.h"
#include "src/workbench.h"
#include "weir/apply/health_check.h"

namespace weir::helm_controller {

inline constexpr int kRequestsInFlight = 4;

struct ApplySettings {
  std::string release_name, release_namespace;
  bool takes_ownership = true;
  bool validates = true;  // Unknown fields are errors.
  // Objects of the release that was there before.
  std::set<kube::ObjectRef> known;
  bool is_update = false;  // Errors are worded as those of an upgrade.
};

struct ApplyResult {
  std::vector<apply::HealthTarget> targets;
  std::vector<kube::ObjectRef> created;
  absl::Status status;  // The first error; what came before it is done.
};

// Applies the objects on the server, in their order, those of one kind that
// follow each other at once.
ApplyResult ApplyObjects(const Context& ctx, Workbench& bench,
                         const std::vector<ReleaseObject>& objects,
                         const ApplySettings& settings);

// Why objects that are there may not become ours; OK when all may.
// Errors: kFailedPrecondition, in Helm's words.
absl::Status CheckOwnership(const Context& ctx, const kube::Client& client,
                            const std::vector<ReleaseObject>& objects,
                            const ApplySettings& settings);

struct DeleteResult {
  std::vector<apply::HealthTarget> terminating;  // Not gone yet.
  std::vector<std::string> problems;
};
// Objects that are gone count as deleted. `propagation`: "background",
// "foreground" or "orphan".
DeleteResult DeleteObjects(const Context& ctx, Workbench& bench,
                           const std::vector<kube::ObjectRef>& refs,
                           const std::string& propagation);

// Deletes those of `refs` whose live object does not say that it is kept.
// Errors: kUnavailable with what could not be deleted.
absl::Status DeleteStale(const Context& ctx, Workbench& bench,
                         const std::vector<kube::ObjectRef>& refs);

}  // namespace weir::helm_controller
