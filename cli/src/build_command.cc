// `weir build`: prints what a folder's kustomization comes to.
#include "build_command.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "input.h"
#include "invocation.h"
#include "output.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/kustomize/build.h"
#include "weir/kustomize/explain.h"

namespace weir::cli {
namespace {

using kustomize::BuildOptions;

constexpr char kRootOnly[] = "LoadRestrictionsRootOnly";
constexpr char kNone[] = "LoadRestrictionsNone";
constexpr char kStandardInput[] = "-";
constexpr char kNoDirectory[] = "must build at directory: ";

bool IsFolder(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

absl::StatusOr<std::string> AbsolutePath(const std::string& path) {
  std::error_code error;
  const std::string absolute = std::filesystem::absolute(path, error).string();
  if (error) return ErrnoToStatus(error.value(), path);
  return absolute;
}

// The path below "/" of a folder; a Git URL as it is.
absl::StatusOr<std::string> PathOf(const std::string& directory) {
  if (directory.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(kNoDirectory, "directory path cannot be empty"));
  }
  if (kustomize::NamesRepository(directory)) return directory;
  WEIR_ASSIGN_OR_RETURN(const std::string absolute, AbsolutePath(directory));
  // Never taken for a URL.
  return absl::StrCat("./", absolute.substr(1));
}

absl::Status CannotWrite(absl::string_view doing, const std::string& path,
                         int error) {
  const std::string why = std::generic_category().message(error);
  return absl::FailedPreconditionError(
      absl::StrCat(doing, " ", path, ": ", absl::AsciiStrToLower(why)));
}

// As upstream writes: what is there keeps its mode, a link is followed, and a
// device is not replaced.
absl::Status WriteOver(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return CannotWrite("open", path, errno);
  const bool is_written =
      std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const int error = errno;
  const bool is_closed = std::fclose(file) == 0;
  if (is_written && is_closed) return absl::OkStatus();
  return CannotWrite("write", path, is_written ? errno : error);
}

absl::Status Write(const kustomize::BuildResult& built,
                   const std::string& output) {
  if (output.empty()) {
    kustomize::WriteResult(built, Print);
    return absl::OkStatus();
  }
  if (!IsFolder(output)) {
    return WriteOver(output, kustomize::FormatResult(built));
  }
  for (const auto& [name, text] : kustomize::FormatFiles(built)) {
    WEIR_RETURN_IF_ERROR(WriteOver(absl::StrCat(output, "/", name), text));
  }
  return absl::OkStatus();
}

bool IsManagedBySet(const BuildArgs& args) {
  const char* set = std::getenv("KUSTOMIZE_ENABLE_MANAGEDBY_LABEL");
  return args.enable_managed_by ||
         (set != nullptr && absl::string_view(set) == "on");
}

BuildOptions OptionsOf(const BuildArgs& args, kustomize::RemoteSource* remote,
                       kustomize::ChartRenderer* charts) {
  BuildOptions options;
  options.load_restrictor = args.load_restrictor == kNone
                                ? BuildOptions::LoadRestrictor::kNone
                                : BuildOptions::LoadRestrictor::kRootOnly;
  options.reorder = args.reorder == "none" ? BuildOptions::Reorder::kNone
                                           : BuildOptions::Reorder::kLegacy;
  options.for_files = IsFolder(args.output);
  options.add_managed_by = IsManagedBySet(args);
  options.remote = remote;
  options.allow_remote_bases = true;
  options.enable_alpha_plugins = args.enable_alpha_plugins;
  options.helm.enabled = args.enable_helm || args.enable_alpha_plugins;
  options.helm.command = args.helm_command;
  options.helm.api_versions = args.helm_api_versions;
  options.helm.kube_version = args.helm_kube_version;
  options.helm.renderer = charts;
  return options;
}

absl::Status Explain(const Context& ctx, const kustomize::FileSystem& files,
                     const std::string& directory, const std::string& name,
                     const BuildOptions& options) {
  WEIR_ASSIGN_OR_RETURN(
      const std::vector<kustomize::Explanation> explanations,
      kustomize::Explain(ctx, files, directory, name, options));
  std::string text;
  for (const kustomize::Explanation& explanation : explanations) {
    absl::StrAppend(&text, text.empty() ? "" : "\n",
                    kustomize::FormatExplanation(explanation));
  }
  Print(text);
  return absl::OkStatus();
}

// Upstream names a directory that is none as the command line does.
absl::Status AsNamed(const absl::Status& status, const std::string& directory) {
  const absl::string_view message = status.message();
  if (!absl::StartsWith(message, kNoDirectory)) return status;
  const size_t start = message.find('\'');
  const size_t end = message.find('\'', start + 1);
  if (end == absl::string_view::npos) return status;
  return absl::Status(status.code(),
                      absl::StrCat(message.substr(0, start + 1), directory,
                                   message.substr(end)));
}

// Whether the flags that have only some values have one of these.
absl::Status CheckFlags(const BuildArgs& args) {
  const absl::string_view restrictor = args.load_restrictor;
  if (restrictor != kRootOnly && restrictor != kNone && !restrictor.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("illegal flag value --load-restrictor ", restrictor,
                     "; legal values: [", kRootOnly, " ", kNone, "]"));
  }
  if (!args.reorder.empty() && args.reorder != "legacy" &&
      args.reorder != "none") {
    return absl::InvalidArgumentError(
        absl::StrCat("illegal flag value --reorder ", args.reorder,
                     "; legal values: [legacy none]"));
  }
  return absl::OkStatus();
}

absl::Status BuildWith(const Context& ctx, const BuildArgs& args,
                       const BuildOptions& options) {
  const auto files = kustomize::MakeDiskFileSystem("/");
  const bool is_input = args.directory == kStandardInput;
  WEIR_ASSIGN_OR_RETURN(const std::string directory,
                        PathOf(is_input ? args.root : args.directory));
  if (!args.explain.empty()) {
    if (is_input) {
      return absl::InvalidArgumentError(
          "--explain needs a folder, not standard input");
    }
    return Explain(ctx, *files, directory, args.explain, options);
  }
  if (!is_input) {
    const absl::StatusOr<kustomize::BuildResult> built =
        kustomize::Build(ctx, *files, directory, options);
    if (!built.ok()) return AsNamed(built.status(), args.directory);
    return Write(*built, args.output);
  }
  WEIR_ASSIGN_OR_RETURN(const std::string text, ReadStandardInput());
  WEIR_ASSIGN_OR_RETURN(
      const kustomize::BuildResult built,
      kustomize::BuildText(ctx, *files, directory, text, options));
  return Write(built, args.output);
}

void AddFunctionFlags(CLI::App* build, BuildArgs* args) {
  build->add_flag("--enable-alpha-plugins", args->enable_alpha_plugins,
                  "Allow plugins, of which only the builtin ones and Helm "
                  "charts mean something here: programs and containers are "
                  "never run");
  build->add_flag("--enable-exec", args->enable_exec,
                  "Of functions that are programs, which are never run");
  build->add_flag("--as-current-user", args->as_current_user,
                  "Of functions in containers, which are never run");
  build
      ->add_option("-e,--env", args->environment,
                   "Of functions in containers, which are never run")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  build
      ->add_option("--mount", args->mounts,
                   "Of functions in containers, which are never run")
      ->allow_extra_args(false);
  build->add_flag("--network", args->network,
                  "Of functions in containers, which are never run");
  build->add_option("--network-name", args->network_name,
                    "Of functions in containers, which are never run");
}

void AddHelmFlags(CLI::App* build, BuildArgs* args) {
  build->add_flag("--enable-helm", args->enable_helm,
                  "Render helmCharts, by an engine of our own");
  build
      ->add_option("--helm-command", args->helm_command,
                   "The helm program, which is never run; not empty")
      ->type_name("PATH");
  build
      ->add_option("--helm-api-versions", args->helm_api_versions,
                   "API versions that charts see")
      ->allow_extra_args(false);
  build->add_option("--helm-kube-version", args->helm_kube_version,
                    "Kubernetes version that charts see");
  build->add_flag("--helm-debug", args->helm_debug,
                  "Taken, and without effect");
}

}  // namespace

absl::Status Build(const Context& ctx, const BuildArgs& args,
                   kustomize::RemoteSource& remote,
                   kustomize::ChartRenderer& charts) {
  std::vector<std::string> warnings;
  kustomize::ParseCache parsed;
  BuildOptions options = OptionsOf(args, &remote, &charts);
  options.parse_cache = &parsed;
  options.on_warning = [&](absl::string_view text) {
    warnings.emplace_back(text);
  };
  WEIR_RETURN_IF_ERROR(BuildWith(ctx, args, options));
  for (const std::string& warning : warnings) PrintWarning(warning);
  return absl::OkStatus();
}

int ReportBuild(const absl::Status& status) {
  if (status.ok()) return 0;
  // Some of upstream's messages show a whole patch.
  return Fail(absl::Status(
      status.code(),
      absl::StrReplaceAll(absl::StripAsciiWhitespace(status.message()),
                          {{"\n", "\\n"}})));
}

void AddBuildFlags(CLI::App& app, Invocation& invocation,
                   std::function<int(const Context&, const BuildArgs&)> run) {
  auto args = std::make_shared<BuildArgs>();
  CLI::App* build = app.add_subcommand(
      "build", "Prints the objects of a folder's kustomization");
  // As upstream: of a flag that is given again, the last one counts.
  build->option_defaults()->multi_option_policy(
      CLI::MultiOptionPolicy::TakeLast);
  build->footer(
      "DIR may be a Git URL, as resources may: https://host/org/repo//path"
      "?ref=v1, ssh://..., git@host:org/repo, file:///path/to/repo. With \"-\" "
      "the\nkustomization is read from standard input, and what it names is "
      "relative to --root.\n"
      "--explain prints one object's YAML, and before each line the numbers "
      "of what wrote\nthe field: 3:7 is line 7 of source 3; "
      "\"4 < 3:7\" says that source 4 changed it.\n"
      "Examples:\n"
      "  weir build ./manifests\n"
      "  weir build overlays/production -o production.yaml\n"
      "  weir build overlays/production -o out/     a file for each object\n"
      "  weir build overlays/production --explain Deployment/web\n"
      "  weir build 'https://github.com/org/repo//deploy?ref=main'\n"
      "  generate-kustomization | weir build - --root ./manifests");
  build->add_option("DIR", args->directory,
                    "Folder with a kustomization.yaml, a Git URL, or - for "
                    "standard input; default: this folder");
  build
      ->add_option("--root", args->root,
                   "With -: the folder that the kustomization is of; default: "
                   "this one")
      ->type_name("DIR");
  build
      ->add_option("-o,--output", args->output,
                   "File to write, or a folder for one file an object")
      ->type_name("PATH");
  build
      ->add_option("--explain", args->explain,
                   "Tell of the object that is named (web, Deployment/web or "
                   "Deployment/shop/web) which file, patch and transformer "
                   "made each field")
      ->type_name("NAME");
  build->add_option("--load-restrictor", args->load_restrictor,
                    "Whether files outside the folder may be named: "
                    "LoadRestrictionsRootOnly or LoadRestrictionsNone");
  build->add_option("--reorder", args->reorder,
                    "Order where no sortOptions say otherwise: legacy or none "
                    "(deprecated: say it in sortOptions)");
  build->add_flag("--enable-managedby-label", args->enable_managed_by,
                  "Label all objects with app.kubernetes.io/managed-by "
                  "(deprecated: say it in buildMetadata)");
  build->add_flag("--stack-trace", args->stack_trace,
                  "Taken as kustomize takes it; errors name their cause");
  AddHelmFlags(build, args.get());
  AddFunctionFlags(build, args.get());
  build->callback([&invocation, args, run = std::move(run)] {
    invocation.run = [args, run](const Context& ctx) {
      const absl::Status flags = CheckFlags(*args);
      if (flags.ok()) return run(ctx, *args);
      Fail(flags);
      return 2;
    };
  });
}

}  // namespace weir::cli
