// Variables: values of fields, put where "$(NAME)" stands.
//
// Touches: nothing.
// Threads: one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/load/kustomization.h"
#include "src/model/res_map.h"
#include "src/refer/transformer_config.h"

namespace weir::kustomize {

// Marks the objects that the variables are about, and adds the variables to
// `all`. Errors: kFailedPrecondition for ambiguous objects and equal names.
absl::Status BindVariables(const std::vector<VarSpec>& added,
                           const ResMap& objects, std::vector<VarSpec>* all);
absl::Status MergeVariables(std::vector<VarSpec> added,
                            std::vector<VarSpec>* all);

// As upstream prints a list of them.
std::string DescribeVariables(const std::vector<VarSpec>& variables);

// Replaces them in the fields that `specs` name. Returns the names of those
// that stand nowhere, sorted.
absl::StatusOr<std::vector<std::string>> ResolveVariables(
    std::vector<VarSpec> variables, const FieldSpecs& specs, ResMap* objects);

}  // namespace weir::kustomize
