// Workbench is what the actions on one release work with.
//
// Touches: nothing itself.
// Threads: one thread at a time.
#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "src/helm_log.h"
#include "src/release_storage.h"
#include "weir/apply/health_rules.h"
#include "weir/apply/tracker.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/base/log.h"
#include "weir/helm/stored_release.h"
#include "weir/kube/client.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::helm_controller {

// What a step of an action came to.
enum class Progress {
  kDone,
  // The tracker's listener is called when it is worth to go on; at the latest
  // go on at wait_deadline.
  kWaiting,
};

struct Workbench {
  const kube::Client& client;  // Acts as the one who applies.
  apply::Tracker& tracker;
  const ReleaseStorage& storage;
  const Clock& clock;
  const kube::ObjectKey owner;  // The HelmRelease.
  const apply::HealthRules& rules;
  Logger logger;

  absl::Time wait_deadline = absl::InfiniteFuture();
  // Revisions as they were last written to the storage, by version.
  std::map<int, helm::StoredRelease> written;

  // Versions that were deleted.
  std::set<int> deleted;

  // Of the action.
  HelmLog log = {};

  void Log(absl::string_view message,
           const Value& attributes = Value::MakeObject()) {
    log.Add(clock.Now(), message, attributes);
  }
  void LogApiError(absl::string_view message, const absl::Status& error,
                   const Value& attributes) {
    log.AddApiError(clock.Now(), message, error, attributes);
  }
  // How objects are created from now on.
  void LogCreationWay(bool is_server_side, bool force) {
    if (!is_server_side) {
      return Log("using client-side apply for resource creation");
    }
    Log("using server-side apply for resource creation",
        Value::MakeObject({{"dryRun", false},
                           {"fieldValidationDirective", "Strict"},
                           {"forceConflicts", force}}));
  }

  absl::Status Create(const Context& ctx, helm::StoredRelease& release) {
    return Remember(storage.Create(ctx, release), release);
  }
  absl::Status Update(const Context& ctx, helm::StoredRelease& release) {
    return Remember(storage.Update(ctx, release), release);
  }
  absl::Status Delete(const Context& ctx, const std::string& name,
                      int version) {
    const absl::Status status = storage.Delete(ctx, name, version);
    if (status.ok()) deleted.insert(version);
    return status;
  }

 private:
  absl::Status Remember(absl::Status status,
                        const helm::StoredRelease& release) {
    if (status.ok()) written[release.version()] = release;
    return status;
  }
};

}  // namespace weir::helm_controller
