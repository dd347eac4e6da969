// `patchesJson6902`: JSON operations on the objects with a name.

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/merge/json6902.h"
#include "src/transform/apply_patch.h"
#include "src/transform/configuration_error.h"
#include "src/transform/patches.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

absl::StatusOr<Transformer> ConfigureJson6902(const PatchSpec& spec,
                                              const Loader& loader) {
  if (!spec.target.has_value() || spec.target->name.empty()) {
    return BuildError("must specify the target name");
  }
  if (spec.path.empty() && spec.patch.empty()) {
    return BuildError("empty file path and empty jsonOp");
  }
  std::string text = spec.patch;
  if (!spec.path.empty()) {
    if (!text.empty()) {
      return BuildError("must specify a file path or jsonOp, not both");
    }
    WEIR_ASSIGN_OR_RETURN(text, loader.Load(spec.path));
    if (text.empty()) {
      return BuildError(
          absl::StrCat("patch file '", spec.path, "' empty seems to be empty"));
    }
  }
  WEIR_ASSIGN_OR_RETURN(std::vector<Value> operations, ParseJson6902(text),
                        "decoding ", text);
  if (operations.empty()) {
    return BuildError(absl::StrCat(
        "patch appears to be empty; file=", spec.path, ", JsonOp=", text));
  }
  return Transformer(
      [target = *spec.target, list = std::move(operations)](ResMap* objects) {
        return ApplyJson(list, target, false, objects);
      });
}

}  // namespace

absl::StatusOr<Transformer> MakeJson6902Transformer(const PatchSpec& spec,
                                                    const Loader& loader) {
  absl::StatusOr<Transformer> made = ConfigureJson6902(spec, loader);
  if (made.ok()) return made;
  return ConfigurationError("PatchJson6902Transformer",
                            DescribePatch(spec, "jsonOp"), made.status());
}

}  // namespace weir::kustomize
