// Drift: objects of a release that are not as the release has them.
//
// Touches: network, through the workbench's client.
// Threads: pure functions besides.
// Source: helm-controller.md, section 6.4.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/plan.h"
#include "src/release_objects.h"
#include "src/workbench.h"
#include "weir/helm/stored_release.h"

namespace weir::helm_controller {

struct DriftedObject {
  ReleaseObject wanted;
  bool is_gone = false;
  int additions = 0, changes = 0, removals = 0;
};

// What of an object drift is looked for in: all but its status and most of its
// metadata.
Value ComparedPart(Value object);

// What the server would make of a live object, were `wanted` applied now.
struct DryRun {
  Value then;
  bool differs = false;
};
// `paths`: those that others may change; `wanted` is made to agree with the
// live object there.
absl::StatusOr<DryRun> DryRunApply(
    const Context& ctx, const kube::Client& client,
    const std::vector<std::vector<std::string>>& paths, const Value& now,
    Value* wanted, const std::string& field_validation = "");

// Whether the release wants to know of changes of the object.
bool HasDriftChecks(const Plan& plan, const ReleaseObject& object);

// Dry runs of all objects, compared with what is there. An object counts as
// it should be when it, or the live one, says so by label or annotation.
// Fields of the managers `overridden` become ours before that.
// Errors: those of the server, when nothing else was found.
absl::StatusOr<std::vector<DriftedObject>> FindDrift(
    const Context& ctx, Workbench& bench, const Plan& plan,
    const helm::StoredRelease& release,
    const std::vector<std::string>& overridden);

// "<Kind>/<ns>/<name> changed (1 additions, 2 changes, 0 removals)", a line
// each.
std::string DescribeDrift(const std::vector<DriftedObject>& drift);

struct Correction {
  std::vector<std::string> corrected;  // "<Kind>/<ns>/<name> created"
  std::vector<std::string> problems;
};
// Creates what is gone, then puts the rest right; goes on after an error.
// `is_server_side`: how the release is applied.
Correction CorrectDrift(const Context& ctx, Workbench& bench,
                        const std::vector<DriftedObject>& drift,
                        bool is_server_side);

}  // namespace weir::helm_controller
