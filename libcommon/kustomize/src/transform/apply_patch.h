// What the patch transformers share: a patch laid over one object, and how
// upstream shows a patch's entry in errors.
//
// Touches: nothing.
// Threads: one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "src/load/kustomization.h"
#include "src/model/res_map.h"
#include "src/model/resource.h"
#include "weir/value/value.h"

namespace weir::kustomize {

using Patches = std::vector<std::unique_ptr<Resource>>;

// Errors: kResourceExhausted for a text that is larger than any object may be.
absl::Status CheckPatchSize(absl::string_view text);
absl::Status ApplyStrategicMerge(const Value& patch, bool allow_name,
                                 bool allow_kind, Resource* target,
                                 ResMap* objects);
// A patch as it is laid over an object that was selected: its labels and
// annotations are text, its version is the object's.
Value PatchFor(const Resource& patch, const Resource& target);
// `remember`: whether what the objects were called before still names them.
absl::Status ApplyJson(const std::vector<Value>& operations,
                       const SelectorSpec& target, bool remember,
                       ResMap* objects);

// Upstream keeps what it knows of an object in its annotations, and so forgets
// it where all of them are replaced.
class BuildStateGuard {
 public:
  // `target` outlives this.
  explicit BuildStateGuard(Resource* target);
  // To be called when the change is done.
  void Finish();

 private:
  Resource* const target_;
  bool marked_ = false;
};

// The entry as upstream shows it in errors, its text under `patch_field`.
Value DescribePatch(const PatchSpec& spec, absl::string_view patch_field);

}  // namespace weir::kustomize
