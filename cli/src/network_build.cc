// `weir build` with a network, as one of all commands.
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "build_command.h"
#include "invocation.h"
#include "remote_source.h"

namespace weir::cli {

void AddBuildCommand(CLI::App& app, Invocation& invocation) {
  AddBuildFlags(app, invocation, [](const Context& ctx, const BuildArgs& args) {
    const char* home = std::getenv("HOME");
    NetworkSource network(absl::StrCat(home == nullptr ? "" : home, "/.ssh"));
    return ReportBuild(Build(ctx, args, network));
  });
}

}  // namespace weir::cli
