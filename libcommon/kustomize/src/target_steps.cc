// The generators and transformers of a kustomization, in order.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/generate/config_maps_secrets.h"
#include "src/generate/helm_chart.h"
#include "src/load/decode.h"
#include "src/load/paths.h"
#include "src/model/scalar.h"
#include "src/plugins.h"
#include "src/target.h"
#include "src/transform/configuration_error.h"
#include "src/transform/patches.h"
#include "src/transform/replacements.h"
#include "src/transform/transformers.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::kustomize {

namespace {

using Trees = std::vector<std::pair<ResId, Value>>;

Trees TreesOf(const ResMap& objects) {
  Trees trees;
  for (const auto& resource : objects.list()) {
    trees.emplace_back(resource->CurId(), resource->WithBuildAnnotations());
  }
  return trees;
}

// But for the label that says which validator it was.
absl::Status CheckUnchanged(const Trees& before, const ResMap& objects) {
  if (objects.size() != before.size()) {
    return BuildError("lists have different number of entries");
  }
  absl::flat_hash_map<std::string, std::vector<const Resource*>> by_id;
  for (const std::unique_ptr<Resource>& resource : objects.list()) {
    by_id[resource->CurId().Key()].push_back(resource.get());
  }
  for (const auto& [id, tree] : before) {
    const std::vector<const Resource*>& same = by_id[id.Key()];
    if (same.empty()) {
      return BuildError(
          absl::StrCat("id in self missing from other; id: ", id.ToString()));
    }
    if (same.size() > 1) {
      return BuildError(absl::StrCat("id in self matches ", same.size(),
                                     " in other; id: ", id.ToString()));
    }
    Value after = same[0]->WithBuildAnnotations();
    if (after["metadata"]["labels"].Has("validated-by")) {
      Value& labels = after.Mutable("metadata").Mutable("labels");
      labels.Erase("validated-by");
      if (labels.empty()) after.Mutable("metadata").Erase("labels");
    }
    if (after == tree) continue;
    return BuildError(absl::StrCat("nodes unequal: ", id.ToString(), " was ",
                                   FormatJson(tree), " and became ",
                                   FormatJson(after)));
  }
  return absl::OkStatus();
}

constexpr char kChartGenerator[] = "HelmChartInflationGenerator";
constexpr char kChartField[] = "helmCharts";

// The objects of a text. Errors: also for two of one id.
absl::StatusOr<ResMap> DecodeTogether(const std::string& text,
                                      const Schema* schema) {
  WEIR_ASSIGN_OR_RETURN(std::vector<std::unique_ptr<Resource>> decoded,
                        DecodeResources(text, schema));
  ResMap objects;
  for (std::unique_ptr<Resource>& object : decoded) {
    WEIR_RETURN_IF_ERROR(objects.Append(std::move(object)));
  }
  return objects;
}

std::string Indexed(absl::string_view field, size_t index) {
  return absl::StrCat(field, "[", index, "]");
}

}  // namespace

absl::Status Target::CheckWritable(absl::string_view kind,
                                   absl::string_view field) const {
  const std::string name = absl::AsciiStrToLower(field);
  for (const auto& [unwritable, why] : kustomization_.unwritable) {
    if (unwritable == name ||
        absl::StartsWith(unwritable, absl::StrCat(name, "["))) {
      return LocateField(
          BuildError(absl::StrCat("builtin ", kind, " marshal: ", why)), field);
    }
  }
  return absl::OkStatus();
}

absl::Status Target::AddStep(absl::string_view kind, absl::string_view field,
                             absl::StatusOr<Transformer> transform,
                             std::vector<Step>* steps,
                             const std::string& file) {
  WEIR_RETURN_IF_ERROR(CheckWritable(kind, field));
  if (!transform.ok()) return LocateField(transform.status(), field);
  steps->push_back({*std::move(transform), BuiltinOrigin(kind),
                    std::string(field), LogSource(field, file)});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Generator>> Target::ConfigureCharts() const {
  std::vector<Generator> out;
  for (const Value& chart : kustomization_.helm_charts) {
    Value config = chart;
    for (const Value::Member& global : kustomization_.helm_globals.object()) {
      config.Set(global.key, global.value);
    }
    const std::string& ns =
        kustomization_.ns.empty() ? outer_namespace_ : kustomization_.ns;
    if (!config.Has("namespace") && !ns.empty()) config.Set("namespace", ns);
    absl::StatusOr<Generator> made =
        MakeHelmChartGenerator(config, loader_, &state_.schema);
    if (!made.ok()) {
      return LocateField(
          ConfigurationError(kChartGenerator, config, made.status()),
          Indexed(kChartField, out.size()));
    }
    out.push_back(*std::move(made));
  }
  return out;
}

absl::Status Target::RunCharts(const std::vector<Generator>& charts,
                               const Absorb& absorb) const {
  for (size_t i = 0; i < charts.size(); ++i) {
    const std::string field = Indexed(kChartField, i);
    const int source = LogSource(field, "");
    std::vector<std::unique_ptr<Resource>> made;
    WEIR_RETURN_IF_ERROR(LocateField(charts[i](&made), field));
    for (std::unique_ptr<Resource>& resource : made) {
      WEIR_RETURN_IF_ERROR(LocateField(
          absorb(std::move(resource), BuiltinOrigin(kChartGenerator), source),
          field));
    }
  }
  return absl::OkStatus();
}

absl::Status Target::RunGenerators(Accumulator* into) {
  const Absorb absorb = [&](std::unique_ptr<Resource> made,
                            const std::optional<Origin>& origin,
                            int source) -> absl::Status {
    WEIR_RETURN_IF_ERROR(state_.session.budget.Hold(made->tree()));
    if (!made->origin.has_value()) made->origin = origin;
    WEIR_ASSIGN_OR_RETURN(Resource * there,
                          into->resources.Absorb(std::move(made)),
                          "merging from generator");
    if (state_.sources != nullptr) there->Record(source);
    return absl::OkStatus();
  };
  // All are configured before the first one runs.
  for (const auto& [kind, field] :
       {std::pair("ConfigMapGenerator", "configMapGenerator"),
        std::pair("SecretGenerator", "secretGenerator"),
        std::pair(kChartGenerator, kChartField)}) {
    WEIR_RETURN_IF_ERROR(CheckWritable(kind, field));
  }
  for (const auto& [kind, generators] :
       {std::pair("ConfigMapGenerator", &kustomization_.config_map_generators),
        std::pair("SecretGenerator", &kustomization_.secret_generators)}) {
    if (generators->empty()) continue;
    WEIR_RETURN_IF_ERROR(CheckWritable(kind, "generatorOptions"));
  }
  WEIR_ASSIGN_OR_RETURN(const std::vector<Generator> charts, ConfigureCharts());
  WEIR_ASSIGN_OR_RETURN(
      const ResMap plugins,
      ReadPlugins(kustomization_.generators, "configuring external generator"),
      "loading generator plugins");
  struct External {
    Generator generate;
    std::optional<Origin> origin;
    int source;
  };
  std::vector<External> external;
  for (const std::unique_ptr<Resource>& plugin : plugins.list()) {
    WEIR_ASSIGN_OR_RETURN(Generator made,
                          MakeGeneratorPlugin(*plugin, loader_, &state_.schema),
                          "loading generator plugins: failed to load "
                          "generator");
    external.push_back({std::move(made), PluginOrigin(*plugin),
                        LogPlugin("generators", *plugin)});
  }
  struct Builtin {
    GeneratorKind kind;
    const char* name;
    const char* field;
    std::vector<GeneratorArgs>* args;
  };
  const Builtin builtins[] = {
      {GeneratorKind::kConfigMap, "ConfigMapGenerator", "configMapGenerator",
       &kustomization_.config_map_generators},
      {GeneratorKind::kSecret, "SecretGenerator", "secretGenerator",
       &kustomization_.secret_generators}};
  for (const Builtin& builtin : builtins) {
    for (size_t i = 0; i < builtin.args->size(); ++i) {
      GeneratorArgs args = (*builtin.args)[i];
      MergeGeneratorOptions(kustomization_.generator_options, &args);
      const std::string field = Indexed(builtin.field, i);
      absl::StatusOr<std::unique_ptr<Resource>> made =
          Generate(builtin.kind, args, loader_, &state_.schema);
      if (!made.ok()) return LocateField(made.status(), field);
      WEIR_RETURN_IF_ERROR(
          LocateField(absorb(*std::move(made), BuiltinOrigin(builtin.name),
                             LogSource(field, "")),
                      field));
    }
  }
  WEIR_RETURN_IF_ERROR(RunCharts(charts, absorb));
  for (const External& plugin : external) {
    std::vector<std::unique_ptr<Resource>> made;
    WEIR_RETURN_IF_ERROR(plugin.generate(&made));
    for (std::unique_ptr<Resource>& resource : made) {
      WEIR_RETURN_IF_ERROR(
          absorb(std::move(resource), plugin.origin, plugin.source));
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
    absl::StatusOr<ResMap> decoded = DecodeTogether(entry, &state_.schema);
    if (!decoded.ok()) {
      paths.push_back(entry);
      continue;
    }
    for (const std::unique_ptr<Resource>& plugin : decoded->list()) {
      if (!origin_.has_value()) break;
      plugin->origin = origin_->Below(file_name_);
    }
    WEIR_RETURN_IF_ERROR(plugins.resources.AppendAll(*std::move(decoded)),
                         what);
  }
  WEIR_RETURN_IF_ERROR(AddResources(paths, &plugins));
  return std::move(plugins.resources);
}

int Target::LogPlugin(absl::string_view field, const Resource& plugin) const {
  if (state_.sources == nullptr) return 0;
  SourceLog::Entry entry;
  entry.source.what =
      absl::StrCat(plugin.kind(), " ", plugin.name(), " of ", field);
  entry.source.file = PlaceOf(file_name_);
  // One with a file of its own is from there.
  if (!plugin.history().empty()) {
    entry.source.file =
        state_.sources->entry(plugin.history()[0].source).source.file;
  }
  return state_.sources->Add(std::move(entry));
}

std::optional<Origin> Target::PluginOrigin(const Resource& plugin) {
  if (!plugin.origin.has_value()) return std::nullopt;
  Origin origin = *plugin.origin;
  origin.configured_in = std::exchange(origin.path, "");
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
    steps.push_back({std::move(made), PluginOrigin(*plugin), "transformers",
                     LogPlugin("transformers", *plugin)});
  }
  return steps;
}

absl::Status Target::RunStep(const Step& step, ResMap* objects) {
  WEIR_RETURN_IF_ERROR(state_.session.ctx.status());
  objects->UseBudget(&state_.session.budget);
  objects->Refresh();
  WEIR_RETURN_IF_ERROR(LocateField(objects->SpendOnEach(1, 0), step.field));
  WEIR_RETURN_IF_ERROR(LocateField(step.transform(objects), step.field));
  if (state_.sources != nullptr) {
    for (const auto& resource : objects->list()) resource->Record(step.source);
  }
  if (step.origin.has_value()) {
    for (const std::unique_ptr<Resource>& resource : objects->list()) {
      resource->Unshare({"metadata", "annotations"});
      resource->RenewAnnotations();
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
    WEIR_RETURN_IF_ERROR(
        AddStep("PatchStrategicMergeTransformer", "patchesStrategicMerge",
                MakeStrategicMergeTransformer(k.patches_strategic_merge, "",
                                              loader_, &state_.schema),
                steps));
  }
  for (size_t i = 0; i < k.patches.size(); ++i) {
    const PatchSpec& patch = k.patches[i];
    WEIR_RETURN_IF_ERROR(
        AddStep("PatchTransformer", Indexed("patches", i),
                MakePatchTransformer(patch, loader_, &state_.schema), steps,
                patch.path));
  }
  return absl::OkStatus();
}

absl::Status Target::AddNames(const TransformerConfig& config,
                              std::vector<Step>* steps) {
  const Kustomization& k = kustomization_;
  if (!k.ns.empty()) {
    WEIR_RETURN_IF_ERROR(
        AddStep("NamespaceTransformer", "namespace",
                MakeNamespaceTransformer({k.ns}, config.namespaces), steps));
  }
  if (!k.name_prefix.empty()) {
    WEIR_RETURN_IF_ERROR(AddStep(
        "PrefixTransformer", "namePrefix",
        MakePrefixTransformer(k.name_prefix, config.name_prefix), steps));
  }
  if (!k.name_suffix.empty()) {
    WEIR_RETURN_IF_ERROR(AddStep(
        "SuffixTransformer", "nameSuffix",
        MakeSuffixTransformer(k.name_suffix, config.name_suffix), steps));
  }
  return absl::OkStatus();
}

absl::Status Target::AddLabels(const TransformerConfig& config,
                               std::vector<Step>* steps) {
  const Kustomization& k = kustomization_;
  for (size_t i = 0; i < k.labels.size(); ++i) {
    const LabelSpec& label = k.labels[i];
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
    WEIR_RETURN_IF_ERROR(
        AddStep("LabelTransformer", Indexed("labels", i),
                MakeEntriesTransformer(label.pairs, std::move(specs)), steps));
  }
  if (!k.labels.empty() || !k.common_labels.empty()) {
    WEIR_RETURN_IF_ERROR(AddStep(
        "LabelTransformer", "commonLabels",
        MakeEntriesTransformer(k.common_labels, config.common_labels), steps));
  }
  if (!k.common_annotations.empty()) {
    WEIR_RETURN_IF_ERROR(AddStep(
        "AnnotationsTransformer", "commonAnnotations",
        MakeEntriesTransformer(k.common_annotations, config.common_annotations),
        steps));
  }
  return absl::OkStatus();
}

absl::Status Target::AddImages(const TransformerConfig& config,
                               std::vector<Step>* steps) {
  const std::vector<ImageSpec>& images = kustomization_.images;
  // One step for all of them, unless something tells of each.
  if (images.size() > 1 && !origin_.has_value() && state_.sources == nullptr) {
    absl::StatusOr<Transformer> all =
        MakeImageTransformer(images, config.images);
    if (all.ok()) {
      return AddStep("ImageTagTransformer", "images", std::move(all), steps);
    }
  }
  for (size_t i = 0; i < images.size(); ++i) {
    WEIR_RETURN_IF_ERROR(
        AddStep("ImageTagTransformer", Indexed("images", i),
                MakeImageTransformer({images[i]}, config.images), steps));
  }
  return absl::OkStatus();
}

absl::Status Target::AddValues(const TransformerConfig& config,
                               std::vector<Step>* steps) {
  const Kustomization& k = kustomization_;
  for (size_t i = 0; i < k.patches_json6902.size(); ++i) {
    const PatchSpec& patch = k.patches_json6902[i];
    WEIR_RETURN_IF_ERROR(
        AddStep("PatchJson6902Transformer", Indexed("patchesJson6902", i),
                MakeJson6902Transformer(patch, loader_), steps, patch.path));
  }
  for (size_t i = 0; i < k.replicas.size(); ++i) {
    WEIR_RETURN_IF_ERROR(AddStep(
        "ReplicaCountTransformer", Indexed("replicas", i),
        MakeReplicasTransformer(k.replicas[i], config.replicas), steps));
  }
  WEIR_RETURN_IF_ERROR(AddImages(config, steps));
  if (!k.replacements.empty()) {
    absl::StatusOr<Transformer> made =
        MakeReplacementTransformer(k.replacements, loader_);
    if (!made.ok()) {
      made = ConfigurationError(
          "ReplacementTransformer",
          Value::MakeObject(
              {{"Replacements", EncodeReplacements(k.replacements)}}),
          made.status());
    }
    WEIR_RETURN_IF_ERROR(AddStep("ReplacementTransformer", "replacements",
                                 std::move(made), steps));
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
    const Trees before = TreesOf(into->resources);
    into->resources.UseBudget(&state_.session.budget);
    WEIR_RETURN_IF_ERROR(into->resources.SpendOnEach(1, 0));
    WEIR_RETURN_IF_ERROR(step.transform(&into->resources));
    WEIR_RETURN_IF_ERROR(CheckUnchanged(before, into->resources),
                         "validator shouldn't modify the resource map");
  }
  return absl::OkStatus();
}

}  // namespace weir::kustomize
