#include "src/generate/helm_chart.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/load/decode.h"
#include "src/load/json_decoder.h"
#include "src/load/paths.h"
#include "src/load/plugin_config.h"
#include "src/merge/strategic_merge.h"
#include "src/model/res_map.h"
#include "src/model/resource.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

constexpr char kDefaultHome[] = "charts";
constexpr char kNotParsed[] = "could not parse rnode slice into resource map";

// One chart of a kustomization.
struct ChartArgs {
  ChartRequest request;  // Without folder and values.
  ChartPull pull;        // Without folder.
  std::string home;      // As written.
  std::string values_file;
  std::vector<std::string> more_values_files;
  Value values_inline;
  std::string values_merge;
};

absl::StatusOr<std::vector<std::string>> ConfigTexts(const Value& config,
                                                     const char* name) {
  std::vector<std::string> out;
  JsonDecoder decoder(false);
  decoder.Strings(ConfigMember(config, name), &out);
  WEIR_RETURN_IF_ERROR(decoder.status());
  return out;
}

absl::Status ReadTexts(const Value& config, ChartArgs& args) {
  const std::pair<const char*, std::string*> texts[] = {
      {"name", &args.pull.name},
      {"repo", &args.pull.repository},
      {"version", &args.pull.version},
      {"configHome", &args.pull.config_home},
      {"chartHome", &args.home},
      {"valuesFile", &args.values_file},
      {"valuesMerge", &args.values_merge},
      {"releaseName", &args.request.release_name},
      {"nameTemplate", &args.request.name_template},
      {"namespace", &args.request.name_space},
      {"kubeVersion", &args.request.kube_version}};
  for (const auto& [name, to] : texts) {
    WEIR_ASSIGN_OR_RETURN(*to, ConfigText(config, name));
  }
  const std::pair<const char*, bool*> flags[] = {
      {"devel", &args.pull.devel},
      {"includeCRDs", &args.request.include_crds},
      {"skipTests", &args.request.skip_tests},
      {"skipHooks", &args.request.skip_hooks}};
  for (const auto& [name, to] : flags) {
    WEIR_ASSIGN_OR_RETURN(*to, ConfigFlag(config, name));
  }
  return absl::OkStatus();
}

absl::StatusOr<ChartArgs> ReadArgs(const Value& config, const Loader& loader) {
  const BuildOptions::Helm& helm = loader.session().options.helm;
  ChartArgs args;
  WEIR_RETURN_IF_ERROR(ReadTexts(config, args));
  args.values_inline = ConfigMember(config, "valuesInline");
  if (args.pull.name.empty()) return BuildError("chart name cannot be empty");
  if (args.home.empty()) args.home = kDefaultHome;
  if (args.request.kube_version.empty()) {
    args.request.kube_version = helm.kube_version;
  }
  WEIR_ASSIGN_OR_RETURN(args.request.api_versions,
                        ConfigTexts(config, "apiVersions"));
  if (args.request.api_versions.empty()) {
    args.request.api_versions = helm.api_versions;
  }
  WEIR_ASSIGN_OR_RETURN(args.more_values_files,
                        ConfigTexts(config, "additionalValuesFiles"));
  for (const std::string& file : args.more_values_files) {
    WEIR_RETURN_IF_ERROR(loader.Load(file).status(),
                         "could not load additionalValuesFile");
  }
  if (args.values_merge.empty()) args.values_merge = "override";
  if (args.values_merge != "merge" && args.values_merge != "override" &&
      args.values_merge != "replace") {
    return BuildError("valuesMerge must be one of [merge override replace]");
  }
  return args;
}

// Where charts are, in the FileSystem.
std::string HomeOf(const ChartArgs& args, const Loader& loader) {
  std::string home;
  absl::string_view rest = args.home;
  if (!absl::ConsumePrefix(&rest, "/")) {
    home = JoinPath(loader.root(), args.home);
  } else {
    const std::string top = loader.files().DisplayPath(".");
    rest = args.home;
    if (top == "/" || absl::ConsumePrefix(&rest, top)) {
      absl::ConsumePrefix(&rest, "/");
    }
    home = CleanPath(rest);
  }
  if (args.pull.version.empty() || args.pull.repository.empty()) return home;
  return JoinPath(home, absl::StrCat(args.pull.name, "-", args.pull.version));
}

// Makes sure that the chart is there.
absl::Status Provide(const ChartArgs& args, const Loader& loader,
                     const std::string& home, const std::string& folder) {
  const FileSystem& files = loader.files();
  if (files.IsDirectory(folder)) return absl::OkStatus();
  if (args.pull.repository.empty()) {
    return BuildError(absl::StrCat(
        "no repo specified for pull, no chart found at '",
        files.IsFile(folder) ? files.DisplayPath(folder) : "", "'"));
  }
  const LoadSession& session = loader.session();
  if (&files != &session.files) {
    return absl::UnimplementedError(absl::StrCat(
        "chart '", args.pull.name, "' of ", loader.display_root(),
        ": charts of remote kustomizations have to be beside them"));
  }
  ChartPull pull = args.pull;
  pull.into = files.DisplayPath(home);
  return session.options.helm.renderer->Pull(session.ctx, pull);
}

absl::StatusOr<Value> ParseMergeable(absl::string_view text) {
  YamlParseOptions options;
  options.schema = YamlParseOptions::Schema::kYaml12;
  absl::StatusOr<Value> value = ParseYaml(text, options);
  if (absl::IsResourceExhausted(value.status())) return value.status();
  if (!value.ok()) {
    return BuildError(absl::StrCat("could not parse values file into rnode: ",
                                   GoYamlError(value.status())));
  }
  if (value->is_null()) {
    return BuildError("could not parse values file into rnode: EOF");
  }
  return value;
}

// The text of the first values file.
absl::StatusOr<std::string> MainValues(const ChartArgs& args,
                                       const Loader& loader,
                                       const Schema* schema,
                                       const std::string& folder) {
  const std::string file =
      args.values_file.empty()
          ? loader.files().DisplayPath(JoinPath(folder, "values.yaml"))
          : args.values_file;
  if (args.values_inline.empty()) return loader.Load(file);
  if (args.values_merge == "replace") return FormatYaml(args.values_inline);
  WEIR_ASSIGN_OR_RETURN(const std::string text, loader.Load(file));
  WEIR_ASSIGN_OR_RETURN(Value of_chart, ParseMergeable(text));
  Value merged = args.values_inline;
  if (args.values_merge == "override") std::swap(merged, of_chart);
  // Now `of_chart` is what is laid over the other.
  WEIR_RETURN_IF_ERROR(StrategicMerge(of_chart, *schema, &merged),
                       "could not merge values");
  if (merged.is_null()) merged = Value::MakeObject();
  return FormatYaml(merged);
}

absl::Status GenerateChart(const ChartArgs& args, const Loader& loader,
                           const Schema* schema,
                           std::vector<std::unique_ptr<Resource>>* out) {
  const LoadSession& session = loader.session();
  const std::string home = HomeOf(args, loader);
  ChartRequest request = args.request;
  request.folder = JoinPath(home, args.pull.name);
  WEIR_RETURN_IF_ERROR(Provide(args, loader, home, request.folder));
  WEIR_ASSIGN_OR_RETURN(std::string values,
                        MainValues(args, loader, schema, request.folder));
  request.values.push_back(std::move(values));
  for (const std::string& file : args.more_values_files) {
    WEIR_ASSIGN_OR_RETURN(std::string text, loader.Load(file));
    request.values.push_back(std::move(text));
  }
  WEIR_ASSIGN_OR_RETURN(const std::string text,
                        session.options.helm.renderer->Render(
                            session.ctx, loader.files(), request),
                        "chart '", args.pull.name, "' of ",
                        loader.display_root());
  WEIR_ASSIGN_OR_RETURN(auto resources, DecodeResources(text, schema),
                        kNotParsed);
  ResMap unique;
  for (std::unique_ptr<Resource>& resource : resources) {
    Value& annotations =
        resource->MutableContent().Mutable("metadata").Mutable("annotations");
    if (!annotations.is_object()) annotations = Value::MakeObject();
    annotations.Set(kHelmGenerated, "true");
    out->push_back(std::make_unique<Resource>(resource->tree(), schema));
    WEIR_RETURN_IF_ERROR(unique.Append(std::move(resource)), kNotParsed);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Generator> MakeHelmChartGenerator(const Value& config,
                                                 const Loader& loader,
                                                 const Schema* schema) {
  const BuildOptions::Helm& helm = loader.session().options.helm;
  if (!helm.enabled) return BuildError("must specify --enable-helm");
  if (helm.command.empty()) return BuildError("must specify --helm-command");
  WEIR_ASSIGN_OR_RETURN(ChartArgs args, ReadArgs(config, loader));
  if (helm.renderer == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("chart '", args.pull.name, "' of ", loader.display_root(),
                     ": charts are not rendered here; "
                     "list the output of `helm template` in resources, or use "
                     "a HelmRelease"));
  }
  return Generator([args = std::move(args), &loader,
                    schema](std::vector<std::unique_ptr<Resource>>* out) {
    return GenerateChart(args, loader, schema, out);
  });
}

}  // namespace weir::kustomize
