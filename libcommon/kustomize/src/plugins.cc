#include "src/plugins.h"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "src/generate/config_maps_secrets.h"
#include "src/generate/helm_chart.h"
#include "src/generate/iam_policy.h"
#include "src/load/json_decoder.h"
#include "src/load/kustomization.h"
#include "src/load/plugin_config.h"
#include "src/model/scalar.h"
#include "src/transform/patches.h"
#include "src/transform/replacements.h"
#include "src/transform/transformers.h"
#include "src/transform/value_add.h"
#include "weir/base/status.h"
#include "weir/value/go_quote.h"

namespace weir::kustomize {
namespace {

// What a factory makes a generator or transformer from.
struct Arguments {
  const Resource& plugin;
  const Loader& loader;
  const Schema* schema;
  const Value& tree;

  const Value& config() const { return tree; }
  absl::StatusOr<FieldSpecs> FieldSpecsOf() const {
    return DecodeFieldSpecs(ConfigMember(config(), "fieldSpecs"));
  }
};

using MakeTransformer = absl::StatusOr<Transformer> (*)(const Arguments&);
using MakeGenerator = absl::StatusOr<Generator> (*)(const Arguments&);

// As Go says that a field of a plugin has the wrong type.
absl::Status InField(const absl::Status& status, const Arguments& from,
                     absl::string_view field) {
  return Annotate(
      absl::Status(status.code(),
                   absl::StrReplaceAll(
                       status.message(),
                       {{"Go value of type ",
                         absl::StrCat("Go struct field ", from.plugin.kind(),
                                      "Plugin.", field, " of type ")}})),
      "error unmarshaling JSON: while decoding JSON");
}

absl::StatusOr<Transformer> MakeEntries(const Arguments& from,
                                        absl::string_view field) {
  absl::StatusOr<StringMap> entries = ConfigMapOf(from.config(), field);
  if (!entries.ok()) return InField(entries.status(), from, field);
  WEIR_ASSIGN_OR_RETURN(FieldSpecs specs, from.FieldSpecsOf());
  return MakeEntriesTransformer(*std::move(entries), std::move(specs));
}

absl::StatusOr<Transformer> MakeNamespace(const Arguments& from) {
  const Value& config = from.config();
  NamespaceArgs args;
  WEIR_ASSIGN_OR_RETURN(
      args.ns, ConfigText(ConfigMember(config, "metadata"), "namespace"));
  WEIR_ASSIGN_OR_RETURN(args.unset_only, ConfigFlag(config, "unsetOnly"));
  WEIR_ASSIGN_OR_RETURN(const std::string subjects,
                        ConfigText(config, "setRoleBindingSubjects"));
  if (subjects == "allServiceAccounts") {
    args.subjects = SubjectMode::kAllServiceAccounts;
  } else if (subjects == "none") {
    args.subjects = SubjectMode::kNone;
  } else if (!subjects.empty() && subjects != "defaultOnly") {
    return BuildError(absl::StrCat(
        "invalid value ", GoQuote(subjects),
        " for setRoleBindingSubjects: must be one of \"defaultOnly\", "
        "\"none\" or \"allServiceAccounts\""));
  }
  WEIR_ASSIGN_OR_RETURN(FieldSpecs specs, from.FieldSpecsOf());
  return MakeNamespaceTransformer(std::move(args), std::move(specs));
}

absl::StatusOr<Transformer> MakeAffixes(const Arguments& from) {
  const Value& config = from.config();
  const absl::string_view kind = from.plugin.kind();
  if (ConfigMember(config, "fieldSpecs").is_null()) {
    return BuildError("fieldSpecs is not expected to be nil");
  }
  WEIR_ASSIGN_OR_RETURN(std::string prefix, ConfigText(config, "prefix"));
  WEIR_ASSIGN_OR_RETURN(std::string suffix, ConfigText(config, "suffix"));
  WEIR_ASSIGN_OR_RETURN(FieldSpecs specs, from.FieldSpecsOf());
  if (kind == "PrefixTransformer") {
    return MakePrefixTransformer(std::move(prefix), std::move(specs));
  }
  if (kind == "SuffixTransformer") {
    return MakeSuffixTransformer(std::move(suffix), std::move(specs));
  }
  const Transformer first = MakePrefixTransformer(std::move(prefix), specs);
  const Transformer second =
      MakeSuffixTransformer(std::move(suffix), std::move(specs));
  return Transformer([first, second](ResMap* objects) -> absl::Status {
    WEIR_RETURN_IF_ERROR(first(objects));
    return second(objects);
  });
}

absl::StatusOr<Transformer> MakeImages(const Arguments& from) {
  const absl::StatusOr<ImageSpec> image =
      DecodeImage(ConfigMember(from.config(), "imageTag"));
  if (!image.ok()) return InField(image.status(), from, "imageTag");
  WEIR_ASSIGN_OR_RETURN(FieldSpecs specs, from.FieldSpecsOf());
  return MakeImageTransformer({*image}, std::move(specs));
}

absl::StatusOr<Transformer> MakeReplicas(const Arguments& from) {
  WEIR_ASSIGN_OR_RETURN(ReplicaSpec replica,
                        DecodeReplica(ConfigMember(from.config(), "replica")));
  WEIR_ASSIGN_OR_RETURN(FieldSpecs specs, from.FieldSpecsOf());
  return MakeReplicasTransformer(std::move(replica), std::move(specs));
}

absl::StatusOr<Transformer> MakeReplacements(const Arguments& from) {
  std::vector<ReplacementSpec> replacements;
  const Value& list = ConfigMember(from.config(), "replacements");
  if (!list.is_null()) {
    WEIR_ASSIGN_OR_RETURN(replacements, DecodeReplacements(list));
  }
  return MakeReplacementTransformer(replacements, from.loader);
}

absl::StatusOr<Transformer> MakePatch(const Arguments& from) {
  WEIR_ASSIGN_OR_RETURN(const PatchSpec spec, DecodePatchSpec(from.config()));
  return MakePatchTransformer(spec, from.loader, from.schema, &from.config());
}

absl::StatusOr<Transformer> MakeJsonPatch(const Arguments& from) {
  WEIR_ASSIGN_OR_RETURN(PatchSpec spec, DecodePatchSpec(from.config()));
  WEIR_ASSIGN_OR_RETURN(spec.patch, ConfigText(from.config(), "jsonOp"));
  return MakeJson6902Transformer(spec, from.loader, &from.config());
}

absl::StatusOr<Transformer> MakeMergePatches(const Arguments& from) {
  std::vector<std::string> paths;
  JsonDecoder decoder(false);
  decoder.Strings(ConfigMember(from.config(), "paths"), &paths);
  WEIR_RETURN_IF_ERROR(decoder.status());
  WEIR_ASSIGN_OR_RETURN(const std::string text,
                        ConfigText(from.config(), "patches"));
  return MakeStrategicMergeTransformer(paths, text, from.loader, from.schema,
                                       &from.config());
}

absl::StatusOr<Transformer> MakeHashes(const Arguments&) {
  return Transformer([](ResMap* objects) { return AddHashes(objects); });
}

constexpr std::pair<absl::string_view, MakeTransformer> kTransformers[] = {
    {"AnnotationsTransformer",
     [](const Arguments& from) { return MakeEntries(from, "annotations"); }},
    {"HashTransformer", MakeHashes},
    {"ImageTagTransformer", MakeImages},
    {"LabelTransformer",
     [](const Arguments& from) { return MakeEntries(from, "labels"); }},
    {"NamespaceTransformer", MakeNamespace},
    {"PatchJson6902Transformer", MakeJsonPatch},
    {"PatchStrategicMergeTransformer", MakeMergePatches},
    {"PatchTransformer", MakePatch},
    {"PrefixSuffixTransformer", MakeAffixes},
    {"PrefixTransformer", MakeAffixes},
    {"ReplacementTransformer", MakeReplacements},
    {"ReplicaCountTransformer", MakeReplicas},
    {"SuffixTransformer", MakeAffixes},
    {"ValueAddTransformer",
     [](const Arguments& from) {
       return MakeValueAddTransformer(from.config(), from.loader);
     }},
};

absl::StatusOr<Generator> MakeKeyValues(const Arguments& from,
                                        GeneratorKind kind) {
  WEIR_ASSIGN_OR_RETURN(GeneratorArgs args, DecodeGeneratorArgs(from.config()));
  if (args.name.empty()) args.name = std::string(from.plugin.name());
  if (args.ns.empty()) args.ns = std::string(from.plugin.ns());
  return Generator(
      [kind, args = std::move(args), &loader = from.loader,
       schema = from.schema](
          std::vector<std::unique_ptr<Resource>>* out) -> absl::Status {
        WEIR_ASSIGN_OR_RETURN(std::unique_ptr<Resource> resource,
                              Generate(kind, args, loader, schema));
        out->push_back(std::move(resource));
        return absl::OkStatus();
      });
}

constexpr std::pair<absl::string_view, MakeGenerator> kGenerators[] = {
    {"ConfigMapGenerator",
     [](const Arguments& from) {
       return MakeKeyValues(from, GeneratorKind::kConfigMap);
     }},
    {"HelmChartInflationGenerator",
     [](const Arguments& from) {
       return MakeHelmChartGenerator(from.config(), from.loader, from.schema);
     }},
    {"IAMPolicyGenerator",
     [](const Arguments& from) {
       return MakeIamPolicyGenerator(from.config(), from.schema);
     }},
    {"SecretGenerator",
     [](const Arguments& from) {
       return MakeKeyValues(from, GeneratorKind::kSecret);
     }},
};

// What makes a kind; null for a kind of the other table.
// Errors: kFailedPrecondition for one of neither.
template <typename Own, typename Other>
auto FindFactory(const Resource& plugin, const Loader& loader, const Own& own,
                 const Other& other)
    -> absl::StatusOr<std::decay_t<decltype(own[0].second)>> {
  const Gvk& gvk = plugin.CurId().gvk;
  if (!gvk.group.empty() || gvk.version != "builtin") {
    if (loader.session().options.enable_alpha_plugins) {
      return absl::UnimplementedError(absl::StrCat(
          "plugin ", plugin.OrgId().ToString(), " of ", loader.display_root(),
          ": programs and containers are not run"));
    }
    return BuildError(
        absl::StrCat("external plugins disabled; unable to load external "
                     "plugin '",
                     plugin.OrgId().gvk.kind, "'"));
  }
  for (const auto& [name, make] : own) {
    if (name == gvk.kind) return make;
  }
  for (const auto& [name, make] : other) {
    if (name == gvk.kind) return nullptr;
  }
  return BuildError(absl::StrCat("unable to load builtin ", gvk.ToString()));
}

// Fields of transformers in which upstream's reader makes texts of numbers and
// booleans: those of their own, and not of what they embed.
constexpr std::pair<absl::string_view, absl::string_view> kTextFields[] = {
    {"AnnotationsTransformer", "annotations/*"},
    {"ImageTagTransformer", "imageTag/*"},
    {"LabelTransformer", "labels/*"},
    {"PatchJson6902Transformer", "jsonOp"},
    {"PatchJson6902Transformer", "path"},
    {"PatchStrategicMergeTransformer", "patches"},
    {"PatchStrategicMergeTransformer", "paths/*"},
    {"PatchTransformer", "patch"},
    {"PatchTransformer", "path"},
    {"PrefixSuffixTransformer", "prefix"},
    {"PrefixSuffixTransformer", "suffix"},
    {"PrefixTransformer", "prefix"},
    {"ReplicaCountTransformer", "replica/name"},
    {"SuffixTransformer", "suffix"},
    {"ValueAddTransformer", "value"},
};

void MakeTexts(const Resource& plugin, Value* config) {
  for (const auto& [kind, field] : kTextFields) {
    if (kind != plugin.kind()) continue;
    const std::vector<absl::string_view> path = absl::StrSplit(field, '/');
    MakeConfigTexts(path, config);
  }
}

// The plugin as upstream hands it on.
absl::StatusOr<Value> ConfigOf(const Resource& plugin) {
  Value config = plugin.tree();
  WEIR_RETURN_IF_ERROR(WriteAndRead(&config), "marshalling yaml from res ",
                       plugin.OrgId().ToString());
  WEIR_RETURN_IF_ERROR(ReadFromJson(&config), "marshalling yaml from res ",
                       plugin.OrgId().ToString());
  return config;
}

}  // namespace

absl::StatusOr<Generator> MakeGeneratorPlugin(const Resource& plugin,
                                              const Loader& loader,
                                              const Schema* schema) {
  WEIR_ASSIGN_OR_RETURN(
      const MakeGenerator make,
      FindFactory(plugin, loader, kGenerators, kTransformers));
  WEIR_ASSIGN_OR_RETURN(const Value config, ConfigOf(plugin));
  if (make == nullptr) {
    // Its configuration is looked at first.
    WEIR_RETURN_IF_ERROR(
        MakeTransformerPlugin(plugin, loader, schema).status());
    return BuildError(
        absl::StrCat("plugin ", plugin.OrgId().ToString(), " not a generator"));
  }
  absl::StatusOr<Generator> made = make({plugin, loader, schema, config});
  WEIR_RETURN_IF_ERROR(made.status(), "plugin ", plugin.OrgId().ToString(),
                       " fails configuration");
  return made;
}

absl::StatusOr<Transformer> MakeTransformerPlugin(const Resource& plugin,
                                                  const Loader& loader,
                                                  const Schema* schema) {
  WEIR_ASSIGN_OR_RETURN(
      const MakeTransformer make,
      FindFactory(plugin, loader, kTransformers, kGenerators));
  WEIR_ASSIGN_OR_RETURN(Value config, ConfigOf(plugin));
  if (make == nullptr) {
    WEIR_RETURN_IF_ERROR(MakeGeneratorPlugin(plugin, loader, schema).status());
    return BuildError(absl::StrCat("plugin ", plugin.OrgId().ToString(),
                                   " not a transformer"));
  }
  MakeTexts(plugin, &config);
  absl::StatusOr<Transformer> made = make({plugin, loader, schema, config});
  WEIR_RETURN_IF_ERROR(made.status(), "plugin ", plugin.OrgId().ToString(),
                       " fails configuration");
  return made;
}

}  // namespace weir::kustomize
