// `weir apiserver`: the embedded Kubernetes API server by itself.
#include <cstdio>
#include <memory>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "invocation.h"
#include "output.h"
#include "weir/apiserver/server.h"
#include "weir/base/status.h"

namespace weir::cli {
namespace {

struct ApiserverOptions {
  std::string data_dir = ".weir/apiserver";
  std::string listen = "127.0.0.1:6443";
  std::string kubeconfig_out;
  std::string simulate = "pods";
  std::string pods = "ready";
  std::string audit_log;
  bool in_memory = false;
  bool plain_http = false;
};

absl::Status Serve(const Context& ctx, const ApiserverOptions& options) {
  apiserver::ServerOptions server_options;
  if (!options.in_memory) server_options.data_dir = options.data_dir;
  if (options.simulate == "off") {
    server_options.simulation = apiserver::Simulation::kOff;
  } else if (options.simulate == "ready") {
    server_options.simulation = apiserver::Simulation::kReady;
  }
  server_options.pods_need_label = options.pods == "labelled";
  server_options.audit_log = options.audit_log;
  server_options.logger = Logger(LogOptions());
  WEIR_ASSIGN_OR_RETURN(std::unique_ptr<apiserver::Server> server,
                        apiserver::Server::Create(std::move(server_options)));
  apiserver::ListenOptions listen;
  listen.address = options.listen;
  listen.kubeconfig_out = options.kubeconfig_out;
  if (listen.kubeconfig_out.empty() && !options.in_memory) {
    listen.kubeconfig_out = absl::StrCat(options.data_dir, "/kubeconfig");
  }
  listen.use_tls = !options.plain_http;
  WEIR_ASSIGN_OR_RETURN(const std::string url, server->Listen(listen));
  // Scripts wait for this line.
  std::printf(
      "serving %s (kubeconfig: %s)\n", url.c_str(),
      listen.kubeconfig_out.empty() ? "none" : listen.kubeconfig_out.c_str());
  std::fflush(stdout);
  while (ctx.SleepFor(absl::Hours(1)).ok()) {
  }
  return absl::OkStatus();
}

}  // namespace

void AddApiserverCommand(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<ApiserverOptions>();
  CLI::App* command = app.add_subcommand(
      "apiserver", "Serve a Kubernetes API from a folder, without a cluster");
  command->footer(
      "Workloads are simulated: no container runs. Set the annotation\n"
      "weir.dev/simulate on an object or a Pod template to ready, fail, hang,\n"
      "crashloop or delay=10s to choose what becomes of its Pods.\n"
      "\n"
      "Examples:\n"
      "  weir apiserver\n"
      "  KUBECONFIG=.weir/apiserver/kubeconfig kubectl get pods -A\n"
      "  weir apiserver --in-memory --listen 127.0.0.1:0 \\\n"
      "    --kubeconfig-out /tmp/kubeconfig");
  command->add_option("--data", options->data_dir, "Folder of the database")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_flag("--in-memory", options->in_memory,
                    "Keep nothing on disk; --data is ignored");
  command
      ->add_option("--listen", options->listen,
                   "Address; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  command->add_flag("--plain-http", options->plain_http,
                    "No TLS; on loopback only");
  command
      ->add_option("--kubeconfig-out", options->kubeconfig_out,
                   "Where to write an admin kubeconfig; default: in --data")
      ->type_name("FILE");
  command
      ->add_option("--simulate", options->simulate,
                   "off: nothing; ready: workloads become ready; pods: they "
                   "have Pods too")
      ->check(CLI::IsMember({"off", "ready", "pods"}))
      ->capture_default_str();
  command
      ->add_option("--simulate-pods", options->pods,
                   "ready: Pods run at once; labelled: only those with the "
                   "label `fake`")
      ->check(CLI::IsMember({"ready", "labelled"}))
      ->capture_default_str();
  command
      ->add_option("--audit-log", options->audit_log,
                   "One JSON line a request goes to this file")
      ->type_name("FILE");
  command->callback([&invocation, options] {
    invocation.run = [options](const Context& ctx) {
      absl::Status status = Serve(ctx, *options);
      return status.ok() ? 0 : Fail(status);
    };
  });
}

}  // namespace weir::cli
