// The command line's root: global flags, all commands, and the parser's
// exceptions.
#include <cstdio>
#include <iostream>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "invocation.h"
#include "output.h"

namespace weir::cli {
namespace {

void AddGlobals(CLI::App& app, Globals& globals) {
  app.add_option("--kubeconfig", globals.kubeconfig,
                 "Cluster to talk to; default: KUBECONFIG, ~/.kube/config")
      ->type_name("FILE");
  app.add_option("--context", globals.context,
                 "Context of the kubeconfig; default: the current one");
  app.add_option("-n,--namespace", globals.name_space,
                 "Namespace of the objects")
      ->capture_default_str();
  app.add_option("--timeout", globals.timeout, "How long to wait")
      ->type_name("DURATION")
      ->capture_default_str();
}

}  // namespace

int Main(const Context& ctx, int argc, char** argv) {
  Invocation invocation;
  CLI::App app(
      "Weir holds a cluster at the revision that Git says.\n"
      "One command starts everything in one process; the others drive any "
      "Flux-compatible cluster.");
  app.name("weir");
  app.footer(
      "Examples:\n"
      "  weir up ./manifests              hold a local cluster at this folder\n"
      "  weir up --git https://example.com/app.git --path deploy\n"
      "  weir build ./manifests           print what would be applied\n"
      "  weir template ./chart            print what a chart renders to\n"
      "  weir diff hr podinfo -n apps     what an upgrade would change\n"
      "  weir get all -A                  what there is, and its state\n"
      "  weir events -A --watch           what happens, as it happens\n"
      "  weir reconcile ks app --with-source\n"
      "Help on a command: weir COMMAND --help");
  app.require_subcommand(1);
  app.fallthrough();
  app.option_defaults()->always_capture_default(false);
  AddGlobals(app, invocation.globals);
  AddUpCommand(app, invocation);
  AddBuildCommand(app, invocation);
  AddTemplateCommand(app, invocation);
  AddDiffCommand(app, invocation);
  AddGetCommand(app, invocation);
  AddEventsCommand(app, invocation);
  AddNotifyCommand(app, invocation);
  AddReconcileCommand(app, invocation);
  AddSuspendCommands(app, invocation);
  AddTriggerCommand(app, invocation);
  AddApiserverCommand(app, invocation);
  AddVersionCommand(app, invocation);
  AddCompletionCommand(app, invocation);
  try {
    app.parse(ArgumentsFor(app, argc, argv));
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    PrintFailure(e.what());
    std::cerr << "  see: weir --help, or weir COMMAND --help\n";
    return 2;
  }
  return invocation.run(ctx);
}

}  // namespace weir::cli
