#include "weir/source/flags.h"

#include <cstdlib>

#include "src/source_kind.h"
#include "weir/base/status.h"

namespace weir::source {
namespace {

void SetFromEnvironment(const char* name, std::string* target) {
  const char* value = std::getenv(name);
  if (value != nullptr && *value != '\0') *target = value;
}

}  // namespace

Flags::Flags() {
  common.component = kComponent;
  common.concurrent = options.concurrent;
  common.feature_gates =
      reconcile::FeatureGates({{"CacheSecretsAndConfigMaps", false},
                               {"ObjectLevelWorkloadIdentity", false}});
}

void SetDefaultsFromEnvironment(Flags* flags) {
  reconcile::SetDefaultsFromEnvironment(&flags->common);
  SetFromEnvironment("STORAGE_PATH", &flags->options.storage_path);
  SetFromEnvironment("STORAGE_ADDRESS", &flags->options.storage_address);
  SetFromEnvironment("STORAGE_ADV_ADDR", &flags->options.advertised_address);
  flags->options.proxies = http::ProxiesFromEnvironment();
}

void AddFlags(reconcile::FlagSet& set, Flags* flags) {
  reconcile::AddCommonFlags(set, &flags->common);
  Options& options = flags->options;
  set.Add("storage-path", &options.storage_path,
          "Folder where artifacts are kept.");
  set.Add("storage-addr", &options.storage_address,
          "Address that artifacts are served on.");
  set.Add("storage-adv-addr", &options.advertised_address,
          "Host and port in the URLs of artifacts.");
  set.Add("artifact-retention-ttl", &options.artifact_retention_ttl,
          "How long artifacts that are not current are kept.");
  set.Add("artifact-retention-records", &options.artifact_retention_records,
          "How many artifacts of one source are kept.");
  set.Add("artifact-digest-algo", &options.artifact_digest_algorithm,
          "Digest of artifacts: sha256, sha384, sha512 or blake3.");
  set.Add("ssh-kex-algos", &options.ssh_kex_algorithms,
          "SSH key exchange algorithms, instead of the defaults.");
  set.Add("ssh-hostkey-algos", &options.ssh_host_key_algorithms,
          "SSH host key algorithms, instead of the defaults.");
  set.Add(
      "grpc-addr", &options.grpc_address,
      "Address of the gRPC services for artifacts and events; empty: none.");
  set.Add("grpc-tls-cert", &options.grpc_tls_certificate_file,
          "Certificate of the gRPC server, a PEM file; empty: no TLS.");
  set.Add("grpc-tls-key", &options.grpc_tls_key_file,
          "Key of the gRPC server's certificate, a PEM file.");
  set.Add("grpc-tls-client-ca", &options.grpc_tls_client_ca_file,
          "Authority that gRPC clients need a certificate of, a PEM file.");
  set.Add("helm-index-max-size", &options.helm_index_max_bytes,
          "Largest index of a Helm repository, in bytes.");
  set.Add("helm-chart-max-size", &options.helm_chart_max_bytes,
          "Largest Helm chart, in bytes.");
  set.Add("helm-chart-file-max-size", &options.helm_chart_file_max_bytes,
          "Largest file of a Helm chart, in bytes.");
  set.Add("helm-cache-max-size", &options.helm_cache_max_size,
          "How many Helm indexes are cached; 0: 1000, they are small.");
  set.Add("helm-cache-ttl", &options.helm_cache_ttl,
          "How long Helm indexes are cached.");
  set.Add("helm-cache-purge-interval", &options.helm_cache_purge_interval,
          "How often the cache of Helm indexes is cleaned.");
}

absl::StatusOr<Options> MakeOptions(const Flags& flags) {
  Options options = flags.options;
  const reconcile::CommonFlags& common = flags.common;
  if (!common.default_service_account.empty() &&
      !common.feature_gates.IsEnabled("ObjectLevelWorkloadIdentity")) {
    return absl::InvalidArgumentError(
        "--default-service-account needs the feature gate "
        "ObjectLevelWorkloadIdentity");
  }
  options.concurrent = common.concurrent;
  options.requeue_dependency = common.requeue_dependency;
  options.min_retry_delay = common.min_retry_delay;
  options.max_retry_delay = common.max_retry_delay;
  options.interval_jitter_percentage = common.interval_jitter_percentage;
  WEIR_ASSIGN_OR_RETURN(options.manager, reconcile::MakeManagerOptions(common));
  return options;
}

}  // namespace weir::source
