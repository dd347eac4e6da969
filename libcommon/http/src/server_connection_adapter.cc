// An adapter file because Boost throws, and handlers may.
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "src/server_connection.h"
#include "src/server_tls.h"
#include "weir/base/status.h"

namespace weir::http {
namespace {

constexpr absl::Duration kLinger = absl::Seconds(2);
constexpr size_t kReadSize = 64u << 10;
constexpr size_t kSmallBody = 2u << 10;
constexpr size_t kFirstRead = 1u << 10;

bool IsFieldSafe(absl::string_view text) {
  return text.find_first_of(absl::string_view("\r\n\0", 3)) ==
         absl::string_view::npos;
}

}  // namespace

ServerConnection::ServerConnection(std::shared_ptr<ServerCore> core,
                                   tcp::socket socket)
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

void ServerConnection::Start() {
  if (stream_.tls() == nullptr) return ReadHead();
  SetDeadline(core_->options.read_timeout);
  stream_.tls()->async_handshake(
      asio::ssl::stream_base::server, [self = shared_from_this()](Error error) {
        if (error) return self->Kill();
        self->peer_ = PeerOf(self->stream_.tls()->native_handle());
        self->ReadHead();
      });
}

void ServerConnection::Sweep(Steady::time_point now) {
  if (now >= deadline_) Kill();
}

void ServerConnection::Drain() {
  keep_alive_ = false;
  if (is_idle_ || streaming_ != nullptr) Kill();
}

void ServerConnection::Kill() {
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

void ServerConnection::SetDeadline(absl::Duration after,
                                   Steady::time_point since) {
  deadline_ = after == absl::InfiniteDuration()
                  ? Steady::time_point::max()
                  : since + absl::ToChronoNanoseconds(after);
}

// --- Requests ---------------------------------------------------------------

void ServerConnection::ReadHead() {
  if (core_->stopping) return Kill();
  is_idle_ = true;
  SetDeadline(is_fresh_ ? core_->options.header_timeout
                        : core_->options.idle_timeout);
  is_fresh_ = false;
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(core_->options.max_header_bytes));
  // Checked when the head is there; "none" would refuse every body, as an
  // empty optional compares less than any length.
  parser_->body_limit(std::numeric_limits<uint64_t>::max());
  parser_->eager(false);
  if (buffer_.size() > 0) return BeginHead();
  // The first bytes start the clock.
  ReadSome([self = shared_from_this()] { self->BeginHead(); });
}

void ServerConnection::BeginHead() {
  is_idle_ = false;
  began_ = Steady::now();
  SetDeadline(core_->options.header_timeout);
  ParseHead();
}

template <typename Next>
void ServerConnection::ReadSome(Next next) {
  const size_t size = std::max(kFirstRead, buffer_.size());
  stream_.async_read_some(
      buffer_.prepare(size),
      [self = shared_from_this(), next](Error error, size_t read) {
        if (error || self->is_dead_) return self->Kill();
        self->buffer_.commit(read);
        next();
      });
}

// By hand, as Beast throws when one field is longer than 64 KiB.
void ServerConnection::ParseHead() {
  Error error;
  size_t used = 0;
  try {
    used = parser_->put(buffer_.data(), error);
  } catch (const std::exception&) {
    return Refuse(431);
  }
  buffer_.consume(used);
  if (error == beast::http::error::need_more) {
    return ReadSome([self = shared_from_this()] { self->ParseHead(); });
  }
  if (error) return OnReadError(error);
  if (!parser_->is_header_done()) {
    return ReadSome([self = shared_from_this()] { self->ParseHead(); });
  }
  OnHead();
}

void ServerConnection::OnReadError(Error error) {
  namespace http = beast::http;
  if (error == http::error::header_limit) return Refuse(431);
  if (error == http::error::body_limit) return Refuse(413);
  const bool is_protocol_error =
      error.category() == make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream &&
      error != http::error::partial_message;
  if (is_protocol_error) return Refuse(400);
  Kill();
}

void ServerConnection::Refuse(int code) {
  keep_alive_ = false;
  is_head_ = false;
  ServerResponse response{code, {}, absl::StrCat(ReasonPhrase(code), "\n")};
  response.headers.Set("Content-Type", "text/plain; charset=utf-8");
  Answer(std::move(response));
}

void ServerConnection::OnHead() {
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
  const auto expect = message[beast::http::field::expect];
  if (absl::EqualsIgnoreCase(absl::string_view(expect.data(), expect.size()),
                             "100-continue") &&
      !parser_->is_done()) {
    return Write("HTTP/1.1 100 Continue\r\n\r\n",
                 [self = shared_from_this()] { self->ReadBody(); });
  }
  ReadBody();
}

void ServerConnection::ReadBody() {
  SetDeadline(core_->options.read_timeout, began_);
  // Beast reads as much as there is room for, else 512 bytes at a time.
  if (parser_->content_length_remaining().value_or(kReadSize) > kSmallBody) {
    buffer_.reserve(kReadSize);
  }
  beast::http::async_read(stream_, buffer_, *parser_,
                          [self = shared_from_this()](Error error, size_t) {
                            if (error) return self->OnReadError(error);
                            self->Dispatch();
                          });
}

void ServerConnection::Dispatch() {
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
  if (buffer_.capacity() >= kReadSize) buffer_.shrink_to_fit();
  request.remote_address = remote_;
  request.peer_certificate = peer_;
  request.context = core_->ctx;
  auto responder = std::make_shared<std::unique_ptr<Responder>>(
      MakeResponder(shared_from_this(), request.method, request.headers));
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

// --- Answers ----------------------------------------------------------------

std::string ServerConnection::Head(int code, const Headers& headers) const {
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
void ServerConnection::Write(std::string bytes, Next next) {
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

void ServerConnection::WritePieces(std::shared_ptr<std::string> bytes,
                                   size_t offset) {
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

void ServerConnection::ReadFilePiece(
    const std::shared_ptr<const OpenFile>& file, uint64_t offset,
    uint64_t left) {
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

void ServerConnection::Answer(ServerResponse response) {
  const bool has_body =
      response.code >= 200 && response.code != 204 && response.code != 304;
  if (has_body) {
    response.headers.Set("Content-Length", absl::StrCat(response.body.size()));
  }
  auto bytes =
      std::make_shared<std::string>(Head(response.code, response.headers));
  if (has_body && !is_head_) bytes->append(response.body);
  WritePieces(std::move(bytes), 0);
}

void ServerConnection::AnswerFile(FileAnswer answer) {
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

void ServerConnection::AnswerStream(const std::shared_ptr<StreamState>& state) {
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
  Write(Head(state->options.code, headers), [self = shared_from_this(), state] {
    if (self->is_head_) return self->Kill();
    self->Pump(state);
  });
  if (streaming_ != nullptr) WatchForDisconnect();
}

void ServerConnection::Pump(const std::shared_ptr<StreamState>& state) {
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

void ServerConnection::WatchForDisconnect() {
  stream_.async_read_some(asio::buffer(discarded_),
                          [self = shared_from_this()](Error error, size_t) {
                            if (self->streaming_ == nullptr || self->is_dead_)
                              return;
                            if (error) return self->Kill();
                            self->WatchForDisconnect();
                          });
}

// --- The end ----------------------------------------------------------------

void ServerConnection::Finish() {
  if (is_dead_) return;
  streaming_ = nullptr;
  if (keep_alive_ && !core_->stopping) return ReadHead();
  SetDeadline(kLinger);
  if (stream_.tls() == nullptr) return Linger();
  stream_.tls()->async_shutdown(
      [self = shared_from_this()](Error) { self->Linger(); });
}

void ServerConnection::Linger() {
  if (is_dead_) return;
  Error error;
  stream_.socket().shutdown(tcp::socket::shutdown_send, error);
  if (error) return Kill();
  ReadAway();
}

void ServerConnection::ReadAway() {
  stream_.socket().async_read_some(
      asio::buffer(discarded_),
      [self = shared_from_this()](Error error, size_t) {
        if (error || self->is_dead_) return self->Kill();
        self->ReadAway();
      });
}

}  // namespace weir::http
