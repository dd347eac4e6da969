#include "src/transform/apply_patch.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/merge/json6902.h"
#include "src/merge/strategic_merge.h"
#include "src/model/origin.h"
#include "src/model/scalar.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

// Stands for upstream's build annotations while a patch runs: they make an
// annotations map exist, and a patch that removes the map removes them.
constexpr absl::string_view kMarker = "\x01";
// What it takes to make texts of annotations.
constexpr size_t kStepsOfAnnotation = 4;

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

// Whether a JSON pointer leads to annotations, or to what they are in.
bool LeadsToAnnotations(const Value& pointer) {
  if (!pointer.is_string()) return false;
  absl::string_view rest = pointer.AsString();
  // What is before the first slash means nothing.
  rest.remove_prefix(std::min(rest.find('/'), rest.size()));
  for (absl::string_view part : {"/metadata", "/annotations"}) {
    if (rest.empty()) return true;
    if (!absl::ConsumePrefix(&rest, part)) return false;
  }
  return rest.empty() || rest[0] == '/';
}

bool SeesAnnotations(const std::vector<Value>& operations) {
  return std::any_of(operations.begin(), operations.end(),
                     [](const Value& operation) {
                       return LeadsToAnnotations(operation["path"]) ||
                              LeadsToAnnotations(operation["from"]);
                     });
}

void AddAnnotations(const Annotations& added, Resource* target) {
  if (added.empty() || !target->tree()["metadata"].is_object()) return;
  Value& annotations =
      target->MutableContent().Mutable("metadata").Mutable("annotations");
  if (annotations.is_null()) annotations = Value::MakeObject();
  if (!annotations.is_object()) return;
  for (const auto& [key, text] : added) annotations.Set(key, text);
}

void RemoveAnnotations(const Annotations& added, Resource* target) {
  Annotations kept = target->MetadataMap("annotations");
  for (const auto& [key, text] : added) {
    kept.erase(std::remove_if(
                   kept.begin(), kept.end(),
                   [&k = key](const auto& entry) { return entry.first == k; }),
               kept.end());
  }
  target->SetMetadataMap("annotations", kept);
}

// Origins and transformations are annotations, too, but for what the author
// wrote in their place.
Annotations OriginsOf(const Resource& resource) {
  Annotations out;
  const Value& annotations = resource.tree()["metadata"]["annotations"];
  if (resource.origin.has_value() && !annotations.Has(kOrigin)) {
    out.emplace_back(kOrigin, FormatOrigin(*resource.origin));
  }
  if (!resource.transformations.empty() && !annotations.Has(kTransformations)) {
    out.emplace_back(kTransformations, FormatOrigins(resource.transformations));
  }
  return out;
}

// A patch may take them away.
void ForgetLostOrigins(const Annotations& shown, Resource* resource) {
  const Value& annotations = resource->tree()["metadata"]["annotations"];
  for (const auto& [key, text] : shown) {
    if (annotations.Has(key)) continue;
    if (key == kOrigin) resource->origin.reset();
    if (key == kTransformations) resource->transformations.clear();
  }
}

// Whether they are the same in whatever style.
bool HasPlainAnnotations(const Resource& resource) {
  const Value::Object& annotations =
      resource.tree()["metadata"]["annotations"].object();
  return std::all_of(annotations.begin(), annotations.end(),
                     [](const Value::Member& annotation) {
                       return IsSameAnyhow(annotation.value);
                     });
}

// What is in a map that the patch puts in place of the target's is new.
void UnshareReplaced(const Value& patch, std::vector<std::string>* place,
                     Resource* target) {
  if (ScalarText(patch["$patch"]) == "replace") target->Unshare(*place);
  for (const Value::Member& member : patch.object()) {
    place->push_back(member.key);
    UnshareReplaced(member.value, place, target);
    place->pop_back();
  }
}

}  // namespace

BuildStateGuard::BuildStateGuard(Resource* target) : target_(target) {
  AddMarker(target);
  marked_ = target->tree()["metadata"]["annotations"].Has(kMarker);
}

void BuildStateGuard::Finish() {
  if (marked_ && !TakeMarker(target_)) target_->ForgetBuildState();
}

absl::Status CheckPatchSize(absl::string_view text) {
  constexpr size_t kMaxPatch = size_t{4} << 20;
  if (text.size() <= kMaxPatch) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("a patch is larger than ", kMaxPatch, " bytes"));
}

absl::Status ApplyStrategicMerge(const Value& patch, bool allow_name,
                                 bool allow_kind, Resource* target,
                                 ResMap* objects) {
  const std::string name(target->name());
  const std::string ns(target->ns());
  const std::string kind(target->kind());
  allow_name = allow_name || IsMarked(patch, "allowNameChange");
  allow_kind = allow_kind || IsMarked(patch, "allowKindChange");
  Budget& budget = objects->budget();
  const size_t size = SizeOf(target->tree());
  WEIR_RETURN_IF_ERROR(budget.SpendOnBytes(SizeOf(patch) + size));
  if (allow_name || allow_kind) target->StorePreviousId();
  target->allow_name_change |= allow_name;
  target->allow_kind_change |= allow_kind;
  BuildStateGuard guard(target);
  // Upstream loses what replaces all of an object, once it has made it.
  if (ScalarText(patch["$patch"]) == "replace") {
    Value lost = target->tree();
    WEIR_RETURN_IF_ERROR(StrategicMerge(patch, *target->schema(), &lost));
  } else {
    const Value before = target->is_sharing() ? target->tree() : Value();
    WEIR_RETURN_IF_ERROR(
        StrategicMerge(patch, *target->schema(), &target->MutableTree()));
    if (target->is_sharing()) {
      std::vector<std::string> place;
      UnshareReplaced(patch, &place, target);
      target->UnshareChangedLists(before);
      target->SyncShared();
    }
  }
  if (target->is_empty()) {
    target->Delete();
    return absl::OkStatus();
  }
  WEIR_RETURN_IF_ERROR(budget.Replace(size, target->tree()));
  guard.Finish();
  if (!allow_kind) SetUntagged(target->MutableTree(), "kind", kind);
  if (!allow_name) target->SetName(name);
  target->SetNamespace(ns);
  objects->Reindex(target);
  return absl::OkStatus();
}

Value PatchFor(const Resource& patch, const Resource& target) {
  Resource copy(patch.tree(), patch.schema());
  for (absl::string_view field : {"labels", "annotations"}) {
    copy.SetMetadataMap(field, copy.MetadataMap(field));
  }
  Value& tree = copy.MutableTree();
  // Upstream joins some of such maps.
  const Value* repeated = RepeatedKeys(tree["metadata"]);
  if (repeated != nullptr &&
      (repeated->Has("labels") || repeated->Has("annotations"))) {
    tree.Set(kUnreadable, CheckScalars(tree).message());
  }
  // They take the style of the target's.
  tree.Mutable("metadata").Set("name", UntaggedScalar(patch.name()));
  const std::string api_version = target.CurId().gvk.ApiVersion();
  if (target.tree().Has("apiVersion")) {
    tree.Set("apiVersion", UntaggedScalar(api_version));
  } else {
    SetUntagged(tree, "apiVersion", api_version);
  }
  return copy.tree();
}

absl::Status ApplyJson(const std::vector<Value>& operations,
                       const SelectorSpec& target, bool remember,
                       ResMap* objects) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<Resource*> selected,
                        objects->Select(target));
  size_t size = 0;
  for (const Value& operation : operations) size += SizeOf(operation);
  const bool sees_annotations = SeesAnnotations(operations);
  for (Resource* resource : selected) {
    if (remember) resource->StorePreviousId();
    Annotations internal, origins;
    if (sees_annotations) {
      internal = resource->BuildAnnotations();
      origins = OriginsOf(*resource);
      internal.insert(internal.end(), origins.begin(), origins.end());
    }
    bool is_steady = internal.empty() && resource->is_json_steady();
    AddAnnotations(internal, resource);
    WEIR_RETURN_IF_ERROR(objects->budget().SpendOnBytes(size));
    WEIR_RETURN_IF_ERROR(objects->budget().Spend(
        kStepsOfAnnotation *
        resource->tree()["metadata"]["annotations"].size()));
    WEIR_RETURN_IF_ERROR(ApplyJson6902(operations, &objects->budget(),
                                       &is_steady, &resource->MutableTree()));
    resource->UnshareAll();
    ForgetLostOrigins(origins, resource);
    const Value* metadata = resource->tree().Find("metadata");
    if (metadata != nullptr && (*metadata)["annotations"].size() % 2 == 1 &&
        (*metadata)["annotations"].is_array()) {
      return WrongKind("MappingNode", (*metadata)["annotations"]);
    }
    if (metadata == nullptr || metadata->is_object() || metadata->is_null()) {
      RemoveAnnotations(internal, resource);
    } else if (!remember) {
      // Upstream forgets this error otherwise.
      return WrongKind("MappingNode", *metadata);
    }
    if (is_steady && HasPlainAnnotations(*resource)) resource->SetJsonSteady();
    objects->Reindex(resource);
  }
  return absl::OkStatus();
}

Value DescribePatch(const PatchSpec& spec, absl::string_view patch_field) {
  Value out = Value::MakeObject();
  if (!spec.path.empty()) out.Set("path", spec.path);
  if (!spec.patch.empty()) out.Set(patch_field, spec.patch);
  if (spec.target.has_value()) out.Set("target", EncodeSelector(*spec.target));
  Value options = Value::MakeObject();
  if (spec.allow_name_change) options.Set("allowNameChange", true);
  if (spec.allow_kind_change) options.Set("allowKindChange", true);
  if (spec.has_options) out.Set("options", std::move(options));
  return out;
}

}  // namespace weir::kustomize
