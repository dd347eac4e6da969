// The generators and transformers of a kustomization, in order.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/generate/generators.h"
#include "src/load/decode.h"
#include "src/load/paths.h"
#include "src/plugins.h"
#include "src/target.h"
#include "src/transform/patches.h"
#include "src/transform/replacements.h"
#include "src/transform/transformers.h"
#include "weir/base/status.h"

namespace weir::kustomize {

void Target::AddStep(absl::string_view kind, Transformer transform,
                     std::vector<Step>* steps) {
  steps->push_back({std::move(transform), BuiltinOrigin(kind)});
}

absl::Status Target::RunGenerators(Accumulator* into) {
  const auto absorb = [&](std::unique_ptr<Resource> made,
                          const std::optional<Origin>& origin) {
    if (!made->origin.has_value()) made->origin = origin;
    return Annotate(into->resources.Absorb(std::move(made)),
                    "merging from generator");
  };
  // All are configured before the first one runs.
  WEIR_ASSIGN_OR_RETURN(
      const ResMap plugins,
      ReadPlugins(kustomization_.generators, "configuring external generator"),
      "loading generator plugins");
  std::vector<std::pair<GeneratorPlugin, std::optional<Origin>>> external;
  for (const std::unique_ptr<Resource>& plugin : plugins.list()) {
    WEIR_ASSIGN_OR_RETURN(GeneratorPlugin made,
                          MakeGeneratorPlugin(*plugin, loader_, &state_.schema),
                          "loading generator plugins: failed to load "
                          "generator");
    external.emplace_back(std::move(made), PluginOrigin(*plugin));
  }
  struct Builtin {
    GeneratorKind kind;
    const char* name;
    std::vector<GeneratorArgs>* args;
  };
  const Builtin builtins[] = {{GeneratorKind::kConfigMap, "ConfigMapGenerator",
                               &kustomization_.config_map_generators},
                              {GeneratorKind::kSecret, "SecretGenerator",
                               &kustomization_.secret_generators}};
  for (const Builtin& builtin : builtins) {
    for (GeneratorArgs args : *builtin.args) {
      MergeGeneratorOptions(kustomization_.generator_options, &args);
      WEIR_ASSIGN_OR_RETURN(
          std::unique_ptr<Resource> made,
          Generate(builtin.kind, args, loader_, &state_.schema));
      WEIR_RETURN_IF_ERROR(
          absorb(std::move(made), BuiltinOrigin(builtin.name)));
    }
  }
  for (const auto& [generate, origin] : external) {
    std::vector<std::unique_ptr<Resource>> made;
    WEIR_RETURN_IF_ERROR(generate(&made));
    for (std::unique_ptr<Resource>& resource : made) {
      WEIR_RETURN_IF_ERROR(absorb(std::move(resource), origin));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ResMap> Target::ReadPlugins(
    const std::vector<std::string>& entries, absl::string_view what) {
  Accumulator plugins;
  std::vector<std::string> paths;
  for (const std::string& entry : entries) {
    // Each is a text when it can be, else the name of a file or directory.
    auto decoded = DecodeResources(entry, &state_.schema);
    if (!decoded.ok()) {
      paths.push_back(entry);
      continue;
    }
    for (std::unique_ptr<Resource>& plugin : *decoded) {
      if (origin_.has_value()) {
        plugin->origin.emplace();
        plugin->origin->path = JoinPath(*origin_, file_name_);
      }
      WEIR_RETURN_IF_ERROR(plugins.resources.Append(std::move(plugin)), what);
    }
  }
  WEIR_RETURN_IF_ERROR(AddResources(paths, &plugins));
  return std::move(plugins.resources);
}

std::optional<Origin> Target::PluginOrigin(const Resource& plugin) {
  if (!plugin.origin.has_value()) return std::nullopt;
  Origin origin;
  origin.configured_in = plugin.origin->path;
  origin.by_api_version = plugin.CurId().gvk.ApiVersion();
  origin.by_kind = std::string(plugin.kind());
  origin.by_name = std::string(plugin.name());
  origin.by_namespace = std::string(plugin.ns());
  return origin;
}

absl::StatusOr<std::vector<Target::Step>> Target::ConfiguredSteps(
    const std::vector<std::string>& entries) {
  WEIR_ASSIGN_OR_RETURN(
      const ResMap plugins,
      ReadPlugins(entries, "configuring external transformer"));
  std::vector<Step> steps;
  for (const std::unique_ptr<Resource>& plugin : plugins.list()) {
    WEIR_ASSIGN_OR_RETURN(
        Transformer made,
        MakeTransformerPlugin(*plugin, loader_, &state_.schema));
    steps.push_back({std::move(made), PluginOrigin(*plugin)});
  }
  return steps;
}

absl::Status Target::RunStep(const Step& step, ResMap* objects) {
  WEIR_RETURN_IF_ERROR(state_.session.ctx.status());
  WEIR_RETURN_IF_ERROR(step.transform(objects));
  if (step.origin.has_value()) {
    for (const std::unique_ptr<Resource>& resource : objects->list()) {
      resource->Unshare({"metadata", "annotations"});
      if (resource->origin.has_value()) {
        resource->transformations.push_back(*step.origin);
      } else {
        // Made by the transformer, upstream supposes.
        resource->origin = step.origin;
      }
    }
  }
  objects->DropEmpties();
  return absl::OkStatus();
}

absl::Status Target::AddPatches(std::vector<Step>* steps) {
  const Kustomization& k = kustomization_;
  if (!k.patches_strategic_merge.empty()) {
    WEIR_ASSIGN_OR_RETURN(Transformer made, MakeStrategicMergeTransformer(
                                                k.patches_strategic_merge, "",
                                                loader_, &state_.schema));
    AddStep("PatchStrategicMergeTransformer", std::move(made), steps);
  }
  for (const PatchSpec& patch : k.patches) {
    WEIR_ASSIGN_OR_RETURN(Transformer made,
                          MakePatchTransformer(patch, loader_, &state_.schema));
    AddStep("PatchTransformer", std::move(made), steps);
  }
  return absl::OkStatus();
}

absl::Status Target::AddNames(const TransformerConfig& config,
                              std::vector<Step>* steps) {
  const Kustomization& k = kustomization_;
  if (!k.ns.empty()) {
    AddStep("NamespaceTransformer",
            MakeNamespaceTransformer({k.ns}, config.namespaces), steps);
  }
  if (!k.name_prefix.empty()) {
    AddStep("PrefixTransformer",
            MakePrefixTransformer(k.name_prefix, config.name_prefix), steps);
  }
  if (!k.name_suffix.empty()) {
    AddStep("SuffixTransformer",
            MakeSuffixTransformer(k.name_suffix, config.name_suffix), steps);
  }
  return absl::OkStatus();
}

absl::Status Target::AddLabels(const TransformerConfig& config,
                               std::vector<Step>* steps) {
  const Kustomization& k = kustomization_;
  for (const LabelSpec& label : k.labels) {
    FieldSpecs specs = label.fields;
    WEIR_RETURN_IF_ERROR(MergeFieldSpecs(&specs, config.labels),
                         "failed to merge labels");
    if (label.include_selectors) {
      WEIR_RETURN_IF_ERROR(MergeFieldSpecs(&specs, config.common_labels),
                           "failed to merge labels");
    } else {
      if (label.include_templates) {
        WEIR_RETURN_IF_ERROR(MergeFieldSpecs(&specs, config.template_labels),
                             "failed to merge template fieldSpec");
      }
      WEIR_RETURN_IF_ERROR(
          MergeFieldSpec(&specs, MakeFieldSpec({}, "metadata/labels", true)),
          "failed to merge labels");
    }
    AddStep("LabelTransformer",
            MakeEntriesTransformer(label.pairs, std::move(specs)), steps);
  }
  if (!k.labels.empty() || !k.common_labels.empty()) {
    AddStep("LabelTransformer",
            MakeEntriesTransformer(k.common_labels, config.common_labels),
            steps);
  }
  if (!k.common_annotations.empty()) {
    AddStep(
        "AnnotationsTransformer",
        MakeEntriesTransformer(k.common_annotations, config.common_annotations),
        steps);
  }
  return absl::OkStatus();
}

absl::Status Target::AddValues(const TransformerConfig& config,
                               std::vector<Step>* steps) {
  const Kustomization& k = kustomization_;
  for (const PatchSpec& patch : k.patches_json6902) {
    WEIR_ASSIGN_OR_RETURN(Transformer made,
                          MakeJson6902Transformer(patch, loader_));
    AddStep("PatchJson6902Transformer", std::move(made), steps);
  }
  for (const ReplicaSpec& replica : k.replicas) {
    AddStep("ReplicaCountTransformer",
            MakeReplicasTransformer(replica, config.replicas), steps);
  }
  for (const ImageSpec& image : k.images) {
    WEIR_ASSIGN_OR_RETURN(Transformer made,
                          MakeImageTransformer(image, config.images));
    AddStep("ImageTagTransformer", std::move(made), steps);
  }
  if (!k.replacements.empty()) {
    WEIR_ASSIGN_OR_RETURN(Transformer made,
                          MakeReplacementTransformer(k.replacements, loader_));
    AddStep("ReplacementTransformer", std::move(made), steps);
  }
  return absl::OkStatus();
}

absl::Status Target::RunTransformers(Accumulator* into) {
  std::vector<Step> steps;
  const TransformerConfig& config = *into->config;
  WEIR_RETURN_IF_ERROR(AddPatches(&steps));
  WEIR_RETURN_IF_ERROR(AddNames(config, &steps));
  WEIR_RETURN_IF_ERROR(AddLabels(config, &steps));
  WEIR_RETURN_IF_ERROR(AddValues(config, &steps));
  WEIR_ASSIGN_OR_RETURN(std::vector<Step> configured,
                        ConfiguredSteps(kustomization_.transformers));
  for (Step& step : configured) steps.push_back(std::move(step));
  for (const Step& step : steps) {
    WEIR_RETURN_IF_ERROR(RunStep(step, &into->resources));
  }
  return absl::OkStatus();
}

absl::Status Target::RunValidators(Accumulator* into) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<Step> steps,
                        ConfiguredSteps(kustomization_.validators));
  for (const Step& step : steps) {
    std::vector<Value> before;
    for (const auto& resource : into->resources.list()) {
      before.push_back(resource->tree());
    }
    WEIR_RETURN_IF_ERROR(step.transform(&into->resources));
    bool same = before.size() == into->resources.size();
    for (size_t i = 0; same && i < before.size(); ++i) {
      Value after = into->resources.list()[i]->tree();
      if (after["metadata"]["labels"].Has("validated-by")) {
        Value& labels = after.Mutable("metadata").Mutable("labels");
        labels.Erase("validated-by");
        if (labels.empty()) after.Mutable("metadata").Erase("labels");
      }
      same = after == before[i];
    }
    if (!same) {
      return BuildError(
          "validator shouldn't modify the resource map: objects differ");
    }
  }
  return absl::OkStatus();
}

}  // namespace weir::kustomize
