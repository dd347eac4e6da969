// ApplyRun brings a set of objects to the cluster by server-side apply, stage
// by stage, with requests only for what changed.
//
// An object costs no request while the Tracker says that it is clean, and
// otherwise a dry run and an apply. The dry runs of a stage all come before
// its first write: if one fails nothing of the stage is written. Where a
// stage has to wait (CRDs to be established, an immutable object to go), the
// run says so and is continued later; it never blocks.
//
// Touches: network, through the client.
// Threads: one thread at a time.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/apply/ignore_rules.h"
#include "weir/apply/inventory.h"
#include "weir/apply/order.h"
#include "weir/apply/tracker.h"
#include "weir/base/context.h"
#include "weir/kube/client.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::apply {

enum class Action { kCreated, kConfigured, kUnchanged, kSkipped, kDeleted };
const char* ActionName(Action action);  // "created"

struct ChangeEntry {
  kube::ObjectRef ref;
  Action action;
};

// "<subject> <action>" for each that changed something, a line each, without
// a newline at the end.
std::string FormatChanges(const std::vector<ChangeEntry>& changes);
// The same for all of them.
std::string FormatEntries(const std::vector<ChangeEntry>& entries);

struct ApplyOptions {
  kube::ObjectKey owner;
  std::string field_manager;
  // Prefix of control labels and annotations: "<prefix>/ssa: Ignore".
  std::string control_prefix;
  // Deletes and recreates objects whose change the server refuses as
  // immutable.
  bool force = false;
  std::vector<std::string> override_managers;
  std::set<kube::GroupKind> custom_stage_kinds;
  IgnoreRules ignore;
  // Requests in flight at a time.
  int concurrency = 4;
  // How long the first two stages may take to become ready.
  absl::Duration stage_timeout = absl::Seconds(60);
};

class ApplyRun {
 public:
  // `objects` are normalised and labelled. Client and tracker must outlive
  // the run.
  ApplyRun(const kube::Client& client, Tracker& tracker, ApplyOptions options,
           std::vector<Value> objects);

  enum class Progress {
    kDone,
    // The tracker's listener is called when it is worth to continue; at
    // latest continue at wait_deadline().
    kWaiting,
  };
  // Does all that can be done now. After an error the run is over; changes()
  // still tells what earlier stages did.
  // Errors: those of the API server, with the object's subject before them;
  // kDeadlineExceeded when a stage did not become ready.
  absl::StatusOr<Progress> Advance(const Context& ctx);

  absl::Time wait_deadline() const { return wait_deadline_; }
  // What was done in stages that are complete, in order.
  const std::vector<ChangeEntry>& changes() const { return changes_; }

  // Objects that were not skipped, once done: what health checks look at.
  // With the health the last answer of the server told; kUnknown for objects
  // that needed no request.
  struct Applied {
    kube::ObjectRef ref;
    Health health;
    bool has_ttl = false;  // A Job that removes itself when finished.
  };
  const std::vector<Applied>& applied() const { return applied_; }

 private:
  struct Item {
    Value desired;
    kube::ObjectRef ref;
    uint64_t digest = 0;
    Stage stage = Stage::kRest;
    // Set while its stage runs.
    Action action = Action::kUnchanged;
    bool needs_apply = false;
    bool is_clean = false;
    bool is_recreated = false;
    std::string doomed_uid;  // Of an object that is to go before the next try.
    Value live;              // The last answer of the server.
    Value before;            // What was there, where that was read.
  };

  absl::StatusOr<Progress> RunStage(const Context& ctx,
                                    std::vector<Item*>& items);
  absl::Status Resolve(const Context& ctx, Item& item);
  absl::Status ReadLive(const Context& ctx, const std::vector<Item*>& items);
  absl::StatusOr<bool> DryRun(const Context& ctx,
                              const std::vector<Item*>& items);
  absl::StatusOr<bool> AreDoomedGone(const Context& ctx,
                                     const std::vector<Item*>& items);
  bool IsSkippedLive(const Context& ctx, const Item& item);
  absl::Status OnDryRun(const Context& ctx, Item& item,
                        absl::StatusOr<kube::Response> answer, bool& waits);
  absl::StatusOr<bool> Recreate(const Context& ctx, Item& item,
                                const absl::Status& refusal);
  absl::Status Write(const Context& ctx, const std::vector<Item*>& items);
  absl::Status CleanUp(const Context& ctx, Item& item);
  absl::StatusOr<Progress> AwaitStage(const std::vector<Item*>& items);
  bool HasControl(const Value& object, absl::string_view key,
                  absl::string_view value) const;
  void FinishStage(const std::vector<Item*>& items);

  const kube::Client& client_;
  Tracker& tracker_;
  const ApplyOptions options_;
  std::vector<Item> items_;
  int stage_ = 0;
  bool is_stage_written_ = false;
  absl::Time wait_deadline_ = absl::InfiniteFuture();
  std::vector<ChangeEntry> changes_;
  std::vector<Applied> applied_;
};

// The error of an apply that failed, as Flux words it: the cause, a newline,
// and a line for each change made before.
absl::Status WithChanges(const absl::Status& error,
                         const std::vector<ChangeEntry>& changes);

}  // namespace weir::apply
