#include "src/finish.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/generate/config_maps_secrets.h"
#include "src/load/decode.h"
#include "src/model/field_spec.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "src/refer/name_references.h"
#include "src/refer/variables.h"
#include "src/transform/transformers.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

constexpr absl::string_view kLocalConfig = "config.kubernetes.io/local-config";
constexpr char kManagedBy[] = "app.kubernetes.io/managed-by";
constexpr char kManager[] = "kustomize-v5.8.1";

// Annotations that are upstream's own, whoever wrote them.
constexpr absl::string_view kInternal[] = {
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "internal.config.kubernetes.io/helm-generated",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
};

bool IsLocal(const Resource& resource) {
  const Value* mark =
      resource.tree()["metadata"]["annotations"].Find(kLocalConfig);
  return mark != nullptr && ScalarText(*mark) != "false";
}

// Those that an object came with, say because it was built before.
absl::StatusOr<std::vector<Origin>> AuthoredTransformations(
    const Resource& resource) {
  std::vector<Origin> origins;
  const Value* text =
      resource.tree()["metadata"]["annotations"].Find(kTransformations);
  if (text == nullptr) return origins;
  const absl::StatusOr<Value> list = ParseYaml(ScalarText(*text));
  if (!list.ok() || (!list->is_array() && !list->is_null())) {
    return BuildError(absl::StrCat("annotation ", kTransformations, " of ",
                                   resource.CurId().ToString(),
                                   " is no list of origins"));
  }
  for (const Value& item : list->array()) {
    const Value& by = item["configuredBy"];
    Origin origin;
    origin.path = ScalarText(item["path"]);
    origin.repo = ScalarText(item["repo"]);
    origin.ref = ScalarText(item["ref"]);
    origin.configured_in = ScalarText(item["configuredIn"]);
    origin.by_api_version = ScalarText(by["apiVersion"]);
    origin.by_kind = ScalarText(by["kind"]);
    origin.by_name = ScalarText(by["name"]);
    origin.by_namespace = ScalarText(by["namespace"]);
    origins.push_back(std::move(origin));
  }
  return origins;
}

// Annotations are text; upstream's own go, and a map with none left too. So
// do origins and transformations, unless they are asked for.
void CleanAnnotations(bool origins, bool transformations, Resource* resource) {
  const Value* metadata = resource->tree().Find("metadata");
  if (metadata == nullptr) {
    resource->MutableTree().Set("metadata", Value::MakeObject());
    return;
  }
  if (!metadata->Has("annotations")) return;
  const Value& annotations = (*metadata)["annotations"];
  const auto goes = [&](absl::string_view key) {
    if (key == kOrigin) return !origins;
    if (key == kTransformations) return !transformations;
    for (absl::string_view name : kInternal) {
      if (name == key) return true;
    }
    return false;
  };
  bool is_clean = annotations.is_object() && !annotations.empty();
  for (const Value::Member& member : annotations.object()) {
    is_clean = is_clean && IsSameAnyhow(member.value) && !goes(member.key);
  }
  if (is_clean) return;
  auto kept = resource->MetadataMap("annotations");
  kept.erase(
      std::remove_if(kept.begin(), kept.end(),
                     [&](const auto& entry) { return goes(entry.first); }),
      kept.end());
  resource->SetMetadataMap("annotations", kept);
}

void SetAnnotation(Resource* resource, absl::string_view key,
                   std::string text) {
  Value& annotations =
      resource->MutableContent().Mutable("metadata").Mutable("annotations");
  if (!annotations.is_object()) annotations = Value::MakeObject();
  annotations.Set(key, std::move(text));
}

SortOptions DefaultOrder() {
  SortOptions options;
  options.order = "legacy";
  options.order_first = {"Namespace",
                         "ResourceQuota",
                         "StorageClass",
                         "CustomResourceDefinition",
                         "ServiceAccount",
                         "PodSecurityPolicy",
                         "Role",
                         "ClusterRole",
                         "RoleBinding",
                         "ClusterRoleBinding",
                         "ConfigMap",
                         "Secret",
                         "Endpoints",
                         "Service",
                         "LimitRange",
                         "PriorityClass",
                         "PersistentVolume",
                         "PersistentVolumeClaim",
                         "Deployment",
                         "StatefulSet",
                         "CronJob",
                         "PodDisruptionBudget"};
  options.order_last = {"MutatingWebhookConfiguration",
                        "ValidatingWebhookConfiguration"};
  return options;
}

absl::Status SortUnique(const SortOptions& order, ResMap* objects) {
  WEIR_RETURN_IF_ERROR(objects->CheckUnique(),
                       "SortOrderTransformer: Failed to append to resources");
  SortLegacy(order, objects);
  return absl::OkStatus();
}

absl::Status Sort(const Kustomization& top, const BuildState& state,
                  ResMap* objects) {
  if (!top.sort_options.has_value()) {
    return state.session.options.reorder == BuildOptions::Reorder::kLegacy
               ? SortUnique(DefaultOrder(), objects)
               : absl::OkStatus();
  }
  const SortOptions& asked = *top.sort_options;
  if (asked.order != "fifo" && asked.order != "legacy") {
    return BuildError(
        "the field 'sortOptions.order' must be one of [fifo, legacy]");
  }
  if (asked.order == "fifo") {
    if (asked.has_legacy_options) {
      return BuildError(
          "the field 'sortOptions.legacySortOptions' is set but the selected "
          "sort order is 'fifo', not 'legacy'");
    }
    return absl::OkStatus();
  }
  return SortUnique(asked.has_legacy_options ? asked : DefaultOrder(), objects);
}

absl::Status CheckAll(const ResMap& objects) {
  for (const std::unique_ptr<Resource>& resource : objects.list()) {
    if (!CheckObject(resource->tree()).ok()) {
      WEIR_RETURN_IF_ERROR(CheckObject(resource->WithBuildAnnotations()));
    }
    WEIR_RETURN_IF_ERROR(resource->CheckPreviousIds());
  }
  return absl::OkStatus();
}

// A local object with the id of another one stays.
absl::Status RemoveLocal(ResMap* objects) {
  absl::flat_hash_set<std::string> others;
  bool any_local = false;
  for (const std::unique_ptr<Resource>& resource : objects->list()) {
    if (IsLocal(*resource)) {
      any_local = true;
      continue;
    }
    if (others.insert(resource->CurId().Key()).second) continue;
    return objects->CheckUnique();
  }
  if (!any_local) return absl::OkStatus();
  for (const std::unique_ptr<Resource>& resource : objects->list()) {
    if (IsLocal(*resource) && !others.contains(resource->CurId().Key())) {
      resource->Delete();
    }
  }
  objects->DropEmpties();
  return absl::OkStatus();
}

// An object that upstream could not write and read.
absl::Status InFileOf(const Resource& resource, const absl::Status& status) {
  if (status.ok()) return status;
  std::string message =
      absl::StrCat("map[string]interface {}(nil): ", status.message());
  if (resource.file != nullptr) {
    absl::StrAppend(&message, " in File: ", *resource.file);
  }
  return absl::Status(status.code(), message);
}

// Where texts have changed: those that they were.
void KeepTexts(const Value& before, Value* after) {
  if (before.is_string() && after->is_string()) {
    if (before.written() != nullptr || after->written() != nullptr) return;
    if (before.AsString() == after->AsString()) return;
    const Value::Style style = after->style();
    *after = Value(before.AsString());
    after->set_style(style);
  } else if (before.is_array() && before.size() == after->size()) {
    for (size_t i = 0; i < before.size(); ++i) {
      KeepTexts(before.array()[i], &after->MutableAt(i));
    }
  } else if (before.is_object() && after->is_object()) {
    for (const Value::Member& member : before.object()) {
      Value* same = after->FindMutable(member.key);
      if (same != nullptr) KeepTexts(member.value, same);
    }
  }
}

absl::Status WriteOnce(bool for_files, Resource* resource) {
  const Value before = for_files ? resource->tree() : Value();
  WEIR_RETURN_IF_ERROR(
      InFileOf(*resource, WriteAndRead(&resource->MutableContent())));
  if (for_files) KeepTexts(before, &resource->MutableContent());
  return absl::OkStatus();
}

absl::Status AddManagedBy(ResMap* objects) {
  return MakeEntriesTransformer(
      {{kManagedBy, kManager}},
      {MakeFieldSpec({}, "metadata/labels", true)})(objects);
}

}  // namespace

absl::StatusOr<BuildResult> Finish(const Kustomization& top, BuildState* state,
                                   Accumulator* built,
                                   std::vector<ObjectHistory>* histories) {
  ResMap& objects = built->resources;
  const auto record = [&](absl::string_view what) {
    if (histories == nullptr) return;
    const int source = state->sources->AddStep(what);
    for (const auto& resource : objects.list()) resource->Record(source);
  };
  objects.UseBudget(&state->session.budget);
  WEIR_RETURN_IF_ERROR(AddHashes(&objects));
  record("name suffix: the hash of what was generated");
  WEIR_RETURN_IF_ERROR(
      FixNameReferences(built->config->name_references, &objects));
  record("name reference: the object that is meant has been renamed");
  WEIR_ASSIGN_OR_RETURN(
      const std::vector<std::string> unused,
      ResolveVariables(built->vars.list(), built->config->var_references,
                       &objects));
  if (!unused.empty()) {
    state->Warn(absl::StrCat("well-defined vars that were never replaced: ",
                             absl::StrJoin(unused, ",")));
  }
  record("vars");
  WEIR_RETURN_IF_ERROR(CheckAll(objects));
  WEIR_RETURN_IF_ERROR(RemoveLocal(&objects));
  WEIR_RETURN_IF_ERROR(Sort(top, *state, &objects));
  if (state->session.options.add_managed_by ||
      top.WantsMetadata("managedByLabel")) {
    WEIR_RETURN_IF_ERROR(AddManagedBy(&objects));
  }
  const bool origins = top.WantsMetadata("originAnnotations");
  const bool transformations = top.WantsMetadata("transformerAnnotations");
  BuildResult result;
  result.objects.reserve(objects.size());
  for (const std::unique_ptr<Resource>& resource : objects.list()) {
    CleanAnnotations(origins, transformations, resource.get());
    WEIR_RETURN_IF_ERROR(
        WriteOnce(state->session.options.for_files, resource.get()));
    if (origins && resource->origin.has_value()) {
      SetAnnotation(resource.get(), kOrigin, FormatOrigin(*resource->origin));
    }
    if (transformations && !resource->transformations.empty()) {
      WEIR_ASSIGN_OR_RETURN(std::vector<Origin> all,
                            AuthoredTransformations(*resource));
      all.insert(all.end(), resource->transformations.begin(),
                 resource->transformations.end());
      SetAnnotation(resource.get(), kTransformations, FormatOrigins(all));
    }
    WEIR_RETURN_IF_ERROR(
        InFileOf(*resource, ReadFromJson(&resource->MutableContent())));
  }
  record("buildMetadata");
  for (const std::unique_ptr<Resource>& resource : objects.list()) {
    if (histories != nullptr) {
      histories->push_back({resource->PreviousIds(), resource->history()});
      histories->back().ids.push_back(resource->CurId());
    }
    result.objects.push_back(std::move(resource->MutableContent()));
  }
  return result;
}

}  // namespace weir::kustomize
