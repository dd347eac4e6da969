#include "weir/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/credentials.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"

namespace weir::rpc {
namespace {

// gRPC takes both as settings of the process, for all servers made later.
void EnableHealthAndReflection() {
  static const bool is_done = [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    return true;
  }();
  static_cast<void>(is_done);
}

}  // namespace

struct Server::Impl {
  std::vector<std::shared_ptr<Service>> services;
  Logger logger;
  int port = 0;
  Mutex mu;
  std::unique_ptr<grpc::Server> server ABSL_GUARDED_BY(mu);
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { Stop(absl::ZeroDuration()); }

int Server::port() const { return impl_->port; }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    ServerOptions options, std::vector<std::shared_ptr<Service>> services) {
  if (!absl::StrContains(options.address, ':')) {
    return absl::InvalidArgumentError(
        absl::StrCat("grpc: address \"", options.address, "\" has no port"));
  }
  WEIR_ASSIGN_OR_RETURN(
      const std::shared_ptr<grpc::ServerCredentials> credentials,
      ServerCredentialsOf(options.tls));
  EnableHealthAndReflection();
  auto impl = std::make_unique<Impl>();
  impl->services = std::move(services);
  impl->logger = options.logger;

  grpc::ServerBuilder builder;
  const std::string address = absl::StartsWith(options.address, ":")
                                  ? "[::]" + options.address
                                  : options.address;
  builder.AddListeningPort(address, credentials, &impl->port);
  grpc::ResourceQuota quota("weir");
  quota.Resize(options.max_buffer_bytes);
  quota.SetMaxThreads(4);  // Of the health and reflection services.
  builder.SetResourceQuota(quota);
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  // Two servers on one port would take turns in answering.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Clients ping once a minute, also while they wait.
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // A client that is gone without a word is noticed as well.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 120'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  for (const std::shared_ptr<Service>& service : impl->services) {
    builder.RegisterService(
        static_cast<grpc::Service*>(service->grpc_service()));
  }
  {
    MutexLock lock(impl->mu);
    impl->server = builder.BuildAndStart();
    if (impl->server == nullptr) {
      return absl::UnavailableError(
          absl::StrCat("grpc: cannot listen on ", options.address));
    }
  }
  impl->logger.Info("gRPC server is listening", {{"port", impl->port}});
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

void Server::Stop(absl::Duration grace) {
  std::unique_ptr<grpc::Server> server;
  {
    MutexLock lock(impl_->mu);
    server = std::move(impl_->server);
  }
  if (server == nullptr) return;
  if (auto* health = server->GetHealthCheckService()) health->Shutdown();
  for (const std::shared_ptr<Service>& service : impl_->services) {
    service->Stop();
  }
  server->Shutdown(absl::ToChronoTime(absl::Now() + grace));
}

}  // namespace weir::rpc
