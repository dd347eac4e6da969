// Label and field selectors, as kubectl's -l and --field-selector.
//
// Touches: nothing.
// Threads: immutable once parsed.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::kube {

struct Requirement {
  enum class Operator { kIn, kNotIn, kExists, kNotExists } op;
  std::string key;
  std::vector<std::string> values;  // One for "=", "==" and "!=".
};

class LabelSelector {
 public:
  LabelSelector() = default;  // Matches all.
  // "a=b,c!=d,e in (f,g),!h". Errors: kInvalidArgument with Kubernetes' text.
  static absl::StatusOr<LabelSelector> Parse(absl::string_view text);
  // From a LabelSelector object: matchLabels, matchExpressions.
  static absl::StatusOr<LabelSelector> FromValue(const Value& selector);

  // `labels`: an object of strings; null is empty.
  bool Matches(const Value& labels) const;
  bool empty() const { return requirements_.empty(); }
  const std::vector<Requirement>& requirements() const {
    return requirements_;
  }
  std::string ToString() const;

 private:
  std::vector<Requirement> requirements_;
};

// "a.b=c,d.e!=f". Errors: kInvalidArgument.
absl::StatusOr<std::vector<Requirement>> ParseFieldSelector(
    absl::string_view text);

}  // namespace weir::kube
