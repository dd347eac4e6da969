#include "src/tls_stream.h"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"
#include "weir/http/address.h"

namespace weir::notification_controller {
namespace {

// How long a cancellation may go unseen.
constexpr absl::Duration kStep = absl::Milliseconds(100);
constexpr size_t kChunk = 16u << 10;

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;
using TlsContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Tls = std::unique_ptr<SSL, decltype(&SSL_free)>;

absl::Status Broken(absl::string_view why) {
  return absl::UnavailableError(why);
}

absl::Status SystemError(int number) { return Broken(std::strerror(number)); }

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Socket(Socket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }

  int descriptor() const { return descriptor_; }

  absl::Status Wait(const Context& ctx, short events) const {
    while (true) {
      WEIR_RETURN_IF_ERROR(ctx.status());
      pollfd waiting = {descriptor_, events, 0};
      const absl::Duration step = std::min(kStep, ctx.remaining());
      const int ready = poll(
          &waiting, 1, static_cast<int>(absl::ToInt64Milliseconds(step)) + 1);
      if (ready > 0) return absl::OkStatus();
      if (ready < 0 && errno != EINTR) return SystemError(errno);
    }
  }

  absl::Status Send(const Context& ctx, absl::string_view bytes) const {
    while (!bytes.empty()) {
      // A peer that went away must not end the process by a signal.
      const ssize_t sent =
          send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<size_t>(sent));
      } else if (errno == EAGAIN || errno == EINTR) {
        WEIR_RETURN_IF_ERROR(Wait(ctx, POLLOUT));
      } else {
        return SystemError(errno);
      }
    }
    return absl::OkStatus();
  }

  // Some bytes.
  absl::StatusOr<std::string> Receive(const Context& ctx) const {
    std::string bytes(kChunk, '\0');
    while (true) {
      const ssize_t count = recv(descriptor_, bytes.data(), bytes.size(), 0);
      if (count > 0) {
        bytes.resize(static_cast<size_t>(count));
        return bytes;
      }
      if (count == 0) return Broken("the server closed the connection");
      if (errno != EAGAIN && errno != EINTR) return SystemError(errno);
      WEIR_RETURN_IF_ERROR(Wait(ctx, POLLIN));
    }
  }

 private:
  int descriptor_;
};

absl::StatusOr<Addresses> Resolve(const std::string& host,
                                  const std::string& port) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) return Broken(gai_strerror(failed));
  return Addresses(found, freeaddrinfo);
}

absl::StatusOr<Socket> ConnectTo(const Context& ctx, const addrinfo& address) {
  if (http::IsLinkLocal(*address.ai_addr)) {
    return absl::PermissionDeniedError("link-local addresses are not reached");
  }
  Socket made(socket(address.ai_family,
                     address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                     address.ai_protocol));
  if (made.descriptor() < 0) return SystemError(errno);
  if (connect(made.descriptor(), address.ai_addr, address.ai_addrlen) == 0) {
    return made;
  }
  if (errno != EINPROGRESS) return SystemError(errno);
  WEIR_RETURN_IF_ERROR(made.Wait(ctx, POLLOUT));
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(made.descriptor(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return SystemError(error);
  return made;
}

bool IsAddress(const std::string& host) {
  return host.find(':') != std::string::npos ||
         host.find_first_not_of("0123456789.") == std::string::npos;
}

// A session over memory: what it wants sent and read goes through the socket.
absl::StatusOr<Tls> MakeTls(SSL_CTX* context, const std::string& host) {
  Tls tls(SSL_new(context), SSL_free);
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  SSL_set_bio(tls.get(), in, out);  // Owns both.
  SSL_set_verify(tls.get(), SSL_VERIFY_PEER, nullptr);
  SSL_set_hostflags(tls.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool is_set =
      IsAddress(host)
          ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls.get()),
                                          host.c_str()) == 1
          : SSL_set1_host(tls.get(), host.c_str()) == 1 &&
                SSL_set_tlsext_host_name(tls.get(), host.c_str()) == 1;
  if (!is_set) return Broken("the name of the server is no name");
  SSL_set_connect_state(tls.get());
  return tls;
}

}  // namespace

struct TlsStream::Impl {
  Impl(Socket connected, const Limits& the_limits)
      : limits(the_limits), socket(std::move(connected)) {}

  // Sends what the session has to send.
  absl::Status FlushTls(const Context& ctx) const {
    BIO* const out = SSL_get_wbio(tls.get());
    std::string bytes(BIO_ctrl_pending(out), '\0');
    if (bytes.empty()) return absl::OkStatus();
    BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
    return socket.Send(ctx, bytes);
  }

  // Runs a step of OpenSSL until it is done, and gives its result.
  template <typename Step>
  absl::StatusOr<int> RunTls(const Context& ctx, Step step) {
    while (true) {
      ERR_clear_error();
      const int result = step();
      WEIR_RETURN_IF_ERROR(FlushTls(ctx));
      if (result > 0) return result;
      if (SSL_get_error(tls.get(), result) != SSL_ERROR_WANT_READ) {
        return TlsError();
      }
      WEIR_ASSIGN_OR_RETURN(const std::string bytes, Receive(ctx));
      BIO_write(SSL_get_rbio(tls.get()), bytes.data(),
                static_cast<int>(bytes.size()));
    }
  }

  absl::Status TlsError() const {
    const long verified = SSL_get_verify_result(tls.get());
    if (verified != X509_V_OK) {
      return absl::UnauthenticatedError(
          absl::StrCat("the server's certificate does not verify: ",
                       X509_verify_cert_error_string(verified)));
    }
    return Broken("the TLS connection failed");
  }

  // Counts, so that nobody can send for ever.
  absl::StatusOr<std::string> Receive(const Context& ctx) {
    WEIR_ASSIGN_OR_RETURN(std::string bytes, socket.Receive(ctx));
    received += bytes.size();
    if (received > limits.max_bytes) {
      return absl::ResourceExhaustedError("the server sends too much");
    }
    return bytes;
  }

  absl::StatusOr<std::string> ReceivePlain(const Context& ctx) {
    if (tls == nullptr) return Receive(ctx);
    std::string bytes(kChunk, '\0');
    WEIR_ASSIGN_OR_RETURN(const int count, RunTls(ctx, [this, &bytes] {
                            return SSL_read(tls.get(), bytes.data(),
                                            static_cast<int>(bytes.size()));
                          }));
    bytes.resize(static_cast<size_t>(count));
    return bytes;
  }

  // Constant after construction.
  const Limits limits;
  Socket socket;
  TlsContext tls_context{nullptr, SSL_CTX_free};
  Tls tls{nullptr, SSL_free};  // Null: nothing is encrypted.
  std::string buffer;          // Read, not given yet.
  size_t received = 0;
};

absl::StatusOr<TlsStream> TlsStream::Connect(const Context& ctx,
                                             const std::string& host,
                                             const std::string& port,
                                             const Limits& limits) {
  WEIR_RETURN_IF_ERROR(ctx.status());
  WEIR_ASSIGN_OR_RETURN(const Addresses addresses, Resolve(host, port));
  absl::Status last = Broken("the host has no address");
  for (const addrinfo* one = addresses.get(); one != nullptr;
       one = one->ai_next) {
    absl::StatusOr<Socket> socket = ConnectTo(ctx, *one);
    if (socket.ok()) {
      return TlsStream(std::make_unique<Impl>(*std::move(socket), limits));
    }
    last = socket.status();
  }
  return last;
}

TlsStream::TlsStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsStream::~TlsStream() = default;
TlsStream::TlsStream(TlsStream&&) noexcept = default;
TlsStream& TlsStream::operator=(TlsStream&&) noexcept = default;

absl::Status TlsStream::StartTls(const Context& ctx, const std::string& host) {
  if (!impl_->buffer.empty()) {
    return absl::FailedPreconditionError(
        "the server sent more before it was known who it is");
  }
  impl_->tls_context.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = impl_->tls_context.get();
  if (context == nullptr || SSL_CTX_set_default_verify_paths(context) != 1 ||
      SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
    return absl::InternalError("preparing TLS failed");
  }
  WEIR_ASSIGN_OR_RETURN(impl_->tls, MakeTls(context, host));
  return impl_
      ->RunTls(ctx, [this] { return SSL_do_handshake(impl_->tls.get()); })
      .status();
}

absl::Status TlsStream::Write(const Context& ctx, absl::string_view bytes) {
  if (impl_->tls == nullptr) return impl_->socket.Send(ctx, bytes);
  while (!bytes.empty()) {
    const auto size = static_cast<int>(std::min(bytes.size(), kChunk));
    WEIR_ASSIGN_OR_RETURN(
        const int count, impl_->RunTls(ctx, [this, bytes, size] {
          return SSL_write(impl_->tls.get(), bytes.data(), size);
        }));
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> TlsStream::ReadLine(const Context& ctx) {
  size_t searched = 0;
  while (true) {
    const size_t end = impl_->buffer.find('\n', searched);
    if (end != std::string::npos) {
      std::string line(absl::StripSuffix(impl_->buffer.substr(0, end), "\r"));
      impl_->buffer.erase(0, end + 1);
      return line;
    }
    searched = impl_->buffer.size();
    if (searched > impl_->limits.max_line_bytes) {
      return absl::ResourceExhaustedError("the server sends too long a line");
    }
    WEIR_ASSIGN_OR_RETURN(const std::string bytes, impl_->ReceivePlain(ctx));
    impl_->buffer += bytes;
  }
}

}  // namespace weir::notification_controller
