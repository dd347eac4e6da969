// `patches`: each a strategic merge or a list of JSON operations.

#include "src/transform/patches.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/load/decode.h"
#include "src/merge/json6902.h"
#include "src/model/go_space.h"
#include "src/transform/apply_patch.h"
#include "src/transform/configuration_error.h"
#include "weir/base/status.h"
#include "weir/value/go_quote.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

absl::Status ApplyToSelected(const Resource& patch, const PatchSpec& spec,
                             ResMap* objects) {
  absl::StatusOr<std::vector<Resource*>> selected =
      objects->Select(*spec.target);
  if (!selected.ok()) {
    const SelectorSpec& t = *spec.target;
    ResId id{{t.group, t.version, t.kind}, t.name, t.ns, false};
    return Annotate(
        selected.status(),
        absl::StrCat(
            "unable to find patch target ",
            GoQuote(absl::StrCat(id.ToString(), ":a=", t.annotation_selector,
                                 ":l=", t.label_selector)),
            " in `resources`"));
  }
  for (Resource* target : *selected) {
    WEIR_RETURN_IF_ERROR(
        ApplyStrategicMerge(PatchFor(patch, *target), spec.allow_name_change,
                            spec.allow_kind_change, target, objects));
  }
  // Upstream makes its list afresh.
  return objects->may_repeat() ? objects->CheckUnique() : absl::OkStatus();
}

absl::Status ApplyToIds(const Patches& patches, const PatchSpec& spec,
                        ResMap* objects) {
  WEIR_RETURN_IF_ERROR(objects->CheckPreviousIds());
  for (const std::unique_ptr<Resource>& patch : patches) {
    const absl::StatusOr<Resource*> target =
        objects->FindPatchTarget(patch->OrgId());
    if (!target.ok()) {
      return Annotate(target.status(),
                      absl::StrCat("no resource matches strategic merge patch ",
                                   GoQuote(patch->OrgId().ToString())));
    }
    WEIR_RETURN_IF_ERROR(
        ApplyStrategicMerge(patch->tree(), spec.allow_name_change,
                            spec.allow_kind_change, *target, objects));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> PatchText(const PatchSpec& spec,
                                      const Loader& loader, const Value& config,
                                      std::string* source) {
  WEIR_RETURN_IF_ERROR(CheckPatchSize(spec.patch));
  const std::string inline_text(TrimSpace(spec.patch));
  if (inline_text.empty() && spec.path.empty()) {
    return BuildError(absl::StrCat("must specify one of patch and path in\n",
                                   FormatYaml(config)));
  }
  if (!inline_text.empty() && !spec.path.empty()) {
    return BuildError(absl::StrCat(
        "patch and path can't be set at the same time\n", FormatYaml(config)));
  }
  if (!inline_text.empty()) {
    *source = absl::StrCat("[patch: ", GoQuote(inline_text), "]");
    return inline_text;
  }
  *source = absl::StrCat("[path: ", GoQuote(spec.path), "]");
  absl::StatusOr<std::string> text = loader.Load(spec.path);
  if (!text.ok()) {
    return Annotate(text.status(),
                    absl::StrCat("failed to get the patch file from path(",
                                 spec.path, ")"));
  }
  return text;
}

absl::StatusOr<Transformer> ConfigurePatch(const PatchSpec& spec,
                                           const Loader& loader,
                                           const Schema* schema,
                                           const Value& config) {
  std::string source;
  WEIR_ASSIGN_OR_RETURN(const std::string text,
                        PatchText(spec, loader, config, &source));
  WEIR_RETURN_IF_ERROR(CheckPatchSize(text));
  absl::StatusOr<Patches> merges = spec.target.has_value()
                                       ? DecodeResources(text, schema)
                                       : DecodePatches(text, schema);
  absl::StatusOr<std::vector<Value>> operations = ParseJson6902(text);
  if (merges.ok() && operations.ok() && !merges->empty() &&
      !operations->empty()) {
    return BuildError(absl::StrCat(
        "illegally qualifies as both an SM and JSON patch: ", source));
  }
  if (!merges.ok() && !operations.ok()) {
    return BuildError(
        absl::StrCat("unable to parse SM or JSON patch from ", source));
  }
  if (merges.ok()) {
    if (spec.allow_name_change || spec.allow_kind_change) {
      // Upstream marks such patches by an annotation, which makes text of all.
      for (const std::unique_ptr<Resource>& patch : *merges) {
        patch->SetMetadataMap("annotations", patch->MetadataMap("annotations"));
      }
    }
    auto shared = std::make_shared<Patches>(*std::move(merges));
    return Transformer([spec, shared, source](ResMap* objects) -> absl::Status {
      if (shared->empty()) return absl::OkStatus();
      if (!spec.target.has_value()) return ApplyToIds(*shared, spec, objects);
      if (shared->size() > 1) {
        return BuildError(absl::StrCat(
            "Multiple Strategic-Merge Patches in one `patches` entry is not "
            "allowed to set `patches.target` field: ",
            source));
      }
      return ApplyToSelected(*shared->front(), spec, objects);
    });
  }
  return Transformer([spec, source, list = *std::move(operations)](
                         ResMap* objects) -> absl::Status {
    if (!spec.target.has_value()) {
      return BuildError(
          absl::StrCat("must specify a target for JSON patch ", source));
    }
    return ApplyJson(list, *spec.target, true, objects);
  });
}

}  // namespace

absl::StatusOr<Transformer> MakePatchTransformer(const PatchSpec& spec,
                                                 const Loader& loader,
                                                 const Schema* schema,
                                                 const Value* plugin) {
  if (plugin != nullptr) return ConfigurePatch(spec, loader, schema, *plugin);
  const Value config = DescribePatch(spec, "patch");
  absl::StatusOr<Transformer> made =
      ConfigurePatch(spec, loader, schema, config);
  if (made.ok()) return made;
  return ConfigurationError("PatchTransformer", config, made.status());
}

}  // namespace weir::kustomize
