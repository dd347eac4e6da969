// Requests that change a release's objects: applying and deleting.
//
// Touches: network, through the workbench's client.
// Threads: pure functions besides.
// Source: helm-engine.md, section 9.
#pragma once

#include <map>
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
  // Applied on the server, or else as Helm 3 did: created, patched by what
  // changed in the manifest, or, with `replaces`, put in place of what is
  // there.
  bool is_server_side = true;
  bool replaces = false;
  // For the log: whether the objects were applied on the client before.
  bool upgrades_managers = true;
  // Objects of the release that was there before, as its manifest has them.
  std::map<kube::ObjectRef, Value> known;
  bool is_update = false;  // Errors are worded as those of an upgrade.
};

struct ApplyResult {
  std::vector<apply::HealthTarget> targets;
  std::vector<kube::ObjectRef> created;
  absl::Status status;  // The first error; what came before it is done.
};

// Applies the objects, in their order, those of one kind that follow each
// other at once.
ApplyResult ApplyObjects(const Context& ctx, Workbench& bench,
                         const std::vector<ReleaseObject>& objects,
                         const ApplySettings& settings);

// Creates one object, or sees to it that it is there: by server-side apply
// without force, or by a plain creation. For hooks and namespaces.
// Errors: kAlreadyExists of a plain creation.
absl::StatusOr<Value> CreateObject(const Context& ctx, Workbench& bench,
                                   const ReleaseObject& object,
                                   bool is_server_side);

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
