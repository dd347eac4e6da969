// An adapter file because it posts to Boost's executors.
#include <thread>
#include <utility>

#include "src/server_connection.h"
#include "weir/base/status.h"

namespace weir::http {
namespace {

class ResponseStreamImpl : public ResponseStream {
 public:
  ResponseStreamImpl(std::shared_ptr<ServerConnection> connection,
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

  const std::shared_ptr<ServerConnection> connection_;
  const std::shared_ptr<StreamState> state_;
};

class ResponderImpl : public Responder {
 public:
  ResponderImpl(std::shared_ptr<ServerConnection> connection,
                std::string method, Headers headers)
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
    const std::shared_ptr<ServerConnection> connection = std::move(connection_);
    WEIR_CHECK(connection != nullptr);
    connection->core()->PostIo(
        [connection, response = std::move(response)]() mutable {
          connection->Answer(std::move(response));
        });
  }

  void SendFile(const std::string& path, FileOptions options) override {
    const std::shared_ptr<ServerConnection> connection = std::move(connection_);
    WEIR_CHECK(connection != nullptr);
    FileAnswer answer = AnswerWithFile(method_, headers_, path, options);
    connection->core()->PostIo(
        [connection, answer = std::move(answer)]() mutable {
          connection->AnswerFile(std::move(answer));
        });
  }

  std::unique_ptr<ResponseStream> Stream(StreamOptions options) override {
    std::shared_ptr<ServerConnection> connection = std::move(connection_);
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
  std::shared_ptr<ServerConnection> connection_;
  const std::string method_;
  const Headers headers_;
};

}  // namespace

std::unique_ptr<Responder> MakeResponder(
    std::shared_ptr<ServerConnection> connection, std::string method,
    Headers headers) {
  return std::make_unique<ResponderImpl>(std::move(connection),
                                         std::move(method), std::move(headers));
}

}  // namespace weir::http
