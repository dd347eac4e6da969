// What a manifest that changed makes of the object that is there: the merge of
// client-side apply.
//
// Touches: nothing.
// Threads: pure functions.
// Source: k8s.io/apimachinery, strategicpatch.CreateThreeWayMergePatch, and
// Helm v4.2, pkg/kube/client.go.
#pragma once

#include "weir/value/value.h"

namespace weir::kustomize {

struct ThreeWayMergeOptions {
  // Objects of kinds that are not built into Kubernetes are compared with what
  // is there. Otherwise only what differs between the manifests changes.
  bool looks_at_custom_objects = false;
};

// `original`: the object as the manifest had it before; `modified`: as it has
// it now; `live`: as it is. Gives it as it is to be: with all that `modified`
// says, without what only `original` said, and with what neither speaks of.
// Lists of builtin kinds that merge by a key are merged element by element,
// all others replaced.
Value MergeThreeWay(const Value& original, const Value& modified,
                    const Value& live,
                    const ThreeWayMergeOptions& options = {});

}  // namespace weir::kustomize
