// The only place of the front where the command line's parser may throw.
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <string>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "build_command.h"
#include "chart_renderer.h"
#include "front.h"
#include "input.h"
#include "invocation.h"
#include "output.h"
#include "template_command.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::cli {
namespace {

constexpr char kAllCommands[] = "weir-all";

// Where the program with all commands is: beside this one.
std::string FullProgram() {
  char self[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", self, sizeof(self));
  if (size <= 0) return kAllCommands;
  const std::string path(self, static_cast<size_t>(size));
  return absl::StrCat(path.substr(0, path.rfind('/') + 1), kAllCommands);
}

// Standard input becomes something that can be read twice.
absl::Status KeepInput() {
  WEIR_ASSIGN_OR_RETURN(const std::string text, ReadStandardInput());
  const int copy = memfd_create("stdin", MFD_CLOEXEC);
  if (copy < 0) return ErrnoToStatus(errno, "keeping standard input");
  const ssize_t written = write(copy, text.data(), text.size());
  lseek(copy, 0, SEEK_SET);
  dup2(copy, STDIN_FILENO);
  close(copy);
  if (written != static_cast<ssize_t>(text.size())) {
    return absl::InternalError("standard input could not be kept");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<kustomize::RemoteSource::Page> NoNetwork::Get(
    const Context&, const std::string& url) {
  was_asked_ = true;
  return absl::UnimplementedError(url);
}

absl::StatusOr<std::shared_ptr<const kustomize::FileSystem>> NoNetwork::Clone(
    const Context&, const Repository& repository) {
  was_asked_ = true;
  return absl::UnimplementedError(repository.url);
}

bool IsForFront(int argc, char** argv) {
  return argc > 1 && (std::strcmp(argv[1], "build") == 0 ||
                      std::strcmp(argv[1], "template") == 0);
}

std::optional<int> RunInFront(const Context& ctx, int argc, char** argv) {
  Invocation invocation;
  CLI::App app;
  bool is_for_all = false;
  AddBuildFlags(
      app, invocation, [&](const Context& context, const BuildArgs& args) {
        if (args.directory == "-") {
          const absl::Status kept = KeepInput();
          if (!kept.ok()) return ReportBuild(kept);
        }
        NoNetwork network;
        LocalCharts charts;
        const absl::Status status = Build(context, args, network, charts);
        is_for_all = network.was_asked() || charts.was_asked();
        return is_for_all ? 1 : ReportBuild(status);
      });
  AddTemplateFlags(app, invocation,
                   [&](const Context&, const TemplateArgs& args) {
                     is_for_all = !IsLocal(args);
                     if (is_for_all) return 1;
                     LocalServices services;
                     const absl::Status status = RenderTemplate(args, services);
                     is_for_all = services.was_asked();
                     return status.ok() || is_for_all ? 0 : Fail(status);
                   });
  try {
    app.parse(ArgumentsFor(app, argc, argv));
  } catch (const CLI::Error&) {
    // Help, a mistake, or a flag of all commands.
    return std::nullopt;
  }
  const int code = invocation.run(ctx);
  if (!is_for_all) return code;
  lseek(STDIN_FILENO, 0, SEEK_SET);
  return std::nullopt;
}

int RunAllCommands(char** argv) {
  const std::string program = FullProgram();
  execv(program.c_str(), argv);
  return Fail(ErrnoToStatus(errno, absl::StrCat("starting ", program)));
}

}  // namespace weir::cli
