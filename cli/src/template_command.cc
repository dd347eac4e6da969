// `weir template`: prints what a chart renders to, as `helm template` does.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "helm_environment.h"
#include "input.h"
#include "invocation.h"
#include "output.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/helm/dependencies.h"
#include "weir/helm/fetch.h"
#include "weir/helm/load.h"
#include "weir/helm/release.h"
#include "weir/helm/render.h"
#include "weir/helm/values.h"
#include "weir/http/client.h"

namespace weir::cli {
namespace {

constexpr char kDefaultName[] = "release-name";

struct TemplateArgs {
  std::vector<std::string> positional;  // [NAME] CHART
  ChartFlags chart;
  std::string name_template;
  bool generate_name = false;
  std::string name_space;
  helm::ValuesSources values;
  std::vector<std::string> value_files;  // Each may name several.
  std::vector<std::string> show_only;
  helm::PrintOptions print;
  bool is_upgrade = false;
  bool skip_schema_validation = false;
  std::string kube_version;
  std::vector<std::string> api_versions;
  std::string output_dir;
  bool use_release_name = false;
  std::string dry_run = "client";
  bool validate = false;
  bool debug = false;
  // Taken, and without effect when nothing is installed.
  bool ignored_flag = false;
  std::string ignored_text;
};

bool IsUrl(absl::string_view name) {
  return absl::StartsWith(name, "http://") ||
         absl::StartsWith(name, "https://") || absl::StartsWith(name, "oci://");
}

absl::StatusOr<std::string> ReadInput(const std::string& name) {
  if (absl::StripAsciiWhitespace(name) == "-") return ReadStandardInput();
  if (access(name.c_str(), R_OK) != 0) {
    std::string reason = std::strerror(errno);
    reason[0] = absl::ascii_tolower(reason[0]);
    return absl::NotFoundError(absl::StrCat("open ", name, ": ", reason));
  }
  return ReadFile(name);
}

// The release's name and the chart.
absl::StatusOr<std::pair<std::string, std::string>> NameAndChart(
    const TemplateArgs& args) {
  const std::vector<std::string>& given = args.positional;
  if (given.size() > 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected at most two arguments, unexpected arguments: ",
                     absl::StrJoin(given.begin() + 2, given.end(), ", ")));
  }
  if (given.size() == 2) {
    if (args.generate_name) {
      return absl::InvalidArgumentError(
          "cannot set --generate-name and also specify a name");
    }
    if (!args.name_template.empty()) {
      return absl::InvalidArgumentError(
          "cannot set --name-template and also specify a name");
    }
    return std::make_pair(given[0], given[1]);
  }
  if (args.name_template.empty()) return std::make_pair(kDefaultName, given[0]);
  WEIR_ASSIGN_OR_RETURN(std::string name, helm::RenderName(args.name_template));
  return std::make_pair(std::move(name), given[0]);
}

absl::StatusOr<helm::Capabilities> CapabilitiesOf(const TemplateArgs& args) {
  helm::Capabilities capabilities = helm::DefaultCapabilities();
  if (!args.kube_version.empty()) {
    WEIR_ASSIGN_OR_RETURN(capabilities.kube_version,
                          helm::ParseKubeVersion(args.kube_version),
                          "invalid kube version '", args.kube_version, "'");
  }
  for (const std::string& list : args.api_versions) {
    for (absl::string_view one : absl::StrSplit(list, ',')) {
      capabilities.api_versions.emplace_back(one);
    }
  }
  return capabilities;
}

absl::Status CheckMode(const TemplateArgs& args) {
  if (args.validate || args.dry_run == "server") {
    return absl::UnimplementedError(
        "rendering against a server is not supported yet");
  }
  for (const char* known : {"client", "unset", "true"}) {
    if (args.dry_run == known) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("invalid dry-run value (\"", args.dry_run,
                   "\"). Must be \"none\", \"server\", or \"client\""));
}

// Writes documents below a folder, and says so.
class FolderWriter {
 public:
  absl::Status Write(const std::string& folder, const std::string& name,
                     absl::string_view content, bool append) {
    const std::string path = absl::StrCat(folder, "/", name);
    WEIR_RETURN_IF_ERROR(
        MakeDirectories(std::filesystem::path(path).parent_path().string()));
    std::string text;
    if (append && access(path.c_str(), F_OK) == 0) {
      WEIR_ASSIGN_OR_RETURN(text, ReadFile(path));
    }
    helm::AppendDocument(name, content, &text);
    WEIR_RETURN_IF_ERROR(WriteFileAtomically(path, text));
    Print(absl::StrCat("wrote ", path, "\n"));
    return absl::OkStatus();
  }
  absl::Status WriteOnce(const std::string& folder, const std::string& name,
                         absl::string_view content) {
    const bool is_new = written_.insert(name).second;
    return Write(folder, name, content, !is_new);
  }

 private:
  std::set<std::string> written_;
};

absl::Status WriteRelease(const helm::RenderedRelease& release,
                          const std::string& name, const TemplateArgs& args) {
  FolderWriter writer;
  if (args.print.include_crds) {
    for (const helm::Crd& crd : helm::ListCrds(release.chart)) {
      WEIR_RETURN_IF_ERROR(
          writer.WriteOnce(args.output_dir, crd.path, crd.file->data));
    }
  }
  const std::string folder = args.use_release_name
                                 ? absl::StrCat(args.output_dir, "/", name)
                                 : args.output_dir;
  for (const helm::Manifest& one : release.manifests.objects) {
    WEIR_RETURN_IF_ERROR(writer.WriteOnce(folder, one.path, one.content));
  }
  if (args.print.no_hooks) return absl::OkStatus();
  for (const helm::Hook& hook : release.manifests.hooks) {
    if (args.print.skip_tests && hook.is_test()) continue;
    WEIR_RETURN_IF_ERROR(writer.Write(folder, hook.path, hook.content, true));
  }
  return absl::OkStatus();
}

absl::StatusOr<helm::Chart> Load(const Context& ctx,
                                 const helm::FoundChart& found,
                                 helm::ChartFetcher& fetcher,
                                 bool dependency_update) {
  helm::LoadOptions options;
  options.on_warning = [](absl::string_view text) { PrintWarning(text); };
  WEIR_ASSIGN_OR_RETURN(helm::Chart chart, fetcher.Load(found, options));
  WEIR_RETURN_IF_ERROR(helm::CheckInstallable(chart));
  if (chart.metadata.deprecated) PrintWarning("this chart is deprecated");
  const absl::Status missing = helm::CheckDependencies(chart);
  if (missing.ok()) return chart;
  if (!dependency_update) {
    return Annotate(missing,
                    "an error occurred while checking for chart dependencies. "
                    "You may need to run 'helm dependency build' to fetch "
                    "missing dependencies");
  }
  WEIR_RETURN_IF_ERROR(fetcher.UpdateDependencies(ctx, found.path));
  WEIR_ASSIGN_OR_RETURN(chart, fetcher.Load(found, options),
                        "failed reloading chart after repo update");
  return chart;
}

std::string NamespaceOf(const TemplateArgs& args) {
  if (!args.name_space.empty()) return args.name_space;
  const char* set = std::getenv("HELM_NAMESPACE");
  return set == nullptr || *set == 0 ? "default" : set;
}

absl::Status Template(const Context& ctx, TemplateArgs args) {
  WEIR_RETURN_IF_ERROR(CheckMode(args));
  WEIR_ASSIGN_OR_RETURN(const helm::Capabilities capabilities,
                        CapabilitiesOf(args));
  WEIR_ASSIGN_OR_RETURN(const auto name_and_chart, NameAndChart(args));
  http::Client http;
  helm::ChartFetcher fetcher(http, FetchOptionsOf(ctx, args.chart));
  WEIR_ASSIGN_OR_RETURN(const helm::FoundChart found,
                        fetcher.Locate(ctx, name_and_chart.second));
  for (const std::string& list : args.value_files) {
    if (list.empty()) continue;
    for (absl::string_view one : absl::StrSplit(list, ',')) {
      args.values.files.emplace_back(one);
    }
  }
  const auto read = [&](const std::string& name) {
    return IsUrl(name) ? fetcher.Read(ctx, name) : ReadInput(name);
  };
  WEIR_ASSIGN_OR_RETURN(const Value values,
                        helm::ReadValues(args.values, read));
  WEIR_ASSIGN_OR_RETURN(helm::Chart chart, Load(ctx, found, fetcher,
                                                args.chart.dependency_update));
  helm::RenderOptions options;
  options.skip_schema_validation = args.skip_schema_validation;
  options.on_warning = [](absl::string_view text) { PrintWarning(text); };
  helm::Release release;
  release.name = name_and_chart.first;
  release.name_space = NamespaceOf(args);
  release.is_upgrade = args.is_upgrade;
  WEIR_ASSIGN_OR_RETURN(const helm::RenderedRelease rendered,
                        helm::RenderRelease(std::move(chart), values, release,
                                            capabilities, options));
  std::string text = "\n";
  if (args.output_dir.empty()) {
    text = helm::FormatRelease(rendered, args.print);
  } else {
    WEIR_RETURN_IF_ERROR(WriteRelease(rendered, release.name, args));
  }
  if (!args.show_only.empty()) {
    WEIR_ASSIGN_OR_RETURN(text, helm::ShowOnly(text, args.show_only));
  }
  Print(text);
  return absl::OkStatus();
}

void AddValueFlags(CLI::App* command, TemplateArgs* args) {
  const auto add = [command](const char* names, std::vector<std::string>& to,
                             const char* help, const char* type) {
    command->add_option(names, to, help)
        ->type_name(type)
        ->allow_extra_args(false);
  };
  add("-f,--values", args->value_files, "Values, from a YAML file", "FILE");
  add("--set", args->values.set, "Values: a.b=1,c={x,y}", "VALUES");
  add("--set-string", args->values.set_string, "Values that are texts",
      "VALUES");
  add("--set-file", args->values.set_file,
      "Values that are the contents of files", "VALUES");
  add("--set-json", args->values.set_json, "Values that are JSON", "VALUES");
  add("--set-literal", args->values.set_literal,
      "One value, a text with whatever follows the \"=\"", "VALUE");
}

void AddReleaseFlags(CLI::App* command, TemplateArgs* args) {
  command->add_option("-n,--namespace", args->name_space,
                      "Namespace of the release; default: HELM_NAMESPACE, or "
                      "\"default\"");
  command->add_option("--name-template", args->name_template,
                      "Template that makes the release's name");
  command->add_flag("-g,--generate-name", args->generate_name,
                    "Without a NAME, as if it were not there");
  command->add_flag("--is-upgrade", args->is_upgrade,
                    "Set .Release.IsUpgrade instead of .Release.IsInstall");
  command->add_option("--kube-version", args->kube_version,
                      "Kubernetes version that charts see");
  command
      ->add_option("-a,--api-versions", args->api_versions,
                   "More API versions that charts see, separated by commas")
      ->allow_extra_args(false);
  command->add_flag("--dry-run", args->dry_run,
                    "client, or server (not supported yet)");
  command->add_flag("--validate", args->validate, "Not supported yet");
  command->add_flag("--skip-schema-validation", args->skip_schema_validation,
                    "Do not hold values against values.schema.json");
}

void AddOutputFlags(CLI::App* command, TemplateArgs* args) {
  command
      ->add_option("-s,--show-only", args->show_only,
                   "Only what these templates make: templates/*.yaml")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  command->add_flag("--include-crds", args->print.include_crds,
                    "Print custom resource definitions too");
  command->add_flag("--skip-tests", args->print.skip_tests, "Leave out tests");
  command->add_flag("--no-hooks", args->print.no_hooks, "Leave out hooks");
  command
      ->add_option("--output-dir", args->output_dir,
                   "Write files below this folder instead")
      ->type_name("DIR");
  command->add_flag("--release-name", args->use_release_name,
                    "Put the release's name into the files' paths");
  command->add_flag("--debug", args->debug, "Taken, and without effect");
}

// What helm takes and what makes no difference here.
void AddIgnoredFlags(CLI::App* command, TemplateArgs* args) {
  for (const char* name :
       {"--skip-crds", "--create-namespace", "--force", "--force-replace",
        "--force-conflicts", "--server-side", "--replace", "--wait-for-jobs",
        "--wait", "--disable-openapi-validation", "--rollback-on-failure",
        "--atomic", "--render-subchart-notes", "--hide-notes", "--enable-dns",
        "--take-ownership"}) {
    command->add_flag(name, args->ignored_flag)->group("");
  }
  for (const char* name : {"--description", "-l,--labels"}) {
    command->add_option(name, args->ignored_text)->group("");
  }
}

}  // namespace

void AddTemplateCommand(CLI::App& app, Invocation& invocation) {
  auto args = std::make_shared<TemplateArgs>();
  CLI::App* command =
      app.add_subcommand("template", "Prints what a Helm chart renders to");
  command->footer(
      "CHART is a folder, an archive, a URL, REPOSITORY/NAME as helm knows "
      "it,\nor a registry's oci://HOST/NAME.\n"
      "Examples:\n"
      "  weir template ./chart\n"
      "  weir template web ./chart -n shop -f production.yaml --set "
      "image.tag=2\n"
      "  weir template ./chart --show-only 'templates/*.yaml'\n"
      "  weir template web chart-1.2.0.tgz --include-crds --output-dir out");
  command->add_option("ARGS", args->positional, "[NAME] CHART")
      ->required()
      ->type_name("");
  AddReleaseFlags(command, args.get());
  AddChartFlags(command, &args->chart);
  AddValueFlags(command, args.get());
  AddOutputFlags(command, args.get());
  AddIgnoredFlags(command, args.get());
  command->callback([&invocation, args] {
    invocation.run = [args](const Context& ctx) {
      const absl::Status status = Template(ctx, *args);
      return status.ok() ? 0 : Fail(status);
    };
  });
}

}  // namespace weir::cli
