// HelmController keeps HelmReleases: it installs, upgrades, tests, repairs and
// rolls back releases of Helm charts, and takes over those that the helm
// program or Flux made.
//
// Touches: network (the API server, artifacts), files (fetched charts), clock,
// process (threads).
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
#include "weir/reconcile/feature_gates.h"
#include "weir/reconcile/flags.h"
#include "weir/reconcile/manager.h"

namespace weir::helm_controller {

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
  // Of the digests in status.history.
  std::string snapshot_digest_algorithm = "sha256";

  // For Run: how long passes under way may go on once its context has ended.
  absl::Duration graceful_shutdown_timeout = absl::Minutes(10);
  // Field managers whose fields drift detection takes over.
  std::vector<std::string> override_managers;
  // What kubeconfigs of spec.kubeConfig may ask for: to run a program that
  // logs in; not to check the server's certificate.
  bool insecure_kubeconfig_exec = false;
  bool insecure_kubeconfig_tls = false;

  // For Run, with the gate OOMWatch: it ends when the memory in use has
  // reached this part of what is there, in percent. Files of a cgroup; empty:
  // those of the system.
  absl::Duration oom_watch_interval = absl::Milliseconds(500);
  int oom_watch_memory_threshold = 95;
  std::string oom_watch_max_memory_path;
  std::string oom_watch_current_memory_path;

  // Accepted and refused when set: what it asks for is not built yet.
  std::string default_kubeconfig_service_account;
};

// Adds all flags; `options` must outlive the parsing.
void AddFlags(reconcile::FlagSet& flags, Options* options);

class HelmController {
 public:
  // Adds the controller to a manager, which must outlive it.
  // Errors: kInvalidArgument for options that cannot be; kUnimplemented naming
  // an option that is not built yet.
  static absl::StatusOr<std::unique_ptr<HelmController>> Create(
      reconcile::Manager& manager, Options options);
  ~HelmController();
  HelmController(const HelmController&) = delete;
  HelmController& operator=(const HelmController&) = delete;

 private:
  struct Impl;
  explicit HelmController(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Connects to the cluster that the options name and reconciles until ctx ends.
// Reads environment and files, as MakeManagerOptions does.
absl::Status Run(const Context& ctx, Options options);

}  // namespace weir::helm_controller
