// `patchesStrategicMerge`: patches that name their object.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/load/decode.h"
#include "src/transform/apply_patch.h"
#include "src/transform/configuration_error.h"
#include "src/transform/patches.h"
#include "weir/base/status.h"

namespace weir::kustomize {

absl::StatusOr<Transformer> MakeStrategicMergeTransformer(
    const std::vector<std::string>& paths, const std::string& text,
    const Loader& loader, const Schema* schema, const Value* plugin) {
  auto patches = std::make_shared<Patches>();
  auto add = [&](Patches more) {
    for (std::unique_ptr<Resource>& patch : more) {
      patches->push_back(std::move(patch));
    }
  };
  Value config = Value::MakeObject();
  for (const std::string& path : paths) {
    WEIR_RETURN_IF_ERROR(CheckPatchSize(path));
    config.Mutable("paths").Append(path);
  }
  if (!text.empty()) config.Set("patches", text);
  if (paths.empty() && text.empty()) {
    return BuildError("empty file path and empty patch content");
  }
  const auto trouble = [&](const absl::Status& status) {
    if (plugin != nullptr) return status;
    return ConfigurationError("PatchStrategicMergeTransformer", config, status);
  };
  for (const std::string& path : paths) {
    // Each is a text when it can be, else the name of a file.
    absl::StatusOr<Patches> decoded = DecodeResources(path, schema);
    if (!decoded.ok()) {
      absl::StatusOr<std::string> file = loader.Load(path);
      if (!file.ok()) return trouble(file.status());
      WEIR_RETURN_IF_ERROR(CheckPatchSize(*file));
      decoded = DecodeResources(*file, schema);
      if (!decoded.ok()) return trouble(InFile(decoded.status(), path));
    }
    add(*std::move(decoded));
  }
  if (!text.empty()) {
    absl::StatusOr<Patches> decoded = DecodeResources(text, schema);
    if (!decoded.ok()) return trouble(decoded.status());
    add(*std::move(decoded));
  }
  if (patches->empty()) {
    return trouble(
        BuildError(absl::StrCat("patch appears to be empty; files=[",
                                absl::StrJoin(paths, " "), "], Patch=", text)));
  }
  return Transformer([patches](ResMap* objects) -> absl::Status {
    WEIR_RETURN_IF_ERROR(objects->CheckPreviousIds());
    for (const std::unique_ptr<Resource>& patch : *patches) {
      WEIR_ASSIGN_OR_RETURN(Resource * target,
                            objects->FindPatchTarget(patch->OrgId()));
      WEIR_RETURN_IF_ERROR(ApplyStrategicMerge(PatchFor(*patch, *target), false,
                                               false, target, objects));
    }
    return absl::OkStatus();
  });
}

}  // namespace weir::kustomize
