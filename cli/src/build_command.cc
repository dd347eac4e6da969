// `weir build`: prints what a folder's kustomization comes to.
#include "build_command.h"

#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "invocation.h"
#include "output.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/kustomize/build.h"

namespace weir::cli {
namespace {

constexpr char kRootOnly[] = "LoadRestrictionsRootOnly";
constexpr char kNone[] = "LoadRestrictionsNone";

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

absl::Status Write(const kustomize::BuildResult& built,
                   const std::string& output) {
  if (output.empty()) {
    Print(kustomize::FormatResult(built));
    return absl::OkStatus();
  }
  if (!IsFolder(output)) {
    return WriteFileAtomically(output, kustomize::FormatResult(built));
  }
  for (const auto& [name, text] : kustomize::FormatFiles(built)) {
    WEIR_RETURN_IF_ERROR(
        WriteFileAtomically(absl::StrCat(output, "/", name), text));
  }
  return absl::OkStatus();
}

absl::Status Build(const Context& ctx, const BuildArgs& args) {
  using Options = kustomize::BuildOptions;
  Options options;
  options.load_restrictor = args.load_restrictor == kNone
                                ? Options::LoadRestrictor::kNone
                                : Options::LoadRestrictor::kRootOnly;
  options.reorder = args.reorder == "none" ? Options::Reorder::kNone
                                           : Options::Reorder::kLegacy;
  WEIR_ASSIGN_OR_RETURN(const std::string directory,
                        AbsolutePath(args.directory));
  const auto files = kustomize::MakeDiskFileSystem("/");
  WEIR_ASSIGN_OR_RETURN(
      const kustomize::BuildResult built,
      kustomize::Build(ctx, *files, directory.substr(1), options));
  return Write(built, args.output);
}

}  // namespace

int RunBuild(const Context& ctx, const BuildArgs& args) {
  const absl::Status status = Build(ctx, args);
  return status.ok() ? 0 : Fail(status);
}

void AddBuildCommand(CLI::App& app, Invocation& invocation) {
  auto args = std::make_shared<BuildArgs>();
  CLI::App* build = app.add_subcommand(
      "build", "Prints the objects of a folder's kustomization");
  build->footer(
      "Examples:\n"
      "  weir build ./manifests\n"
      "  weir build overlays/production -o production.yaml\n"
      "  weir build overlays/production -o out/     a file for each object");
  build->add_option("DIR", args->directory,
                    "Folder with a kustomization.yaml; default: this one");
  build
      ->add_option("-o,--output", args->output,
                   "File to write, or a folder for one file an object")
      ->type_name("PATH");
  build
      ->add_option("--load-restrictor", args->load_restrictor,
                   "Whether files outside the folder may be named: "
                   "LoadRestrictionsRootOnly or LoadRestrictionsNone")
      ->check(CLI::IsMember({kRootOnly, kNone}));
  build
      ->add_option("--reorder", args->reorder,
                   "Order where no sortOptions say otherwise: legacy or none")
      ->check(CLI::IsMember({"legacy", "none"}));
  build->callback([&invocation, args] {
    invocation.run = [args](const Context& ctx) {
      return RunBuild(ctx, *args);
    };
  });
}

}  // namespace weir::cli
