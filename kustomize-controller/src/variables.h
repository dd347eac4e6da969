// Variables of post-build substitution: from ConfigMaps, Secrets and the spec.
//
// Touches: network, through the client.
// Threads: pure functions.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "weir/kube/types.h"
#include "weir/kustomize/v1/kustomization.pb.h"
#include "weir/value/value.h"

namespace weir::kustomize_controller {

using Variables = std::map<std::string, std::string>;

// Reads one ConfigMap or Secret.
using ReadObject =
    std::function<absl::StatusOr<Value>(const kube::ObjectRef& ref)>;

// substituteFrom in order, later ones win, then substitute; newlines removed.
// Errors: those of `read`, as "substitute from 'ConfigMap/x' error: ..."; an
// optional reference may be absent.
absl::StatusOr<Variables> LoadVariables(
    const weir::kustomize::v1::PostBuild& post_build,
    const std::string& name_space, const ReadObject& read);

// A digest of names and values.
std::string DigestOf(const Variables& variables);

// Whether objects are to be substituted.
bool NeedsSubstitution(const weir::kustomize::v1::PostBuild& post_build,
                       const Variables& variables);

// The object after substitution. Errors: kFailedPrecondition with upstream's
// text, which names the object.
absl::StatusOr<Value> SubstituteVariables(const Value& object,
                                          const Variables& variables,
                                          bool is_strict);

}  // namespace weir::kustomize_controller
