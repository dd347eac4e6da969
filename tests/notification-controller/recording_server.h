// RecordingServer answers HTTP requests as a test says, and keeps them.
//
// Touches: network (one loopback socket).
// Threads: safe to share; its function is called from several.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "weir/base/mutex.h"
#include "weir/http/server.h"

namespace weir::notification_controller {

class RecordingServer {
 public:
  // Gives the answer; null: none, ever.
  using Answer =
      std::function<http::ServerResponse(const http::ServerRequest&)>;
  explicit RecordingServer(Answer answer, http::ServerOptions options = {});
  RecordingServer() : RecordingServer(Always(200, "")) {}
  ~RecordingServer();

  static Answer Always(int code, const std::string& body = "");

  std::string url() const { return server_->url(); }
  int port() const { return server_->port(); }
  std::vector<http::ServerRequest> requests() const;
  // Those whose body holds `text`.
  std::vector<http::ServerRequest> With(const std::string& text) const;
  // The same, once there are so many; fails the test after ten seconds.
  std::vector<http::ServerRequest> WaitFor(const std::string& text,
                                           size_t count = 1) const;

 private:
  const Answer answer_;
  mutable Mutex mu_;
  mutable CondVar changed_;
  std::vector<http::ServerRequest> requests_ ABSL_GUARDED_BY(mu_);
  // Kept so that who waits for an answer waits on.
  std::vector<std::unique_ptr<http::Responder>> unanswered_
      ABSL_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;
};

}  // namespace weir::notification_controller
