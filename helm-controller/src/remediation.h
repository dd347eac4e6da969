// Remediation is what the spec says about failures, and how many there were.
//
// Touches: nothing.
// Threads: pure functions.
// Source: helm-controller.md, sections 1 and 6.2.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "src/plan.h"

namespace weir::helm_controller {

struct Remediation {
  int retries = 0;  // Negative: for ever.
  int64_t failures = 0;
  bool ignores_tests = false;
  bool undoes_last_failure = false;
  bool uninstalls = false;  // Else it rolls back.
  bool is_of_upgrade = false;

  bool is_exhausted() const { return retries >= 0 && failures > retries; }
  bool is_uninstall_after_upgrade() const {
    return uninstalls && is_of_upgrade;
  }
};

Remediation InstallRemediation(const Plan& plan, const Status& status);
Remediation UpgradeRemediation(const Plan& plan, const Status& status);
// Of the last action; nothing when there was none.
std::optional<Remediation> ActiveRemediation(const Plan& plan,
                                             const Status& status);
// Whether a test that fails is no failure of the release.
bool IgnoresTests(const Plan& plan, const Status& status);

// How soon the action is tried again where nothing is undone: the strategy
// RetryOnFailure. Nothing under the other strategy.
std::optional<absl::Duration> InstallRetry(const Plan& plan);
std::optional<absl::Duration> UpgradeRetry(const Plan& plan);
std::optional<absl::Duration> ActiveRetry(const Plan& plan,
                                          const Status& status);

void ClearFailures(Status* status);
// Counts one of the action that the status says was the last.
void CountFailure(Status* status);

}  // namespace weir::helm_controller
