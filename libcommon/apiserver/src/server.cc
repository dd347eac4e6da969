#include "weir/apiserver/server.h"

#include <utility>

#include "audit.h"
#include "bootstrap.h"
#include "controllers.h"
#include "handler.h"
#include "in_process.h"
#include "registry.h"
#include "store.h"
#include "tokens.h"
#include "watch_hub.h"
#include "weir/base/status.h"
#include "weir/base/task_queue.h"

namespace weir::apiserver {
namespace {

constexpr absl::Duration kCompactInterval = absl::Minutes(5);

}  // namespace

// Destroyed from the last member to the first; ~Server says in which order
// things stop.
struct Server::Impl {
  ServerOptions options;
  const Clock* clock = nullptr;
  std::unique_ptr<Audit> audit;
  std::unique_ptr<Store> store;
  Registry registry;
  std::unique_ptr<Tokens> tokens;
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
  return Bootstrap(*handler);
}

void Server::Impl::StartControllers() {
  const ControllerContext context(*handler, *tasks, options.logger);
  controllers.push_back(MakeCrdController(context, *hub));
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
  impl_->gate->Close();
  impl_->hub->SetObserver(nullptr);
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

absl::StatusOr<std::string> Server::Listen(const ListenOptions&) {
  return absl::UnimplementedError("listening");
}

}  // namespace weir::apiserver
