#include "src/plugins.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/generate/generators.h"
#include "src/load/json_decoder.h"
#include "src/load/kustomization.h"
#include "src/model/go_quote.h"
#include "src/transform/patches.h"
#include "src/transform/replacements.h"
#include "src/transform/transformers.h"
#include "src/transform/value_add.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

constexpr absl::string_view kGenerators[] = {
    "ConfigMapGenerator", "SecretGenerator", "IAMPolicyGenerator",
    "HelmChartInflationGenerator"};
constexpr absl::string_view kTransformers[] = {"AnnotationsTransformer",
                                               "HashTransformer",
                                               "ImageTagTransformer",
                                               "LabelTransformer",
                                               "NamespaceTransformer",
                                               "PatchJson6902Transformer",
                                               "PatchStrategicMergeTransformer",
                                               "PatchTransformer",
                                               "PrefixSuffixTransformer",
                                               "PrefixTransformer",
                                               "SuffixTransformer",
                                               "ReplacementTransformer",
                                               "ReplicaCountTransformer",
                                               "ValueAddTransformer"};

template <size_t N>
bool IsOneOf(absl::string_view kind, const absl::string_view (&names)[N]) {
  for (absl::string_view name : names) {
    if (name == kind) return true;
  }
  return false;
}

// The configuration's member of this name, in any case.
const Value& Member(const Value& config, absl::string_view name) {
  static const Value& none = *new Value();
  if (const Value* exact = config.Find(name)) return *exact;
  for (const Value::Member& member : config.object()) {
    if (absl::EqualsIgnoreCase(member.key, name)) return member.value;
  }
  return none;
}

absl::Status CheckBuiltin(const Resource& plugin) {
  const Gvk& gvk = plugin.CurId().gvk;
  if (!gvk.group.empty() || gvk.version != "builtin") {
    return BuildError(
        absl::StrCat("external plugins disabled; unable to load external "
                     "plugin '",
                     plugin.OrgId().gvk.kind, "'"));
  }
  if (!IsOneOf(gvk.kind, kGenerators) && !IsOneOf(gvk.kind, kTransformers)) {
    return BuildError(absl::StrCat("unable to load builtin ", gvk.ToString()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Text(const Value& config, absl::string_view name) {
  std::string text;
  JsonDecoder decoder(false);
  decoder.String(Member(config, name), &text);
  WEIR_RETURN_IF_ERROR(decoder.status());
  return text;
}

absl::StatusOr<bool> Flag(const Value& config, absl::string_view name) {
  bool flag = false;
  JsonDecoder decoder(false);
  decoder.Bool(Member(config, name), &flag);
  WEIR_RETURN_IF_ERROR(decoder.status());
  return flag;
}

absl::StatusOr<StringMap> Map(const Value& config, absl::string_view name) {
  StringMap map;
  JsonDecoder decoder(false);
  decoder.StringMap(Member(config, name), &map);
  WEIR_RETURN_IF_ERROR(decoder.status());
  return map;
}

absl::StatusOr<Transformer> MakeNamespace(const Value& config,
                                          FieldSpecs specs) {
  NamespaceArgs args;
  WEIR_ASSIGN_OR_RETURN(args.ns, Text(Member(config, "metadata"), "namespace"));
  WEIR_ASSIGN_OR_RETURN(args.unset_only, Flag(config, "unsetOnly"));
  WEIR_ASSIGN_OR_RETURN(const std::string subjects,
                        Text(config, "setRoleBindingSubjects"));
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
  return MakeNamespaceTransformer(std::move(args), std::move(specs));
}

absl::StatusOr<Transformer> MakeAffixes(absl::string_view kind,
                                        const Value& config, FieldSpecs specs) {
  if (Member(config, "fieldSpecs").is_null()) {
    return BuildError("fieldSpecs is not expected to be nil");
  }
  WEIR_ASSIGN_OR_RETURN(std::string prefix, Text(config, "prefix"));
  WEIR_ASSIGN_OR_RETURN(std::string suffix, Text(config, "suffix"));
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

absl::StatusOr<Transformer> MakePatch(absl::string_view kind,
                                      const Value& config, const Loader& loader,
                                      const Schema* schema) {
  if (kind == "PatchStrategicMergeTransformer") {
    std::vector<std::string> paths;
    JsonDecoder decoder(false);
    decoder.Strings(Member(config, "paths"), &paths);
    WEIR_RETURN_IF_ERROR(decoder.status());
    WEIR_ASSIGN_OR_RETURN(const std::string text, Text(config, "patches"));
    return MakeStrategicMergeTransformer(paths, text, loader, schema);
  }
  WEIR_ASSIGN_OR_RETURN(PatchSpec spec, DecodePatchSpec(config));
  if (kind == "PatchTransformer") {
    return MakePatchTransformer(spec, loader, schema);
  }
  WEIR_ASSIGN_OR_RETURN(spec.patch, Text(config, "jsonOp"));
  return MakeJson6902Transformer(spec, loader);
}

absl::StatusOr<Transformer> MakeTransformer(const Resource& plugin,
                                            const Loader& loader,
                                            const Schema* schema) {
  const Value& config = plugin.tree();
  const std::string kind(plugin.kind());
  if (absl::StartsWith(kind, "Patch")) {
    return MakePatch(kind, config, loader, schema);
  }
  WEIR_ASSIGN_OR_RETURN(FieldSpecs specs,
                        DecodeFieldSpecs(Member(config, "fieldSpecs")));
  if (kind == "NamespaceTransformer") {
    return MakeNamespace(config, std::move(specs));
  }
  if (absl::EndsWith(kind, "fixTransformer")) {
    return MakeAffixes(kind, config, std::move(specs));
  }
  if (kind == "LabelTransformer" || kind == "AnnotationsTransformer") {
    WEIR_ASSIGN_OR_RETURN(
        StringMap entries,
        Map(config, kind[0] == 'L' ? "labels" : "annotations"));
    return MakeEntriesTransformer(std::move(entries), std::move(specs));
  }
  if (kind == "ImageTagTransformer") {
    WEIR_ASSIGN_OR_RETURN(const ImageSpec image,
                          DecodeImage(Member(config, "imageTag")));
    return MakeImageTransformer(image, std::move(specs));
  }
  if (kind == "ReplicaCountTransformer") {
    WEIR_ASSIGN_OR_RETURN(ReplicaSpec replica,
                          DecodeReplica(Member(config, "replica")));
    return MakeReplicasTransformer(std::move(replica), std::move(specs));
  }
  if (kind == "ReplacementTransformer") {
    std::vector<ReplacementSpec> replacements;
    const Value& list = Member(config, "replacements");
    if (!list.is_null()) {
      WEIR_ASSIGN_OR_RETURN(replacements, DecodeReplacements(list));
    }
    return MakeReplacementTransformer(replacements, loader);
  }
  if (kind == "ValueAddTransformer") {
    return MakeValueAddTransformer(config, loader);
  }
  return Transformer([](ResMap* objects) {
    AddHashes(objects);
    return absl::OkStatus();
  });
}

absl::StatusOr<GeneratorPlugin> MakePolicyGenerator(const Value& config,
                                                    const Schema* schema) {
  const Value& account = Member(config, "serviceAccount");
  const Value& service = Member(config, "kubernetesService");
  WEIR_ASSIGN_OR_RETURN(const std::string cloud, Text(config, "cloud"));
  WEIR_ASSIGN_OR_RETURN(const std::string name, Text(service, "name"));
  WEIR_ASSIGN_OR_RETURN(const std::string ns, Text(service, "namespace"));
  WEIR_ASSIGN_OR_RETURN(const std::string account_name, Text(account, "name"));
  WEIR_ASSIGN_OR_RETURN(const std::string project, Text(account, "projectId"));
  if (cloud != "gke") {
    return GeneratorPlugin([cloud](std::vector<std::unique_ptr<Resource>>*) {
      return BuildError(
          absl::StrCat("cloud provider ", cloud, " not supported yet"));
    });
  }
  Value metadata = Value::MakeObject(
      {{"name", name},
       {"annotations",
        Value::MakeObject({{"iam.gke.io/gcp-service-account",
                            absl::StrCat(account_name, "@", project,
                                         ".iam.gserviceaccount.com")}})}});
  if (!ns.empty()) metadata.Set("namespace", ns);
  const Value object = Value::MakeObject({{"apiVersion", "v1"},
                                          {"kind", "ServiceAccount"},
                                          {"metadata", std::move(metadata)}});
  return GeneratorPlugin(
      [object, schema](std::vector<std::unique_ptr<Resource>>* out) {
        out->push_back(std::make_unique<Resource>(object, schema));
        return absl::OkStatus();
      });
}

}  // namespace

absl::StatusOr<GeneratorPlugin> MakeGeneratorPlugin(const Resource& plugin,
                                                    const Loader& loader,
                                                    const Schema* schema) {
  WEIR_RETURN_IF_ERROR(CheckBuiltin(plugin));
  const Value& config = plugin.tree();
  const absl::string_view kind = plugin.kind();
  if (!IsOneOf(kind, kGenerators)) {
    return BuildError(
        absl::StrCat("plugin ", plugin.OrgId().ToString(), " not a generator"));
  }
  if (kind == "HelmChartInflationGenerator") {
    return absl::UnimplementedError(
        absl::StrCat("generator ", plugin.OrgId().ToString(), " in ",
                     loader.display_root(), " is not supported"));
  }
  if (kind == "IAMPolicyGenerator") return MakePolicyGenerator(config, schema);
  absl::StatusOr<GeneratorArgs> args = DecodeGeneratorArgs(config);
  WEIR_RETURN_IF_ERROR(args.status(), "plugin ", plugin.OrgId().ToString(),
                       " fails configuration");
  if (args->name.empty()) args->name = std::string(plugin.name());
  if (args->ns.empty()) args->ns = std::string(plugin.ns());
  const GeneratorKind made = kind == "SecretGenerator"
                                 ? GeneratorKind::kSecret
                                 : GeneratorKind::kConfigMap;
  return GeneratorPlugin(
      [made, args = *std::move(args), &loader,
       schema](std::vector<std::unique_ptr<Resource>>* out) -> absl::Status {
        WEIR_ASSIGN_OR_RETURN(std::unique_ptr<Resource> resource,
                              Generate(made, args, loader, schema));
        out->push_back(std::move(resource));
        return absl::OkStatus();
      });
}

absl::StatusOr<Transformer> MakeTransformerPlugin(const Resource& plugin,
                                                  const Loader& loader,
                                                  const Schema* schema) {
  WEIR_RETURN_IF_ERROR(CheckBuiltin(plugin));
  if (IsOneOf(plugin.kind(), kGenerators)) {
    return BuildError(absl::StrCat("plugin ", plugin.OrgId().ToString(),
                                   " not a transformer"));
  }
  absl::StatusOr<Transformer> made = MakeTransformer(plugin, loader, schema);
  WEIR_RETURN_IF_ERROR(made.status(), "plugin ", plugin.OrgId().ToString(),
                       " fails configuration");
  return made;
}

}  // namespace weir::kustomize
