// Variables: values of fields, put where "$(NAME)" stands.
//
// Touches: nothing.
// Threads: one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/load/kustomization.h"
#include "src/model/res_map.h"
#include "src/refer/transformer_config.h"

namespace weir::kustomize {

// Variables, each with a name of its own.
class VarSpecs {
 public:
  // Errors: kFailedPrecondition for a name that is there.
  absl::Status Add(std::vector<VarSpec> added);
  const std::vector<VarSpec>& list() const { return list_; }

 private:
  std::vector<VarSpec> list_;
  absl::flat_hash_set<std::string> names_;
};

// Marks the objects that the variables are about, and adds the variables to
// `all`. Errors: kFailedPrecondition for ambiguous objects and equal names.
absl::Status BindVariables(const std::vector<VarSpec>& added,
                           const ResMap& objects, VarSpecs* all);

// As upstream prints a list of them.
std::string DescribeVariables(const std::vector<VarSpec>& variables);

// Replaces them in the fields that `specs` name. Returns the names of those
// that stand nowhere, sorted.
absl::StatusOr<std::vector<std::string>> ResolveVariables(
    std::vector<VarSpec> variables, const FieldSpecs& specs, ResMap* objects);

}  // namespace weir::kustomize
