// gRPC's credentials from TlsOptions.
//
// Touches: files named in TlsOptions.
// Threads: pure functions, but for the files.
#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "absl/status/statusor.h"
#include "weir/rpc/tls.h"

namespace weir::rpc {

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentialsOf(
    const TlsOptions& tls);
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ChannelCredentialsOf(
    const TlsOptions& tls);

}  // namespace weir::rpc
