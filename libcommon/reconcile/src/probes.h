// Probes answers /metrics, /healthz and /readyz over HTTP.
//
// Touches: network (listening sockets).
// Threads: safe to share.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/log.h"
#include "weir/base/mutex.h"
#include "weir/http/server.h"
#include "weir/reconcile/metrics.h"

namespace weir::reconcile {

struct ProbesOptions {
  std::string metrics_address, health_address;  // Empty: none.
  Logger logger;
};

class Probes {
 public:
  // Listens. `metrics` must outlive it. Errors: kUnavailable, kInvalidArgument.
  static absl::StatusOr<std::unique_ptr<Probes>> Start(
      const ProbesOptions& options, const Metrics& metrics);

  void AddReadyCheck(std::string name, std::function<absl::Status()> check);
  std::string metrics_address() const;
  std::string health_address() const;

 private:
  explicit Probes(const Metrics& metrics) : metrics_(metrics) {}
  absl::StatusOr<std::unique_ptr<http::Server>> Listen(
      const std::string& address, const Logger& logger, bool has_metrics,
      bool has_health);
  http::ServerResponse Answer(const http::ServerRequest& request,
                              bool has_metrics, bool has_health) const;
  http::ServerResponse AnswerReady(const std::string& name) const;

  const Metrics& metrics_;
  mutable Mutex mu_;
  std::map<std::string, std::function<absl::Status()>> ready_checks_
      ABSL_GUARDED_BY(mu_);
  // Last, so that no handler outlives what it reads. The second is null when
  // both are one.
  std::unique_ptr<http::Server> metrics_server_;
  std::unique_ptr<http::Server> health_server_;
};

}  // namespace weir::reconcile
