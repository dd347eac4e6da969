// FlagSet reads a command line as Go's pflag does; CommonFlags are the flags
// that every controller has.
//
// `--name=value` or `--name value`; booleans bare or with `=`; durations as
// "1m30s"; lists separated by commas or by repetition. An unknown flag or a
// stray argument is an error.
//
// Touches: environment and files, in the functions that say so.
// Threads: not safe to share.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/log.h"
#include "weir/kube/config.h"
#include "weir/reconcile/controller.h"
#include "weir/reconcile/feature_gates.h"
#include "weir/reconcile/manager.h"

namespace weir::reconcile {

class FlagSet {
 public:
  FlagSet(const std::string& program, const std::string& description);
  ~FlagSet();

  // The target's present value is the default; targets must outlive Parse.
  // Names are without dashes.
  void Add(const std::string& name, bool* target, const std::string& help);
  void Add(const std::string& name, int* target, const std::string& help);
  void Add(const std::string& name, int64_t* target, const std::string& help);
  void Add(const std::string& name, double* target, const std::string& help);
  void Add(const std::string& name, std::string* target,
           const std::string& help);
  void Add(const std::string& name, absl::Duration* target,
           const std::string& help);
  // The first use replaces the default, further ones add.
  void Add(const std::string& name, std::vector<std::string>* target,
           const std::string& help);
  // Repeatable, not split at commas.
  void AddRepeated(const std::string& name, std::vector<std::string>* target,
                   const std::string& help);
  void Add(const std::string& name, FeatureGates* target,
           const std::string& help);

  // Errors: kInvalidArgument, in one line that names the flag;
  // kFailedPrecondition for a feature gate that there is not. kCancelled whose
  // message is the help text when --help was asked for.
  absl::Status Parse(int argc, const char* const* argv);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Defaults are Flux's. Source: source.md 1.1, kustomize-controller.md 13.
struct CommonFlags {
  std::string component;  // "source-controller"; no flag.

  std::string metrics_addr = ":8080";
  std::string health_addr = ":9440";
  std::string events_addr;
  int concurrent = 4;
  absl::Duration requeue_dependency = absl::Seconds(30);
  absl::Duration min_retry_delay = absl::Milliseconds(750);
  absl::Duration max_retry_delay = absl::Minutes(15);
  int interval_jitter_percentage = 5;  // 0 to 99.
  bool watch_all_namespaces = true;
  std::string watch_label_selector;
  std::string watch_configs_label_selector =
      "reconcile.fluxcd.io/watch=Enabled";
  double kube_api_qps = 50;
  int kube_api_burst = 300;
  std::string log_level = "info";
  std::string log_encoding = "json";
  bool enable_leader_election = false;
  bool leader_election_release_on_cancel = true;
  absl::Duration leader_election_lease_duration = absl::Seconds(35);
  absl::Duration leader_election_renew_deadline = absl::Seconds(30);
  absl::Duration leader_election_retry_period = absl::Seconds(5);
  std::string default_service_account;
  int token_cache_max_size = 100;
  absl::Duration token_cache_max_duration = absl::Hours(1);
  FeatureGates feature_gates;
  std::string kubeconfig;  // --kubeconfig, as controller-runtime has it.

  // No flags: from the environment.
  std::string runtime_namespace;  // RUNTIME_NAMESPACE
  std::string hostname;           // HOSTNAME, or the system's.
};

// Adds all of the above. `events_help` says what --events-addr is, where it
// is not where events go.
void AddCommonFlags(FlagSet& flags, CommonFlags* common,
                    const std::string& events_help = "");
// METRICS_ADDR, EVENTS_ADDR, RUNTIME_NAMESPACE, HOSTNAME. Reads the
// environment: for main.cc only, before AddCommonFlags.
void SetDefaultsFromEnvironment(CommonFlags* common);
// Errors: kInvalidArgument for a jitter of 100 or more, an unknown log level
// or encoding, a bad selector.
absl::Status Validate(const CommonFlags& common);

// Logger as --log-level and --log-encoding say.
absl::StatusOr<Logger> MakeLogger(const CommonFlags& common);
// Name and rate of the requests to an API server.
kube::HttpTransportOptions MakeTransportOptions(const CommonFlags& common);
// "<component>-leader-election", and "-" with the first 8 hex digits of the
// selector's SHA-256 when there is one.
std::string LeaseName(const CommonFlags& common);
// Connects to the cluster that --kubeconfig and the environment name, and
// fills in all that flags say. Reads environment and files.
absl::StatusOr<ManagerOptions> MakeManagerOptions(const CommonFlags& common);

// What main returns: parses the command line, then calls `run` with a context
// that ends with SIGTERM or SIGINT; a second signal kills the process.
// Prints errors. 0: done; 1: failed, or a value or a feature gate that will
// not do; 2: wrong use. For main.cc only: it blocks both signals in this
// thread and waits for them on another.
int RunProgram(int argc, const char* const* argv, FlagSet& flags,
               CommonFlags* common,
               const std::function<absl::Status(const Context&)>& run);

}  // namespace weir::reconcile
