#include "weir/apiserver/server.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "audit.h"
#include "bootstrap.h"
#include "controllers.h"
#include "front.h"
#include "handler.h"
#include "in_process.h"
#include "pki.h"
#include "registry.h"
#include "simulate.h"
#include "store.h"
#include "tokens.h"
#include "watch_hub.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/base/task_queue.h"
#include "weir/value/yaml.h"

namespace weir::apiserver {
namespace {

constexpr absl::Duration kCompactInterval = absl::Minutes(5);

// "127.0.0.1" of "127.0.0.1:80", "::1" of "[::1]:80".
std::string HostOf(absl::string_view address) {
  const size_t colon = address.rfind(':');
  absl::string_view host = address.substr(0, colon);
  absl::ConsumePrefix(&host, "[");
  absl::ConsumeSuffix(&host, "]");
  return std::string(host);
}

bool IsLoopback(absl::string_view host) {
  return absl::StartsWith(host, "127.") || host == "::1" || host == "localhost";
}

std::string KubeconfigText(const std::string& url, const KeyPair* authority,
                           const Secret& token) {
  Value cluster = Value::MakeObject({{"server", url}});
  if (authority != nullptr) {
    cluster.Set("certificate-authority-data",
                absl::Base64Escape(authority->certificate_pem));
  }
  const auto named = [](const char* key, Value value) {
    return Value(Value::Array{
        Value::MakeObject({{"name", "weir"}, {key, std::move(value)}})});
  };
  return FormatYaml(Value::MakeObject(
      {{"apiVersion", "v1"},
       {"kind", "Config"},
       {"clusters", named("cluster", std::move(cluster))},
       {"users",
        named("user", Value::MakeObject({{"token", token.RevealForUse()}}))},
       {"contexts", named("context", Value::MakeObject({{"cluster", "weir"},
                                                        {"user", "weir"}}))},
       {"current-context", "weir"}}));
}

}  // namespace

// Destroyed from the last member to the first; ~Server says in which order
// things stop.
struct Server::Impl {
  ServerOptions options;
  const Clock* clock = nullptr;
  std::unique_ptr<Audit> audit;
  std::unique_ptr<Store> store;
  Registry registry;
  KeyPair authority;
  std::unique_ptr<Tokens> tokens;
  std::unique_ptr<Front> front;  // Uses the hub, but the hub's tasks use it.
  std::unique_ptr<WatchHub> hub;
  std::unique_ptr<ApiHandler> handler;
  std::shared_ptr<Gate> gate;
  std::shared_ptr<kube::Transport> transport;
  std::vector<std::unique_ptr<Controller>> controllers;
  std::unique_ptr<TaskQueue> tasks;  // The controllers' thread.

  absl::Status Open();
  void StartControllers();
  void Compact();
};

absl::Status Server::Impl::Open() {
  clock = options.clock != nullptr ? options.clock : &Clock::Real();
  WEIR_ASSIGN_OR_RETURN(audit, Audit::Open(options.audit_log),
                        "opening the audit log");
  std::unique_ptr<Backend> backend;
  if (options.data_dir.empty()) {
    backend = MakeMemoryBackend();
  } else {
    WEIR_ASSIGN_OR_RETURN(backend, OpenSqliteBackend(options.data_dir));
  }
  WEIR_ASSIGN_OR_RETURN(store, Store::Open(std::move(backend)));
  WEIR_ASSIGN_OR_RETURN(tokens, Tokens::Open(*store, *clock));
  WEIR_ASSIGN_OR_RETURN(authority, ReadOrMakeAuthority(store->backend()));
  hub = std::make_unique<WatchHub>(*store, *clock);
  store->SetObserver([h = hub.get()](const std::vector<LoggedChange>& changes) {
    h->Publish(changes);
  });
  ServeStoredCrds(*store, registry);
  handler =
      std::make_unique<ApiHandler>(*store, registry, *hub, *tokens, *clock);
  gate = std::make_shared<Gate>(*handler, *hub, *audit);
  transport = MakeInProcessTransport(gate);
  tasks = std::make_unique<TaskQueue>("apiserver-tasks");
  StartControllers();
  return Bootstrap(*handler, !options.pods_need_label);
}

void Server::Impl::StartControllers() {
  const ControllerContext context(*handler, *tasks, options.logger);
  controllers.push_back(MakeCrdController(context, *hub));
  controllers.push_back(
      MakeNamespaceController(context, authority.certificate_pem));
  controllers.push_back(MakeGarbageCollector(context));
  if (options.simulation != Simulation::kOff) {
    controllers.push_back(
        MakeSimulator(context, options.simulation, options.pods_need_label));
  }
  hub->SetObserver([this](const std::vector<LoggedChange>& changes) {
    tasks->Post([this, changes] {
      for (const LoggedChange& change : changes) {
        for (const auto& controller : controllers) {
          controller->OnChange(change);
        }
      }
    });
  });
  tasks->Post([this] {
    for (const auto& controller : controllers) controller->Start();
  });
  tasks->PostAfter(kCompactInterval, [this] { Compact(); });
}

void Server::Impl::Compact() {
  store->Compact();
  tasks->PostAfter(kCompactInterval, [this] { Compact(); });
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  // Intake, then those who write by themselves, then the writer, then
  // watches.
  if (impl_->front != nullptr) impl_->front->Stop();
  impl_->gate->Close();
  impl_->store->Stop();
  impl_->hub->Shutdown();
  impl_->tasks.reset();
}

absl::StatusOr<std::unique_ptr<Server>> Server::Create(ServerOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  absl::Status status = impl->Open();
  if (!status.ok()) {
    if (impl->gate != nullptr) {
      // Threads are running already: end them in order.
      std::unique_ptr<Server> half(new Server(std::move(impl)));
    }
    return status;
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::shared_ptr<kube::Transport> Server::transport() {
  return impl_->transport;
}

absl::StatusOr<std::string> Server::Listen(const ListenOptions& options) {
  if (impl_->front != nullptr) {
    return absl::FailedPreconditionError("the server listens already");
  }
  const std::string host = HostOf(options.address);
  if (!options.use_tls && !IsLoopback(host)) {
    return absl::InvalidArgumentError(
        absl::StrCat("refusing to listen on ", options.address,
                     " without TLS: tokens would travel in clear text"));
  }
  std::optional<http::ServerTls> tls;
  if (options.use_tls) {
    std::vector<std::string> hosts = {"127.0.0.1", "localhost",
                                      "kubernetes.default.svc"};
    if (!host.empty() && host != "127.0.0.1" && host != "localhost") {
      hosts.push_back(host);
    }
    WEIR_ASSIGN_OR_RETURN(KeyPair pair,
                          SignServerCertificate(impl_->authority, hosts));
    tls.emplace();
    tls->certificate_pem = std::move(pair.certificate_pem);
    tls->key_pem = std::move(pair.key_pem);
    tls->client_ca_pem = impl_->authority.certificate_pem;
  }
  impl_->options.logger.Info(
      "authorization rules are not evaluated: every user may do everything");
  auto front = std::make_unique<Front>(*impl_->handler, *impl_->hub,
                                       *impl_->tokens, *impl_->audit);
  WEIR_RETURN_IF_ERROR(
      front->Listen(options.address, std::move(tls), impl_->options.logger));
  impl_->front = std::move(front);
  std::string url = impl_->front->url();
  if (!options.kubeconfig_out.empty()) {
    WEIR_RETURN_IF_ERROR(
        WriteFileAtomically(
            options.kubeconfig_out,
            KubeconfigText(url, options.use_tls ? &impl_->authority : nullptr,
                           impl_->tokens->admin_token()),
            0600),
        "writing the kubeconfig");
  }
  return url;
}

}  // namespace weir::apiserver
