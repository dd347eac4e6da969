// ArtifactService over gRPC: weir.artifact.v1.ArtifactService, as a service to
// host and as a client. Programs that use it link weir::artifact_grpc.
//
// Touches: network, files named in TlsOptions, process (threads: one for each
// call that streams).
// Threads: safe to share.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "weir/artifact/service.h"
#include "weir/base/log.h"
#include "weir/rpc/server.h"
#include "weir/rpc/tls.h"

namespace weir::artifact {

// The service to host on a rpc::Server, maybe beside others. At most
// `max_streams` calls of Watch and Read run at once; more are told
// kResourceExhausted.
std::shared_ptr<rpc::Service> MakeArtifactGrpcService(
    std::shared_ptr<ArtifactService> artifacts, int max_streams = 64);

struct ArtifactGrpcServerOptions {
  std::string address;  // "host:port"; port 0: any.
  rpc::TlsOptions tls;
  std::shared_ptr<ArtifactService> artifacts;
  Logger logger;
};

// A server with this service only. Errors: as rpc::Server::Start.
absl::StatusOr<std::unique_ptr<rpc::Server>> StartArtifactGrpcServer(
    ArtifactGrpcServerOptions options);

// A client. Its Watch reconnects by itself and goes on where it was; it
// returns only when the context is done or the server says that asking again
// is of no use. What a server that lost its memory no longer tells is found
// out: every source that is gone is told as kRemoved, once.
// Errors: as rpc::OpenChannel.
absl::StatusOr<std::shared_ptr<ArtifactService>> MakeArtifactGrpcClient(
    const std::string& address, const rpc::TlsOptions& tls = {});

}  // namespace weir::artifact
