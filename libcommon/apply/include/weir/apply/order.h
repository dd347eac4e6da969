// The order in which objects are applied, and its stages.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <set>
#include <vector>

#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::apply {

// Position of a kind within a stage; equal for kinds with no place of their
// own.
int KindRank(const kube::GroupVersionKind& gvk);

// By rank, then group, kind, namespace, name.
bool AppliesBefore(const kube::ObjectRef& a, const kube::ObjectRef& b);

enum class Stage {
  kDefinitions,  // CRDs, Namespaces, ClusterRoles; then wait.
  kClasses,      // Kinds ending in "Class"; then wait.
  kCustom,       // Kinds that the operator named.
  kRest,
};
inline constexpr int kStageCount = 4;

Stage StageOf(const kube::GroupVersionKind& gvk,
              const std::set<kube::GroupKind>& custom_kinds);

}  // namespace weir::apply
