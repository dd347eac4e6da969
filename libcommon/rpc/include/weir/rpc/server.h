// Server hosts gRPC services on one port, with the health service and
// reflection beside them.
//
// Nothing of gRPC is initialised, and none of its threads run, before a Server
// or a channel is made.
//
// Touches: network (one listening socket), files named in TlsOptions, process
// (gRPC's threads).
// Threads: safe to share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/log.h"
#include "weir/rpc/tls.h"

namespace weir::rpc {

// One service to host. Implementations come from the modules that own the
// protocol, such as weir/artifact/grpc.h.
class Service {
 public:
  virtual ~Service() = default;
  // The grpc::Service, which lives as long as this object.
  virtual void* grpc_service() = 0;
  // Ends calls that would go on by themselves, as kUnavailable. Called once,
  // before the server waits for the calls under way.
  virtual void Stop() = 0;
};

struct ServerOptions {
  // "host:port"; an empty host is every address, port 0 any port. Or a socket
  // of this machine: "unix:/path".
  std::string address;
  TlsOptions tls;
  // Bytes that gRPC may use for buffers of all connections together.
  size_t max_buffer_bytes = 32 << 20;
  int max_message_bytes = 4 << 20;  // Of one request.
  Logger logger;
};

class Server {
 public:
  // Errors: kInvalidArgument for a bad address or unreadable TLS files;
  // kUnavailable when the address is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      ServerOptions options, std::vector<std::shared_ptr<Service>> services);
  // Stops without grace.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;
  // Takes no more calls and gives those under way `grace` to end. Idempotent.
  void Stop(absl::Duration grace);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::rpc
