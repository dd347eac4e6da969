// An adapter file because Boost throws. One I/O thread owns every connection,
// so that their members need no lock; handlers and file reads run on workers.
#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/server_connection.h"
#include "src/server_tls.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/base/thread_group.h"
#include "weir/http/server.h"

namespace weir::http {
namespace {

constexpr absl::Duration kSweep = absl::Seconds(1);

void Accept(const std::shared_ptr<ServerCore>& core);

void AcceptLater(const std::shared_ptr<ServerCore>& core,
                 std::chrono::milliseconds delay) {
  core->accept_pause.expires_after(delay);
  core->accept_pause.async_wait([core](Error) {
    if (!core->stopping) Accept(core);
  });
}

void Accept(const std::shared_ptr<ServerCore>& core) {
  if (core->connections.size() >=
      static_cast<size_t>(core->options.max_connections)) {
    core->accept_waits = true;  // Ended early when one closes.
    return AcceptLater(core, std::chrono::milliseconds(1000));
  }
  core->acceptor.async_accept([core](Error error, tcp::socket socket) {
    if (core->stopping) return;
    if (error) {
      // No file descriptors left, most likely.
      return AcceptLater(core, std::chrono::milliseconds(100));
    }
    auto connection =
        std::make_shared<ServerConnection>(core, std::move(socket));
    core->connections.insert(connection);
    {
      MutexLock lock(core->mu);
      ++core->open_connections;
    }
    connection->Start();
    Accept(core);
  });
}

void SweepLater(const std::shared_ptr<ServerCore>& core) {
  core->sweep.expires_after(absl::ToChronoMilliseconds(kSweep));
  core->sweep.async_wait([core](Error error) {
    // A timer that was due when it was cancelled reports no error.
    if (error || core->killed) return;
    const auto connections = core->connections;
    const Steady::time_point now = Steady::now();
    for (const auto& connection : connections) connection->Sweep(now);
    SweepLater(core);
  });
}

absl::Status ToStatus(const Error& error, absl::string_view what) {
  if (!error) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", error.message()));
}

absl::Status SetUpTls(const ServerTls& tls,
                      std::optional<asio::ssl::context>& out) {
  asio::ssl::context& context = out.emplace(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  Error error;
  context.use_certificate_chain(asio::buffer(tls.certificate_pem), error);
  WEIR_RETURN_IF_ERROR(ToStatus(error, "server certificate"));
  context.use_private_key(asio::buffer(tls.key_pem.RevealForUse()),
                          asio::ssl::context::pem, error);
  WEIR_RETURN_IF_ERROR(ToStatus(error, "server key"));
  SSL_CTX_set_alpn_select_cb(context.native_handle(), SelectAlpn, nullptr);
  if (tls.client_ca_pem.empty()) return absl::OkStatus();
  context.add_certificate_authority(asio::buffer(tls.client_ca_pem), error);
  WEIR_RETURN_IF_ERROR(ToStatus(error, "client authorities"));
  context.set_verify_mode(
      tls.require_client_certificate
          ? asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert
          : asio::ssl::verify_peer,
      error);
  return ToStatus(error, "client certificates");
}

absl::StatusOr<tcp::endpoint> ParseAddress(absl::string_view text) {
  const size_t colon = text.rfind(':');
  unsigned port;
  if (colon == absl::string_view::npos ||
      !absl::SimpleAtoi(text.substr(colon + 1), &port) || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("listen address \"", text, "\": missing or bad port"));
  }
  absl::string_view host = text.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  if (host.empty()) host = "::";
  if (host == "localhost") host = "127.0.0.1";
  Error error;
  const asio::ip::address address =
      asio::ip::make_address(std::string(host), error);
  WEIR_RETURN_IF_ERROR(ToStatus(error, absl::StrCat("listen address ", text)));
  return tcp::endpoint(address, static_cast<uint16_t>(port));
}

absl::Status Bind(ServerCore& core, const tcp::endpoint& endpoint) {
  Error error;
  core.acceptor.open(endpoint.protocol(), error);
  if (!error) {
    core.acceptor.set_option(asio::socket_base::reuse_address(true), error);
  }
  if (!error && endpoint.address().is_v6()) {
    core.acceptor.set_option(asio::ip::v6_only(false), error);
  }
  if (!error) core.acceptor.bind(endpoint, error);
  if (!error) core.acceptor.listen(1024, error);
  if (!error) return absl::OkStatus();
  Error ignored;
  core.acceptor.close(ignored);
  return absl::UnavailableError(absl::StrCat(
      "listening on ", core.options.address, ": ", error.message()));
}

}  // namespace

struct Server::Impl {
  std::shared_ptr<ServerCore> core;
  std::string address;
  int port = 0;
  bool stopped = false;
  using Guard = asio::executor_work_guard<asio::io_context::executor_type>;
  std::optional<Guard> io_guard, work_guard;
  ThreadGroup io_threads, workers;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options,
                                                      Handler handler) {
  auto impl = std::make_unique<Impl>();
  impl->core = std::make_shared<ServerCore>();
  ServerCore& core = *impl->core;
  core.options = std::move(options);
  core.handler = std::move(handler);
  WEIR_ASSIGN_OR_RETURN(tcp::endpoint endpoint,
                        ParseAddress(core.options.address));
  if (core.options.tls.has_value()) {
    WEIR_RETURN_IF_ERROR(SetUpTls(*core.options.tls, core.tls));
  }
  absl::Status bound = Bind(core, endpoint);
  if (!bound.ok() && absl::StartsWith(core.options.address, ":")) {
    // A machine without IPv6.
    bound = Bind(core, tcp::endpoint(tcp::v4(), endpoint.port()));
  }
  WEIR_RETURN_IF_ERROR(bound);
  Error error;
  const tcp::endpoint local = core.acceptor.local_endpoint(error);
  impl->port = local.port();
  impl->address =
      local.address().is_v6()
          ? absl::StrCat("[", local.address().to_string(error),
                         "]:", local.port())
          : absl::StrCat(local.address().to_string(error), ":", local.port());
  impl->io_guard.emplace(core.io.get_executor());
  impl->work_guard.emplace(core.work.get_executor());
  asio::post(core.io, [shared = impl->core] {
    Accept(shared);
    SweepLater(shared);
  });
  impl->io_threads.Start("http-io", [shared = impl->core](const Context&) {
    while (true) {
      try {
        shared->io.run();
        return absl::OkStatus();
      } catch (const std::exception& e) {
        // One connection's trouble, which the sweep cuts in time.
        shared->options.logger.Error("connection threw", {{"error", e.what()}});
      }
    }
  });
  for (int i = 0; i < std::max(core.options.worker_threads, 1); ++i) {
    impl->workers.Start("http-worker", [shared = impl->core](const Context&) {
      shared->work.run();
      return absl::OkStatus();
    });
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { Stop(absl::ZeroDuration()); }

const std::string& Server::address() const { return impl_->address; }
int Server::port() const { return impl_->port; }

std::string Server::url() const {
  return absl::StrCat(impl_->core->tls ? "https://" : "http://",
                      impl_->address);
}

void Server::Stop(absl::Duration grace) {
  if (std::exchange(impl_->stopped, true)) return;
  const std::shared_ptr<ServerCore> core = impl_->core;
  core->PostIo([core] {
    core->stopping = true;
    Error ignored;
    core->acceptor.close(ignored);
    core->accept_pause.cancel();
    const auto connections = core->connections;
    for (const auto& connection : connections) connection->Drain();
  });
  {
    const absl::Time deadline = absl::Now() + grace;
    MutexLock lock(core->mu);
    while (core->open_connections > 0 &&
           core->changed.WaitUntil(core->mu, deadline)) {
    }
  }
  core->ctx.Cancel();
  core->PostIo([core] {
    core->killed = true;
    const auto connections = core->connections;
    for (const auto& connection : connections) connection->Kill();
    core->sweep.cancel();
  });
  // Workers may still post answers, so they end first.
  impl_->work_guard.reset();
  impl_->workers.Join().IgnoreError();
  impl_->io_guard.reset();
  impl_->io_threads.Join().IgnoreError();
  // What came in between holds references in a circle: run it to its end.
  for (int i = 0; i < 2; ++i) {
    core->work.restart();
    core->work.poll();
    core->io.restart();
    core->io.poll();
    MutexLock lock(core->mu);
    core->io_ended = true;
  }
}

}  // namespace weir::http
