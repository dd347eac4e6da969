// `weir build` with a network, as one of all commands.
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "build_command.h"
#include "invocation.h"
#include "network_charts.h"
#include "weir/http/proxy.h"
#include "weir/remote/network_source.h"

namespace weir::cli {

void AddBuildCommand(CLI::App& app, Invocation& invocation) {
  AddBuildFlags(app, invocation, [](const Context& ctx, const BuildArgs& args) {
    const char* home = std::getenv("HOME");
    remote::NetworkSource network({
        .proxies = http::ProxiesFromEnvironment(),
        .ssh_folder = absl::StrCat(home == nullptr ? "" : home, "/.ssh"),
        .allow_local = true,
        .try_git_program = true,
    });
    NetworkCharts charts;
    return ReportBuild(Build(ctx, args, network, charts));
  });
}

}  // namespace weir::cli
