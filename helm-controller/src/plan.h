// Plan is what a HelmRelease's spec asks for, with defaults filled in.
//
// Touches: nothing.
// Threads: values and pure functions.
// Source: helm-controller.md, section 1.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/apply/health_rules.h"
#include "weir/apply/ignore_rules.h"
#include "weir/artifact/artifact.h"
#include "weir/helm/v2/helmrelease.pb.h"
#include "weir/kube/types.h"
#include "weir/reconcile/flags.h"
#include "weir/reconcile/target_clusters.h"
#include "weir/value/value.h"

namespace weir::helm_controller {

using Spec = weir::helm::v2::HelmReleaseSpec;
using Status = weir::helm::v2::HelmReleaseStatus;
using Snapshot = weir::helm::v2::Snapshot;

inline constexpr char kComponent[] = "helm-controller";
inline constexpr char kGroup[] = "helm.toolkit.fluxcd.io";

kube::GroupVersionKind HelmReleaseKind();

// What a release goes through.
enum class ActionKind {
  kInstall,
  kUpgrade,
  kTest,
  kRollback,
  kUninstall,
  kUninstallRemediation,
  kUnlock,
  kCorrectDrift,
};
// As messages have it: "install", "upgrade", "test", "rollback", "uninstall",
// "unlock", "correct cluster drift".
const char* ActionName(ActionKind kind);

struct Plan {
  kube::ObjectKey key;
  int64_t generation = 0;
  std::string requested_at;  // Annotations; "" when absent.
  std::string force_at;
  std::string reset_at;
  Spec spec;
  Value object;  // The HelmRelease itself, for expressions.

  // "<targetNamespace>-<name>" and the like, as the user has it, and as Helm
  // takes it: at most 53 characters.
  std::string full_release_name;
  std::string release_name;
  std::string release_namespace;
  std::string storage_namespace;
  // The source of the chart. Of spec.chart it is the HelmChart that is made.
  artifact::SourceKey source;
  std::vector<kube::ObjectKey> dependencies;
  absl::Duration interval;
  absl::Duration timeout;
  int max_history = 5;
  Value values;  // spec.values, an object.
  apply::HealthRules health_rules;
  apply::IgnoreRules drift_ignore;
  bool retries_by_default = false;  // Gate DefaultToRetryOnFailure.
  // Gate UseHelm3Defaults: what the spec does not say is as in Helm 3.
  bool uses_helm3_defaults = false;

  absl::Duration TimeoutOf(ActionKind kind) const;
  bool detects_drift() const;
  // waitStrategy "legacy".
  bool waits_as_helm3() const {
    const std::string& name = spec.wait_strategy().name();
    return name.empty() ? uses_helm3_defaults : name == "legacy";
  }
  // Whether an action applies on the server. `last`: whether the release did
  // that an upgrade follows, or that a rollback goes back to.
  bool applies_on_server(ActionKind kind, bool last) const;
};

// Errors: kInvalidArgument when the spec cannot be read: a duration or an
// ignore rule is malformed, or there is not exactly one of chart and chartRef.
absl::StatusOr<Plan> MakePlan(const Value& object,
                              const weir::helm::v2::HelmRelease& message);

// The rules of healthCheckExprs. Errors: kInvalidArgument.
absl::StatusOr<apply::HealthRules> HealthRulesOf(const Spec& spec);

// A release name of at most 53 characters: of a longer one the first 40, "-",
// and the first 12 hex digits of its SHA-256.
std::string ShortenReleaseName(const std::string& name);

// "<namespace>-<name>": the name of the HelmChart that spec.chart asks for.
std::string HelmChartName(const kube::ObjectKey& release);

// Labels of what belongs to a HelmRelease.
Value OriginLabels(const kube::ObjectKey& release);
std::string OriginNameLabel();

// Where it is released, and as whom.
reconcile::TargetRef TargetRefOf(const reconcile::CommonFlags& flags,
                                 const Plan& plan);

// The references of an object's spec, as far as they can be read: for the
// index of who is concerned by what.
struct References {
  artifact::SourceKey source;
  std::vector<kube::ObjectKey> dependencies;
  // ConfigMaps and Secrets: of values, of a kubeconfig.
  std::vector<kube::ObjectRef> configs;
  kube::ObjectKey storage;  // Namespace and name of the release.
};
References ReferencesOf(const Value& object);

}  // namespace weir::helm_controller
