#include "src/receivers/receivers.h"

#include <utility>

#include "absl/strings/match.h"
#include "src/http_metrics.h"
#include "src/receivers/receiver_index.h"
#include "src/receivers/receiver_reconciler.h"
#include "src/receivers/target_store.h"
#include "src/receivers/webhook_handler.h"
#include "weir/base/gate.h"
#include "weir/base/status.h"
#include "weir/http/server.h"
#include "weir/reconcile/conditions.h"
#include "weir/reconcile/config_watch.h"
#include "weir/reconcile/reference_map.h"

namespace weir::notification_controller {
namespace {

constexpr char kComponent[] = "notification-controller";
constexpr char kPrefix[] = "/hook/";
constexpr size_t kMaxBody = 3u << 20;
// Of who knows no path: what strangers send is held in memory too.
constexpr size_t kMaxStrangersBody = 64u << 10;
constexpr int kMaxConnections = 1024;
constexpr size_t kMaxHeaders = 256u << 10;
constexpr absl::Duration kGrace = absl::Seconds(5);
// Of one webhook, its requests to the API server and to issuers included.
constexpr absl::Duration kHandling = absl::Seconds(30);

http::ServerResponse NotFound() {
  http::ServerResponse response{404, {}, "404 page not found\n"};
  response.headers.Set("Content-Type", "text/plain; charset=utf-8");
  response.headers.Set("X-Content-Type-Options", "nosniff");
  return response;
}

std::string SecretTarget(const kube::ObjectKey& key) {
  return reconcile::ReferenceMap::Target("Secret", key);
}

}  // namespace

struct Receivers::Impl {
  Impl(reconcile::Manager& m, const ReceiverOptions& o)
      : manager(m),
        options(o),
        index(PlanRules{o.no_cross_namespace_refs}),
        targets(m),
        issuers(WithClock(o.issuers, m.clock())),
        handler(MakeEnvironment()),
        metrics(m.metrics(), "gotk_receiver", kPrefix, o.tells_paths),
        gate(*this) {}
  // Webhooks first; then the manager's caches, which outlive this, are cut
  // off.
  ~Impl() {
    if (server != nullptr) server->Stop(kGrace);
    configs.reset();
    gate.Close();
  }

  static IssuerOptions WithClock(IssuerOptions issuers, const Clock& clock) {
    issuers.clock = &clock;
    return issuers;
  }
  WebhookEnvironment MakeEnvironment() {
    if (options.secrets == nullptr) {
      own_secrets = std::make_unique<SecretCache>(manager);
    }
    return {manager.client(),
            options.secrets == nullptr ? *own_secrets : *options.secrets,
            index,
            targets,
            issuers,
            options.google_keys_url,
            [this] { return controller->informer().HasSynced(); },
            manager.clock(),
            manager.logger()};
  }

  void AddController();
  void OnReceiver(const kube::Change& change);
  absl::Status Serve();
  void Answer(const http::ServerRequest& request, http::Responder& responder);

  reconcile::Manager& manager;
  const ReceiverOptions options;
  std::unique_ptr<SecretCache> own_secrets;
  ReceiverIndex index;
  TargetStore targets;
  Issuers issuers;
  const WebhookHandler handler;
  HttpMetrics metrics;
  reconcile::ReferenceMap secrets;
  // What handlers go through, so that none runs once this is gone.
  Gate<Impl> gate;
  reconcile::Controller* controller = nullptr;
  std::unique_ptr<kube::Informer> configs;
  std::unique_ptr<http::Server> server;
};

void Receivers::Impl::AddController() {
  reconcile::ControllerOptions receiver;
  receiver.component = kComponent;
  receiver.gvk = {"notification.toolkit.fluxcd.io", "v1", "Receiver"};
  receiver.owned_conditions = {reconcile::kReady, reconcile::kReconciling,
                               reconcile::kStalled};
  receiver.concurrency = options.concurrency;
  receiver.min_retry_delay = options.min_retry_delay;
  receiver.max_retry_delay = options.max_retry_delay;
  controller = &manager.AddController(
      std::move(receiver),
      std::make_shared<ReceiverReconciler>(
          ReceiverReconciler::Environment{manager.client(),
                                          manager.events(),
                                          manager.clock(),
                                          {options.no_cross_namespace_refs}}));
  controller->informer().AddHandler(gate.Guarded(
      [](Impl& self, const kube::Change& change) { self.OnReceiver(change); }));
  if (!options.watches_configs) return;
  configs = reconcile::WatchConfigs(
      manager, "Secret", options.watch_configs_label_selector,
      [this](const kube::ObjectKey& key) {
        controller->EnqueueAll(secrets.Find(SecretTarget(key)));
      });
}

void Receivers::Impl::OnReceiver(const kube::Change& change) {
  const kube::ObjectKey key = kube::KeyOf(change.after);
  if (change.type == kube::ChangeType::kDeleted) {
    index.Remove(key);
    secrets.Update(key, {});
    return;
  }
  const std::shared_ptr<const ReceiverPlan> plan = index.Update(change.after);
  std::vector<std::string> named;
  if (plan->secret.has_value()) {
    named.push_back(SecretTarget({key.name_space, *plan->secret}));
  }
  secrets.Update(key, std::move(named));
  for (const Target& target : plan->targets) {
    if (target.refusal.ok()) targets.Watch(target.gvk);
  }
}

absl::Status Receivers::Impl::Serve() {
  if (options.address.empty()) return absl::OkStatus();
  http::ServerOptions serving;
  serving.address = options.address;
  serving.worker_threads = options.workers;
  serving.max_connections = kMaxConnections;
  serving.body_limit = [this](absl::string_view, absl::string_view path) {
    const bool is_strange =
        index.Find(path).plan == nullptr && controller->informer().HasSynced();
    return is_strange ? kMaxStrangersBody : kMaxBody;
  };
  serving.max_header_bytes = kMaxHeaders;
  serving.header_timeout = options.header_timeout;
  serving.read_timeout = options.read_timeout;
  serving.idle_timeout = options.read_timeout;
  serving.logger = manager.logger();
  WEIR_ASSIGN_OR_RETURN(
      server,
      http::Server::Start(std::move(serving),
                          [this](http::ServerRequest request,
                                 std::unique_ptr<http::Responder> responder) {
                            Answer(request, *metrics.Wrap(
                                                request, std::move(responder)));
                          }),
      "taking webhooks at ", options.address);
  return absl::OkStatus();
}

void Receivers::Impl::Answer(const http::ServerRequest& request,
                             http::Responder& responder) {
  http::ServerResponse response = NotFound();
  manager.NoteWork();
  if (absl::StartsWith(request.target, kPrefix)) {
    response = {handler.Handle(request.context.WithTimeout(kHandling), request),
                {},
                ""};
  }
  responder.Send(std::move(response));
}

Receivers::Receivers(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Receivers::~Receivers() = default;

std::string Receivers::address() const {
  return impl_->server == nullptr ? "" : impl_->server->address();
}

absl::StatusOr<std::unique_ptr<Receivers>> Receivers::Create(
    reconcile::Manager& manager, const ReceiverOptions& options) {
  auto impl = std::make_unique<Impl>(manager, options);
  impl->AddController();
  WEIR_RETURN_IF_ERROR(impl->Serve());
  return std::unique_ptr<Receivers>(new Receivers(std::move(impl)));
}

}  // namespace weir::notification_controller
