#include "src/report.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "src/remediation.h"
#include "weir/crypto/digest.h"

namespace weir::helm_controller {
namespace {

using reconcile::Severity;

constexpr char kInstallSucceeded[] = "InstallSucceeded";
constexpr char kInstallFailed[] = "InstallFailed";
constexpr char kUpgradeSucceeded[] = "UpgradeSucceeded";
constexpr char kUpgradeFailed[] = "UpgradeFailed";
constexpr char kTestSucceeded[] = "TestSucceeded";
constexpr char kTestFailed[] = "TestFailed";
constexpr char kRollbackSucceeded[] = "RollbackSucceeded";
constexpr char kRollbackFailed[] = "RollbackFailed";
constexpr char kPendingRelease[] = "PendingRelease";
constexpr char kAwaitingTests[] = "AwaitingTests";

std::string Text(const absl::Status& error) {
  return std::string(absl::StripAsciiWhitespace(error.message()));
}

// "release ns/app.v1 with chart demo@1.0.0"
std::string Subject(const Snapshot& snapshot) {
  return absl::StrCat("release ", FullReleaseName(snapshot), " with chart ",
                      VersionedChartName(snapshot));
}

std::string SuccessMessage(ActionKind kind, const Snapshot& snapshot) {
  return absl::StrCat("Helm ", ActionName(kind), " succeeded for ",
                      Subject(snapshot));
}

}  // namespace

void Report::Emit(Severity severity, const std::string& reason,
                  const std::string& message, const Snapshot* snapshot) {
  reconcile::Event event;
  event.object = draft_.object();
  event.severity = severity;
  event.reason = reason;
  event.message = message;
  const auto add = [&](absl::string_view key, const std::string& value) {
    if (!value.empty()) event.metadata[absl::StrCat(kGroup, "/", key)] = value;
  };
  if (snapshot != nullptr) {
    add("revision", snapshot->chart_version());
    add("token", snapshot->config_digest());
    add("app-version", snapshot->app_version());
    add("oci-digest", snapshot->oci_digest());
  }
  events_.Emit(kComponent, std::move(event));
}

void Report::CountFailed() {
  draft_.status().set_failures(draft_.status().failures() + 1);
}

void Report::Fail(const char* type, const char* reason,
                  const std::string& message, const Snapshot* snapshot,
                  const HelmLog& log) {
  CountFailed();
  draft_.conditions().MarkFalse(type, reason, message);
  Emit(Severity::kError, reason,
       log.empty()
           ? message
           : absl::StrCat(message, "\n\nLast Helm logs:\n\n", log.ToString()),
       snapshot);
}

void Report::ReleaseSucceeded(ActionKind kind) {
  const Snapshot* snapshot = latest();
  if (snapshot == nullptr) return;
  const bool is_install = kind == ActionKind::kInstall;
  const char* reason = is_install ? kInstallSucceeded : kUpgradeSucceeded;
  const std::string message = SuccessMessage(kind, *snapshot);
  draft_.conditions().MarkTrue(kReleased, reason, message);
  if (plan_.spec.test().enable() && !HasBeenTested(*snapshot)) {
    draft_.conditions().MarkUnknown(
        kTestSuccess, kAwaitingTests,
        absl::StrCat("Helm ", Subject(*snapshot), " is awaiting tests"));
  }
  const auto retry = is_install ? InstallRetry(plan_) : UpgradeRetry(plan_);
  if (retry.has_value()) ClearFailures(&draft_.status());
  Emit(Severity::kInfo, reason, message, snapshot);
}

void Report::ReleaseFailed(ActionKind kind, const Snapshot& wanted,
                           const absl::Status& error, const HelmLog& log) {
  const bool is_install = kind == ActionKind::kInstall;
  Fail(kReleased, is_install ? kInstallFailed : kUpgradeFailed,
       absl::StrCat("Helm ", ActionName(kind), " failed for release ",
                    plan_.release_namespace, "/", plan_.full_release_name,
                    " with chart ", VersionedChartName(wanted), ": ",
                    Text(error)),
       &wanted, log);
}

void Report::TestSucceeded() {
  const Snapshot* snapshot = latest();
  if (snapshot == nullptr) return;
  const size_t count = snapshot->test_hooks().hooks().size();
  const std::string what =
      count == 0 ? "no test hooks"
                 : absl::StrCat(count, " test hook", count > 1 ? "s" : "",
                                " completed successfully");
  const std::string message =
      absl::StrCat(SuccessMessage(ActionKind::kTest, *snapshot), ": ", what);
  draft_.conditions().MarkTrue(kTestSuccess, kTestSucceeded, message);
  Emit(Severity::kInfo, kTestSucceeded, message, snapshot);
}

void Report::TestFailed(const absl::Status& error) {
  const Snapshot* snapshot = latest();
  if (snapshot == nullptr) return;
  Fail(kTestSuccess, kTestFailed,
       absl::StrCat("Helm test failed for ", Subject(*snapshot), ": ",
                    Text(error)),
       snapshot, HelmLog());
}

void Report::RollbackSucceeded(const Snapshot& target) {
  const std::string message =
      absl::StrCat("Helm rollback to previous ", Subject(target), " succeeded");
  draft_.conditions().MarkTrue(kRemediated, kRollbackSucceeded, message);
  Emit(Severity::kInfo, kRollbackSucceeded, message, &target);
}

void Report::RollbackFailed(const Snapshot& target, const absl::Status& error,
                            const HelmLog& log) {
  Fail(kRemediated, kRollbackFailed,
       absl::StrCat("Helm rollback to previous ", Subject(target),
                    " failed: ", Text(error)),
       &target, log);
}

void Report::UninstallEnded(const absl::Status& error, const HelmLog& log) {
  const Snapshot* snapshot = latest();
  if (snapshot == nullptr) return;
  if (!error.ok()) {
    Fail(kReleased, kUninstallFailed,
         absl::StrCat("Helm uninstall failed for ", Subject(*snapshot), ": ",
                      Text(error)),
         snapshot, log);
    return;
  }
  draft_.status().clear_inventory();
  const std::string message = SuccessMessage(ActionKind::kUninstall, *snapshot);
  draft_.conditions().MarkFalse(kReleased, kUninstallSucceeded, message);
  Emit(Severity::kInfo, kUninstallSucceeded, message, snapshot);
}

void Report::UninstallRemediationEnded(const absl::Status& error,
                                       const HelmLog& log) {
  const Snapshot* snapshot = latest();
  if (snapshot == nullptr) return;
  const std::string what =
      absl::StrCat("Helm uninstall remediation for ", Subject(*snapshot));
  if (!error.ok()) {
    Fail(kRemediated, kUninstallFailed,
         absl::StrCat(what, " failed: ", Text(error)), snapshot, log);
    return;
  }
  const std::string message = absl::StrCat(what, " succeeded");
  draft_.conditions().MarkTrue(kRemediated, kUninstallSucceeded, message);
  Emit(Severity::kInfo, kUninstallSucceeded, message, snapshot);
}

void Report::Unlocked(const Snapshot& snapshot, const std::string& status) {
  const std::string message = absl::StrCat("Unlocked Helm ", Subject(snapshot),
                                           " in ", status, " state");
  draft_.conditions().MarkFalse(kReleased, kPendingRelease, message);
  Emit(Severity::kInfo, kPendingRelease, message, &snapshot);
}

void Report::SettleRemediation() {
  const Snapshot* snapshot = latest();
  reconcile::Conditions conditions = draft_.conditions();
  if (snapshot == nullptr || !conditions.IsTrue(kRemediated)) return;
  const std::string since =
      conditions.Find(kRemediated)->last_transition_time();
  conditions.Delete(kRemediated);
  conditions.Delete(kReleased);
  conditions.MarkTrue(kReleased, kUpgradeSucceeded,
                      SuccessMessage(ActionKind::kUpgrade, *snapshot));
  for (auto& condition : *draft_.status().mutable_conditions()) {
    if (condition.type() == kReleased) {
      condition.set_last_transition_time(since);
    }
  }
}

void Report::SettleFailure() {
  const Snapshot* snapshot = latest();
  reconcile::Conditions conditions = draft_.conditions();
  if (snapshot == nullptr ||
      (conditions.IsTrue(reconcile::kReady) && conditions.IsTrue(kReleased))) {
    return;
  }
  const std::string reason = conditions.Reason(kReleased);
  if (reason == kInstallFailed) {
    conditions.MarkTrue(kReleased, kInstallSucceeded,
                        SuccessMessage(ActionKind::kInstall, *snapshot));
  } else if (reason == kUpgradeFailed) {
    conditions.MarkTrue(kReleased, kUpgradeSucceeded,
                        SuccessMessage(ActionKind::kUpgrade, *snapshot));
  }
}

void Report::Summarize() {
  reconcile::Conditions conditions = draft_.conditions();
  std::vector<const char*> types = {kRemediated};
  const auto& test = plan_.spec.test();
  if (!test.enable()) conditions.Delete(kTestSuccess);
  if (test.enable() && !test.ignore_failures()) types.push_back(kTestSuccess);
  types.push_back(kReleased);
  const meta::v1::Condition* top = nullptr;
  for (const char* type : types) {
    const meta::v1::Condition* one = conditions.Find(type);
    if (one != nullptr && (top == nullptr || one->observed_generation() >
                                                 top->observed_generation())) {
      top = one;
    }
  }
  const auto algorithm = crypto::DigestAlgorithm::kSha256;
  const auto note = [](std::string digest, auto set, auto clear) {
    if (digest.empty()) {
      clear();
    } else {
      set(std::move(digest));
    }
  };
  Status& status = draft_.status();
  note(
      DigestOfPostRenderers(plan_.spec, algorithm),
      [&](std::string d) { status.set_observed_post_renderers_digest(d); },
      [&] { status.clear_observed_post_renderers_digest(); });
  note(
      DigestOfCommonMetadata(plan_.spec, algorithm),
      [&](std::string d) { status.set_observed_common_metadata_digest(d); },
      [&] { status.clear_observed_common_metadata_digest(); });
  if (top == nullptr) return;
  // Whatever was remediated is no success.
  const std::string state =
      top->type() == kRemediated ? reconcile::kFalse : top->status();
  const std::string reason = top->reason();
  const std::string message = top->message();
  if (state == reconcile::kTrue) conditions.Delete(reconcile::kStalled);
  conditions.Set(reconcile::kReady, state, reason, message);
}

}  // namespace weir::helm_controller
