// Client sends HTTP requests: whole ones, and streams either way, over
// HTTP/2 where the server offers it.
//
// One I/O thread drives all requests of a client; requests to one server
// share HTTP/2 connections. A connection belongs to one client, so keep
// long-lived streams and short calls in two clients.
//
// A peer that vanished is noticed after about 45 s by TCP keep-alive probes
// and TCP_USER_TIMEOUT. (libcurl 7.88 cannot send HTTP/2 PINGs on connections
// of a multi handle: curl_easy_upkeep sees those of the easy interface only.)
//
// Touches: network.
// Threads: safe to share. Callbacks run on the client's thread and must not
// block.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/secret.h"
#include "weir/http/headers.h"

namespace weir::http {

struct TlsOptions {
  std::string ca_pem;            // Further authorities.
  bool use_system_roots = true;  // False: only those of ca_pem.
  std::string client_certificate_pem;
  Secret client_key_pem;
  std::string server_name;  // Empty: the URL's host.
  bool insecure_skip_verify = false;
};

// Where an upload comes from. Called on the client's thread: may read files,
// must not wait.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // Fills at most `size` bytes; 0 at the end.
  virtual absl::StatusOr<size_t> Read(char* buffer, size_t size) = 0;
  // Back to the start, for a redirect or a broken connection.
  virtual absl::Status Rewind() = 0;
  // Unknown: sent chunked.
  virtual std::optional<size_t> size() const = 0;
};

struct Redirect {
  int code = 0;
  std::string from;
  std::string to;  // Absolute.
};

struct Request {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  std::shared_ptr<BodySource> body_source;  // Instead of `body`.

  std::shared_ptr<const TlsOptions> tls;  // Null: the defaults.
  std::string proxy;  // "http://", "https://" or "socks5://"; empty: none.
  // Whether to follow; null: redirects are answers like any other. Headers
  // Authorization, Cookie, Proxy-Authorization and their like of some services
  // (PRIVATE-TOKEN), and the client certificate, do not travel to another
  // host, nor from https to http.
  std::function<bool(const Redirect&)> follow_redirect;
  int max_redirects = 10;
  // Whether to connect to link-local addresses, where clouds tell secrets to
  // the machine. Of a proxy, it is the proxy's address that counts.
  bool allow_link_local = true;

  bool accept_gzip = true;  // Bodies arrive decoded.
  bool allow_http2 = true;
  size_t max_response_bytes = 64u << 20;  // Decoded; streams: 0 is no limit.
  absl::Duration connect_timeout = absl::Seconds(30);
  // Without a byte in either direction; zero: no limit.
  absl::Duration idle_timeout = absl::Seconds(60);
};

struct ResponseHead {
  int code = 0;
  Headers headers;
  std::string url;  // The last one, after redirects.
  bool is_http2 = false;
};

struct Response : ResponseHead {
  std::string body;
};

// All callbacks run one at a time.
struct StreamHandlers {
  // The head of the last answer, after redirects. An error ends the call.
  std::function<absl::Status(const ResponseHead&)> on_head;
  // Bytes as they come. An error ends the call.
  std::function<absl::Status(absl::string_view)> on_data;
  // Once, last, unless the call was destroyed first.
  std::function<void(absl::Status)> on_done;
};

// True of an error that came before the request went out, say because the
// connection was refused: the server cannot have acted on it.
bool WasNeverSent(const absl::Status& status);

// A call under way. Destroying it ends the call; when the destructor returns
// no callback is running or will come. May be destroyed inside on_done, not
// inside the other two.
class Call {
 public:
  virtual ~Call() = default;
  // Stops reading until Resume; the peer is slowed by flow control. What is
  // already here may still come. Over HTTP/2 what comes is held here, up to
  // 32 MiB, above which the call fails: libcurl 7.88 would stop all streams of
  // the connection. So set allow_http2 to false where pauses may be long.
  virtual void Pause() = 0;
  virtual void Resume() = 0;
};

// The body of a response, read as one can. Buffers at most 1 MiB.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  virtual const ResponseHead& head() const = 0;
  // Waits for bytes; 0 at the end.
  virtual absl::StatusOr<size_t> Read(const Context& ctx, char* buffer,
                                      size_t size) = 0;
};

struct ClientOptions {
  std::string user_agent = "weir/0.1.0";
  int max_connections_per_host = 0;  // 0: no limit.
  absl::Duration max_idle_connection = absl::Seconds(90);
};

// Errors of all calls: kUnavailable when the connection failed or broke;
// kDeadlineExceeded; kCancelled; kInvalidArgument for a bad URL or bad PEM;
// kUnauthenticated when the server's certificate does not verify;
// kResourceExhausted above max_response_bytes. An answer of any code is an
// answer. No message holds a credential.
class Client {
 public:
  explicit Client(ClientOptions options = {});
  // Ends all calls with kCancelled. A callback of the client may destroy it.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // `done` runs once: on the client's thread, or, when ctx is already done,
  // on this one.
  using Done = std::function<void(absl::StatusOr<Response>)>;
  void Send(const Context& ctx, Request request, Done done);
  absl::StatusOr<Response> SendAndWait(const Context& ctx, Request request);

  // No deadline: streams end by their own rules.
  std::unique_ptr<Call> Start(Request request, StreamHandlers handlers);

  // Waits for the head. The context bounds the whole transfer. Always over
  // HTTP/1.1, for the reason given at Pause.
  absl::StatusOr<std::unique_ptr<BodyReader>> Open(const Context& ctx,
                                                   Request request);

  // Closes connections that no call uses, say because a credential changed,
  // and keeps new calls off the others.
  void DropConnections();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::http
