// `patchesJson6902`: JSON operations on the objects with a name.

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/merge/json6902.h"
#include "src/transform/apply_patch.h"
#include "src/transform/configuration_error.h"
#include "src/transform/patches.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

// What is YAML becomes JSON first. Unchanged where it is no YAML.
std::string ShownJson(const std::string& text) {
  if (absl::StartsWith(text, "[")) return text;
  const absl::StatusOr<Value> yaml = ParseYaml(text);
  if (!yaml.ok()) return text;
  JsonFormatOptions options;
  options.escape_html = true;
  return FormatJson(*yaml, options);
}

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
  WEIR_RETURN_IF_ERROR(CheckPatchSize(text));
  absl::StatusOr<std::vector<Value>> parsed = ParseJson6902(text);
  if (!parsed.ok()) {
    if (!absl::StartsWith(text, "[") && !ParseYaml(text).ok()) {
      return parsed.status();
    }
    return Annotate(parsed.status(),
                    absl::StrCat("decoding ", ShownJson(text)));
  }
  std::vector<Value> operations = *std::move(parsed);
  if (operations.empty()) {
    return BuildError(absl::StrCat("patch appears to be empty; file=",
                                   spec.path, ", JsonOp=", ShownJson(text)));
  }
  return Transformer(
      [target = *spec.target, list = std::move(operations)](ResMap* objects) {
        return ApplyJson(list, target, false, objects);
      });
}

}  // namespace

absl::StatusOr<Transformer> MakeJson6902Transformer(const PatchSpec& spec,
                                                    const Loader& loader,
                                                    const Value* plugin) {
  absl::StatusOr<Transformer> made = ConfigureJson6902(spec, loader);
  if (made.ok() || plugin != nullptr) return made;
  return ConfigurationError("PatchJson6902Transformer",
                            DescribePatch(spec, "jsonOp"), made.status());
}

}  // namespace weir::kustomize
