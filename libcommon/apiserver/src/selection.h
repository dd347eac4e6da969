// Selection decides which objects of a list or watch are wanted: by labels,
// by the fields that a kind offers, by name.
//
// Touches: nothing.
// Threads: immutable once parsed.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kinds.h"
#include "weir/kube/selector.h"
#include "weir/value/value.h"

namespace weir::apiserver {

class Selection {
 public:
  Selection() = default;  // Everything.
  // `name`: of one object; empty: any. Errors: 400.
  static absl::StatusOr<Selection> Parse(const KindInfo& kind,
                                         absl::string_view labels,
                                         absl::string_view fields,
                                         absl::string_view name = "");

  // `stored`: an object in the version that is stored.
  bool Matches(const Value& stored) const;
  bool is_everything() const { return labels_.empty() && fields_.empty(); }
  // The one name that can match; empty: many may.
  const std::string& name() const { return name_; }

 private:
  kube::LabelSelector labels_;
  std::vector<kube::Requirement> fields_;
  std::string name_;
};

}  // namespace weir::apiserver
