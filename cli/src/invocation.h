// Invocation is what a command line asks for: the flags that all commands
// share, and the function that does it.
//
// Touches: nothing.
// Threads: one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "weir/base/context.h"

namespace CLI {
class App;
}

namespace weir::cli {

struct Globals {
  std::string kubeconfig;  // --kubeconfig; empty: the usual places.
  std::string context;     // --context
  std::string name_space = "flux-system";
  std::string timeout = "5m0s";  // Of one command's waits, as Go prints it.
};

struct Invocation {
  Globals globals;
  // Set by the command that was named. Returns the exit code: 0 done, 1
  // failed, 2 wrong use.
  std::function<int(const Context&)> run;
};

// Each adds one command with its flags, and sets `run` when it is named. The
// invocation outlives the app.
void AddApiserverCommand(CLI::App& app, Invocation& invocation);
void AddBuildCommand(CLI::App& app, Invocation& invocation);
void AddCompletionCommand(CLI::App& app, Invocation& invocation);
void AddDiffCommand(CLI::App& app, Invocation& invocation);
void AddEventsCommand(CLI::App& app, Invocation& invocation);
void AddGetCommand(CLI::App& app, Invocation& invocation);
void AddNotifyCommand(CLI::App& app, Invocation& invocation);
void AddReconcileCommand(CLI::App& app, Invocation& invocation);
void AddSuspendCommands(CLI::App& app, Invocation& invocation);
void AddTemplateCommand(CLI::App& app, Invocation& invocation);
void AddTriggerCommand(CLI::App& app, Invocation& invocation);
void AddUpCommand(CLI::App& app, Invocation& invocation);
void AddVersionCommand(CLI::App& app, Invocation& invocation);

// The arguments for app.parse(), last one first. Values may be empty and may
// begin with "-", and may follow "-o=", as for kustomize and helm.
std::vector<std::string> ArgumentsFor(const CLI::App& app, int argc,
                                      char** argv);

// Parses and runs. The only place where the command line's parser may throw.
int Main(const Context& ctx, int argc, char** argv);

}  // namespace weir::cli
