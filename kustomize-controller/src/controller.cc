#include "weir/kustomize_controller/controller.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/environment.h"
#include "src/reconciler.h"
#include "weir/apply/drift_damper.h"
#include "weir/artifact/fetcher.h"
#include "weir/base/gate.h"
#include "weir/base/status.h"
#include "weir/consumer/dependency.h"
#include "weir/kube/conditions.h"
#include "weir/reconcile/config_watch.h"
#include "weir/reconcile/event_grpc.h"

namespace weir::kustomize_controller {
namespace {

// Whether the source's new revision is what the Kustomization already works
// on.
bool KnowsRevision(const Value& object, const std::string& revision) {
  const Value& status = object["status"];
  if (status.GetString("lastAttemptedRevision") != revision) return false;
  return kube::IsConditionTrue(object, reconcile::kReady) ||
         kube::IsConditionTrue(object, reconcile::kReconciling);
}

// The revision that dependents may build upon; nothing while the
// Kustomization is not ready.
std::optional<std::string> ReadyRevision(const Value& object) {
  if (!consumer::IsReadyAndObserved(object)) return std::nullopt;
  return std::string(object["status"].GetString("lastAppliedRevision"));
}

absl::StatusOr<std::set<kube::GroupKind>> ParseStageKinds(
    const std::vector<std::string>& texts) {
  std::set<kube::GroupKind> kinds;
  for (const std::string& text : texts) {
    const size_t slash = text.rfind('/');
    if (slash == std::string::npos || slash + 1 == text.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "custom-apply-stage-kinds: '", text, "' is not <group>/<Kind>"));
    }
    kinds.insert({text.substr(0, slash), text.substr(slash + 1)});
  }
  return kinds;
}

// Options that ask for what is not built yet.
absl::Status CheckSupported(const Options& options) {
  const std::pair<const char*, bool> kFlags[] = {
      {"default-decryption-service-account",
       !options.default_decryption_service_account.empty()},
      {"default-kubeconfig-service-account",
       !options.default_kubeconfig_service_account.empty()},
      {"sops-age-secret", !options.sops_age_secret.empty()},
      {"sops-vault-configmap", !options.sops_vault_configmap.empty()},
  };
  for (const auto& [name, is_set] : kFlags) {
    if (is_set) {
      return absl::UnimplementedError(
          absl::StrCat("--", name, " is not supported yet"));
    }
  }
  return absl::OkStatus();
}

// As Flux words them.
reconcile::RemoteOptions MakeRemoteOptions(const Options& options) {
  reconcile::RemoteOptions remote = reconcile::MakeRemoteOptions(
      options.common, options.insecure_kubeconfig_exec,
      options.insecure_kubeconfig_tls);
  remote.errors.unreadable = "unable to read KubeConfig secret '$0' error: $1";
  remote.errors.missing_key =
      "KubeConfig secret '$0' does not contain a '$1' key with a kubeconfig";
  remote.errors.missing_default_key =
      "KubeConfig secret '$0' does not contain a 'value' key with a "
      "kubeconfig";
  remote.errors.malformed = "$1";
  return remote;
}

}  // namespace

reconcile::FeatureGates DefaultFeatureGates() {
  return reconcile::FeatureGates({{"CacheSecretsAndConfigMaps", false},
                                  {"DisableStatusPollerCache", true},
                                  {"DisableFailFastBehavior", false},
                                  {"StrictPostBuildSubstitutions", true},
                                  {"GroupChangeLog", false},
                                  {"AdditiveCELDependencyCheck", false},
                                  {"ExternalArtifact", false},
                                  {"CancelHealthCheckOnNewRevision", false},
                                  {"DisableConfigWatchers", false},
                                  {"DirectSourceFetch", false},
                                  {"MigrateAPIVersion", false},
                                  {"ObjectLevelWorkloadIdentity", false}});
}

Options::Options() {
  common.component = kComponent;
  common.feature_gates = DefaultFeatureGates();
}

void AddFlags(reconcile::FlagSet& flags, Options* options) {
  reconcile::AddCommonFlags(flags, &options->common);
  consumer::AddArtifactFlags(flags, options);
  flags.Add("no-cross-namespace-refs", &options->no_cross_namespace_refs,
            "refuse sources of other namespaces");
  flags.Add("no-remote-bases", &options->no_remote_bases,
            "refuse bases that are not in the artifact");
  flags.AddRepeated("override-manager", &options->override_managers,
                    "a field manager whose fields are taken over");
  flags.Add("custom-apply-stage-kinds", &options->custom_apply_stage_kinds,
            "kinds <group>/<Kind> that are applied before the rest");
  flags.Add("concurrent-ssa", &options->concurrent_ssa,
            "requests in flight for one Kustomization");
  flags.Add("default-decryption-service-account",
            &options->default_decryption_service_account, "not supported yet");
  flags.Add("default-kubeconfig-service-account",
            &options->default_kubeconfig_service_account, "not supported yet");
  flags.Add("sops-age-secret", &options->sops_age_secret, "not supported yet");
  flags.Add("sops-vault-configmap", &options->sops_vault_configmap,
            "not supported yet");
  flags.Add("insecure-kubeconfig-exec", &options->insecure_kubeconfig_exec,
            "run the programs that kubeconfigs of spec.kubeConfig name");
  flags.Add("insecure-kubeconfig-tls", &options->insecure_kubeconfig_tls,
            "let these kubeconfigs turn off the check of certificates");
}

struct KustomizeController::Impl {
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
  void OnKustomization(const kube::Change& change);
  void OnNews(const kube::ObjectKey& owner, const apply::Tracker::News& news);

  const std::shared_ptr<Environment> environment;
  const std::shared_ptr<Reconciler> reconciler;
  // What handlers go through, so that none runs once this is gone.
  Gate<Impl> gate;
  apply::DriftDamper drift;
  std::vector<std::unique_ptr<kube::Informer>> informers;
};

void KustomizeController::Impl::AddController() {
  const Options& options = environment->options;
  reconcile::ControllerOptions controller;
  controller.name = "kustomization";
  controller.component = kComponent;
  controller.gvk = KustomizationKind();
  controller.field_manager = kStatusManager;
  controller.owned_conditions = {reconcile::kReady, reconcile::kReconciling,
                                 reconcile::kStalled, kHealthy};
  controller.concurrency = options.common.concurrent;
  controller.min_retry_delay = options.common.min_retry_delay;
  controller.max_retry_delay = options.common.max_retry_delay;
  environment->controller =
      &environment->manager.AddController(std::move(controller), reconciler);
  environment->controller->informer().AddHandler(
      gate.Guarded([](Impl& impl, const kube::Change& change) {
        impl.OnKustomization(change);
      }));
}

void KustomizeController::Impl::MakeClusters() {
  apply::TrackerOptions tracker;
  tracker.field_manager = kComponent;
  tracker.owner_label = OwnerNameLabel();
  tracker.override_managers = environment->options.override_managers;
  tracker.logger = environment->manager.logger();
  const auto make =
      [&manager = environment->manager, tracker,
       on_news = gate.Guarded([](Impl& self, const kube::ObjectKey& owner,
                                 const apply::Tracker::News& news) {
         self.OnNews(owner, news);
       })](std::unique_ptr<kube::Client> client) {
        return std::make_shared<Cluster>(manager, std::move(client), tracker,
                                         on_news);
      };
  environment->clusters = std::make_unique<reconcile::TargetClusters<Cluster>>(
      environment->manager, MakeRemoteOptions(environment->options),
      make(nullptr), make);
}

void KustomizeController::Impl::OnKustomization(const kube::Change& change) {
  const kube::ObjectKey key = kube::KeyOf(change.after);
  if (change.type == kube::ChangeType::kDeleted) {
    environment->references.Update(key, References());
    drift.Forget(key);
  } else if (change.type == kube::ChangeType::kAdded ||
             change.before["spec"] != change.after["spec"]) {
    environment->references.Update(key, ReferencesOf(change.after));
  }
  if (change.is_initial || change.type == kube::ChangeType::kDeleted) return;
  // Dependents are woken by good news only: bad news is found out in time, and
  // a dependency that is merely busy must not unsettle them.
  const std::optional<std::string> revision = ReadyRevision(change.after);
  const bool is_good_news =
      change.type == kube::ChangeType::kAdded ||
      (revision.has_value() && revision != ReadyRevision(change.before));
  consumer::WakeDependents(*environment->controller,
                           environment->references.FindByDependency(key),
                           is_good_news);
}

void KustomizeController::Impl::OnSource(const std::string& kind,
                                         const kube::Change& change) {
  if (!consumer::HasNewArtifact(change.before, change.after)) return;
  const std::string revision(
      change.after["status"]["artifact"].GetString("revision"));
  const kube::ObjectKey source = kube::KeyOf(change.after);
  std::vector<kube::ObjectKey> concerned;
  for (const kube::ObjectKey& key : environment->references.FindBySource(
           {kind, source.name_space, source.name})) {
    if (!KnowsRevision(environment->controller->Get(key), revision)) {
      concerned.push_back(key);
    }
  }
  environment->controller->EnqueueAll(environment->references.Order(concerned));
}

void KustomizeController::Impl::OnNews(const kube::ObjectKey& owner,
                                       const apply::Tracker::News& news) {
  absl::Duration delay;
  if (news == apply::Tracker::News::kDrift) {
    delay = drift.NextDelay(owner, environment->manager.clock().Now());
  }
  if (delay > absl::ZeroDuration()) {
    environment->controller->EnqueueAfter(owner, delay);
  } else {
    environment->controller->Enqueue(owner);
  }
}

void KustomizeController::Impl::WatchConfigs(const std::string& kind) {
  informers.push_back(reconcile::WatchConfigs(
      environment->manager, kind,
      environment->options.common.watch_configs_label_selector,
      [this, kind](const kube::ObjectKey& key) {
        environment->controller->EnqueueAll(
            environment->references.FindByConfig(kind, key));
      }));
}

KustomizeController::KustomizeController(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}

KustomizeController::~KustomizeController() = default;

absl::StatusOr<std::unique_ptr<KustomizeController>>
KustomizeController::Create(reconcile::Manager& manager, Options options) {
  WEIR_RETURN_IF_ERROR(CheckSupported(options));
  WEIR_ASSIGN_OR_RETURN(const std::shared_ptr<artifact::Fetcher> fetcher,
                        consumer::MakeFetcher(options));
  auto impl = std::make_unique<Impl>(manager, options);
  Environment& environment = *impl->environment;
  WEIR_ASSIGN_OR_RETURN(environment.custom_stage_kinds,
                        ParseStageKinds(options.custom_apply_stage_kinds));

  artifact::TreeCacheOptions trees;
  trees.dir = options.tree_dir;
  environment.trees = std::make_unique<artifact::TreeCache>(fetcher, trees);

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
  return std::unique_ptr<KustomizeController>(
      new KustomizeController(std::move(impl)));
}

absl::Status Run(const Context& ctx, Options options) {
  WEIR_ASSIGN_OR_RETURN(reconcile::ManagerOptions manager_options,
                        reconcile::MakeManagerOptions(options.common));
  WEIR_ASSIGN_OR_RETURN(manager_options.event_sink,
                        reconcile::OpenEventSink(options.common.events_addr),
                        "--events-addr");
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<reconcile::Manager> manager,
                        reconcile::Manager::Create(std::move(manager_options)));
  WEIR_ASSIGN_OR_RETURN(
      const std::unique_ptr<KustomizeController> controller,
      KustomizeController::Create(*manager, std::move(options)));
  return manager->Run(ctx);
}

}  // namespace weir::kustomize_controller
