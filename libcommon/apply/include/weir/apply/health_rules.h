// HealthRules tell the health of objects of some kinds by CEL expressions, in
// place of what ComputeHealth knows of those kinds.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/apply/health.h"
#include "weir/cel/cel.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::apply {

// What a user writes for a kind. Expressions see the object's top-level
// fields as variables; all but `current` may be empty.
struct CustomHealthCheck {
  std::string api_version;  // Only its group counts.
  std::string kind;         // Empty: all kinds of the group without a check.
  std::string current;
  std::string in_progress;
  std::string failed;
};

class HealthRule {
 public:
  // Errors: kInvalidArgument, with Flux's text.
  static absl::StatusOr<std::shared_ptr<const HealthRule>> Compile(
      const CustomHealthCheck& check);

  // kUnknown when an expression cannot be evaluated.
  Health Judge(const Value& object) const;

 private:
  using Program = std::shared_ptr<const cel::Program>;
  HealthRule() = default;

  Program in_progress_;  // Null: never.
  Program failed_;
  Program current_;
};

class HealthRules {
 public:
  HealthRules() = default;
  // Errors: kInvalidArgument, with Flux's text, when an expression is
  // malformed or two checks are of one kind.
  static absl::StatusOr<HealthRules> Compile(
      const std::vector<CustomHealthCheck>& checks);

  // The rule of the kind, or else of its group; null when there is none.
  // Jobs have none.
  std::shared_ptr<const HealthRule> Find(
      const kube::GroupVersionKind& gvk) const;

 private:
  std::map<kube::GroupKind, std::shared_ptr<const HealthRule>> rules_;
};

}  // namespace weir::apply
