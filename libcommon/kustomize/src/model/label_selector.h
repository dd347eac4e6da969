// LabelSelector chooses objects by their labels or annotations, in Kubernetes'
// words: "a=b,c!=d,e in (f,g),!h,i".
//
// Touches: nothing.
// Threads: immutable once parsed; safe to share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/model/resource.h"

namespace weir::kustomize {

class LabelSelector {
 public:
  LabelSelector() = default;
  // A mistake in the text is told by the first match that is asked for, as
  // upstream tells it.
  explicit LabelSelector(absl::string_view text);

  // Whether the object's labels, or annotations, match.
  absl::StatusOr<bool> Matches(const Resource& resource,
                               absl::string_view field) const;

  struct Requirement {
    enum class Op { kIn, kNotIn, kExists, kAbsent, kGreater, kLess };
    Op op = Op::kExists;
    std::string key;
    std::vector<std::string> values;
    int64_t limit = 0;
  };

 private:
  std::vector<Requirement> requirements_;
  absl::Status error_;
};

}  // namespace weir::kustomize
