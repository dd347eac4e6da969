// Client-side apply of one object of a release, as Helm 3 had it.
//
// Touches: network, through the client.
// Threads: pure functions besides.
// Source: Helm v4.2.2, pkg/kube/client.go.
#pragma once

#include "absl/status/statusor.h"
#include "src/release_objects.h"
#include "weir/base/context.h"
#include "weir/kube/client.h"
#include "weir/value/value.h"

namespace weir::helm_controller {

struct ClientSideApply {
  // The object as the manifest had it before; null: as it has it now.
  Value original;
  bool replaces = false;   // In place of a patch.
  bool validates = true;   // Unknown fields are errors.
  bool is_update = false;  // Errors are worded as those of an upgrade.
  // Of kinds that are not built into Kubernetes too.
  bool looks_at_custom_objects = false;
};

struct AppliedObject {
  Value live;
  enum class How { kCreated, kPatched, kReplaced, kUnchanged } how;
};

// Errors: those of the server, in Helm's words.
absl::StatusOr<AppliedObject> ApplyClientSide(const Context& ctx,
                                              const kube::Client& client,
                                              const ReleaseObject& object,
                                              const ClientSideApply& settings);

}  // namespace weir::helm_controller
