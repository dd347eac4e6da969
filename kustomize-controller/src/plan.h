// Plan is what a Kustomization's spec asks for, with defaults filled in.
//
// Touches: nothing.
// Threads: values and pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/apply/health_rules.h"
#include "weir/apply/ignore_rules.h"
#include "weir/apply/inventory.h"
#include "weir/artifact/artifact.h"
#include "weir/kube/types.h"
#include "weir/kustomize/build.h"
#include "weir/kustomize/v1/kustomization.pb.h"
#include "weir/reconcile/flags.h"
#include "weir/reconcile/target_clusters.h"
#include "weir/value/value.h"

namespace weir::kustomize_controller {

inline constexpr char kComponent[] = "kustomize-controller";
inline constexpr char kGroup[] = "kustomize.toolkit.fluxcd.io";
inline constexpr char kStatusManager[] = "gotk-kustomize-controller";

kube::GroupVersionKind KustomizationKind();

struct Plan {
  kube::ObjectKey key;
  int64_t generation = 0;
  std::string requested_at;
  weir::kustomize::v1::KustomizationSpec spec;
  artifact::SourceKey source;
  std::vector<kube::ObjectKey> dependencies;
  absl::Duration interval;
  absl::Duration retry_interval;
  absl::Duration timeout;
  apply::IgnoreRules ignore;
  apply::HealthRules health_rules;
  Value object;  // The Kustomization itself, for expressions.
};

// Errors: kInvalidArgument when the spec cannot be read, a duration or an
// ignore rule is malformed.
absl::StatusOr<Plan> MakePlan(
    const Value& object, const weir::kustomize::v1::Kustomization& message);

// The rules of healthCheckExprs. Errors: kInvalidArgument.
absl::StatusOr<apply::HealthRules> HealthRulesOf(
    const weir::kustomize::v1::KustomizationSpec& spec);

// What the engine lays over the kustomization file.
weir::kustomize::FluxOverrides OverridesOf(
    const weir::kustomize::v1::KustomizationSpec& spec);

// Labels that mark an object as owned.
Value OwnerLabels(const kube::ObjectKey& owner);
std::string OwnerNameLabel();

// Whether deletion removes the objects of the inventory.
bool DeletesObjects(const weir::kustomize::v1::KustomizationSpec& spec);

std::vector<apply::InventoryEntry> InventoryOf(
    const weir::kustomize::v1::KustomizationStatus& status);
void SetInventory(const std::vector<apply::InventoryEntry>& entries,
                  weir::kustomize::v1::KustomizationStatus* status);

// "GitRepository/ns/name".
std::string FormatSource(const artifact::SourceKey& source);

// Where it is applied, and as whom.
reconcile::TargetRef TargetRefOf(
    const reconcile::CommonFlags& flags, const kube::ObjectKey& key,
    const weir::kustomize::v1::KustomizationSpec& spec);

// The references of an object's spec, as far as they can be read: for the
// index of who is concerned by what.
struct References {
  artifact::SourceKey source;
  std::vector<kube::ObjectKey> dependencies;
  // ConfigMaps and Secrets: of variables, of a kubeconfig.
  std::vector<kube::ObjectRef> configs;
};
References ReferencesOf(const Value& object);

}  // namespace weir::kustomize_controller
