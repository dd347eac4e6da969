#include <openssl/sha.h>

#include <array>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/kube/selector.h"
#include "weir/reconcile/flags.h"

namespace weir::reconcile {
namespace {

void AddLeaderFlags(FlagSet& flags, CommonFlags* common) {
  flags.Add("enable-leader-election", &common->enable_leader_election,
            "work only while holding a lease, so that of several replicas one "
            "works");
  flags.Add("leader-election-release-on-cancel",
            &common->leader_election_release_on_cancel,
            "give the lease back on the way out");
  flags.Add("leader-election-lease-duration",
            &common->leader_election_lease_duration,
            "how long a lease that is not renewed is respected");
  flags.Add("leader-election-renew-deadline",
            &common->leader_election_renew_deadline,
            "how long the leader tries to renew before it gives up");
  flags.Add("leader-election-retry-period",
            &common->leader_election_retry_period,
            "pause between two tries to take or renew the lease");
}

void AddWatchFlags(FlagSet& flags, CommonFlags* common) {
  flags.Add("watch-all-namespaces", &common->watch_all_namespaces,
            "watch all namespaces, or only that of RUNTIME_NAMESPACE");
  flags.Add("watch-label-selector", &common->watch_label_selector,
            "which objects to reconcile, by label: how to shard");
  flags.Add("watch-configs-label-selector",
            &common->watch_configs_label_selector,
            "which ConfigMaps and Secrets to watch, by label");
  flags.Add("kube-api-qps", &common->kube_api_qps,
            "requests a second to an API server without priority and "
            "fairness");
  flags.Add("kube-api-burst", &common->kube_api_burst,
            "requests at once to such a server");
  flags.Add("kubeconfig", &common->kubeconfig,
            "file that names the cluster; else KUBECONFIG, else the cluster "
            "that this runs in");
}

}  // namespace

void AddCommonFlags(FlagSet& flags, CommonFlags* common,
                    const std::string& events_help) {
  flags.Add("metrics-addr", &common->metrics_addr,
            "address that serves /metrics");
  flags.Add("health-addr", &common->health_addr,
            "address that serves /healthz and /readyz");
  flags.Add("events-addr", &common->events_addr,
            !events_help.empty()
                ? events_help
                : "where events go: a URL that they are posted to, or "
                  "grpc://host:port (grpcs:// with TLS) of a "
                  "weir.event.v1.EventService; empty: nowhere");
  flags.Add("concurrent", &common->concurrent,
            "objects of a kind that are reconciled at a time");
  flags.Add("requeue-dependency", &common->requeue_dependency,
            "pause before looking at a missing dependency again");
  flags.Add("min-retry-delay", &common->min_retry_delay,
            "pause after the first failure; doubles with each further one");
  flags.Add("max-retry-delay", &common->max_retry_delay,
            "longest pause after a failure");
  flags.Add("interval-jitter-percentage", &common->interval_jitter_percentage,
            "by how much intervals vary");
  AddWatchFlags(flags, common);
  flags.Add("log-level", &common->log_level, "trace, debug, info or error");
  flags.Add("log-encoding", &common->log_encoding, "json or console");
  AddLeaderFlags(flags, common);
  flags.Add("default-service-account", &common->default_service_account,
            "account of objects that name none");
  flags.Add("token-cache-max-size", &common->token_cache_max_size,
            "tokens to keep; 0: none");
  flags.Add("token-cache-max-duration", &common->token_cache_max_duration,
            "how long to keep a token");
  flags.Add("feature-gates", &common->feature_gates, "switches, as A=true");
}

absl::Status Validate(const CommonFlags& common) {
  if (common.interval_jitter_percentage < 0 ||
      common.interval_jitter_percentage >= 100) {
    return absl::InvalidArgumentError(
        "--interval-jitter-percentage must be between 0 and 99");
  }
  WEIR_RETURN_IF_ERROR(ParseLogLevel(common.log_level), "--log-level");
  if (common.log_encoding != "json" && common.log_encoding != "console") {
    return absl::InvalidArgumentError(
        "--log-encoding: must be json or console");
  }
  WEIR_RETURN_IF_ERROR(kube::LabelSelector::Parse(common.watch_label_selector),
                       "--watch-label-selector");
  WEIR_RETURN_IF_ERROR(
      kube::LabelSelector::Parse(common.watch_configs_label_selector),
      "--watch-configs-label-selector");
  return absl::OkStatus();
}

absl::StatusOr<Logger> MakeLogger(const CommonFlags& common) {
  LogOptions options;
  WEIR_ASSIGN_OR_RETURN(options.level, ParseLogLevel(common.log_level));
  options.encoding = common.log_encoding;
  return Logger(std::move(options));
}

kube::HttpTransportOptions MakeTransportOptions(const CommonFlags& common) {
  kube::HttpTransportOptions http;
  http.user_agent =
      absl::StrCat(common.component, "/0.1.0 (linux/amd64) kubernetes/0");
  http.qps = common.kube_api_qps;
  http.burst = common.kube_api_burst;
  return http;
}

std::string LeaseName(const CommonFlags& common) {
  std::string name = absl::StrCat(common.component, "-leader-election");
  if (common.watch_label_selector.empty()) return name;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  const std::string& selector = common.watch_label_selector;
  SHA256(reinterpret_cast<const unsigned char*>(selector.data()),
         selector.size(), digest.data());
  absl::StrAppend(&name, "-",
                  absl::BytesToHexString(absl::string_view(
                      reinterpret_cast<const char*>(digest.data()), 4)));
  return name;
}

}  // namespace weir::reconcile
