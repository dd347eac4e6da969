// What the tests of the client share: servers on loopback, and ways to wait.
//
// Touches: network (loopback).
// Threads: as each says.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/http/client.h"
#include "weir/http/server.h"

namespace weir::http {

inline std::unique_ptr<Server> Serve(Handler handler,
                                     ServerOptions options = {}) {
  auto server = Server::Start(std::move(options), std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

inline void AnswerOk(const ServerRequest&,
                     std::unique_ptr<Responder> responder) {
  responder->Send({200, {}, "ok"});
}

inline Context Soon() { return Context().WithTimeout(absl::Seconds(20)); }

inline Request Get(const std::string& url) {
  Request request;
  request.url = url;
  return request;
}

// Takes requests and never answers them.
class SilentServer {
 public:
  SilentServer()
      : server_(Serve([this](const ServerRequest&, auto responder) {
          MutexLock lock(mu_);
          held_.push_back(std::move(responder));
          changed_.NotifyAll();
        })) {}
  ~SilentServer() {
    server_->Stop(absl::ZeroDuration());
    MutexLock lock(mu_);
    held_.clear();
  }
  const Server& server() const { return *server_; }
  void WaitForRequest() {
    MutexLock lock(mu_);
    while (held_.empty()) changed_.Wait(mu_);
  }

 private:
  Mutex mu_;
  CondVar changed_;
  std::vector<std::unique_ptr<Responder>> held_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<Server> server_;
};

// The answer of one Send.
class Outcome {
 public:
  Client::Done Done() {
    return [state = state_](absl::StatusOr<Response> answer) {
      MutexLock lock(state->mu);
      EXPECT_FALSE(state->answer.has_value()) << "called twice";
      state->answer = std::move(answer);
      state->changed.NotifyAll();
    };
  }
  absl::StatusOr<Response> Wait() {
    MutexLock lock(state_->mu);
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (!state_->answer.has_value()) {
      if (!state_->changed.WaitUntil(state_->mu, deadline)) {
        return absl::UnknownError("the test waited in vain");
      }
    }
    return *state_->answer;
  }

 private:
  struct State {
    Mutex mu;
    CondVar changed;
    std::optional<absl::StatusOr<Response>> answer ABSL_GUARDED_BY(mu);
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace weir::http
