#include <malloc.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/host_of.h"
#include "weir/base/random.h"
#include "weir/base/signals.h"
#include "weir/base/status.h"
#include "weir/kube/config.h"
#include "weir/reconcile/flags.h"

namespace weir::reconcile {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

void SetDefaultsFromEnvironment(CommonFlags* common) {
  const std::string metrics = Environment("METRICS_ADDR");
  if (!metrics.empty()) common->metrics_addr = metrics;
  common->events_addr = Environment("EVENTS_ADDR");
  common->runtime_namespace = Environment("RUNTIME_NAMESPACE");
  common->hostname = Environment("HOSTNAME");
  if (common->hostname.empty()) {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) == 0) {
      common->hostname = name.data();
    }
  }
}

absl::StatusOr<ManagerOptions> MakeManagerOptions(const CommonFlags& common) {
  WEIR_RETURN_IF_ERROR(Validate(common));
  ManagerOptions options;
  WEIR_ASSIGN_OR_RETURN(options.logger, MakeLogger(common));

  kube::LoadOptions load = kube::LoadOptionsFromEnvironment();
  load.kubeconfig = common.kubeconfig;
  WEIR_ASSIGN_OR_RETURN(const kube::Config config, kube::LoadConfig(load),
                        "finding the cluster");
  WEIR_ASSIGN_OR_RETURN(
      options.transport,
      kube::MakeHttpTransport(config, MakeTransportOptions(common)),
      "connecting to the cluster");
  options.api_host = HostOf(config.server);

  if (!common.watch_all_namespaces) {
    options.name_space = common.runtime_namespace;
  }
  options.label_selector = common.watch_label_selector;
  options.metrics_address = common.metrics_addr;
  options.health_address = common.health_addr;
  options.events_address = common.events_addr;
  options.hostname = common.hostname;
  options.rest_after = kRestAfter;
  options.use_leader_election = common.enable_leader_election;
  kube::LeaderElectorOptions& lease = options.lease;
  lease.name_space = common.runtime_namespace.empty()
                         ? config.name_space
                         : common.runtime_namespace;
  lease.name = LeaseName(common);
  lease.identity = absl::StrCat(common.hostname, "_", RandomUuid());
  lease.lease_duration = common.leader_election_lease_duration;
  lease.renew_deadline = common.leader_election_renew_deadline;
  lease.retry_period = common.leader_election_retry_period;
  lease.release_on_cancel = common.leader_election_release_on_cancel;
  return options;
}

int RunProgram(int argc, const char* const* argv, FlagSet& flags,
               CommonFlags* common,
               const std::function<absl::Status(const Context&)>& run) {
  const absl::Status parsed = flags.Parse(argc, argv);
  if (absl::IsCancelled(parsed)) {
    std::cout << parsed.message();
    return 0;
  }
  const absl::Status status = parsed.ok() ? Validate(*common) : parsed;
  if (!status.ok()) {
    std::cerr << common->component << ": " << status.message() << "\n";
    // As upstream: unknown flags are wrong use, unfit values a failure.
    return absl::IsInvalidArgument(parsed) ? 2 : 1;
  }
  // One arena for each core would cost more memory than it saves time.
  mallopt(M_ARENA_MAX, 2);

  return RunUntilSignal([common, &run](const Context& ctx) {
    const absl::Status ran = run(ctx);
    if (ran.ok()) return 0;
    const absl::StatusOr<Logger> logger = MakeLogger(*common);
    if (logger.ok()) {
      logger->Error("problem running manager", {{"error", ran}});
    }
    return 1;
  });
}

}  // namespace weir::reconcile
