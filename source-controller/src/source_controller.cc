#include "weir/source/source_controller.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/checked_artifacts.h"
#include "src/git_reconciler.h"
#include "src/helm_chart_reconciler.h"
#include "src/helm_repository_pass.h"
#include "src/index_cache.h"
#include "src/oci_pass.h"
#include "src/source_reconciler.h"
#include "weir/artifact/file_server.h"
#include "weir/artifact/grpc.h"
#include "weir/artifact/registry.h"
#include "weir/artifact/storage.h"
#include "weir/base/status.h"
#include "weir/http/client.h"
#include "weir/reconcile/event_grpc.h"
#include "weir/rpc/server.h"

namespace weir::source {
namespace {

constexpr absl::Duration kServerGrace = absl::Seconds(5);

// "host" of "host:port", without brackets.
std::string HostOf(const std::string& address) {
  std::string host = address.substr(0, address.rfind(':'));
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) {
    host = host.substr(1, host.size() - 2);
  }
  return host;
}

std::string PortOf(const std::string& address) {
  const size_t colon = address.rfind(':');
  return colon == std::string::npos ? "" : address.substr(colon + 1);
}

std::string AdvertisedHost(const Options& options, const std::string& hostname,
                           int port) {
  if (!options.advertised_address.empty()) return options.advertised_address;
  if (options.storage_address.empty()) return "localhost";
  std::string host = HostOf(options.storage_address);
  if (host.empty()) host = "localhost";
  if (host == "0.0.0.0" && !hostname.empty()) host = hostname;
  if (absl::StrContains(host, ':')) host = absl::StrCat("[", host, "]");
  return absl::StrCat(
      host, ":",
      port > 0 ? absl::StrCat(port) : PortOf(options.storage_address));
}

// The storage and those that read from it live together.
struct Published {
  explicit Published(std::unique_ptr<artifact::Storage> s)
      : storage(std::move(s)), registry(*storage), checked(*storage) {}
  const std::unique_ptr<artifact::Storage> storage;
  artifact::Registry registry;
  CheckedArtifacts checked;
};

}  // namespace

struct SourceController::Impl {
  Impl(reconcile::Manager& m, Options o) : manager(m), options(std::move(o)) {}

  absl::Status Open();
  absl::Status StartFileServer();
  absl::Status StartGrpcServer();
  SourceEnvironment MakeEnvironment();
  reconcile::ControllerOptions OptionsFor(const SourceKind& kind) const;
  void AddControllers();
  void AddHelmControllers(reconcile::Controller& git);
  void AddServers();

  reconcile::Manager& manager;
  const Options options;
  std::shared_ptr<Published> published;
  std::unique_ptr<IndexCache> indexes;
  http::Client http_client;
  // Start before the controllers or with leadership, stop after them.
  std::unique_ptr<artifact::FileServer> file_server;
  std::unique_ptr<rpc::Server> grpc_server;
};

absl::Status SourceController::Impl::StartFileServer() {
  if (options.storage_address.empty() || file_server != nullptr) {
    return absl::OkStatus();
  }
  WEIR_ASSIGN_OR_RETURN(
      file_server,
      artifact::FileServer::Start(
          {options.storage_path, options.storage_address, manager.logger()}));
  return absl::OkStatus();
}

absl::Status SourceController::Impl::StartGrpcServer() {
  if (options.grpc_address.empty() || grpc_server != nullptr) {
    return absl::OkStatus();
  }
  rpc::ServerOptions server;
  server.address = options.grpc_address;
  server.tls.certificate_file = options.grpc_tls_certificate_file;
  server.tls.key_file = options.grpc_tls_key_file;
  server.tls.ca_file = options.grpc_tls_client_ca_file;
  server.logger = manager.logger();
  const std::shared_ptr<artifact::ArtifactService> artifacts(
      published, &published->registry);
  WEIR_ASSIGN_OR_RETURN(
      grpc_server,
      rpc::Server::Start(std::move(server),
                         {artifact::MakeArtifactGrpcService(artifacts),
                          reconcile::MakeEventGrpcService(manager.events())}));
  return absl::OkStatus();
}

absl::Status SourceController::Impl::Open() {
  if (options.interval_jitter_percentage < 0 ||
      options.interval_jitter_percentage > 99) {
    return absl::InvalidArgumentError(
        "the jitter of the interval must be from 0 to 99 percent");
  }
  artifact::StorageOptions storage;
  storage.root = options.storage_path;
  WEIR_ASSIGN_OR_RETURN(
      storage.digest_algorithm,
      crypto::ParseDigestAlgorithm(options.artifact_digest_algorithm));
  storage.retention_ttl = options.artifact_retention_ttl;
  storage.retention_records = options.artifact_retention_records;
  storage.clock = &manager.clock();
  // Standbys serve nothing, so that readiness leads traffic to the leader.
  const bool is_leader = !manager.options().use_leader_election;
  if (is_leader) WEIR_RETURN_IF_ERROR(StartFileServer());
  storage.advertised_host =
      AdvertisedHost(options, manager.options().hostname,
                     file_server == nullptr ? 0 : file_server->port());
  WEIR_ASSIGN_OR_RETURN(std::unique_ptr<artifact::Storage> opened,
                        artifact::Storage::Open(std::move(storage)));
  published = std::make_shared<Published>(std::move(opened));
  if (is_leader) WEIR_RETURN_IF_ERROR(StartGrpcServer());
  return absl::OkStatus();
}

SourceEnvironment SourceController::Impl::MakeEnvironment() {
  SourceEnvironment environment;
  environment.options = &options;
  environment.client = &manager.client();
  environment.events = &manager.events();
  environment.clock = &manager.clock();
  environment.http_client = &http_client;
  environment.storage = published->storage.get();
  environment.registry = &published->registry;
  environment.checked = &published->checked;
  environment.is_cache_partial = !manager.options().label_selector.empty();
  return environment;
}

reconcile::ControllerOptions SourceController::Impl::OptionsFor(
    const SourceKind& kind) const {
  reconcile::ControllerOptions controller;
  controller.component = kComponent;
  controller.gvk = {kGroup, "v1", kind.kind};
  controller.owned_conditions = kind.Conditions();
  controller.concurrency = options.concurrent;
  controller.min_retry_delay = options.min_retry_delay;
  controller.max_retry_delay = options.max_retry_delay;
  return controller;
}

void SourceController::Impl::AddControllers() {
  const SourceEnvironment environment = MakeEnvironment();
  auto git = std::make_shared<GitReconciler>(GitEnvironment{environment, {}});
  reconcile::Controller& repositories =
      manager.AddController(OptionsFor(kGitRepository), git);
  git->Attach(repositories);
  manager.AddController(
      OptionsFor(kOciRepository),
      std::make_shared<SourceReconciler>(
          environment, kOciRepository,
          [environment](const Context& ctx, const reconcile::Request& request) {
            return OciPass(ctx, environment, request).Run();
          }));
  AddHelmControllers(repositories);
}

void SourceController::Impl::AddHelmControllers(reconcile::Controller& git) {
  IndexCache::Limits limits;
  if (options.helm_cache_max_size > 0) {
    limits.max_indexes = static_cast<size_t>(options.helm_cache_max_size);
  }
  limits.ttl = options.helm_cache_ttl;
  indexes = std::make_unique<IndexCache>(*published->storage, manager.clock(),
                                         limits);
  HelmEnvironment environment;
  static_cast<SourceEnvironment&>(environment) = MakeEnvironment();
  environment.indexes = indexes.get();
  environment.cache_events = &manager.metrics().Counter(
      "gotk_cache_events_total",
      "Total number of cache retrieval events for a Gitops Toolkit resource "
      "reconciliation.",
      {"event_type", "name", "namespace"});
  reconcile::ControllerOptions repositories = OptionsFor(kHelmRepository);
  repositories.filter = IsRelevantHelmRepositoryChange;
  reconcile::Controller& helm = manager.AddController(
      std::move(repositories),
      std::make_shared<SourceReconciler>(
          environment, kHelmRepository,
          [environment](const Context& ctx, const reconcile::Request& request) {
            HelmRepositoryPass pass(ctx, environment, request);
            const bool is_static =
                request.object["spec"].GetString("type") == kOciType;
            return is_static ? pass.MakeStatic() : pass.Run();
          }));
  HelmChartEnvironment of_charts;
  static_cast<HelmEnvironment&>(of_charts) = environment;
  auto charts = std::make_shared<HelmChartReconciler>(std::move(of_charts));
  charts->Attach(manager.AddController(OptionsFor(kHelmChart), charts),
                 {{kHelmRepository.kind, &helm}, {kGitRepository.kind, &git}});
}

void SourceController::Impl::AddServers() {
  manager.AddRunnable("artifacts", [this](const Context& ctx) -> absl::Status {
    WEIR_RETURN_IF_ERROR(StartFileServer());
    WEIR_RETURN_IF_ERROR(StartGrpcServer());
    (void)ctx.SleepFor(absl::InfiniteDuration());
    if (grpc_server != nullptr) grpc_server->Stop(kServerGrace);
    if (file_server != nullptr) file_server->Stop(kServerGrace);
    return absl::OkStatus();
  });
}

SourceController::SourceController(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
SourceController::~SourceController() = default;

absl::StatusOr<std::unique_ptr<SourceController>> SourceController::Create(
    reconcile::Manager& manager, Options options) {
  auto impl = std::make_unique<Impl>(manager, std::move(options));
  WEIR_RETURN_IF_ERROR(impl->Open());
  impl->AddControllers();
  impl->AddServers();
  return std::unique_ptr<SourceController>(
      new SourceController(std::move(impl)));
}

std::shared_ptr<artifact::ArtifactService> SourceController::artifacts() const {
  return {impl_->published, &impl_->published->registry};
}

artifact::Registry& SourceController::registry() const {
  return impl_->published->registry;
}

const artifact::Storage& SourceController::storage() const {
  return *impl_->published->storage;
}

std::string SourceController::storage_address() const {
  return impl_->file_server == nullptr ? "" : impl_->file_server->address();
}

std::string SourceController::grpc_address() const {
  if (impl_->grpc_server == nullptr) return "";
  return absl::StrCat(HostOf(impl_->options.grpc_address), ":",
                      impl_->grpc_server->port());
}

absl::Status Run(const Context& ctx, Options options) {
  if (options.manager.event_sink == nullptr) {
    WEIR_ASSIGN_OR_RETURN(
        options.manager.event_sink,
        reconcile::OpenEventSink(options.manager.events_address),
        "--events-addr");
  }
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<reconcile::Manager> manager,
                        reconcile::Manager::Create(options.manager));
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<SourceController> controller,
                        SourceController::Create(*manager, std::move(options)));
  return manager->Run(ctx);
}

}  // namespace weir::source
