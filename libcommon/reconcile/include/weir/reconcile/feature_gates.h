// FeatureGates are the named switches of --feature-gates.
//
// Touches: nothing.
// Threads: as a value.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weir::reconcile {

class FeatureGates {
 public:
  FeatureGates() = default;
  // All gates that there are, with their defaults.
  explicit FeatureGates(std::map<std::string, bool> defaults);

  // "A=true,B=false". Errors, which change nothing: kFailedPrecondition
  // `feature-gate 'X' not supported`; kInvalidArgument, naming the value that
  // is no boolean.
  absl::Status Parse(absl::string_view text);

  // False for a gate that there is not.
  bool IsEnabled(absl::string_view name) const;
  void Set(const std::string& name, bool is_enabled);
  const std::map<std::string, bool>& gates() const { return gates_; }

 private:
  std::map<std::string, bool> gates_;
};

}  // namespace weir::reconcile
