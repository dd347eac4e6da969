// Front serves the API over HTTP: who asks, what the body says, how the
// answer is written.
//
// Touches: network (one listening socket).
// Threads: safe to share.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "audit.h"
#include "handler.h"
#include "tokens.h"
#include "watch_hub.h"
#include "weir/base/log.h"
#include "weir/http/server.h"

namespace weir::apiserver {

class Front {
 public:
  Front(ApiHandler& handler, WatchHub& hub, Tokens& tokens, Audit& audit)
      : handler_(handler), hub_(hub), tokens_(tokens), audit_(audit) {}
  ~Front();

  // Serves at `address`; without `tls` in clear text.
  absl::Status Listen(const std::string& address,
                      std::optional<http::ServerTls> tls, const Logger& logger);
  std::string url() const { return server_->url(); }

  // Ends what is under way. Idempotent. The hub must still run.
  void Stop();

 private:
  class Sink;

  void Serve(http::ServerRequest request,
             std::unique_ptr<http::Responder> responder);
  absl::StatusOr<UserInfo> Authenticate(
      const http::ServerRequest& request) const;
  void ServeWatch(ApiRequest request, AuditEntry entry,
                  std::shared_ptr<http::Responder> responder);
  void StartWatch(WatchPlan plan, std::shared_ptr<http::Responder> responder);
  void RemoveWatch(int64_t id);

  ApiHandler& handler_;
  WatchHub& hub_;
  Tokens& tokens_;
  Audit& audit_;
  std::unique_ptr<http::Server> server_;

  // Of the hub's thread, and of the destructor.
  int64_t next_watch_ = 1;
  std::map<int64_t, std::unique_ptr<kube::WatchStream>> watches_;
};

}  // namespace weir::apiserver
