// ReceiverPlan is a Receiver as hooks are handled by it: its spec, read and
// compiled once for all of them.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "src/receivers/receiver_type.h"
#include "src/receivers/tokens.h"
#include "weir/base/secret.h"
#include "weir/cel/cel.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

inline constexpr char kInvalidCelExpression[] = "InvalidCELExpression";
inline constexpr char kValidationFailed[] = "ValidationFailed";

// One entry of spec.resources.
struct Target {
  kube::GroupVersionKind gvk;
  kube::ObjectKey key;  // The name "*": all that have the labels.
  // Nothing: spec.matchLabels is not set.
  std::optional<std::map<std::string, std::string>> labels;
  std::shared_ptr<const cel::Program> filter;  // Null: none.
  // Why no object of it can be reconciled.
  absl::Status refusal;

  bool is_many() const { return key.name == "*"; }
};

struct ReceiverPlan {
  kube::ObjectKey key;
  std::string uid;
  int64_t generation = 0;
  const ReceiverType* type = nullptr;  // Null: there is no such type.
  bool is_suspended = false;
  std::optional<std::string> secret;  // The name of its Secret.
  std::vector<std::string> events;
  absl::Duration interval = absl::Minutes(10);
  std::shared_ptr<const cel::Program> filter;  // Null: none.
  std::vector<Target> targets;
  std::vector<TokenRules> issuers;

  // What is wrong with the spec: nothing is done by this plan then.
  struct Problem {
    const char* reason;  // kInvalidCelExpression or kValidationFailed.
    std::string message;
  };
  std::optional<Problem> problem;

  // Whether a filter looks at the body.
  bool has_filter() const;
};

struct PlanRules {
  bool no_cross_namespace_refs = false;
};

std::shared_ptr<const ReceiverPlan> MakePlan(const Value& receiver,
                                             const PlanRules& rules);

// "/hook/<hex>", where hooks for it are sent.
std::string WebhookPath(const Secret& token, const kube::ObjectKey& key);

}  // namespace weir::notification_controller
