#include "weir/rpc/channel.h"

#include <grpcpp/grpcpp.h>

#include "src/credentials.h"
#include "weir/base/status.h"

namespace weir::rpc {
namespace {

constexpr int kMaxMessageBytes = 64 << 20;

}  // namespace

absl::StatusOr<std::shared_ptr<void>> OpenChannel(const std::string& address,
                                                  const TlsOptions& tls) {
  if (address.empty()) {
    return absl::InvalidArgumentError("grpc: an address is needed");
  }
  WEIR_ASSIGN_OR_RETURN(
      const std::shared_ptr<grpc::ChannelCredentials> credentials,
      ChannelCredentialsOf(tls));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // A watch may be silent for hours; a ping a minute tells that the peer is
  // there.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
  // The environment's proxy is for the outside, not for a neighbour; neither
  // does the service config of the DNS concern us.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // Channels to one address do not share a connection: each is closed when
  // its owner goes.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (!tls.server_name.empty()) {
    arguments.SetSslTargetNameOverride(tls.server_name);
  }
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(address, credentials, arguments);
  return std::shared_ptr<void>(std::move(channel));
}

}  // namespace weir::rpc
