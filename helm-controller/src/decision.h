// How a release stands, and what is to be done about it: two pure functions,
// from what was observed to a state, and from the state to a decision.
//
// Touches: nothing.
// Threads: pure functions.
// Source: helm-controller.md, sections 6.1 and 6.2.
#pragma once

#include <optional>
#include <string>

#include "src/history.h"
#include "src/plan.h"
#include "weir/value/value.h"

namespace weir::helm_controller {

// What a look at the storage and the cluster shows.
struct Observation {
  struct Newest {
    std::string status;  // As Helm has it.
    bool is_pending = false;
    std::string chart_name, chart_version;
    // Against the latest snapshot, if there is one.
    Verification verification = Verification::kGood;
  };
  std::optional<Newest> newest;  // Nothing: no revision is stored.

  // What is wanted.
  std::string chart_name, chart_version;
  std::string config_digest;
  std::string post_renderers_digest, common_metadata_digest;

  // What a rollback would go back to, as it is stored.
  enum class Target { kNone, kGood, kUnfit } rollback_target = Target::kNone;
  std::string rollback_problem;  // Of kUnfit.

  // Objects of the release that are not as it has them; looked for only when
  // all else is in order.
  bool has_drift = false;
};

enum class State {
  kUnknown,  // Nothing can be done about it: `reason` says why.
  kAbsent,
  kLocked,
  kUnmanaged,
  kOutOfSync,
  kFailed,
  kUntested,
  kDrifted,
  kInSync,
};
struct StateResult {
  State state = State::kUnknown;
  std::string reason;  // May be empty.
};
StateResult DetermineState(const Plan& plan, const Status& status,
                           const Observation& observation);

struct Decision {
  enum class Kind {
    kRun,        // `action`.
    kDone,       // The release is as it should be, or nothing is to be done.
    kRetry,      // An error that may pass: `message`.
    kExhausted,  // No try is left: `message`.
    kNoTarget,   // There is nothing to roll back to.
  } kind = Kind::kDone;
  ActionKind action = ActionKind::kUpgrade;
  std::string message;
  // What is done to status.history before.
  enum class History {
    kKeep,
    kClear,
    kTruncate,
    kTruncateToNewest
  } history = History::kKeep;
  // A condition Remediated that is True becomes the success of an upgrade.
  bool settles_remediation = false;
  std::string log;
};
// `is_forced`: a request by annotation, not yet handled.
Decision Decide(const Plan& plan, const Status& status,
                const StateResult& state, const Observation& observation,
                bool is_forced);

}  // namespace weir::helm_controller
