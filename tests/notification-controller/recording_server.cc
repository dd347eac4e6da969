#include "tests/notification-controller/recording_server.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"

namespace weir::notification_controller {

RecordingServer::Answer RecordingServer::Always(int code,
                                                const std::string& body) {
  return [code, body](const http::ServerRequest&) {
    http::ServerResponse response;
    response.code = code;
    response.body = body;
    return response;
  };
}

RecordingServer::RecordingServer(Answer answer, http::ServerOptions options)
    : answer_(std::move(answer)) {
  auto server = http::Server::Start(
      std::move(options), [this](const http::ServerRequest& request,
                                 std::unique_ptr<http::Responder> responder) {
        {
          MutexLock lock(mu_);
          requests_.push_back(request);
          changed_.NotifyAll();
          if (answer_ == nullptr) {
            unanswered_.push_back(std::move(responder));
            return;
          }
        }
        responder->Send(answer_(request));
      });
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
}

RecordingServer::~RecordingServer() {
  server_->Stop(absl::ZeroDuration());
  MutexLock lock(mu_);
  unanswered_.clear();
}

std::vector<http::ServerRequest> RecordingServer::requests() const {
  MutexLock lock(mu_);
  return requests_;
}

std::vector<http::ServerRequest> RecordingServer::With(
    const std::string& text) const {
  std::vector<http::ServerRequest> found;
  for (http::ServerRequest& request : requests()) {
    if (absl::StrContains(request.body, text)) {
      found.push_back(std::move(request));
    }
  }
  return found;
}

std::vector<http::ServerRequest> RecordingServer::WaitFor(
    const std::string& text, size_t count) const {
  const absl::Time until = absl::Now() + absl::Seconds(10);
  while (true) {
    std::vector<http::ServerRequest> found = With(text);
    if (found.size() >= count) return found;
    if (absl::Now() > until) {
      ADD_FAILURE() << "waited in vain for " << count << " requests with \""
                    << text << "\"; there are " << found.size();
      return std::vector<http::ServerRequest>(count);
    }
    MutexLock lock(mu_);
    changed_.WaitUntil(mu_, absl::Now() + absl::Milliseconds(20));
  }
}

}  // namespace weir::notification_controller
