#include <libssh/libssh.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "src/wire.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/git/known_hosts.h"
#include "weir/git/ssh_key.h"

namespace weir::git {
namespace {

constexpr int kDefaultPort = 22;
constexpr int kPollMilliseconds = 200;
constexpr size_t kMaxErrorBytes = 4096;

struct KeyDeleter {
  void operator()(ssh_key key) const { ssh_key_free(key); }
};
using KeyPtr = std::unique_ptr<ssh_key_struct, KeyDeleter>;

// Asks no terminal: libssh calls it when a key is encrypted and no passphrase
// was given.
int NoPassphrase(const char*, char*, size_t, int, int, void* asked) noexcept {
  *static_cast<bool*>(asked) = true;
  return -1;
}

absl::StatusOr<KeyPtr> ImportKey(const Secret& pem, const Secret& passphrase) {
  ssh_key raw = nullptr;
  bool asked = false;
  const int result = ssh_pki_import_privkey_base64(
      pem.RevealForUse().c_str(),
      passphrase.empty() ? nullptr : passphrase.RevealForUse().c_str(),
      NoPassphrase, &asked, &raw);
  KeyPtr key(raw);
  if (result == SSH_OK && raw != nullptr) return key;
  if (asked) {
    return absl::InvalidArgumentError(
        "ssh: this private key is passphrase protected");
  }
  return absl::InvalidArgumentError(
      passphrase.empty() ? "ssh: the private key cannot be read"
                         : "ssh: the private key cannot be read, or its "
                           "passphrase is wrong");
}

// A connected socket, given up at the context's end.
absl::StatusOr<int> ConnectSocket(const Context& ctx, const std::string& host,
                                  int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(
        absl::StrCat("lookup ", host, ": ", gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found,
                                                             freeaddrinfo);
  absl::Status last = absl::UnavailableError("no address");
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    const int fd = socket(it->ai_family,
                          it->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    int problem = connect(fd, it->ai_addr, it->ai_addrlen) == 0 ? 0 : errno;
    while (problem == EINPROGRESS) {
      pollfd wait{fd, POLLOUT, 0};
      if (poll(&wait, 1, kPollMilliseconds) > 0) {
        socklen_t size = sizeof(problem);
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size);
      } else if (ctx.is_done()) {
        close(fd);
        return ctx.status();
      }
    }
    if (problem == 0) return fd;
    close(fd);
    last = absl::UnavailableError(
        absl::StrCat("dial tcp ", host, ":", port,
                     ": connect: ", absl::AsciiStrToLower(strerror(problem))));
  }
  return last;
}

std::string ShellQuote(absl::string_view text) {
  return absl::StrCat(
      "'", absl::StrReplaceAll(text, {{"'", "'\\''"}, {"!", "'\\!'"}}), "'");
}

class SshConnection {
 public:
  SshConnection(const RemoteOptions& options, Url url)
      : options_(options), url_(std::move(url)) {}
  ~SshConnection() {
    if (channel_ != nullptr) ssh_channel_free(channel_);
    if (session_ != nullptr) {
      ssh_disconnect(session_);
      ssh_free(session_);
    }
  }
  SshConnection(const SshConnection&) = delete;

  absl::Status Open(const Context& ctx) {
    const int port = url_.port == 0 ? kDefaultPort : url_.port;
    WEIR_ASSIGN_OR_RETURN(const KeyPtr key, ImportKey(options_.ssh_private_key,
                                                      options_.ssh_passphrase));
    WEIR_ASSIGN_OR_RETURN(const KnownHosts known_hosts,
                          KnownHosts::Parse(options_.ssh_known_hosts));
    WEIR_ASSIGN_OR_RETURN(fd_, ConnectSocket(ctx, url_.host, port));
    // A cancelled context breaks the socket, and with it every blocking call.
    const Context::Registration on_cancel = BreakOnCancel(ctx);
    session_ = ssh_new();
    WEIR_CHECK(session_ != nullptr);
    WEIR_RETURN_IF_ERROR(Configure(ctx, known_hosts, port));
    if (ssh_connect(session_) != SSH_OK) {
      return Failure(ctx, "ssh: handshake failed");
    }
    WEIR_RETURN_IF_ERROR(CheckHostKey(known_hosts, port),
                         "ssh: handshake failed");
    SetTimeout(ctx);
    const int auth = ssh_userauth_publickey(session_, nullptr, key.get());
    if (auth == SSH_AUTH_ERROR) return Failure(ctx, "ssh: authentication");
    if (auth != SSH_AUTH_SUCCESS) {
      return absl::UnauthenticatedError(
          "ssh: handshake failed: ssh: unable to authenticate, attempted "
          "methods [none publickey], no supported methods remain");
    }
    return Execute(ctx);
  }

  absl::StatusOr<size_t> Read(const Context& ctx, char* buffer, size_t size) {
    const Context::Registration on_cancel = BreakOnCancel(ctx);
    while (true) {
      WEIR_RETURN_IF_ERROR(ctx.status());
      const int got = ssh_channel_read_timeout(
          channel_, buffer, static_cast<uint32_t>(size),
          /*is_stderr=*/0, kPollMilliseconds);
      if (got > 0) return static_cast<size_t>(got);
      ReadErrors();
      if (got == SSH_ERROR) return Failure(ctx, "ssh: reading");
      if (ssh_channel_is_eof(channel_)) return 0;
    }
  }

  absl::Status Write(const Context& ctx, absl::string_view bytes) {
    const Context::Registration on_cancel = BreakOnCancel(ctx);
    while (!bytes.empty()) {
      WEIR_RETURN_IF_ERROR(ctx.status());
      SetTimeout(ctx);
      const int wrote = ssh_channel_write(channel_, bytes.data(),
                                          static_cast<uint32_t>(bytes.size()));
      if (wrote < 0) return Failure(ctx, "ssh: writing");
      bytes.remove_prefix(static_cast<size_t>(wrote));
    }
    return absl::OkStatus();
  }

  // What the server's command wrote to its standard error.
  const std::string& errors() const { return errors_; }

 private:
  Context::Registration BreakOnCancel(const Context& ctx) const {
    return ctx.OnCancel([fd = fd_] { shutdown(fd, SHUT_RDWR); });
  }

  void SetTimeout(const Context& ctx) {
    const absl::Duration left =
        std::min(ctx.remaining(), absl::Duration(absl::Minutes(5)));
    long seconds = static_cast<long>(absl::ToInt64Seconds(left)) + 1;
    ssh_options_set(session_, SSH_OPTIONS_TIMEOUT, &seconds);
  }

  absl::Status Configure(const Context& ctx, const KnownHosts& known_hosts,
                         int port) {
    const std::string user = url_.username.empty() ? "git" : url_.username;
    const int process_config = 0;  // No files of the machine.
    ssh_options_set(session_, SSH_OPTIONS_PROCESS_CONFIG, &process_config);
    ssh_options_set(session_, SSH_OPTIONS_HOST, url_.host.c_str());
    ssh_options_set(session_, SSH_OPTIONS_PORT, &port);
    ssh_options_set(session_, SSH_OPTIONS_USER, user.c_str());
    ssh_options_set(session_, SSH_OPTIONS_FD, &fd_);
    SetTimeout(ctx);
    if (!options_.ssh_kex_algorithms.empty() &&
        ssh_options_set(
            session_, SSH_OPTIONS_KEY_EXCHANGE,
            absl::StrJoin(options_.ssh_kex_algorithms, ",").c_str()) != 0) {
      return absl::InvalidArgumentError("ssh: unknown key exchange algorithm");
    }
    std::vector<std::string> types = options_.ssh_host_key_algorithms;
    if (types.empty()) {
      // Ask for a key that is on record. A known RSA key serves the newer
      // signature algorithms too, and those are wanted first.
      for (const std::string& type : known_hosts.KeyTypes(url_.host, port)) {
        if (type == "ssh-rsa") {
          types.push_back("rsa-sha2-512");
          types.push_back("rsa-sha2-256");
        }
        types.push_back(type);
      }
    }
    if (!types.empty()) {
      ssh_options_set(session_, SSH_OPTIONS_HOSTKEYS,
                      absl::StrJoin(types, ",").c_str());
    }
    return absl::OkStatus();
  }

  absl::Status CheckHostKey(const KnownHosts& known_hosts, int port) {
    ssh_key raw = nullptr;
    if (ssh_get_server_publickey(session_, &raw) != SSH_OK) {
      return absl::UnauthenticatedError("the server has no host key");
    }
    const KeyPtr key(raw);
    char* base64 = nullptr;
    if (ssh_pki_export_pubkey_base64(raw, &base64) != SSH_OK) {
      return absl::UnauthenticatedError("the server's host key is malformed");
    }
    std::string blob;
    const bool ok = absl::Base64Unescape(base64, &blob);
    ssh_string_free_char(base64);
    if (!ok) {
      return absl::UnauthenticatedError("the server's host key is malformed");
    }
    return known_hosts.Check(url_.host, port, blob);
  }

  absl::Status Execute(const Context& ctx) {
    channel_ = ssh_channel_new(session_);
    WEIR_CHECK(channel_ != nullptr);
    absl::string_view path = url_.path;
    // "/~user/x" is relative to a home folder.
    if (absl::StartsWith(path, "/~")) path.remove_prefix(1);
    SetTimeout(ctx);
    if (ssh_channel_open_session(channel_) != SSH_OK ||
        ssh_channel_request_exec(
            channel_,
            absl::StrCat("git-upload-pack ", ShellQuote(path)).c_str()) !=
            SSH_OK) {
      return Failure(ctx, "ssh: starting git-upload-pack");
    }
    return absl::OkStatus();
  }

  void ReadErrors() {
    char buffer[1024];
    while (errors_.size() < kMaxErrorBytes) {
      const int got =
          ssh_channel_read_nonblocking(channel_, buffer, sizeof(buffer), 1);
      if (got <= 0) return;
      errors_.append(buffer, static_cast<size_t>(got));
    }
  }

  absl::Status Failure(const Context& ctx, absl::string_view what) const {
    WEIR_RETURN_IF_ERROR(ctx.status(), what);
    return absl::UnavailableError(
        absl::StrCat(what, ": ", ssh_get_error(session_)));
  }

  const RemoteOptions& options_;
  const Url url_;
  int fd_ = -1;  // Owned by the session once it is there.
  ssh_session session_ = nullptr;
  ssh_channel channel_ = nullptr;
  std::string errors_;
};

class ChannelReader : public ByteReader {
 public:
  explicit ChannelReader(std::shared_ptr<SshConnection> connection)
      : connection_(std::move(connection)) {}
  absl::StatusOr<size_t> Read(const Context& ctx, char* buffer,
                              size_t size) override {
    WEIR_ASSIGN_OR_RETURN(const size_t got,
                          connection_->Read(ctx, buffer, size));
    has_bytes_ = has_bytes_ || got > 0;
    // A command that only complains is how servers refuse.
    if (got == 0 && !has_bytes_ && !connection_->errors().empty()) {
      return absl::NotFoundError(
          absl::StrCat("repository not found: ", connection_->errors()));
    }
    return got;
  }

 private:
  std::shared_ptr<SshConnection> connection_;
  bool has_bytes_ = false;
};

class SshWire : public Wire {
 public:
  SshWire(const RemoteOptions& options, Url url)
      : connection_(std::make_shared<SshConnection>(options, std::move(url))) {}

  absl::StatusOr<std::unique_ptr<ByteReader>> Advertisement(
      const Context& ctx) override {
    WEIR_RETURN_IF_ERROR(connection_->Open(ctx));
    return std::make_unique<ChannelReader>(connection_);
  }

  absl::StatusOr<std::unique_ptr<ByteReader>> Send(
      const Context& ctx, std::string request) override {
    WEIR_RETURN_IF_ERROR(connection_->Write(ctx, request));
    return std::make_unique<ChannelReader>(connection_);
  }

 private:
  std::shared_ptr<SshConnection> connection_;
};

}  // namespace

absl::Status CheckSshKey(const Secret& private_key, const Secret& passphrase) {
  return ImportKey(private_key, passphrase).status();
}

std::unique_ptr<Wire> MakeSshWire(const RemoteOptions& options, Url url) {
  return std::make_unique<SshWire>(options, std::move(url));
}

}  // namespace weir::git
