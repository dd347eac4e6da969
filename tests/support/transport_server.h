// TransportServer serves a Transport over HTTP, so that the client over HTTP
// can be tested against what a fake knows.
//
// Touches: network (one loopback socket).
// Threads: safe to share.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "weir/http/server.h"
#include "weir/kube/transport.h"

namespace weir::test {

class TransportServer {
 public:
  // `transport` must outlive this. `filter` sees each request first, and may
  // answer it itself.
  using Filter = std::function<std::optional<http::ServerResponse>(
      const http::ServerRequest&)>;
  explicit TransportServer(kube::Transport& transport,
                           http::ServerOptions options = {},
                           Filter filter = nullptr);
  ~TransportServer();

  std::string url() const { return server_->url(); }
  std::string address() const { return server_->address(); }

 private:
  struct Watches;
  const std::shared_ptr<Watches> watches_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace weir::test
