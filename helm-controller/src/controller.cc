#include "weir/helm_controller/controller.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/chart_sources.h"
#include "src/environment.h"
#include "src/memory_watch.h"
#include "src/reconciler.h"
#include "weir/base/gate.h"
#include "weir/base/status.h"
#include "weir/consumer/dependency.h"
#include "weir/kube/conditions.h"
#include "weir/reconcile/config_watch.h"
#include "weir/reconcile/event_grpc.h"

namespace weir::helm_controller {
namespace {

// Whether the source's new revision is what the HelmRelease already works on;
// one that has none yet concerns only those that wait for it.
bool KnowsRevision(const Value& object, const std::string& revision) {
  const Value& status = object["status"];
  if (revision.empty()) return kube::IsConditionTrue(object, reconcile::kReady);
  return status.GetString("lastAttemptedRevision") == revision &&
         (kube::IsConditionTrue(object, reconcile::kReady) ||
          kube::IsConditionTrue(object, reconcile::kReconciling));
}

// Options that ask for what is not built yet.
absl::Status CheckSupported(const Options& options) {
  if (!options.default_kubeconfig_service_account.empty()) {
    return absl::UnimplementedError(
        "--default-kubeconfig-service-account is not supported yet");
  }
  return absl::OkStatus();
}

// As Flux words them.
reconcile::RemoteOptions MakeRemoteOptions(const Options& options) {
  reconcile::RemoteOptions remote = reconcile::MakeRemoteOptions(
      options.common, options.insecure_kubeconfig_exec,
      options.insecure_kubeconfig_tls);
  remote.errors.unreadable = "could not get KubeConfig secret '$0': $1";
  remote.errors.missing_key =
      "KubeConfig secret '$0' does not contain a '$1' key with data";
  remote.errors.missing_default_key =
      "KubeConfig secret '$0' does not contain a 'value' or 'value.yaml' key "
      "with data";
  remote.errors.malformed = "failed to load KubeConfig from secret '$0': $1";
  return remote;
}

}  // namespace

reconcile::FeatureGates DefaultFeatureGates() {
  return reconcile::FeatureGates({{"CacheSecretsAndConfigMaps", false},
                                  {"DetectDrift", false},
                                  {"CorrectDrift", false},
                                  {"AllowDNSLookups", false},
                                  {"OOMWatch", false},
                                  {"AdoptLegacyReleases", false},
                                  {"DisableChartDigestTracking", false},
                                  {"AdditiveCELDependencyCheck", false},
                                  {"ExternalArtifact", false},
                                  {"DisableConfigWatchers", false},
                                  {"DirectSourceFetch", false},
                                  {"UseHelm3Defaults", false},
                                  {"CancelHealthCheckOnNewRevision", false},
                                  {"DefaultToRetryOnFailure", false},
                                  {"ObjectLevelWorkloadIdentity", false}});
}

Options::Options() {
  common.component = kComponent;
  common.feature_gates = DefaultFeatureGates();
  http_timeout = absl::Seconds(30);
}

void AddFlags(reconcile::FlagSet& flags, Options* options) {
  reconcile::AddCommonFlags(flags, &options->common);
  consumer::AddArtifactFlags(flags, options);
  flags.Add("no-cross-namespace-refs", &options->no_cross_namespace_refs,
            "refuse sources of other namespaces");
  flags.Add("snapshot-digest-algo", &options->snapshot_digest_algorithm,
            "digest of releases in the status: sha256, sha384, sha512, blake3");
  flags.Add("http-timeout", &options->http_timeout,
            "how long a try for an artifact's download may take");
  flags.Add("graceful-shutdown-timeout", &options->graceful_shutdown_timeout,
            "how long passes under way may go on once the process is to end");
  flags.AddRepeated("override-manager", &options->override_managers,
                    "a field manager whose fields drift detection takes over");
  flags.Add("default-kubeconfig-service-account",
            &options->default_kubeconfig_service_account, "not supported yet");
  flags.Add("insecure-kubeconfig-exec", &options->insecure_kubeconfig_exec,
            "run the programs that kubeconfigs of spec.kubeConfig name");
  flags.Add("insecure-kubeconfig-tls", &options->insecure_kubeconfig_tls,
            "let these kubeconfigs turn off the check of certificates");
  flags.Add("oom-watch-interval", &options->oom_watch_interval,
            "with the gate OOMWatch: how often to look at the memory");
  flags.Add("oom-watch-memory-threshold", &options->oom_watch_memory_threshold,
            "percent of the memory at which the process ends");
  flags.Add("oom-watch-max-memory-path", &options->oom_watch_max_memory_path,
            "file with the memory there is; empty: the cgroup's");
  flags.Add("oom-watch-current-memory-path",
            &options->oom_watch_current_memory_path,
            "file with the memory in use; empty: the cgroup's");
}

struct HelmController::Impl {
  Impl(reconcile::Manager& manager, const Options& options)
      : environment(std::make_shared<Environment>(manager, options)),
        reconciler(std::make_shared<Reconciler>(environment)),
        gate(*this) {}
  // The manager's caches and its hold on the reconciler outlive this: they
  // are cut off, and what uses the manager's threads ends here.
  ~Impl() {
    gate.Close();
    informers.clear();
    reconciler->ForgetAll();
    environment->clusters.reset();
    environment->sources.reset();
  }

  void AddController();
  void MakeClusters();
  void WatchConfigs(const std::string& kind);
  void OnSource(const std::string& kind, const kube::Change& change);
  void OnRelease(const kube::Change& change);
  void OnStorage(const kube::ObjectKey& release);
  void OnNews(const kube::ObjectKey& owner, const apply::Tracker::News& news);

  const std::shared_ptr<Environment> environment;
  const std::shared_ptr<Reconciler> reconciler;
  // What handlers go through, so that none runs once this is gone.
  Gate<Impl> gate;
  std::vector<std::unique_ptr<kube::Informer>> informers;
};

void HelmController::Impl::AddController() {
  const Options& options = environment->options;
  reconcile::ControllerOptions controller;
  controller.name = "helmrelease";
  controller.component = kComponent;
  controller.gvk = HelmReleaseKind();
  controller.owned_conditions = {reconcile::kReady,   reconcile::kReconciling,
                                 reconcile::kStalled, kReleased,
                                 kRemediated,         kTestSuccess,
                                 kDriftedCondition};
  controller.concurrency = options.common.concurrent;
  controller.min_retry_delay = options.common.min_retry_delay;
  controller.max_retry_delay = options.common.max_retry_delay;
  environment->controller =
      &environment->manager.AddController(std::move(controller), reconciler);
  environment->controller->informer().AddHandler(gate.Guarded(
      [](Impl& impl, const kube::Change& change) { impl.OnRelease(change); }));
}

void HelmController::Impl::MakeClusters() {
  apply::TrackerOptions tracker;
  tracker.field_manager = kComponent;
  tracker.owner_label = OriginNameLabel();
  tracker.override_managers = environment->options.override_managers;
  tracker.logger = environment->manager.logger();
  const auto make =
      [&manager = environment->manager, tracker,
       on_news = gate.Guarded(
           [](Impl& self, const kube::ObjectKey& owner,
              const apply::Tracker::News& news) { self.OnNews(owner, news); }),
       on_storage =
           gate.Guarded([](Impl& self, const kube::ObjectKey& release) {
             self.OnStorage(release);
           })](std::unique_ptr<kube::Client> client) {
        return std::make_shared<Cluster>(manager, std::move(client), tracker,
                                         on_news, on_storage);
      };
  environment->clusters = std::make_unique<reconcile::TargetClusters<Cluster>>(
      environment->manager, MakeRemoteOptions(environment->options),
      make(nullptr), make);
}

void HelmController::Impl::OnRelease(const kube::Change& change) {
  const kube::ObjectKey key = kube::KeyOf(change.after);
  if (change.type == kube::ChangeType::kDeleted) {
    environment->references.Update(key, References());
    environment->drift.Forget(key);
    environment->interruptions.Clear(key);
  } else if (change.type == kube::ChangeType::kAdded ||
             change.before["spec"] != change.after["spec"]) {
    environment->references.Update(key, ReferencesOf(change.after));
  }
  if (change.is_initial || change.type == kube::ChangeType::kDeleted) return;
  // Dependents are woken by good news only.
  const bool is_good_news = consumer::IsReadyAndObserved(change.after) &&
                            !consumer::IsReadyAndObserved(change.before);
  consumer::WakeDependents(*environment->controller,
                           environment->references.FindByDependency(key),
                           is_good_news);
}

void HelmController::Impl::OnSource(const std::string& kind,
                                    const kube::Change& change) {
  const std::optional<std::string> revision = FindNews(change, kind);
  if (!revision.has_value()) return;
  const kube::ObjectKey source = kube::KeyOf(change.after);
  std::vector<kube::ObjectKey> concerned;
  for (const kube::ObjectKey& key : environment->references.FindBySource(
           {kind, source.name_space, source.name})) {
    if (!KnowsRevision(environment->controller->Get(key), *revision)) {
      concerned.push_back(key);
    }
  }
  environment->controller->EnqueueAll(concerned);
}

// A release that is not settled has its own time of trying again, and what it
// writes itself must not hurry it.
void HelmController::Impl::OnStorage(const kube::ObjectKey& release) {
  for (const kube::ObjectKey& key :
       environment->references.FindByStorage(release)) {
    if (reconciler->HasSettled(key)) environment->controller->Enqueue(key);
  }
}

void HelmController::Impl::OnNews(const kube::ObjectKey& owner,
                                  const apply::Tracker::News& news) {
  if (news == apply::Tracker::News::kHealth) {
    environment->controller->Enqueue(owner);
    return;
  }
  if (!reconciler->HasSettled(owner)) return;
  environment->controller->EnqueueAfter(
      owner,
      environment->drift.NextDelay(owner, environment->manager.clock().Now()));
}

void HelmController::Impl::WatchConfigs(const std::string& kind) {
  informers.push_back(reconcile::WatchConfigs(
      environment->manager, kind,
      environment->options.common.watch_configs_label_selector,
      [this, kind](const kube::ObjectKey& key) {
        const std::vector<kube::ObjectKey> concerned =
            environment->references.FindByConfig(kind, key);
        for (const kube::ObjectKey& one : concerned) {
          environment->interruptions.Note(
              one, absl::StrCat(kind, "/", key.ToString()));
        }
        environment->controller->EnqueueAll(concerned);
      }));
}

HelmController::HelmController(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}

HelmController::~HelmController() = default;

absl::StatusOr<std::unique_ptr<HelmController>> HelmController::Create(
    reconcile::Manager& manager, Options options) {
  WEIR_RETURN_IF_ERROR(CheckSupported(options));
  WEIR_ASSIGN_OR_RETURN(const std::shared_ptr<artifact::Fetcher> fetcher,
                        consumer::MakeFetcher(options));
  auto impl = std::make_unique<Impl>(manager, options);
  Environment& environment = *impl->environment;
  WEIR_ASSIGN_OR_RETURN(
      environment.digest_algorithm,
      crypto::ParseDigestAlgorithm(options.snapshot_digest_algorithm));
  environment.charts = std::make_unique<ChartStore>(fetcher);

  impl->MakeClusters();
  environment.sources = std::make_unique<consumer::SourceWatch>(
      manager, environment.IsEnabled("DirectSourceFetch"),
      impl->gate.Guarded(
          [](Impl& self, const std::string& kind, const kube::Change& change) {
            self.OnSource(kind, change);
          }));
  impl->AddController();
  if (!environment.IsEnabled("DisableConfigWatchers")) {
    impl->WatchConfigs("ConfigMap");
    impl->WatchConfigs("Secret");
  }
  return std::unique_ptr<HelmController>(new HelmController(std::move(impl)));
}

absl::Status Run(const Context& ctx, Options options) {
  WEIR_ASSIGN_OR_RETURN(reconcile::ManagerOptions manager_options,
                        reconcile::MakeManagerOptions(options.common));
  WEIR_ASSIGN_OR_RETURN(manager_options.event_sink,
                        reconcile::OpenEventSink(options.common.events_addr),
                        "--events-addr");
  // Events are sent for as long as usual after that.
  manager_options.grace += options.graceful_shutdown_timeout;
  manager_options.grace -= manager_options.drain;
  manager_options.drain = options.graceful_shutdown_timeout;
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<reconcile::Manager> manager,
                        reconcile::Manager::Create(std::move(manager_options)));
  const Context own = ctx.WithCancel();
  if (options.common.feature_gates.IsEnabled("OOMWatch")) {
    WEIR_ASSIGN_OR_RETURN(
        MemoryWatch watch,
        MemoryWatch::Create({options.oom_watch_max_memory_path,
                             options.oom_watch_current_memory_path,
                             options.oom_watch_memory_threshold,
                             options.oom_watch_interval}),
        "unable to setup OOM watcher");
    manager->AddRunnable("memory",
                         [watch = std::move(watch), own,
                          logger = manager->logger()](const Context& run) {
                           watch.Run(run, logger, [&own] { own.Cancel(); });
                           return absl::OkStatus();
                         });
  }
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<HelmController> controller,
                        HelmController::Create(*manager, std::move(options)));
  return manager->Run(own);
}

}  // namespace weir::helm_controller
