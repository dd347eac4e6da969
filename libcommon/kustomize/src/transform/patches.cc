#include "src/transform/patches.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "src/load/decode.h"
#include "src/merge/json6902.h"
#include "src/merge/strategic_merge.h"
#include "src/model/go_quote.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

using Patches = std::vector<std::unique_ptr<Resource>>;

// Stands for upstream's build annotations while a patch runs: they make an
// annotations map exist, and a patch that removes the map removes them.
constexpr absl::string_view kMarker = "\x01";

void AddMarker(Resource* target) {
  if (!target->HasBuildState()) return;
  Value& metadata = target->MutableTree().Mutable("metadata");
  if (!metadata.is_object()) return;
  Value& annotations = metadata.Mutable("annotations");
  if (annotations.is_null()) annotations = Value::MakeObject();
  if (annotations.is_object()) annotations.Set(kMarker, "");
}

// Whether the marker was still there.
bool TakeMarker(Resource* target) {
  if (!target->tree()["metadata"]["annotations"].Has(kMarker)) return false;
  target->MutableTree()
      .Mutable("metadata")
      .Mutable("annotations")
      .Erase(kMarker);
  return true;
}

// A JSON patch sees upstream's build annotations, and may copy them.
using Annotations = std::vector<std::pair<std::string, std::string>>;

void AddAnnotations(const Annotations& added, Resource* target) {
  if (added.empty() || !target->tree()["metadata"].is_object()) return;
  Value& annotations =
      target->MutableContent().Mutable("metadata").Mutable("annotations");
  if (annotations.is_null()) annotations = Value::MakeObject();
  if (!annotations.is_object()) return;
  for (const auto& [key, text] : added) annotations.Set(key, text);
}

void RemoveAnnotations(const Annotations& added, Resource* target) {
  if (!target->tree()["metadata"]["annotations"].is_object()) return;
  Value& annotations =
      target->MutableContent().Mutable("metadata").Mutable("annotations");
  for (const auto& [key, text] : added) annotations.Erase(key);
}

absl::Status ApplyStrategicMerge(const Value& patch, bool allow_name,
                                 bool allow_kind, Resource* target,
                                 ResMap* objects) {
  const std::string name(target->name());
  const std::string ns(target->ns());
  const std::string kind(target->kind());
  if (allow_name || allow_kind) target->StorePreviousId();
  AddMarker(target);
  const bool marked = target->tree()["metadata"]["annotations"].Has(kMarker);
  // Upstream loses what replaces all of an object.
  if (ScalarText(patch["$patch"]) != "replace") {
    const Value before = target->is_sharing() ? target->tree() : Value();
    WEIR_RETURN_IF_ERROR(
        StrategicMerge(patch, *target->schema(), &target->MutableTree()));
    if (target->is_sharing()) {
      target->UnshareChangedLists(before);
      target->SyncShared();
    }
  }
  if (target->is_empty()) {
    target->Delete();
    return absl::OkStatus();
  }
  if (marked && !TakeMarker(target)) target->ForgetBuildState();
  if (!allow_kind && target->kind() != kind) {
    target->MutableTree().Set("kind", kind);
  }
  if (!allow_name && target->name() != name) target->SetName(name);
  if (target->ns() != ns) target->SetNamespace(ns);
  objects->Reindex(target);
  return absl::OkStatus();
}

// A patch with a target is normalised: its labels and annotations are text,
// its version is the object's.
Value PatchFor(const Resource& patch, const Resource& target) {
  Resource copy(patch.tree(), patch.schema());
  for (absl::string_view field : {"labels", "annotations"}) {
    copy.SetMetadataMap(field, copy.MetadataMap(field));
  }
  copy.MutableTree().Set("apiVersion", target.CurId().gvk.ApiVersion());
  return copy.tree();
}

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
  return spec.allow_name_change || spec.allow_kind_change
             ? objects->CheckUnique()
             : absl::OkStatus();
}

absl::Status ApplyToIds(const Patches& patches, const PatchSpec& spec,
                        ResMap* objects) {
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

absl::Status ApplyJson(const std::vector<Value>& operations,
                       const SelectorSpec& target, bool remember,
                       ResMap* objects) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<Resource*> selected,
                        objects->Select(target));
  for (Resource* resource : selected) {
    if (remember) resource->StorePreviousId();
    const auto internal = resource->BuildAnnotations();
    AddAnnotations(internal, resource);
    WEIR_RETURN_IF_ERROR(ApplyJson6902(operations, &resource->MutableTree()));
    resource->UnshareAll();
    RemoveAnnotations(internal, resource);
    objects->Reindex(resource);
  }
  return absl::OkStatus();
}

Value SelectorToValue(const SelectorSpec& spec) {
  Value out = Value::MakeObject();
  auto add = [&](absl::string_view key, const std::string& text) {
    if (!text.empty()) out.Set(key, text);
  };
  add("group", spec.group);
  add("version", spec.version);
  add("kind", spec.kind);
  add("name", spec.name);
  add("namespace", spec.ns);
  add("annotationSelector", spec.annotation_selector);
  add("labelSelector", spec.label_selector);
  return out;
}

// The entry as upstream shows it in errors.
std::string Describe(const PatchSpec& spec, absl::string_view patch_field) {
  Value out = Value::MakeObject();
  if (!spec.path.empty()) out.Set("path", spec.path);
  if (!spec.patch.empty()) out.Set(patch_field, spec.patch);
  if (spec.target.has_value()) out.Set("target", SelectorToValue(*spec.target));
  Value options = Value::MakeObject();
  if (spec.allow_name_change) options.Set("allowNameChange", true);
  if (spec.allow_kind_change) options.Set("allowKindChange", true);
  if (!options.empty()) out.Set("options", std::move(options));
  return FormatYaml(out);
}

absl::Status Trouble(absl::string_view plugin, const std::string& config,
                     const absl::Status& status) {
  return Annotate(status, absl::StrCat("trouble configuring builtin ", plugin,
                                       " with config: `\n", config, "`"));
}

absl::StatusOr<std::string> PatchText(const PatchSpec& spec,
                                      const Loader& loader,
                                      std::string* source) {
  const std::string inline_text(absl::StripAsciiWhitespace(spec.patch));
  if (inline_text.empty() && spec.path.empty()) {
    return BuildError(absl::StrCat("must specify one of patch and path in\n",
                                   Describe(spec, "patch")));
  }
  if (!inline_text.empty() && !spec.path.empty()) {
    return BuildError(
        absl::StrCat("patch and path can't be set at the same time\n",
                     Describe(spec, "patch")));
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
                                           const Schema* schema) {
  std::string source;
  WEIR_ASSIGN_OR_RETURN(const std::string text,
                        PatchText(spec, loader, &source));
  absl::StatusOr<Patches> merges =
      DecodeResources(text, schema,
                      spec.target.has_value() ? TextKind::kSelectingPatches
                                              : TextKind::kPatches);
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

absl::StatusOr<Transformer> MakePatchTransformer(const PatchSpec& spec,
                                                 const Loader& loader,
                                                 const Schema* schema) {
  absl::StatusOr<Transformer> made = ConfigurePatch(spec, loader, schema);
  if (made.ok()) return made;
  return Trouble("PatchTransformer", Describe(spec, "patch"), made.status());
}

absl::StatusOr<Transformer> MakeJson6902Transformer(const PatchSpec& spec,
                                                    const Loader& loader) {
  absl::StatusOr<Transformer> made = ConfigureJson6902(spec, loader);
  if (made.ok()) return made;
  return Trouble("PatchJson6902Transformer", Describe(spec, "jsonOp"),
                 made.status());
}

absl::StatusOr<Transformer> MakeStrategicMergeTransformer(
    const std::vector<std::string>& paths, const std::string& text,
    const Loader& loader, const Schema* schema) {
  auto patches = std::make_shared<Patches>();
  auto add = [&](Patches more) {
    for (std::unique_ptr<Resource>& patch : more) {
      patches->push_back(std::move(patch));
    }
  };
  Value config = Value::MakeObject();
  for (const std::string& path : paths) {
    config.Mutable("paths").Append(path);
  }
  if (!text.empty()) config.Set("patches", text);
  const auto trouble = [&](const absl::Status& status) {
    return Trouble("PatchStrategicMergeTransformer", FormatYaml(config),
                   status);
  };
  for (const std::string& path : paths) {
    // Each is a text when it can be, else the name of a file.
    absl::StatusOr<Patches> decoded =
        DecodeResources(path, schema, TextKind::kSelectingPatches);
    if (!decoded.ok()) {
      absl::StatusOr<std::string> file = loader.Load(path);
      if (!file.ok()) return trouble(file.status());
      decoded = DecodeResources(*file, schema, TextKind::kSelectingPatches);
      if (!decoded.ok()) return trouble(InFile(decoded.status(), path));
    }
    add(*std::move(decoded));
  }
  if (!text.empty()) {
    absl::StatusOr<Patches> decoded =
        DecodeResources(text, schema, TextKind::kSelectingPatches);
    if (!decoded.ok()) return trouble(decoded.status());
    add(*std::move(decoded));
  }
  if (patches->empty()) {
    return trouble(BuildError("patch appears to be empty"));
  }
  return Transformer([patches](ResMap* objects) -> absl::Status {
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
