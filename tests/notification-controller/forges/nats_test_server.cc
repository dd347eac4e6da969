#include "tests/notification-controller/forges/nats_test_server.h"

#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace weir::notification_controller {
namespace {

// One connection, with or without TLS. Ends when the peer or the test does.
class Peer {
 public:
  Peer(const Context& ctx, int descriptor) : ctx_(ctx), fd_(descriptor) {}
  ~Peer() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    close(fd_);
  }

  bool StartTls(const test::KeyPair& pair) {
    context_ = SSL_CTX_new(TLS_server_method());
    BIO* bio = BIO_new_mem_buf(pair.certificate_pem.data(), -1);
    X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    bio = BIO_new_mem_buf(pair.key_pem.data(), -1);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    SSL_CTX_use_certificate(context_, certificate);
    SSL_CTX_use_PrivateKey(context_, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, fd_);
    return SSL_accept(ssl_) == 1;
  }

  void Write(const std::string& text) {
    if (ssl_ != nullptr) {
      SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
    } else {
      send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    }
  }

  bool WaitForBytes() const {
    pollfd waiting = {fd_, POLLIN, 0};
    while (!ctx_.is_done()) {
      if (poll(&waiting, 1, 20) != 0) return true;
    }
    return false;
  }

  bool ReadLine(std::string* line) {
    size_t end = buffer_.find('\n');
    while (end == std::string::npos) {
      char bytes[4096];
      if ((ssl_ == nullptr || SSL_pending(ssl_) == 0) && !WaitForBytes()) {
        return false;
      }
      const ssize_t count = ssl_ != nullptr
                                ? SSL_read(ssl_, bytes, sizeof(bytes))
                                : recv(fd_, bytes, sizeof(bytes), 0);
      if (count <= 0) return false;
      buffer_.append(bytes, count);
      end = buffer_.find('\n');
    }
    *line = std::string(absl::StripSuffix(buffer_.substr(0, end), "\r"));
    buffer_.erase(0, end + 1);
    return true;
  }

 private:
  const Context& ctx_;
  int fd_;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  std::string buffer_;
};

}  // namespace

NatsTestServer::NatsTestServer(NatsScript script) : script_(std::move(script)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  listen(listener_, 8);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  threads_.Start("nats-server",
                 [this](const Context& ctx) { return Run(ctx); });
}

NatsTestServer::~NatsTestServer() {
  threads_.Stop();
  threads_.Join().IgnoreError();
  close(listener_);
}

std::string NatsTestServer::address() const {
  return absl::StrCat("127.0.0.1:", port_);
}

std::vector<std::string> NatsTestServer::lines() const {
  MutexLock lock(mu_);
  return lines_;
}

absl::Status NatsTestServer::Run(const Context& ctx) {
  pollfd waiting = {listener_, POLLIN, 0};
  while (!ctx.is_done()) {
    if (poll(&waiting, 1, 20) <= 0) continue;
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection >= 0) Serve(ctx, connection);
  }
  return absl::OkStatus();
}

void NatsTestServer::Serve(const Context& ctx, int connection) {
  Peer peer(ctx, connection);
  peer.Write(script_.greeting);
  if (script_.tls != nullptr && !peer.StartTls(*script_.tls)) return;
  std::string line;
  while (peer.ReadLine(&line)) {
    {
      MutexLock lock(mu_);
      lines_.push_back(line);
    }
    if (script_.stalls) continue;
    std::string answer = script_.answer ? script_.answer(line) : "";
    if (answer.empty() && line == "PING") answer = "PONG\r\n";
    if (!answer.empty()) peer.Write(answer);
  }
}

}  // namespace weir::notification_controller
