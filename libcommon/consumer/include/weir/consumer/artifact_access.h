// ArtifactAccess says how a controller gets at artifacts: through a service in
// the same process or over gRPC, else by HTTP from their URLs.
//
// Touches: network.
// Threads: plain data; functions are pure but for what a Fetcher does.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/artifact/fetcher.h"
#include "weir/artifact/service.h"
#include "weir/reconcile/flags.h"

namespace weir::consumer {

struct ArtifactAccess {
  // Where artifacts are read from: this, else over gRPC from this address,
  // else by HTTP from their URLs.
  std::shared_ptr<artifact::ArtifactService> artifacts;
  std::string source_grpc_addr;
  // TLS of that connection, files in PEM that are read again when they change:
  // the authority of the server's certificate (empty: plain text, unless there
  // is one of ours), and our certificate and its key, for mutual TLS.
  std::string source_grpc_tls_ca_file;
  std::string source_grpc_tls_certificate_file;
  std::string source_grpc_tls_key_file;
  // "host:port" in place of that of artifact URLs. Empty: as they are.
  std::string source_controller_localhost;
  // Tries again for an artifact's download; beyond three they are left to the
  // next pass.
  int http_retry = 9;
  // For each try.
  absl::Duration http_timeout = absl::InfiniteDuration();
};

// Adds --source-grpc-* and --http-retry; `access` must outlive the parsing.
void AddArtifactFlags(reconcile::FlagSet& flags, ArtifactAccess* access);

// Errors: what gRPC's TLS files have against them.
absl::StatusOr<std::shared_ptr<artifact::Fetcher>> MakeFetcher(
    const ArtifactAccess& access);

}  // namespace weir::consumer
