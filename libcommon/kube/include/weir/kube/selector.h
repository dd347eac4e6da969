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
  enum class Operator {
    kIn,
    kNotIn,
    kExists,
    kNotExists,
    kGreaterThan,
    kLessThan,
  } op;
  std::string key;
  // Sorted. One for "=", "==", "!=", ">" and "<"; none for existence.
  std::vector<std::string> values;
};

class LabelSelector {
 public:
  LabelSelector() = default;  // Matches all.
  // "a=b,c!=d,e in (f,g),!h". Errors: kInvalidArgument with Kubernetes' text.
  static absl::StatusOr<LabelSelector> Parse(absl::string_view text);
  // From a LabelSelector object: matchLabels, matchExpressions. As everywhere
  // in Kubernetes, an absent one (null) matches nothing, an empty one all.
  static absl::StatusOr<LabelSelector> FromValue(const Value& selector);
  static LabelSelector Nothing();

  // `labels`: an object of strings; null is empty.
  bool Matches(const Value& labels) const;
  bool empty() const { return requirements_.empty() && !matches_nothing_; }
  const std::vector<Requirement>& requirements() const { return requirements_; }
  std::string ToString() const;

 private:
  std::vector<Requirement> requirements_;
  bool matches_nothing_ = false;
};

// "a.b=c,d.e!=f". Errors: kInvalidArgument.
absl::StatusOr<std::vector<Requirement>> ParseFieldSelector(
    absl::string_view text);

}  // namespace weir::kube
