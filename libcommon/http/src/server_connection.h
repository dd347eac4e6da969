// A server's connections, and what they share. For server_*_adapter.cc only:
// it brings Boost along.
//
// Touches: network.
// Threads: as each class says.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "src/server_files.h"
#include "src/server_socket.h"
#include "src/server_stream.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/http/server.h"

namespace weir::http {

namespace beast = boost::beast;
using Error = boost::system::error_code;
using Steady = std::chrono::steady_clock;

class ServerConnection;

// Outlives the Server while somebody still holds a Responder or a stream.
struct ServerCore {
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
  std::set<std::shared_ptr<ServerConnection>> connections;
  bool accept_waits = false;
  bool stopping = false;
  bool killed = false;

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

using Parser = beast::http::request_parser<beast::http::string_body>;

// One client's connection. All members belong to the I/O thread.
class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(std::shared_ptr<ServerCore> core, tcp::socket socket);

  const std::shared_ptr<ServerCore>& core() const { return core_; }

  void Start();

  // Cuts what has made no progress in time.
  void Sweep(Steady::time_point now);

  // No further request; a stream is closed, an answer under way may end.
  void Drain();
  void Kill();

  // --- Answers; posted by a Responder.
  void Answer(ServerResponse response);
  void AnswerFile(FileAnswer answer);
  void AnswerStream(const std::shared_ptr<StreamState>& state);
  void Pump(const std::shared_ptr<StreamState>& state);

 private:
  void SetDeadline(absl::Duration after,
                   Steady::time_point since = Steady::now());
  void ReadHead();
  void BeginHead();
  void ParseHead();
  template <typename Next>
  void ReadSome(Next next);
  void OnReadError(Error error);

  // Answers a request that no handler sees, and closes.
  void Refuse(int code);
  void OnHead();
  void ReadBody();
  void Dispatch();

  std::string Head(int code, const Headers& headers) const;
  template <typename Next>
  void Write(std::string bytes, Next next);

  // In pieces, so that the deadline is for progress, not for the whole.
  void WritePieces(std::shared_ptr<std::string> bytes, size_t offset);

  // The disk may be slow: a worker reads, this thread writes.
  void ReadFilePiece(const std::shared_ptr<const OpenFile>& file,
                     uint64_t offset, uint64_t left);

  // While a stream is open, nothing is expected from the client but its end.
  void WatchForDisconnect();
  void Finish();

  // Reads on for a while: closing with unread bytes would reset the
  // connection, and the client might lose the answer.
  void Linger();
  void ReadAway();

  const std::shared_ptr<ServerCore> core_;
  Stream stream_;
  std::string remote_;
  std::optional<PeerCertificate> peer_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::array<char, 4096> discarded_;
  Steady::time_point deadline_ = Steady::time_point::max();
  Steady::time_point began_;  // The request under way.
  unsigned version_ = 11;
  bool keep_alive_ = true;
  bool is_head_ = false;
  bool is_fresh_ = true;
  bool is_idle_ = false;
  bool is_dead_ = false;
  bool is_chunked_ = false;
  std::shared_ptr<StreamState> streaming_;
};

std::unique_ptr<Responder> MakeResponder(
    std::shared_ptr<ServerConnection> connection, std::string method,
    Headers headers);

}  // namespace weir::http
