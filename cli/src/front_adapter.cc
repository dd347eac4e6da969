// The only place of the front where the command line's parser may throw.
#include <pthread.h>
#include <signal.h>
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
#include "front.h"
#include "input.h"
#include "invocation.h"
#include "output.h"
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

bool IsBuild(int argc, char** argv) {
  return argc > 1 && std::strcmp(argv[1], "build") == 0;
}

std::optional<int> TryBuild(const Context& ctx, int argc, char** argv) {
  Invocation invocation;
  CLI::App app;
  bool needs_network = false;
  AddBuildFlags(app, invocation,
                [&](const Context& context, const BuildArgs& args) {
                  if (args.directory == "-") {
                    const absl::Status kept = KeepInput();
                    if (!kept.ok()) return ReportBuild(kept);
                  }
                  NoNetwork network;
                  const absl::Status status = Build(context, args, network);
                  needs_network = network.was_asked();
                  return needs_network ? 1 : ReportBuild(status);
                });
  try {
    app.parse(argc, argv);
  } catch (const CLI::Error&) {
    // Help, a mistake, or a flag of all commands.
    return std::nullopt;
  }
  const int code = invocation.run(ctx);
  if (!needs_network) return code;
  lseek(STDIN_FILENO, 0, SEEK_SET);
  return std::nullopt;
}

int RunAllCommands(char** argv) {
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  const std::string program = FullProgram();
  execv(program.c_str(), argv);
  return Fail(ErrnoToStatus(errno, absl::StrCat("starting ", program)));
}

}  // namespace weir::cli
