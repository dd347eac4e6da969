// A connection to a gRPC server, for the clients that other modules make.
//
// Touches: network, files named in TlsOptions, process (gRPC's threads).
// Threads: safe to share.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "weir/rpc/tls.h"

namespace weir::rpc {

// A shared_ptr to a grpc::Channel. It connects when first used, again whenever
// the connection breaks, and notices within a minute and a half that a silent
// peer is gone. Proxies of the environment are not used.
//
// `address` is "host:port", maybe with "dns:///" before it, or "unix:/path".
// Errors: kInvalidArgument for an empty address or unreadable TLS files.
absl::StatusOr<std::shared_ptr<void>> OpenChannel(const std::string& address,
                                                  const TlsOptions& tls = {});

}  // namespace weir::rpc
