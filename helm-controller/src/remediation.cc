#include "src/remediation.h"

#include <string>

#include "weir/base/duration.h"

namespace weir::helm_controller {
namespace {

constexpr char kInstallAction[] = "install";
constexpr char kUpgradeAction[] = "upgrade";
constexpr absl::Duration kRetryInterval = absl::Minutes(5);

template <typename Settings>
void Fill(const Plan& plan, const Settings& settings, Remediation* out) {
  out->retries = settings.retries();
  out->ignores_tests = settings.has_ignore_test_failures()
                           ? settings.ignore_test_failures()
                           : plan.spec.test().ignore_failures();
}

template <typename Action>
std::optional<absl::Duration> RetryOf(const Plan& plan, const Action& action) {
  const bool retries = action.has_strategy()
                           ? action.strategy().name() == "RetryOnFailure"
                           : plan.retries_by_default;
  if (!retries) return std::nullopt;
  const std::string& interval = action.strategy().retry_interval();
  return interval.empty() ? kRetryInterval
                          : ParseGoDuration(interval).value_or(kRetryInterval);
}

}  // namespace

Remediation InstallRemediation(const Plan& plan, const Status& status) {
  const auto& settings = plan.spec.install().remediation();
  Remediation out;
  Fill(plan, settings, &out);
  out.failures = status.install_failures();
  out.undoes_last_failure = settings.remediate_last_failure();
  out.uninstalls = true;
  return out;
}

Remediation UpgradeRemediation(const Plan& plan, const Status& status) {
  const auto& settings = plan.spec.upgrade().remediation();
  Remediation out;
  Fill(plan, settings, &out);
  out.failures = status.upgrade_failures();
  out.undoes_last_failure = settings.has_remediate_last_failure()
                                ? settings.remediate_last_failure()
                                : settings.retries() > 0;
  out.uninstalls = settings.strategy() == "uninstall";
  out.is_of_upgrade = true;
  return out;
}

std::optional<Remediation> ActiveRemediation(const Plan& plan,
                                             const Status& status) {
  if (status.last_attempted_release_action() == kInstallAction) {
    return InstallRemediation(plan, status);
  }
  if (status.last_attempted_release_action() == kUpgradeAction) {
    return UpgradeRemediation(plan, status);
  }
  return std::nullopt;
}

bool IgnoresTests(const Plan& plan, const Status& status) {
  const auto remediation = ActiveRemediation(plan, status);
  return remediation.has_value() ? remediation->ignores_tests
                                 : plan.spec.test().ignore_failures();
}

std::optional<absl::Duration> InstallRetry(const Plan& plan) {
  return RetryOf(plan, plan.spec.install());
}

std::optional<absl::Duration> UpgradeRetry(const Plan& plan) {
  return RetryOf(plan, plan.spec.upgrade());
}

std::optional<absl::Duration> ActiveRetry(const Plan& plan,
                                          const Status& status) {
  if (status.last_attempted_release_action() == kInstallAction) {
    return InstallRetry(plan);
  }
  if (status.last_attempted_release_action() == kUpgradeAction) {
    return UpgradeRetry(plan);
  }
  return std::nullopt;
}

void ClearFailures(Status* status) {
  status->clear_failures();
  status->clear_install_failures();
  status->clear_upgrade_failures();
}

void CountFailure(Status* status) {
  if (status->last_attempted_release_action() == kInstallAction) {
    status->set_install_failures(status->install_failures() + 1);
  } else if (status->last_attempted_release_action() == kUpgradeAction) {
    status->set_upgrade_failures(status->upgrade_failures() + 1);
  }
}

}  // namespace weir::helm_controller
