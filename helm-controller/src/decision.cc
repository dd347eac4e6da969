#include "src/decision.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "src/remediation.h"
#include "weir/helm/stored_release.h"

namespace weir::helm_controller {
namespace {

using Kind = Decision::Kind;
using History = Decision::History;

constexpr char kExceeded[] = "exceeded maximum retries";

std::string WithReason(absl::string_view text, absl::string_view reason) {
  return reason.empty() ? std::string(text) : absl::StrCat(text, ": ", reason);
}

Decision Run(ActionKind action, std::string log) {
  Decision decision;
  decision.kind = Kind::kRun;
  decision.action = action;
  decision.log = std::move(log);
  return decision;
}

Decision Exhausted(absl::string_view what, std::string log) {
  Decision decision;
  decision.kind = Kind::kExhausted;
  decision.message = absl::StrCat(kExceeded, ": cannot ", what, " release");
  decision.log = std::move(log);
  return decision;
}

Decision RunOrGiveUp(ActionKind action, const Remediation& remediation,
                     bool is_forced, std::string log) {
  const char* name = ActionName(action);
  if (!remediation.is_exhausted()) return Run(action, std::move(log));
  if (!is_forced) return Exhausted(name, std::move(log));
  return Run(action,
             absl::StrCat(log, "; forcing ", name,
                          " while out of retries: force requested through "
                          "annotation"));
}

Decision OnInSync(const Plan& plan, const Status& status, bool is_forced) {
  Decision decision;
  decision.log = "release in-sync with desired state";
  if (is_forced) {
    decision = Run(ActionKind::kUpgrade,
                   "forcing upgrade for in-sync release: force requested "
                   "through annotation");
  } else {
    decision.settles_remediation = true;
  }
  decision.history = ActiveRetry(plan, status).has_value()
                         ? History::kTruncateToNewest
                         : History::kTruncate;
  return decision;
}

Decision OnFailed(const Plan& plan, const Status& status,
                  const std::string& reason, const Observation& observation,
                  bool is_forced) {
  const std::string log = WithReason("release is in a failed state", reason);
  if (ActiveRetry(plan, status).has_value()) {
    Decision decision = Run(ActionKind::kUpgrade, log);
    decision.history = History::kTruncateToNewest;
    return decision;
  }
  const auto remediation = ActiveRemediation(plan, status);
  if (!remediation.has_value()) return Run(ActionKind::kUpgrade, log);
  if (remediation->failures <= 0) {
    return Run(
        ActionKind::kUpgrade,
        absl::StrCat(log,
                     "; release conditions have changed since last failure"));
  }
  if (is_forced) {
    return Run(ActionKind::kUpgrade,
               absl::StrCat(log,
                            "; forcing upgrade for failed release: force "
                            "requested through annotation"));
  }
  if (remediation->is_exhausted() && !remediation->undoes_last_failure) {
    return Exhausted("remediate failed", log);
  }
  Decision decision;
  if (remediation->uninstalls) {
    decision = Run(ActionKind::kUninstallRemediation, log);
  } else if (observation.rollback_target == Observation::Target::kGood) {
    decision = Run(ActionKind::kRollback, log);
  } else if (observation.rollback_target == Observation::Target::kUnfit) {
    decision = Run(
        ActionKind::kUpgrade,
        absl::StrCat(log,
                     "; unable to verify previous release in storage to roll "
                     "back to: ",
                     observation.rollback_problem));
  } else {
    decision.kind = Kind::kNoTarget;
    decision.message =
        "missing target release for rollback: cannot remediate failed release";
    decision.log = log;
  }
  decision.history = History::kTruncate;
  return decision;
}

StateResult DetermineDeployed(const Plan& plan, const Status& status,
                              const Snapshot& latest,
                              const Observation& observation) {
  const Observation::Newest& newest = *observation.newest;
  if (newest.chart_name != observation.chart_name ||
      newest.chart_version != observation.chart_version) {
    return {State::kOutOfSync, "release chart changed"};
  }
  if (latest.config_digest() != observation.config_digest) {
    return {State::kOutOfSync, "release config values changed"};
  }
  // Once a generation is observed its post-renderers are what they are: the
  // digests move with each success, so this cannot go round in circles.
  if (status.observed_generation() != plan.generation) {
    if (observation.post_renderers_digest !=
        status.observed_post_renderers_digest()) {
      return {State::kOutOfSync, "postrenderers digest has changed"};
    }
    if (observation.common_metadata_digest !=
        status.observed_common_metadata_digest()) {
      return {State::kOutOfSync, "common metadata digest has changed"};
    }
  }
  if (plan.spec.test().enable()) {
    if (!HasBeenTested(latest)) return {State::kUntested, ""};
    const auto remediation = ActiveRemediation(plan, status);
    if (remediation.has_value() && !remediation->ignores_tests &&
        HasTestInPhase(latest, helm::kHookFailed)) {
      return {State::kFailed, "release has test in failed phase"};
    }
  }
  if (observation.has_drift) return {State::kDrifted, ""};
  return {State::kInSync, ""};
}

}  // namespace

StateResult DetermineState(const Plan& plan, const Status& status,
                           const Observation& observation) {
  if (!observation.newest.has_value()) {
    return {State::kAbsent, "no release in storage for object"};
  }
  const Observation::Newest& newest = *observation.newest;
  if (newest.is_pending) {
    return {State::kLocked,
            absl::StrCat("release with status '", newest.status, "'")};
  }
  constexpr char kFoundUninstalled[] = "found uninstalled release in storage";
  const Snapshot* latest = Latest(status);
  if (latest == nullptr) {
    if (newest.status == helm::kUninstalled) {
      return {State::kAbsent, kFoundUninstalled};
    }
    return {State::kUnmanaged, "found existing release in storage"};
  }
  switch (newest.verification) {
    case Verification::kBadDigest:
      return {State::kUnmanaged, "release digest verification error"};
    case Verification::kOtherRelease:
      return {State::kUnmanaged, "release not observed to be made for object"};
    case Verification::kGood:
      break;
  }
  if (newest.status == helm::kFailed) return {State::kFailed, ""};
  if (newest.status == helm::kUninstalled) {
    return {State::kAbsent, kFoundUninstalled};
  }
  if (newest.status == helm::kDeployed) {
    return DetermineDeployed(plan, status, *latest, observation);
  }
  return {State::kUnknown,
          absl::StrCat("unable to determine state for release with status '",
                       newest.status, "'")};
}

Decision Decide(const Plan& plan, const Status& status,
                const StateResult& state, const Observation& observation,
                bool is_forced) {
  switch (state.state) {
    case State::kUnknown: {
      Decision decision;
      decision.kind = Kind::kRetry;
      decision.message =
          absl::StrCat("Could not determine release state: ", state.reason);
      return decision;
    }
    case State::kInSync:
      return OnInSync(plan, status, is_forced);
    case State::kLocked:
      return Run(ActionKind::kUnlock,
                 WithReason("release locked", state.reason));
    case State::kAbsent:
      return RunOrGiveUp(ActionKind::kInstall, InstallRemediation(plan, status),
                         is_forced,
                         WithReason("release not installed", state.reason));
    case State::kUnmanaged: {
      Decision decision =
          Run(ActionKind::kUpgrade,
              WithReason("release not managed by controller", state.reason));
      decision.history = History::kClear;
      return decision;
    }
    case State::kOutOfSync:
      return RunOrGiveUp(
          ActionKind::kUpgrade, UpgradeRemediation(plan, status), is_forced,
          WithReason("release out-of-sync with desired state", state.reason));
    case State::kDrifted: {
      Decision decision;
      if (plan.spec.drift_detection().mode() == "enabled") {
        decision = Run(ActionKind::kCorrectDrift, "");
      }
      decision.log = "detected changes in cluster state";
      return decision;
    }
    case State::kUntested: {
      Decision decision =
          Run(ActionKind::kTest,
              WithReason("release has not been tested", state.reason));
      decision.settles_remediation = true;
      return decision;
    }
    case State::kFailed:
      return OnFailed(plan, status, state.reason, observation, is_forced);
  }
  return {};
}

}  // namespace weir::helm_controller
