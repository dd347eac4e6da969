// An adapter file because Boost throws. One I/O thread owns every connection,
// so that their members need no lock; handlers and file reads run on workers.
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <deque>
#include <set>
#include <thread>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "src/server_files.h"
#include "src/server_socket.h"
#include "src/server_stream.h"
#include "src/server_tls.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/base/thread_group.h"
#include "weir/http/server.h"

namespace weir::http {
namespace {

namespace beast = boost::beast;
using Error = boost::system::error_code;
using Steady = std::chrono::steady_clock;

constexpr absl::Duration kLinger = absl::Seconds(2);
constexpr absl::Duration kSweep = absl::Seconds(1);

class Connection;

// Outlives the Server while somebody still holds a Responder or a stream.
struct Core {
  ServerOptions options;
  Handler handler;
  Context ctx = Context().WithCancel();
  std::optional<asio::ssl::context> tls;

  asio::io_context io{1};
  asio::io_context work;
  tcp::acceptor acceptor{io};
  asio::steady_timer accept_pause{io};
  asio::steady_timer sweep{io};
  // Used on the I/O thread only.
  std::set<std::shared_ptr<Connection>> connections;
  bool accept_waits = false;
  bool stopping = false;

  Mutex mu;
  CondVar changed;
  size_t open_connections ABSL_GUARDED_BY(mu) = 0;
  bool io_ended ABSL_GUARDED_BY(mu) = false;

  // Drops the task once the I/O thread has ended.
  template <typename Task>
  void PostIo(Task task) {
    MutexLock lock(mu);
    if (!io_ended) asio::post(io, std::move(task));
  }
};

bool IsFieldSafe(absl::string_view text) {
  return text.find_first_of(absl::string_view("\r\n\0", 3)) ==
         absl::string_view::npos;
}

using Parser = beast::http::request_parser<beast::http::string_body>;

// One client's connection. All members belong to the I/O thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Core> core, tcp::socket socket)
      : core_(std::move(core)),
        stream_(std::move(socket), core_->tls ? &*core_->tls : nullptr) {
    Error ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
    SetKeepAlive(stream_.socket().native_handle());
    const tcp::endpoint peer = stream_.socket().remote_endpoint(ignored);
    remote_ =
        peer.address().is_v6()
            ? absl::StrCat("[", peer.address().to_string(ignored),
                           "]:", peer.port())
            : absl::StrCat(peer.address().to_string(ignored), ":", peer.port());
  }

  const std::shared_ptr<Core>& core() const { return core_; }

  void Start() {
    if (stream_.tls() == nullptr) return ReadHead();
    SetDeadline(core_->options.read_timeout);
    stream_.tls()->async_handshake(
        asio::ssl::stream_base::server,
        [self = shared_from_this()](Error error) {
          if (error) return self->Kill();
          self->peer_ = PeerOf(self->stream_.tls()->native_handle());
          self->ReadHead();
        });
  }

  // Cuts what has made no progress in time.
  void Sweep(Steady::time_point now) {
    if (now >= deadline_) Kill();
  }

  // No further request; a stream is closed, an answer under way may end.
  void Drain() {
    keep_alive_ = false;
    if (is_idle_ || streaming_ != nullptr) Kill();
  }

  void Kill() {
    if (is_dead_) return;
    is_dead_ = true;
    Error ignored;
    stream_.socket().close(ignored);
    if (streaming_ != nullptr) {
      const std::shared_ptr<StreamState> state = std::move(streaming_);
      if (state->Break()) state->Call(state->options.on_closed);
    }
    core_->connections.erase(shared_from_this());
    if (core_->accept_waits) {
      core_->accept_waits = false;
      core_->accept_pause.cancel();
    }
    MutexLock lock(core_->mu);
    --core_->open_connections;
    core_->changed.NotifyAll();
  }

  // --- Answers; posted by a Responder.
  void Answer(ServerResponse response) {
    const bool has_body =
        response.code >= 200 && response.code != 204 && response.code != 304;
    if (has_body) {
      response.headers.Set("Content-Length",
                           absl::StrCat(response.body.size()));
    }
    auto bytes =
        std::make_shared<std::string>(Head(response.code, response.headers));
    if (has_body && !is_head_) bytes->append(response.body);
    WritePieces(std::move(bytes), 0);
  }

  void AnswerFile(FileAnswer answer) {
    if (answer.file == nullptr) {
      return Answer(
          {answer.code, std::move(answer.headers), std::move(answer.text)});
    }
    answer.headers.Set("Content-Length", absl::StrCat(answer.length));
    const bool sends_body = !is_head_ && answer.length > 0;
    Write(Head(answer.code, answer.headers),
          [self = shared_from_this(), answer, sends_body] {
            if (!sends_body) return self->Finish();
            self->ReadFilePiece(answer.file, answer.offset, answer.length);
          });
  }

  void AnswerStream(const std::shared_ptr<StreamState>& state) {
    if (is_dead_ || core_->stopping) {
      if (state->Break()) state->Call(state->options.on_closed);
      return Kill();
    }
    Headers headers = state->options.headers;
    is_chunked_ = version_ >= 11;
    // The read that notices a disconnect may take bytes of a next request, so
    // there is none.
    keep_alive_ = false;
    if (is_chunked_) headers.Set("Transfer-Encoding", "chunked");
    streaming_ = state;
    Write(Head(state->options.code, headers),
          [self = shared_from_this(), state] {
            if (self->is_head_) return self->Kill();
            self->Pump(state);
          });
    if (streaming_ != nullptr) WatchForDisconnect();
  }

  void Pump(const std::shared_ptr<StreamState>& state) {
    if (streaming_ != state) return;
    bool at_end = false;
    std::string piece = state->Take(at_end);
    if (at_end) {
      streaming_ = nullptr;
      return Write(is_chunked_ ? "0\r\n\r\n" : "",
                   [self = shared_from_this()] { self->Finish(); });
    }
    if (piece.empty()) {
      SetDeadline(absl::InfiniteDuration());
      return;
    }
    if (is_chunked_) {
      piece = absl::StrCat(absl::Hex(piece.size()), "\r\n", piece, "\r\n");
    }
    Write(std::move(piece), [self = shared_from_this(), state] {
      if (state->TakeDrained()) state->Call(state->options.on_drained);
      self->Pump(state);
    });
  }

 private:
  void SetDeadline(absl::Duration after) {
    deadline_ = after == absl::InfiniteDuration()
                    ? Steady::time_point::max()
                    : Steady::now() + absl::ToChronoNanoseconds(after);
  }

  void ReadHead() {
    if (core_->stopping) return Kill();
    is_idle_ = true;
    SetDeadline(core_->options.idle_timeout);
    parser_.emplace();
    parser_->header_limit(
        static_cast<uint32_t>(core_->options.max_header_bytes));
    // Checked when the head is there; "none" would refuse every body, as an
    // empty optional compares less than any length.
    parser_->body_limit(std::numeric_limits<uint64_t>::max());
    beast::http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](Error error, size_t) {
          self->is_idle_ = false;
          if (error) return self->OnReadError(error);
          self->OnHead();
        });
  }

  void OnReadError(Error error) {
    namespace http = beast::http;
    if (error == http::error::header_limit) return Refuse(431);
    if (error == http::error::body_limit) return Refuse(413);
    const bool is_protocol_error =
        error.category() ==
            make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream &&
        error != http::error::partial_message;
    if (is_protocol_error) return Refuse(400);
    Kill();
  }

  // Answers a request that no handler sees, and closes.
  void Refuse(int code) {
    keep_alive_ = false;
    is_head_ = false;
    ServerResponse response{code, {}, absl::StrCat(ReasonPhrase(code), "\n")};
    response.headers.Set("Content-Type", "text/plain; charset=utf-8");
    Answer(std::move(response));
  }

  void OnHead() {
    const auto& message = parser_->get();
    version_ = message.version();
    keep_alive_ = message.keep_alive() && !core_->stopping;
    is_head_ = message.method() == beast::http::verb::head;
    const absl::string_view target(message.target().data(),
                                   message.target().size());
    const absl::string_view method(message.method_string().data(),
                                   message.method_string().size());
    const size_t limit =
        core_->options.body_limit == nullptr
            ? core_->options.max_body_bytes
            : core_->options.body_limit(
                  method, PercentDecode(target.substr(0, target.find('?'))));
    const auto length = parser_->content_length();
    if (length.has_value() && *length > limit) return Refuse(413);
    parser_->body_limit(limit);
    SetDeadline(core_->options.read_timeout);
    const auto expect = message[beast::http::field::expect];
    if (absl::EqualsIgnoreCase(absl::string_view(expect.data(), expect.size()),
                               "100-continue") &&
        !parser_->is_done()) {
      return Write("HTTP/1.1 100 Continue\r\n\r\n",
                   [self = shared_from_this()] { self->ReadBody(); });
    }
    ReadBody();
  }

  void ReadBody() {
    SetDeadline(core_->options.read_timeout);
    beast::http::async_read(stream_, buffer_, *parser_,
                            [self = shared_from_this()](Error error, size_t) {
                              if (error) return self->OnReadError(error);
                              self->Dispatch();
                            });
  }

  void Dispatch();

  std::string Head(int code, const Headers& headers) const {
    std::string head =
        absl::StrCat("HTTP/1.1 ", code, " ", ReasonPhrase(code), "\r\n");
    for (const auto& [name, value] : headers) {
      if (!IsFieldSafe(name) || !IsFieldSafe(value)) continue;
      absl::StrAppend(&head, name, ": ", value, "\r\n");
    }
    if (!headers.Has("Date")) {
      absl::StrAppend(&head, "Date: ", FormatHttpTime(absl::Now()), "\r\n");
    }
    if (!keep_alive_) {
      absl::StrAppend(&head, "Connection: close\r\n");
    } else if (version_ < 11) {
      absl::StrAppend(&head, "Connection: keep-alive\r\n");
    }
    return head + "\r\n";
  }

  template <typename Next>
  void Write(std::string bytes, Next next) {
    if (is_dead_) return;
    SetDeadline(core_->options.write_timeout);
    auto owned = std::make_shared<std::string>(std::move(bytes));
    asio::async_write(
        stream_, asio::buffer(*owned),
        [self = shared_from_this(), owned, next](Error error, size_t) {
          if (error || self->is_dead_) return self->Kill();
          next();
        });
  }

  // In pieces, so that the deadline is for progress, not for the whole.
  void WritePieces(std::shared_ptr<std::string> bytes, size_t offset) {
    if (is_dead_) return;
    if (offset >= bytes->size()) return Finish();
    const size_t size = std::min(kPiece, bytes->size() - offset);
    SetDeadline(core_->options.write_timeout);
    asio::async_write(
        stream_, asio::buffer(bytes->data() + offset, size),
        [self = shared_from_this(), bytes, offset, size](Error error, size_t) {
          if (error || self->is_dead_) return self->Kill();
          self->WritePieces(bytes, offset + size);
        });
  }

  // The disk may be slow: a worker reads, this thread writes.
  void ReadFilePiece(const std::shared_ptr<const OpenFile>& file,
                     uint64_t offset, uint64_t left) {
    if (is_dead_) return;
    if (left == 0) return Finish();
    asio::post(core_->work, [self = shared_from_this(), file, offset, left] {
      const size_t size = static_cast<size_t>(std::min<uint64_t>(left, kPiece));
      auto bytes = std::make_shared<absl::StatusOr<std::string>>(
          file->ReadAt(offset, size));
      self->core_->PostIo([self, file, offset, left, bytes] {
        // Shorter than promised: only a broken connection can say so.
        if (!bytes->ok() || (*bytes)->empty()) return self->Kill();
        const size_t n = (*bytes)->size();
        self->Write(*std::move(*bytes), [self, file, offset, left, n] {
          self->ReadFilePiece(file, offset + n, left - n);
        });
      });
    });
  }

  // While a stream is open, nothing is expected from the client but its end.
  void WatchForDisconnect() {
    stream_.async_read_some(asio::buffer(discarded_),
                            [self = shared_from_this()](Error error, size_t) {
                              if (self->streaming_ == nullptr || self->is_dead_)
                                return;
                              if (error) return self->Kill();
                              self->WatchForDisconnect();
                            });
  }

  void Finish() {
    if (is_dead_) return;
    streaming_ = nullptr;
    if (keep_alive_ && !core_->stopping) return ReadHead();
    SetDeadline(kLinger);
    if (stream_.tls() == nullptr) return Linger();
    stream_.tls()->async_shutdown(
        [self = shared_from_this()](Error) { self->Linger(); });
  }

  // Reads on for a while: closing with unread bytes would reset the
  // connection, and the client might lose the answer.
  void Linger() {
    if (is_dead_) return;
    Error error;
    stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    if (error) return Kill();
    ReadAway();
  }
  void ReadAway() {
    stream_.socket().async_read_some(
        asio::buffer(discarded_),
        [self = shared_from_this()](Error error, size_t) {
          if (error || self->is_dead_) return self->Kill();
          self->ReadAway();
        });
  }

  const std::shared_ptr<Core> core_;
  Stream stream_;
  std::string remote_;
  std::optional<PeerCertificate> peer_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::array<char, 4096> discarded_;
  Steady::time_point deadline_ = Steady::time_point::max();
  unsigned version_ = 11;
  bool keep_alive_ = true;
  bool is_head_ = false;
  bool is_idle_ = false;
  bool is_dead_ = false;
  bool is_chunked_ = false;
  std::shared_ptr<StreamState> streaming_;
};

class ResponseStreamImpl : public ResponseStream {
 public:
  ResponseStreamImpl(std::shared_ptr<Connection> connection,
                     std::shared_ptr<StreamState> state)
      : connection_(std::move(connection)), state_(std::move(state)) {}

  ~ResponseStreamImpl() override {
    Close();
    MutexLock lock(state_->mu);
    state_->detached = true;
    while (state_->calling && state_->caller != std::this_thread::get_id()) {
      state_->changed.Wait(state_->mu);
    }
  }

  absl::Status Write(std::string bytes) override {
    {
      MutexLock lock(state_->mu);
      if (state_->closed || state_->broken) {
        return absl::CancelledError("the client is gone");
      }
      if (bytes.empty()) return absl::OkStatus();
      if (state_->queued > 0 &&
          state_->queued + bytes.size() > state_->options.max_queued_bytes) {
        state_->refused = true;
        return absl::ResourceExhaustedError("the client reads too slowly");
      }
      state_->queued += bytes.size();
      state_->queue.push_back(std::move(bytes));
      if (state_->pumping) return absl::OkStatus();
      state_->pumping = true;
    }
    PostPump();
    return absl::OkStatus();
  }

  void Close() override {
    {
      MutexLock lock(state_->mu);
      if (state_->closed || state_->broken) return;
      state_->closed = true;
      if (state_->pumping) return;
      state_->pumping = true;
    }
    PostPump();
  }

  void Abort() override {
    state_->Break();
    connection_->core()->PostIo(
        [connection = connection_] { connection->Kill(); });
  }

  size_t queued_bytes() const override {
    MutexLock lock(state_->mu);
    return state_->queued;
  }

 private:
  void PostPump() {
    connection_->core()->PostIo([connection = connection_, state = state_] {
      connection->Pump(state);
    });
  }

  const std::shared_ptr<Connection> connection_;
  const std::shared_ptr<StreamState> state_;
};

class ResponderImpl : public Responder {
 public:
  ResponderImpl(std::shared_ptr<Connection> connection, std::string method,
                Headers headers)
      : connection_(std::move(connection)),
        method_(std::move(method)),
        headers_(std::move(headers)) {}

  ~ResponderImpl() override {
    if (connection_ == nullptr) return;
    ServerResponse response{500, {}, "internal error\n"};
    response.headers.Set("Content-Type", "text/plain; charset=utf-8");
    Send(std::move(response));
  }

  void Send(ServerResponse response) override {
    const std::shared_ptr<Connection> connection = std::move(connection_);
    WEIR_CHECK(connection != nullptr);
    connection->core()->PostIo(
        [connection, response = std::move(response)]() mutable {
          connection->Answer(std::move(response));
        });
  }

  void SendFile(const std::string& path, FileOptions options) override {
    const std::shared_ptr<Connection> connection = std::move(connection_);
    WEIR_CHECK(connection != nullptr);
    FileAnswer answer = AnswerWithFile(method_, headers_, path, options);
    connection->core()->PostIo(
        [connection, answer = std::move(answer)]() mutable {
          connection->AnswerFile(std::move(answer));
        });
  }

  std::unique_ptr<ResponseStream> Stream(StreamOptions options) override {
    std::shared_ptr<Connection> connection = std::move(connection_);
    WEIR_CHECK(connection != nullptr);
    auto state = std::make_shared<StreamState>();
    state->options = std::move(options);
    {
      MutexLock lock(state->mu);
      state->pumping = true;  // Until the head is out.
    }
    connection->core()->PostIo(
        [connection, state] { connection->AnswerStream(state); });
    return std::make_unique<ResponseStreamImpl>(std::move(connection),
                                                std::move(state));
  }

 private:
  std::shared_ptr<Connection> connection_;
  const std::string method_;
  const Headers headers_;
};

void Connection::Dispatch() {
  SetDeadline(absl::InfiniteDuration());  // The handler's time is its own.
  auto& message = parser_->get();
  ServerRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  const absl::string_view target = request.target;
  const size_t mark = target.find('?');
  request.path = PercentDecode(target.substr(0, mark));
  if (mark != absl::string_view::npos) {
    request.query = ParseQuery(target.substr(mark + 1));
  }
  for (const auto& field : message) {
    request.headers.Add(
        absl::string_view(field.name_string().data(),
                          field.name_string().size()),
        absl::string_view(field.value().data(), field.value().size()));
  }
  request.body = std::move(message.body());
  request.remote_address = remote_;
  request.peer_certificate = peer_;
  request.context = core_->ctx;
  auto responder = std::make_shared<std::unique_ptr<Responder>>(
      std::make_unique<ResponderImpl>(shared_from_this(), request.method,
                                      request.headers));
  asio::post(core_->work,
             [core = core_, request = std::move(request), responder]() mutable {
               try {
                 core->handler(std::move(request), std::move(*responder));
               } catch (const std::exception& e) {
                 core->options.logger.Error("request handler threw",
                                            {{"error", e.what()}});
               }
             });
}

// --- Listening --------------------------------------------------------------

void Accept(const std::shared_ptr<Core>& core);

void AcceptLater(const std::shared_ptr<Core>& core,
                 std::chrono::milliseconds delay) {
  core->accept_pause.expires_after(delay);
  core->accept_pause.async_wait([core](Error) {
    if (!core->stopping) Accept(core);
  });
}

void Accept(const std::shared_ptr<Core>& core) {
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
    auto connection = std::make_shared<Connection>(core, std::move(socket));
    core->connections.insert(connection);
    {
      MutexLock lock(core->mu);
      ++core->open_connections;
    }
    connection->Start();
    Accept(core);
  });
}

void SweepLater(const std::shared_ptr<Core>& core) {
  core->sweep.expires_after(absl::ToChronoMilliseconds(kSweep));
  core->sweep.async_wait([core](Error error) {
    if (error) return;
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

absl::Status Bind(Core& core, const tcp::endpoint& endpoint) {
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
  core.acceptor.close(error);
  return absl::UnavailableError(absl::StrCat(
      "listening on ", core.options.address, ": ", error.message()));
}

}  // namespace

struct Server::Impl {
  std::shared_ptr<Core> core;
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
  impl->core = std::make_shared<Core>();
  Core& core = *impl->core;
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
    shared->io.run();
    return absl::OkStatus();
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
  const std::shared_ptr<Core> core = impl_->core;
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
