// Fields of applied objects that others may change: drift-ignore rules.
//
// Touches: nothing.
// Threads: immutable once made.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/value/value.h"

namespace weir::apply {

// Selects objects as patches' targets do: each given field is an anchored
// regular expression (group, version, kind, name, namespace) or a label
// selector (labelSelector, annotationSelector).
class ObjectSelector {
 public:
  // Errors: kInvalidArgument for a bad expression or selector.
  static absl::StatusOr<ObjectSelector> FromValue(const Value& target);
  bool Matches(const Value& object) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;  // Null matches everything.
};

class IgnoreRules {
 public:
  IgnoreRules() = default;
  // A list of {paths: [JSON pointer], target: selector}.
  // Errors: kInvalidArgument naming the rule.
  static absl::StatusOr<IgnoreRules> FromValue(const Value& rules);

  bool empty() const { return rules_.empty(); }
  // Paths, as pointer tokens, that are ignored in `object`.
  std::vector<std::vector<std::string>> PathsFor(const Value& object) const;

 private:
  struct Rule {
    ObjectSelector selector;
    std::vector<std::vector<std::string>> paths;
  };
  std::vector<Rule> rules_;
};

// Makes `desired` agree with `live` on the ignored paths: a differing path
// that another manager owns by server-side apply leaves the payload, any
// other takes the live value.
void AdoptIgnoredPaths(const std::vector<std::vector<std::string>>& paths,
                       const Value& live, const std::string& field_manager,
                       Value& desired);

// Whether two states of an object differ in what an apply sets (labels,
// annotations, all but the other metadata and the status), the ignored paths
// aside.
bool DiffersBeyond(const std::vector<std::vector<std::string>>& paths, Value a,
                   Value b);

}  // namespace weir::apply
