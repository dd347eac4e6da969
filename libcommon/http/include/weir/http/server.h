// Server answers HTTP requests: whole answers, files, and long-lived streams.
//
// It speaks HTTP/1.1 only, over TCP or TLS (ALPN "http/1.1"). HTTP/2 is left
// out on purpose: every client of ours, kubectl and client-go included, falls
// back to 1.1, a stream then costs one connection, and the price of nghttp2
// below Boost.Asio would buy little on loopback or inside a cluster.
//
// Touches: network (one listening socket), files handed to SendFile.
// Threads: safe to share. Handlers run on the server's worker threads, many
// at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/log.h"
#include "weir/base/secret.h"
#include "weir/http/headers.h"

namespace weir::http {

// Who the client is, by a certificate that the server has verified.
struct PeerCertificate {
  std::string common_name;
  std::vector<std::string> organizations;
};

struct ServerRequest {
  std::string method;  // "GET"
  std::string target;  // As sent: "/a%20b?x=1".
  std::string path;    // Decoded, without the query: "/a b".
  // Decoded, in order.
  std::vector<std::pair<std::string, std::string>> query;
  Headers headers;
  std::string body;            // Read whole before the handler runs.
  std::string remote_address;  // "127.0.0.1:40123"
  std::optional<PeerCertificate> peer_certificate;
  Context context;  // Cancelled when the server stops.

  // The first value of that name, or "".
  absl::string_view QueryValue(absl::string_view name) const
      ABSL_ATTRIBUTE_LIFETIME_BOUND;
  bool HasQuery(absl::string_view name) const;
};

struct ServerResponse {
  int code = 200;
  Headers headers;  // Content-Length and Date are added.
  std::string body;
};

// A response that goes on: sent in chunks, until closed by either side.
// Destroying it closes it; when the destructor returns, no callback is
// running or will come (one that destroys the stream itself excepted).
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;

  // Queues bytes; from any thread, never blocks.
  // Errors: kCancelled when the client is gone or the stream was closed;
  // kResourceExhausted when the queue is full (nothing was queued). A writer
  // that cannot wait should then Close: the client is too slow.
  virtual absl::Status Write(std::string bytes) = 0;
  // Ends the response after what is queued. Idempotent.
  virtual void Close() = 0;
  // Breaks the connection now, so that the client sees an error.
  virtual void Abort() = 0;
  virtual size_t queued_bytes() const = 0;
};

struct StreamOptions {
  int code = 200;
  Headers headers;
  size_t max_queued_bytes = 16u << 20;  // A single larger Write is taken alone.
  // Once, when the client went away, stalled for the write timeout, or the
  // server stops; not after Close. Must not block.
  std::function<void()> on_closed;
  // When a Write was refused and the queue has since become half empty.
  std::function<void()> on_drained;
};

struct FileOptions {
  std::string content_type = "application/octet-stream";
  Headers headers;  // Further ones, say Cache-Control or ETag.
};

// The way to answer one request, exactly once, from any thread, during the
// handler or later. Destroyed unused, it answers 500.
class Responder {
 public:
  virtual ~Responder() = default;

  virtual void Send(ServerResponse response) = 0;
  // Sends a regular file in pieces, with Last-Modified, and honours HEAD,
  // Range (one range), If-Range, If-Modified-Since and If-None-Match (against
  // an ETag in the options). Answers 404 when there is no such file. The file
  // is opened here, so it may be replaced or removed at once.
  virtual void SendFile(const std::string& path, FileOptions options) = 0;
  // Starts a chunked response. The head goes out at once.
  virtual std::unique_ptr<ResponseStream> Stream(StreamOptions options) = 0;
};

using Handler =
    std::function<void(ServerRequest request, std::unique_ptr<Responder>)>;

struct ServerTls {
  std::string certificate_pem;  // The chain, leaf first.
  Secret key_pem;
  // Authorities that sign client certificates; empty: none is asked for.
  std::string client_ca_pem;
  bool require_client_certificate = false;  // Otherwise it is optional.
};

struct ServerOptions {
  std::string address = "127.0.0.1:0";  // "[::]:8080", ":8080" for all.
  std::optional<ServerTls> tls;
  int worker_threads = 4;  // How many handlers run at a time.
  // Larger bodies get 413 without a call of the handler. `body_limit`, when
  // set, decides by method and path instead.
  size_t max_body_bytes = 3u << 20;
  std::function<size_t(absl::string_view method, absl::string_view path)>
      body_limit;
  size_t max_header_bytes = 64u << 10;  // And never more for one field.
  int max_connections = 4096;
  // For one whole request, from its first byte, and for its head alone; a new
  // connection has as long to begin. Past it the connection is closed.
  absl::Duration read_timeout = absl::Seconds(60);
  absl::Duration header_timeout = absl::Seconds(60);
  absl::Duration idle_timeout = absl::Seconds(180);  // Between requests.
  absl::Duration write_timeout = absl::Seconds(60);  // Without progress.
  Logger logger;
};

class Server {
 public:
  // Binds, and serves at once.
  // Errors: kInvalidArgument for a bad address or certificate; kUnavailable
  // when the address is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options,
                                                       Handler handler);
  // Stop(0).
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "127.0.0.1:40123"
  const std::string& address() const;
  int port() const;
  // "https://127.0.0.1:40123"
  std::string url() const;

  // Accepts no more, closes idle connections and streams, lets answers under
  // way end for at most `grace`, then cuts. Handlers have returned when this
  // returns. Idempotent.
  void Stop(absl::Duration grace);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::http
