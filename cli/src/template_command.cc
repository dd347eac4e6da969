// The flags of `weir template`: those of `helm template` v4.2.4, taken and
// refused as there.
#include "template_command.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "invocation.h"
#include "weir/base/duration.h"

namespace weir::cli {
namespace {

constexpr char kWithoutEffect[] = "Of installing, taken and without effect";

// The spellings that Go takes for a boolean.
std::string CheckBoolean(const std::string& text) {
  for (const char* one : {"1", "t", "T", "TRUE", "true", "True", "0", "f", "F",
                          "FALSE", "false", "False"}) {
    if (text == one) return "";
  }
  return absl::StrCat("\"", text, "\" is neither true nor false");
}

CLI::Option* AddBoolean(CLI::App* command, const char* names, bool* to,
                        const char* help) {
  return command->add_flag(names, *to, help)->check(CheckBoolean);
}

void AddList(CLI::App* command, const char* names, std::vector<std::string>* to,
             const char* help, const char* type) {
  command->add_option(names, *to, help)
      ->type_name(type)
      ->allow_extra_args(false);
}

void AddValueFlags(CLI::App* command, TemplateArgs* args) {
  AddList(command, "-f,--values", &args->value_files,
          "Values, from a YAML file", "FILE");
  AddList(command, "--set", &args->values.set, "Values: a.b=1,c={x,y}",
          "VALUES");
  AddList(command, "--set-string", &args->values.set_string,
          "Values that are texts", "VALUES");
  AddList(command, "--set-file", &args->values.set_file,
          "Values that are the contents of files", "VALUES");
  AddList(command, "--set-json", &args->values.set_json, "Values that are JSON",
          "VALUES");
  AddList(command, "--set-literal", &args->values.set_literal,
          "One value, a text with whatever follows the \"=\"", "VALUE");
}

void AddReleaseFlags(CLI::App* command, TemplateArgs* args) {
  command->add_option("-n,--namespace", args->name_space,
                      "Namespace of the release; default: HELM_NAMESPACE, the "
                      "kubeconfig's, or \"default\"");
  command->add_option("--name-template", args->name_template,
                      "Template that makes the release's name");
  AddBoolean(command, "-g,--generate-name", &args->generate_name,
             "Without a NAME, as if it were not there");
  AddBoolean(command, "--is-upgrade", &args->is_upgrade,
             "Set .Release.IsUpgrade instead of .Release.IsInstall");
  command->add_option("--kube-version", args->kube_version,
                      "Kubernetes version that charts see");
  AddList(command, "-a,--api-versions", &args->api_versions,
          "More API versions that charts see, separated by commas", "VERSIONS");
  AddBoolean(command, "--skip-schema-validation", &args->skip_schema_validation,
             "Do not hold values against values.schema.json");
  AddBoolean(command, "--enable-dns", &args->resolves_hosts,
             "Let templates look up the addresses of hosts");
}

void AddServerFlags(CLI::App* command, TemplateArgs* args) {
  ClusterFlags* cluster = &args->cluster;
  CLI::Option* dry_run = command->add_flag(
      "--dry-run", args->dry_run,
      "client: no cluster; server: look up and check in the kubeconfig's; "
      "embedded: in a new one of our own, in memory");
  AddBoolean(command, "--validate", &args->validate, "As --dry-run=server")
      ->excludes(dry_run);
  AddBoolean(command, "--skip-crds", &args->skip_crds,
             "With a server: do not warn that CRDs are not there yet");
  AddBoolean(command, "--take-ownership", &args->take_ownership,
             "With a server: objects may be there already, whoever's they are");
  AddBoolean(command, "--disable-openapi-validation",
             &args->disable_openapi_validation,
             "With a server: objects that do not say what they are do not end "
             "the checks");
  command->add_option("--kube-context", cluster->context,
                      "Context of the kubeconfig");
  command->add_option("--kube-apiserver", cluster->server,
                      "Address of the API server");
  command->add_option("--kube-ca-file", cluster->ca_file,
                      "Authorities of its certificate");
  command->add_option("--kube-tls-server-name", cluster->tls_server_name,
                      "Name in its certificate");
  AddBoolean(command, "--kube-insecure-skip-tls-verify",
             &cluster->insecure_skip_tls_verify, "Take any certificate of it");
  command->add_option("--kube-token", cluster->token, "Token to show it");
  command->add_option("--kube-as-user", cluster->as_user, "User to act as");
  AddList(command, "--kube-as-group", &cluster->as_groups, "Groups to act as",
          "GROUP");
}

void AddOutputFlags(CLI::App* command, TemplateArgs* args) {
  AddList(command, "-s,--show-only", &args->show_only,
          "Only what these templates make: templates/*.yaml", "GLOB");
  AddBoolean(command, "--include-crds", &args->print.include_crds,
             "Print custom resource definitions too");
  AddBoolean(command, "--skip-tests", &args->print.skip_tests,
             "Leave out tests");
  AddBoolean(command, "--no-hooks", &args->print.no_hooks, "Leave out hooks");
  command
      ->add_option("--output-dir", args->output_dir,
                   "Write files below this folder instead")
      ->type_name("DIR");
  AddBoolean(command, "--release-name", &args->use_release_name,
             "Put the release's name into the files' paths");
  AddList(command, "--post-renderer", &args->post_renderer,
          "What changes the objects at the end: a plugin of helm's, a "
          "program's path, or a folder with a kustomization that gets them as "
          "a resource",
          "NAME|PATH");
  AddList(command, "--post-renderer-args", &args->post_renderer_args,
          "One argument for it", "ARGUMENT");
  AddBoolean(command, "--debug", &args->debug,
             "When objects cannot be read, print them all the same");
}

void AddReleaseFileFlags(CLI::App* command, TemplateArgs* args) {
  AddList(command, "--source,--local-sources", &args->sources,
          "With HelmReleases: the folder, or chart archive, that stands for a "
          "source; of a HelmRepository it holds charts by name",
          "[KIND/[NAMESPACE/]NAME=|URL=]FOLDER");
  AddList(command, "--objects", &args->objects,
          "With HelmReleases: more files and folders of ConfigMaps, Secrets "
          "and HelmCharts that they refer to",
          "PATH");
}

std::string CheckWait(const std::string& text) {
  for (const char* one : {"watcher", "legacy", "hookOnly", "true", "false"}) {
    if (text == one) return "";
  }
  return absl::StrCat("invalid wait input \"", text,
                      "\". Valid inputs are watcher, hookOnly, and legacy");
}

std::string CheckColor(const std::string& text) {
  for (const char* one : {"never", "auto", "always"}) {
    if (text == one) return "";
  }
  return absl::StrCat("invalid color mode \"", text,
                      "\": must be one of: never, auto, always");
}

std::string CheckWhole(const std::string& text) {
  int64_t number = 0;
  return absl::SimpleAtoi(text, &number)
             ? ""
             : absl::StrCat("\"", text, "\" is no whole number");
}

std::string CheckNumber(const std::string& text) {
  float number = 0;
  return absl::SimpleAtof(text, &number)
             ? ""
             : absl::StrCat("\"", text, "\" is no number");
}

// What helm takes and what makes no difference to what is rendered.
void AddIgnoredFlags(CLI::App* command) {
  const auto ignored = std::make_shared<std::string>();
  const auto take = [command, ignored](const char* name) {
    return command->add_option(name, *ignored)->group(kWithoutEffect);
  };
  CLI::Option* conflicts = nullptr;
  for (const char* name :
       {"--force-conflicts", "--force", "--force-replace", "--create-namespace",
        "--server-side", "--replace", "--wait-for-jobs",
        "--rollback-on-failure", "--atomic", "--render-subchart-notes",
        "--hide-notes"}) {
    CLI::Option* flag = command->add_flag(name, *ignored)
                            ->check(CheckBoolean)
                            ->group(kWithoutEffect);
    if (conflicts == nullptr) conflicts = flag;
    if (absl::StartsWith(name, "--force") && flag != conflicts) {
      flag->excludes(conflicts);
    }
  }
  command->add_flag("--wait", *ignored)->check([](const std::string& text) {
    return CheckWait(text);
  });
  command->get_option("--wait")->group(kWithoutEffect);
  take("--description");
  take("--color,--colour")->check(CheckColor);
  take("--burst-limit")->check(CheckWhole);
  take("--qps")->check(CheckNumber);
  // Kept alive as long as the command's options are.
  command->parse_complete_callback([ignored] {});
}

}  // namespace

void AddTemplateFlags(
    CLI::App& app, Invocation& invocation,
    std::function<int(const Context&, const TemplateArgs&)> run) {
  auto args = std::make_shared<TemplateArgs>();
  CLI::App* command =
      app.add_subcommand("template", "Prints what a Helm chart renders to");
  // As helm: of a flag that is given again, the last one counts.
  command->option_defaults()->multi_option_policy(
      CLI::MultiOptionPolicy::TakeLast);
  command->footer(
      "CHART is a folder, an archive, a URL, REPOSITORY/NAME as helm knows "
      "it,\nor a registry's oci://HOST/NAME. Of a FILE with HelmReleases "
      "(.yaml, "
      "or - for\nstandard input) it prints what helm-controller would make of "
      "each, or of the one\nnamed NAME.\n"
      "Examples:\n"
      "  weir template ./chart\n"
      "  weir template web ./chart -n shop -f production.yaml --set "
      "image.tag=2\n"
      "  weir template ./chart --show-only 'templates/*.yaml'\n"
      "  weir template web chart-1.2.0.tgz --include-crds --output-dir out\n"
      "  weir template ./chart --post-renderer ./kustomization\n"
      "  weir template ./chart --dry-run=server\n"
      "  weir template release.yaml --source ./chart\n"
      "  weir build apps | weir template - --source "
      "HelmRepository/podinfo=./charts");
  command->add_option("ARGS", args->positional, "[NAME] CHART|FILE")
      ->required()
      ->type_name("");
  AddReleaseFlags(command, args.get());
  AddChartFlags(command, &args->chart);
  AddValueFlags(command, args.get());
  AddOutputFlags(command, args.get());
  AddServerFlags(command, args.get());
  AddReleaseFileFlags(command, args.get());
  AddList(command, "-l,--labels", &args->labels, "Labels of the release",
          "LABELS");
  command->get_option("--labels")->group(kWithoutEffect);
  AddIgnoredFlags(command);
  command->callback([&invocation, args, run = std::move(run)] {
    invocation.run = [&invocation, args, run](const Context& ctx) {
      args->kubeconfig = invocation.globals.kubeconfig;
      if (args->cluster.context.empty()) {
        args->cluster.context = invocation.globals.context;
      }
      return run(ctx, *args);
    };
  });
}

}  // namespace weir::cli
