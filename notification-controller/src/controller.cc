#include "weir/notification_controller/controller.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "src/controller_maker.h"
#include "src/event_server.h"
#include "src/notifications.h"
#include "src/receivers/receivers.h"
#include "src/secret_cache.h"
#include "src/static_objects.h"
#include "src/token_cache.h"
#include "weir/base/gate.h"
#include "weir/base/status.h"
#include "weir/reconcile/controller.h"

namespace weir::notification_controller {
namespace {

constexpr char kComponent[] = "notification-controller";
// Of answers that servers are giving when they stop.
constexpr absl::Duration kServerGrace = absl::Seconds(5);

rpc::TlsOptions MakeGrpcTls(const Options& options) {
  rpc::TlsOptions tls;
  tls.certificate_file = options.grpc_tls_certificate_file;
  tls.key_file = options.grpc_tls_key_file;
  tls.ca_file = options.grpc_tls_client_ca_file;
  return tls;
}

NotificationOptions MakeNotificationOptions(const Options& options,
                                            NotificationOptions made) {
  made.no_cross_namespace_refs = options.no_cross_namespace_refs;
  made.azure_authority_host = options.azure_authority_host;
  made.has_object_identity =
      options.common.feature_gates.IsEnabled("ObjectLevelWorkloadIdentity");
  made.duplicate_interval = options.rate_limit_interval;
  made.sender.proxies = options.proxies;
  return made;
}

ReceiverOptions MakeReceiverOptions(const Options& options) {
  ReceiverOptions made;
  made.address = options.receiver_address;
  made.no_cross_namespace_refs = options.no_cross_namespace_refs;
  made.watches_configs =
      !options.common.feature_gates.IsEnabled("DisableConfigWatchers");
  made.watch_configs_label_selector =
      options.common.watch_configs_label_selector;
  made.issuers.proxies = options.proxies;
  made.tells_paths = options.export_http_path_metrics;
  made.concurrency = options.common.concurrent;
  made.min_retry_delay = options.common.min_retry_delay;
  made.max_retry_delay = options.common.max_retry_delay;
  return made;
}

}  // namespace

reconcile::FeatureGates DefaultFeatureGates() {
  return reconcile::FeatureGates({{"CacheSecretsAndConfigMaps", false},
                                  {"DisableConfigWatchers", false},
                                  {"ObjectLevelWorkloadIdentity", false}});
}

Options::Options() {
  common.component = kComponent;
  common.events_addr = ":9090";
  common.feature_gates = DefaultFeatureGates();
}

void AddFlags(reconcile::FlagSet& flags, Options* options) {
  reconcile::AddCommonFlags(flags, &options->common,
                            "address that takes events: \":9090\"");
  flags.Add("receiverAddr", &options->receiver_address,
            "address that takes webhooks");
  flags.Add("grpc-addr", &options->grpc_address,
            "address of the EventService; empty: none");
  flags.Add("grpc-tls-cert", &options->grpc_tls_certificate_file,
            "PEM file with the EventService's certificate");
  flags.Add("grpc-tls-key", &options->grpc_tls_key_file,
            "PEM file with its key");
  flags.Add("grpc-tls-client-ca", &options->grpc_tls_client_ca_file,
            "PEM file with the authority of its clients' certificates");
  flags.Add("no-cross-namespace-refs", &options->no_cross_namespace_refs,
            "refuse events and targets of other namespaces");
  flags.Add("rate-limit-interval", &options->rate_limit_interval,
            "for how long the same event is not told again");
  flags.Add("export-http-path-metrics", &options->export_http_path_metrics,
            "tell requests apart by path in metrics");
}

struct NotificationController::Impl {
  Impl(reconcile::Manager& the_manager, Options the_options,
       NotificationOptions deliveries)
      : manager(the_manager),
        options(std::move(the_options)),
        tokens(static_cast<size_t>(options.common.token_cache_max_size),
               options.common.token_cache_max_duration, &manager.clock()),
        secrets(manager),
        notifications(manager, secrets, tokens,
                      MakeNotificationOptions(options, std::move(deliveries))),
        gate(*this) {}
  ~Impl() {
    Connect(nullptr);
    Close(absl::ZeroDuration());
    gate.Close();
  }

  reconcile::ControllerOptions OptionsFor(
      const kube::GroupVersionKind& kind,
      std::function<bool(const kube::Change&)> concerns) const;
  void AddControllers();
  void AddTokenMetrics();
  absl::Status StartServers();
  void Connect(LocalEvents::Take take) const;
  // Takes no more, and delivers what waits.
  void Close(absl::Duration grace);

  reconcile::Manager& manager;
  const Options options;
  TokenCache tokens;
  SecretCache secrets;
  Notifications notifications;
  std::vector<const kube::Informer*> watches;  // Of Alerts and Providers.
  std::unique_ptr<EventServer> event_server;
  std::unique_ptr<Receivers> receivers;
  std::shared_ptr<void> token_metrics;
  // What handlers go through, so that none runs once this is gone.
  Gate<Impl> gate;
};

reconcile::ControllerOptions NotificationController::Impl::OptionsFor(
    const kube::GroupVersionKind& kind,
    std::function<bool(const kube::Change&)> concerns) const {
  reconcile::ControllerOptions made;
  made.component = kComponent;
  made.gvk = kind;
  made.filter = std::move(concerns);
  made.concurrency = options.common.concurrent;
  made.min_retry_delay = options.common.min_retry_delay;
  made.max_retry_delay = options.common.max_retry_delay;
  return made;
}

void NotificationController::Impl::AddControllers() {
  const auto update = [](void (Notifications::*method)(const kube::ObjectKey&,
                                                       const Value&)) {
    return [method](Impl& self, const kube::Change& change) {
      (self.notifications.*method)(
          kube::KeyOf(change.after),
          change.type == kube::ChangeType::kDeleted ? Value() : change.after);
    };
  };
  reconcile::Controller& alerts = manager.AddController(
      OptionsFor(AlertKind(), AlertReconciler::Concerns),
      std::make_shared<AlertReconciler>(manager.events()));
  watches = {&alerts.informer()};
  alerts.informer().AddHandler(
      gate.Guarded(update(&Notifications::UpdateAlert)));
  reconcile::Controller& providers = manager.AddController(
      OptionsFor(ProviderKind(), ProviderReconciler::Concerns),
      std::make_shared<ProviderReconciler>(tokens));
  watches.push_back(&providers.informer());
  providers.informer().AddHandler(
      gate.Guarded(update(&Notifications::UpdateProvider)));
}

void NotificationController::Impl::AddTokenMetrics() {
  reconcile::Metrics& metrics = manager.metrics();
  reconcile::GaugeMetric& items =
      metrics.Gauge("gotk_token_cached_items", "Tokens in the cache.", {});
  reconcile::GaugeMetric& requests =
      metrics.Gauge("gotk_token_cache_requests_total",
                    "Questions to the cache of tokens.", {"status"});
  reconcile::GaugeMetric& evictions = metrics.Gauge(
      "gotk_token_cache_evictions_total", "Tokens that gave way.", {});
  token_metrics = metrics.OnPrint([this, &items, &requests, &evictions] {
    const TokenCache::Counts counts = tokens.counts();
    items.Set({}, static_cast<double>(counts.items));
    requests.Set({"success"}, static_cast<double>(counts.hits + counts.misses));
    evictions.Set({}, static_cast<double>(counts.evictions));
  });
}

absl::Status NotificationController::Impl::StartServers() {
  EventServerOptions events;
  events.http_address = options.common.events_addr;
  events.grpc_address = options.grpc_address;
  events.grpc_tls = MakeGrpcTls(options);
  events.is_synced = [this] {
    return std::all_of(watches.begin(), watches.end(),
                       [](const auto* one) { return one->HasSynced(); });
  };
  events.tells_paths = options.export_http_path_metrics;
  WEIR_ASSIGN_OR_RETURN(event_server,
                        EventServer::Start(manager, notifications, events));
  ReceiverOptions webhooks = MakeReceiverOptions(options);
  webhooks.secrets = &secrets;
  WEIR_ASSIGN_OR_RETURN(receivers, Receivers::Create(manager, webhooks));
  // After leadership, before the manager's own events are sent.
  manager.AddRunnable("notifications", [this](const Context& ctx) {
    ctx.SleepFor(absl::InfiniteDuration()).IgnoreError();
    // What the last passes of this process said comes first.
    if (options.local_events != nullptr) {
      manager.events().Flush(options.delivery_grace);
    }
    Close(options.delivery_grace);
    return absl::OkStatus();
  });
  return absl::OkStatus();
}

void NotificationController::Impl::Connect(LocalEvents::Take take) const {
  if (options.local_events == nullptr) return;
  options.local_events->Connect(std::move(take));
}

void NotificationController::Impl::Close(absl::Duration grace) {
  if (event_server != nullptr) {
    event_server->Stop(std::min(grace, kServerGrace));
  }
  if (!notifications.Drain(grace)) {
    manager.logger().Error("notifications are lost: no time was left");
  }
}

NotificationController::NotificationController(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}

NotificationController::~NotificationController() = default;

absl::StatusOr<std::unique_ptr<NotificationController>>
NotificationController::Create(reconcile::Manager& manager, Options options) {
  return ControllerMaker::Make(manager, std::move(options), {});
}

absl::StatusOr<std::unique_ptr<NotificationController>> ControllerMaker::Make(
    reconcile::Manager& manager, Options options,
    NotificationOptions deliveries) {
  if (options.rate_limit_interval <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--rate-limit-interval must be positive");
  }
  if (options.common.token_cache_max_size < 0) {
    return absl::InvalidArgumentError(
        "--token-cache-max-size must not be negative");
  }
  auto impl = std::make_unique<NotificationController::Impl>(
      manager, std::move(options), std::move(deliveries));
  impl->AddControllers();
  impl->AddTokenMetrics();
  WEIR_RETURN_IF_ERROR(impl->StartServers());
  impl->Connect([server = impl->event_server.get()](
                    const Context& ctx, const reconcile::RecordedEvent& event) {
    return server->Take(ctx, event);
  });
  return std::unique_ptr<NotificationController>(
      new NotificationController(std::move(impl)));
}

std::string NotificationController::events_address() const {
  return impl_->event_server->http_address();
}

std::string NotificationController::receiver_address() const {
  return impl_->receivers->address();
}

std::string NotificationController::grpc_address() const {
  return impl_->event_server->grpc_address();
}

absl::Status Run(const Context& ctx, Options options) {
  options.proxies = http::ProxiesFromEnvironment();
  // Events are taken here, not sent.
  reconcile::CommonFlags common = options.common;
  common.events_addr.clear();
  WEIR_ASSIGN_OR_RETURN(reconcile::ManagerOptions manager_options,
                        reconcile::MakeManagerOptions(common));
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<reconcile::Manager> manager,
                        reconcile::Manager::Create(std::move(manager_options)));
  WEIR_ASSIGN_OR_RETURN(
      const std::unique_ptr<NotificationController> controller,
      NotificationController::Create(*manager, std::move(options)));
  return manager->Run(ctx);
}

}  // namespace weir::notification_controller
