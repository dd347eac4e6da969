#include "weir/consumer/artifact_access.h"

#include <algorithm>

#include "weir/artifact/grpc.h"
#include "weir/base/status.h"
#include "weir/http/client.h"

namespace weir::consumer {
namespace {

// A pass that fails is tried again with backoff, and must not hold its worker
// meanwhile.
constexpr int kMaxDownloadAttempts = 4;

}  // namespace

void AddArtifactFlags(reconcile::FlagSet& flags, ArtifactAccess* access) {
  flags.Add("source-grpc-addr", &access->source_grpc_addr,
            "gRPC address to read artifacts from, instead of their URLs");
  flags.Add("source-grpc-tls-ca", &access->source_grpc_tls_ca_file,
            "authority of the gRPC server, a PEM file; empty: no TLS");
  flags.Add("source-grpc-tls-cert", &access->source_grpc_tls_certificate_file,
            "certificate to show to the gRPC server, a PEM file");
  flags.Add("source-grpc-tls-key", &access->source_grpc_tls_key_file,
            "key of that certificate, a PEM file");
  flags.Add("http-retry", &access->http_retry,
            "tries again for an artifact's download, at most 3 in a pass");
}

absl::StatusOr<std::shared_ptr<artifact::Fetcher>> MakeFetcher(
    const ArtifactAccess& access) {
  artifact::FetcherOptions options;
  options.service = access.artifacts;
  if (options.service == nullptr && !access.source_grpc_addr.empty()) {
    rpc::TlsOptions tls;
    tls.ca_file = access.source_grpc_tls_ca_file;
    tls.certificate_file = access.source_grpc_tls_certificate_file;
    tls.key_file = access.source_grpc_tls_key_file;
    WEIR_ASSIGN_OR_RETURN(options.service, artifact::MakeArtifactGrpcClient(
                                               access.source_grpc_addr, tls));
  }
  // Artifacts of others than the source-controller come by their URL.
  options.http_client = std::make_shared<http::Client>();
  options.host_override = access.source_controller_localhost;
  options.max_attempts = std::min(access.http_retry + 1, kMaxDownloadAttempts);
  options.request_timeout = access.http_timeout;
  return std::make_shared<artifact::Fetcher>(std::move(options));
}

}  // namespace weir::consumer
