// The only place of the front where the command line's parser may throw.
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

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
constexpr char kBuild[] = "build", kTemplate[] = "template";

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

int RunBuild(const Context& ctx, const BuildArgs& args, bool* is_for_all) {
  if (args.directory == "-") {
    const absl::Status kept = KeepInput();
    if (!kept.ok()) return ReportBuild(kept);
  }
  NoNetwork network;
  LocalCharts charts;
  const absl::Status status = Build(ctx, args, network, charts);
  *is_for_all = network.was_asked() || charts.was_asked();
  return *is_for_all ? 1 : ReportBuild(status);
}

int RunTemplate(const TemplateArgs& args, bool* is_for_all) {
  *is_for_all = !IsLocal(args);
  if (*is_for_all) return 1;
  LocalServices services;
  const absl::Status status = RenderTemplate(args, services);
  *is_for_all = services.was_asked();
  return status.ok() || *is_for_all ? 0 : Fail(status);
}

// What follows the command, when none of it is a flag or empty: the parser,
// whose flags take longer to list than a small build, would add nothing to it.
std::optional<std::vector<std::string>> Words(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = 2; i < argc; ++i) {
    if (argv[i][0] == '-' || argv[i][0] == '\0') return std::nullopt;
    words.emplace_back(argv[i]);
  }
  return words;
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
  return argc > 1 && (std::strcmp(argv[1], kBuild) == 0 ||
                      std::strcmp(argv[1], kTemplate) == 0);
}

std::optional<int> RunInFront(const Context& ctx, int argc, char** argv) {
  bool is_for_all = false;
  const auto build = [&is_for_all](const Context& context,
                                   const BuildArgs& args) {
    return RunBuild(context, args, &is_for_all);
  };
  const auto render = [&is_for_all](const Context&, const TemplateArgs& args) {
    return RunTemplate(args, &is_for_all);
  };
  const bool is_build = std::strcmp(argv[1], kBuild) == 0;
  const std::optional<std::vector<std::string>> words = Words(argc, argv);
  Invocation invocation;
  if (is_build && words.has_value() && words->size() <= 1) {
    BuildArgs args;
    if (!words->empty()) args.directory = words->front();
    invocation.run = [args, build](const Context& c) { return build(c, args); };
  } else if (!is_build && words.has_value() && !words->empty()) {
    TemplateArgs args;
    args.positional = *words;
    invocation.run = [args, render](const Context& c) {
      return render(c, args);
    };
  } else {
    CLI::App app;
    if (is_build) {
      AddBuildFlags(app, invocation, build);
    } else {
      AddTemplateFlags(app, invocation, render);
    }
    try {
      app.parse(ArgumentsFor(app, argc, argv));
    } catch (const CLI::Error&) {
      // Help, a mistake, or a flag of all commands.
      return std::nullopt;
    }
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
