// RunBuild builds a kustomization, as `kustomize build` does.
//
// Touches: files (reads the kustomization, writes what `output` names), what
// the RemoteSource touches, process (standard input, output and error).
// Threads: one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "weir/base/context.h"
#include "weir/kustomize/charts.h"
#include "weir/kustomize/remote.h"

namespace CLI {
class App;
}

namespace weir::cli {

struct BuildArgs {
  // A folder, a Git URL, or "-" for a kustomization from standard input.
  std::string directory = ".";
  // With "-": the folder that the kustomization is of.
  std::string root = ".";
  // A file, or a folder for one file an object; empty: standard output.
  std::string output;
  std::string explain;  // An object's name; empty: print the build.
  std::string load_restrictor = "LoadRestrictionsRootOnly";
  std::string reorder;  // "legacy", "none", or empty for not said.
  bool enable_managed_by = false;
  bool enable_alpha_plugins = false;
  bool enable_helm = false;
  std::string helm_command = "helm";
  std::vector<std::string> helm_api_versions;
  std::string helm_kube_version;
  bool stack_trace = false;  // Taken, and without effect, as what follows.
  bool helm_debug = false;
  bool enable_exec = false;
  bool as_current_user = false;
  bool network = false;
  std::string network_name;
  std::vector<std::string> environment;
  std::vector<std::string> mounts;
};

// Builds, and prints or writes the result. `remote` fetches what is named by
// URL, `charts` renders charts. Warnings are printed at the end.
absl::Status Build(const Context& ctx, const BuildArgs& args,
                   kustomize::RemoteSource& remote,
                   kustomize::ChartRenderer& charts);
// Prints the error on one line. Returns the exit code.
int ReportBuild(const absl::Status& status);

struct Invocation;

// Adds the command with its flags; `run` does it.
void AddBuildFlags(CLI::App& app, Invocation& invocation,
                   std::function<int(const Context&, const BuildArgs&)> run);

}  // namespace weir::cli
