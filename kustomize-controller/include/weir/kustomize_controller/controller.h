// KustomizeController applies Kustomizations: it builds a folder of an
// artifact, brings the result to the cluster, prunes what left it and waits
// for it to become healthy.
//
// Touches: network (the API server, artifacts), files (extracted artifacts),
// clock, process (threads).
// Threads: Create from the thread that makes the Manager; Run blocks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/consumer/artifact_access.h"
#include "weir/http/proxy.h"
#include "weir/reconcile/feature_gates.h"
#include "weir/reconcile/flags.h"
#include "weir/reconcile/manager.h"

namespace weir::kustomize_controller {

// All gates of the controller with Flux's defaults.
reconcile::FeatureGates DefaultFeatureGates();

struct Options : consumer::ArtifactAccess {
  Options();

  // Flags that all controllers have; feature gates are in it. Create uses
  // concurrency, delays, jitter, gates and the selector of watched ConfigMaps
  // and Secrets; Run all of it.
  reconcile::CommonFlags common;

  // Refuse sources of other namespaces.
  bool no_cross_namespace_refs = false;
  // Refuse bases that are not in the artifact. Single files that a
  // kustomization names by URL are fetched all the same, as Flux does.
  bool no_remote_bases = false;
  // For what kustomizations name by URL.
  http::ProxySettings proxies;
  // Managers whose fields are taken over, beside kubectl's.
  std::vector<std::string> override_managers;
  // Kinds "<group>/<Kind>" that have a stage of their own, before the rest.
  std::vector<std::string> custom_apply_stage_kinds;

  // Where artifacts are extracted. Empty: a temporary folder.
  std::string tree_dir;

  // What kubeconfigs of spec.kubeConfig may ask for: to run a program that
  // logs in; not to check the server's certificate.
  bool insecure_kubeconfig_exec = false;
  bool insecure_kubeconfig_tls = false;

  // Requests in flight at a time for one Kustomization.
  int concurrent_ssa = 4;
  // Accepted and refused when set: what they ask for is not built yet.
  std::string default_decryption_service_account;
  std::string default_kubeconfig_service_account;
  std::string sops_age_secret;
  std::string sops_vault_configmap;
};

// Adds all flags; `options` must outlive the parsing.
void AddFlags(reconcile::FlagSet& flags, Options* options);

class KustomizeController {
 public:
  // Adds the controller to a manager, which must outlive it.
  // Errors: kInvalidArgument for options that contradict each other;
  // kUnimplemented naming an option that is not built yet.
  static absl::StatusOr<std::unique_ptr<KustomizeController>> Create(
      reconcile::Manager& manager, Options options);
  ~KustomizeController();
  KustomizeController(const KustomizeController&) = delete;
  KustomizeController& operator=(const KustomizeController&) = delete;

 private:
  struct Impl;
  explicit KustomizeController(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Connects to the cluster that the options name and reconciles until ctx ends.
// Reads environment and files, as MakeManagerOptions does.
absl::Status Run(const Context& ctx, Options options);

}  // namespace weir::kustomize_controller
