// Every row of helm-controller.md, sections 6.1 and 6.2.
#include "src/decision.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "src/remediation.h"
#include "weir/helm/stored_release.h"
#include "weir/value/json.h"

namespace weir::helm_controller {
namespace {

using Kind = Decision::Kind;
using History = Decision::History;

// A release that is deployed as it should be.
struct World {
  World() {
    plan.generation = 1;
    Snapshot& snapshot = *status.add_history();
    snapshot.set_api_version("v2");
    snapshot.set_name("app");
    snapshot.set_namespace_("ns");
    snapshot.set_version(2);
    snapshot.set_status("deployed");
    snapshot.set_config_digest("sha256:values");
    status.set_observed_generation(1);
    status.set_last_attempted_release_action("upgrade");
    observation.newest = Observation::Newest{"deployed", false, "demo", "1.0.0",
                                             Verification::kGood};
    observation.chart_name = "demo";
    observation.chart_version = "1.0.0";
    observation.config_digest = "sha256:values";
  }

  void Fail(const std::string& action, int64_t failures) {
    observation.newest->status = "failed";
    status.mutable_history(0)->set_status("failed");
    status.set_last_attempted_release_action(action);
    if (action == "install") status.set_install_failures(failures);
    if (action == "upgrade") status.set_upgrade_failures(failures);
  }
  void AddTest(const std::string& phase) {
    auto& hooks = *status.mutable_history(0)->mutable_test_hooks();
    (*hooks.mutable_hooks())[phase].set_phase(phase);
  }

  Plan plan;
  Status status;
  Observation observation;
  bool is_forced = false;
};

struct StateRow {
  const char* name;
  std::function<void(World&)> change;
  State state;
  const char* reason;
};

class StateTest : public testing::TestWithParam<StateRow> {};

TEST_P(StateTest, IsAsTheContractSays) {
  World world;
  GetParam().change(world);
  const StateResult result =
      DetermineState(world.plan, world.status, world.observation);
  EXPECT_EQ(result.state, GetParam().state);
  EXPECT_EQ(result.reason, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Contract, StateTest,
    testing::Values(
        StateRow{"InSync", [](World&) {}, State::kInSync, ""},
        StateRow{"NothingStored",
                 [](World& w) { w.observation.newest.reset(); }, State::kAbsent,
                 "no release in storage for object"},
        StateRow{"Pending",
                 [](World& w) {
                   w.observation.newest->status = "pending-upgrade";
                   w.observation.newest->is_pending = true;
                 },
                 State::kLocked, "release with status 'pending-upgrade'"},
        StateRow{"NoHistoryUninstalled",
                 [](World& w) {
                   w.status.clear_history();
                   w.observation.newest->status = "uninstalled";
                 },
                 State::kAbsent, "found uninstalled release in storage"},
        StateRow{"NoHistory", [](World& w) { w.status.clear_history(); },
                 State::kUnmanaged, "found existing release in storage"},
        StateRow{"BadDigest",
                 [](World& w) {
                   w.observation.newest->verification =
                       Verification::kBadDigest;
                 },
                 State::kUnmanaged, "release digest verification error"},
        StateRow{
            "OtherRelease",
            [](World& w) {
              w.observation.newest->verification = Verification::kOtherRelease;
            },
            State::kUnmanaged, "release not observed to be made for object"},
        StateRow{"Failed", [](World& w) { w.Fail("upgrade", 1); },
                 State::kFailed, ""},
        StateRow{"Uninstalled",
                 [](World& w) { w.observation.newest->status = "uninstalled"; },
                 State::kAbsent, "found uninstalled release in storage"},
        StateRow{"Superseded",
                 [](World& w) { w.observation.newest->status = "superseded"; },
                 State::kUnknown,
                 "unable to determine state for release with status "
                 "'superseded'"},
        StateRow{"OtherChart",
                 [](World& w) { w.observation.chart_name = "other"; },
                 State::kOutOfSync, "release chart changed"},
        StateRow{"OtherVersion",
                 [](World& w) { w.observation.chart_version = "1.1.0"; },
                 State::kOutOfSync, "release chart changed"},
        StateRow{"OtherValues",
                 [](World& w) { w.observation.config_digest = "sha256:x"; },
                 State::kOutOfSync, "release config values changed"},
        StateRow{"OtherPostRenderers",
                 [](World& w) {
                   w.plan.generation = 2;
                   w.observation.post_renderers_digest = "sha256:x";
                 },
                 State::kOutOfSync, "postrenderers digest has changed"},
        StateRow{"OtherCommonMetadata",
                 [](World& w) {
                   w.plan.generation = 2;
                   w.observation.common_metadata_digest = "sha256:x";
                 },
                 State::kOutOfSync, "common metadata digest has changed"},
        StateRow{
            "OtherPostRenderersOfObservedGeneration",
            [](World& w) { w.observation.post_renderers_digest = "sha256:x"; },
            State::kInSync, ""},
        StateRow{"Untested",
                 [](World& w) { w.plan.spec.mutable_test()->set_enable(true); },
                 State::kUntested, ""},
        StateRow{"TestedWithoutHooks",
                 [](World& w) {
                   w.plan.spec.mutable_test()->set_enable(true);
                   w.status.mutable_history(0)->mutable_test_hooks();
                 },
                 State::kInSync, ""},
        StateRow{"TestWithoutPhase",
                 [](World& w) {
                   w.plan.spec.mutable_test()->set_enable(true);
                   w.AddTest("");
                 },
                 State::kUntested, ""},
        StateRow{"OneTestFailedAndOthersNotBegun",
                 [](World& w) {
                   w.plan.spec.mutable_test()->set_enable(true);
                   w.AddTest("");
                   w.AddTest("Failed");
                 },
                 State::kFailed, "release has test in failed phase"},
        StateRow{"TestFailureIgnored",
                 [](World& w) {
                   w.plan.spec.mutable_test()->set_enable(true);
                   w.plan.spec.mutable_test()->set_ignore_failures(true);
                   w.AddTest("Failed");
                 },
                 State::kInSync, ""},
        StateRow{"TestFailureNotIgnoredByTheAction",
                 [](World& w) {
                   w.plan.spec.mutable_test()->set_enable(true);
                   w.plan.spec.mutable_test()->set_ignore_failures(true);
                   w.plan.spec.mutable_upgrade()
                       ->mutable_remediation()
                       ->set_ignore_test_failures(false);
                   w.AddTest("Failed");
                 },
                 State::kFailed, "release has test in failed phase"},
        StateRow{"Drifted", [](World& w) { w.observation.has_drift = true; },
                 State::kDrifted, ""}),
    [](const auto& info) { return std::string(info.param.name); });

struct DecisionRow {
  const char* name;
  std::function<void(World&)> change;
  Kind kind;
  ActionKind action;  // Of kRun.
  History history;
  const char* message;
};

class DecisionTest : public testing::TestWithParam<DecisionRow> {};

TEST_P(DecisionTest, IsAsTheContractSays) {
  World world;
  GetParam().change(world);
  const StateResult state =
      DetermineState(world.plan, world.status, world.observation);
  const Decision decision = Decide(world.plan, world.status, state,
                                   world.observation, world.is_forced);
  EXPECT_EQ(decision.kind, GetParam().kind);
  if (GetParam().kind == Kind::kRun) {
    EXPECT_STREQ(ActionName(decision.action), ActionName(GetParam().action));
    EXPECT_EQ(decision.action, GetParam().action);
  }
  EXPECT_EQ(decision.history, GetParam().history);
  EXPECT_EQ(decision.message, GetParam().message);
}

void SetRetries(World& w, int retries) {
  w.plan.spec.mutable_install()->mutable_remediation()->set_retries(retries);
  w.plan.spec.mutable_upgrade()->mutable_remediation()->set_retries(retries);
}
void Retry(World& w) {
  w.plan.spec.mutable_upgrade()->mutable_strategy()->set_name("RetryOnFailure");
}

constexpr ActionKind kNone = ActionKind::kUpgrade;

INSTANTIATE_TEST_SUITE_P(
    Contract, DecisionTest,
    testing::Values(
        DecisionRow{"InSync", [](World&) {}, Kind::kDone, kNone,
                    History::kTruncate, ""},
        DecisionRow{"InSyncForced", [](World& w) { w.is_forced = true; },
                    Kind::kRun, ActionKind::kUpgrade, History::kTruncate, ""},
        DecisionRow{"InSyncWithRetries", Retry, Kind::kDone, kNone,
                    History::kTruncateToNewest, ""},
        DecisionRow{"Locked",
                    [](World& w) { w.observation.newest->is_pending = true; },
                    Kind::kRun, ActionKind::kUnlock, History::kKeep, ""},
        DecisionRow{"Absent", [](World& w) { w.observation.newest.reset(); },
                    Kind::kRun, ActionKind::kInstall, History::kKeep, ""},
        DecisionRow{"AbsentWithoutRetries",
                    [](World& w) {
                      w.observation.newest.reset();
                      w.status.set_install_failures(1);
                    },
                    Kind::kExhausted, kNone, History::kKeep,
                    "exceeded maximum retries: cannot install release"},
        DecisionRow{"AbsentForced",
                    [](World& w) {
                      w.observation.newest.reset();
                      w.status.set_install_failures(1);
                      w.is_forced = true;
                    },
                    Kind::kRun, ActionKind::kInstall, History::kKeep, ""},
        DecisionRow{"AbsentForEver",
                    [](World& w) {
                      SetRetries(w, -1);
                      w.observation.newest.reset();
                      w.status.set_install_failures(100);
                    },
                    Kind::kRun, ActionKind::kInstall, History::kKeep, ""},
        DecisionRow{"Unmanaged", [](World& w) { w.status.clear_history(); },
                    Kind::kRun, ActionKind::kUpgrade, History::kClear, ""},
        DecisionRow{"OutOfSync",
                    [](World& w) { w.observation.chart_version = "2.0.0"; },
                    Kind::kRun, ActionKind::kUpgrade, History::kKeep, ""},
        DecisionRow{"OutOfSyncWithoutRetries",
                    [](World& w) {
                      w.observation.chart_version = "2.0.0";
                      w.status.set_upgrade_failures(1);
                    },
                    Kind::kExhausted, kNone, History::kKeep,
                    "exceeded maximum retries: cannot upgrade release"},
        DecisionRow{"DriftedEnabled",
                    [](World& w) {
                      w.plan.spec.mutable_drift_detection()->set_mode(
                          "enabled");
                      w.observation.has_drift = true;
                    },
                    Kind::kRun, ActionKind::kCorrectDrift, History::kKeep, ""},
        DecisionRow{"DriftedWarn",
                    [](World& w) {
                      w.plan.spec.mutable_drift_detection()->set_mode("warn");
                      w.observation.has_drift = true;
                    },
                    Kind::kDone, kNone, History::kKeep, ""},
        DecisionRow{
            "Untested",
            [](World& w) { w.plan.spec.mutable_test()->set_enable(true); },
            Kind::kRun, ActionKind::kTest, History::kKeep, ""},
        DecisionRow{"FailedWithRetryStrategy",
                    [](World& w) {
                      Retry(w);
                      w.Fail("upgrade", 1);
                    },
                    Kind::kRun, ActionKind::kUpgrade,
                    History::kTruncateToNewest, ""},
        DecisionRow{"FailedWithoutAction", [](World& w) { w.Fail("", 0); },
                    Kind::kRun, ActionKind::kUpgrade, History::kKeep, ""},
        DecisionRow{"FailedWithNewInputs",
                    [](World& w) { w.Fail("upgrade", 0); }, Kind::kRun,
                    ActionKind::kUpgrade, History::kKeep, ""},
        DecisionRow{"FailedForced",
                    [](World& w) {
                      w.Fail("upgrade", 1);
                      w.is_forced = true;
                    },
                    Kind::kRun, ActionKind::kUpgrade, History::kKeep, ""},
        DecisionRow{"FailedWithoutRetries",
                    [](World& w) { w.Fail("upgrade", 1); }, Kind::kExhausted,
                    kNone, History::kKeep,
                    "exceeded maximum retries: cannot remediate failed "
                    "release"},
        DecisionRow{"FailedInstall",
                    [](World& w) {
                      SetRetries(w, 1);
                      w.Fail("install", 1);
                    },
                    Kind::kRun, ActionKind::kUninstallRemediation,
                    History::kTruncate, ""},
        DecisionRow{"FailedInstallLastOne",
                    [](World& w) {
                      w.plan.spec.mutable_install()
                          ->mutable_remediation()
                          ->set_remediate_last_failure(true);
                      w.Fail("install", 1);
                    },
                    Kind::kRun, ActionKind::kUninstallRemediation,
                    History::kTruncate, ""},
        DecisionRow{"FailedUpgradeRollsBack",
                    [](World& w) {
                      SetRetries(w, 1);
                      w.Fail("upgrade", 2);
                      w.observation.rollback_target =
                          Observation::Target::kGood;
                    },
                    Kind::kRun, ActionKind::kRollback, History::kTruncate, ""},
        DecisionRow{"FailedUpgradeWithUnfitTarget",
                    [](World& w) {
                      SetRetries(w, 1);
                      w.Fail("upgrade", 1);
                      w.observation.rollback_target =
                          Observation::Target::kUnfit;
                    },
                    Kind::kRun, ActionKind::kUpgrade, History::kTruncate, ""},
        DecisionRow{"FailedUpgradeWithoutTarget",
                    [](World& w) {
                      SetRetries(w, 1);
                      w.Fail("upgrade", 1);
                    },
                    Kind::kNoTarget, kNone, History::kTruncate,
                    "missing target release for rollback: cannot remediate "
                    "failed release"},
        DecisionRow{"FailedUpgradeUninstalls",
                    [](World& w) {
                      SetRetries(w, 1);
                      w.plan.spec.mutable_upgrade()
                          ->mutable_remediation()
                          ->set_strategy("uninstall");
                      w.Fail("upgrade", 1);
                    },
                    Kind::kRun, ActionKind::kUninstallRemediation,
                    History::kTruncate, ""},
        DecisionRow{
            "Unknown",
            [](World& w) { w.observation.newest->status = "superseded"; },
            Kind::kRetry, kNone, History::kKeep,
            "Could not determine release state: unable to determine "
            "state for release with status 'superseded'"}),
    [](const auto& info) { return std::string(info.param.name); });

// retries: 0 counts the first failure; the remediation of an install is not
// one of an upgrade.
TEST(RemediationTest, CountsByAction) {
  World world;
  world.status.set_install_failures(1);
  EXPECT_TRUE(InstallRemediation(world.plan, world.status).is_exhausted());
  EXPECT_FALSE(UpgradeRemediation(world.plan, world.status).is_exhausted());
  EXPECT_FALSE(InstallRemediation(world.plan, world.status)
                   .is_uninstall_after_upgrade());
}

}  // namespace
}  // namespace weir::helm_controller
