#include "src/probes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"

namespace weir::reconcile {
namespace {

http::ServerResponse Text(int code, std::string body) {
  http::ServerResponse response;
  response.code = code;
  response.headers.Set("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(body);
  return response;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probes>> Probes::Start(
    const ProbesOptions& options, const Metrics& metrics) {
  std::unique_ptr<Probes> probes(new Probes(metrics));
  const bool is_shared = options.metrics_address == options.health_address;
  if (!options.metrics_address.empty()) {
    WEIR_ASSIGN_OR_RETURN(
        probes->metrics_server_,
        probes->Listen(options.metrics_address, options.logger,
                       /*has_metrics=*/true, /*has_health=*/is_shared),
        "serving metrics");
  }
  if (!options.health_address.empty() && !is_shared) {
    WEIR_ASSIGN_OR_RETURN(
        probes->health_server_,
        probes->Listen(options.health_address, options.logger,
                       /*has_metrics=*/false, /*has_health=*/true),
        "serving probes");
  }
  return probes;
}

absl::StatusOr<std::unique_ptr<http::Server>> Probes::Listen(
    const std::string& address, const Logger& logger, bool has_metrics,
    bool has_health) {
  http::ServerOptions server;
  server.address = address;
  server.worker_threads = 1;
  server.max_body_bytes = 1024;
  server.max_connections = 64;
  server.logger = logger;
  return http::Server::Start(
      std::move(server), [this, has_metrics, has_health](
                             http::ServerRequest request,
                             std::unique_ptr<http::Responder> responder) {
        responder->Send(Answer(request, has_metrics, has_health));
      });
}

http::ServerResponse Probes::Answer(const http::ServerRequest& request,
                                    bool has_metrics, bool has_health) const {
  if (request.method != "GET" && request.method != "HEAD") {
    return Text(405, "method not allowed\n");
  }
  if (has_metrics && request.path == "/metrics") {
    http::ServerResponse response = Text(200, metrics_.Print());
    response.headers.Set("Content-Type",
                         "text/plain; version=0.0.4; charset=utf-8");
    return response;
  }
  absl::string_view path = request.path;
  if (has_health && absl::ConsumePrefix(&path, "/readyz") &&
      (path.empty() || path[0] == '/')) {
    absl::ConsumePrefix(&path, "/");
    return AnswerReady(std::string(path));
  }
  path = request.path;
  if (has_health && absl::ConsumePrefix(&path, "/healthz") &&
      (path.empty() || path == "/" || path == "/ping")) {
    return Text(200, "ok");
  }
  return Text(404, "404 page not found\n");
}

// Empty: all checks.
http::ServerResponse Probes::AnswerReady(const std::string& name) const {
  std::map<std::string, std::function<absl::Status()>> checks;
  {
    MutexLock lock(mu_);
    if (name.empty()) {
      checks = ready_checks_;
    } else if (const auto check = ready_checks_.find(name);
               check != ready_checks_.end()) {
      checks.insert(*check);
    } else if (name != "ping") {
      return Text(404, "404 page not found\n");
    }
  }
  std::string problems;
  for (const auto& [check_name, check] : checks) {
    const absl::Status status = check();
    if (status.ok()) {
      absl::StrAppend(&problems, "[+]", check_name, " ok\n");
    } else {
      absl::StrAppend(&problems, "[-]", check_name,
                      " failed: ", status.message(), "\n");
    }
  }
  if (!absl::StrContains(problems, "[-]")) return Text(200, "ok");
  return Text(500, absl::StrCat(problems, "readyz check failed\n"));
}

void Probes::AddReadyCheck(std::string name,
                           std::function<absl::Status()> check) {
  MutexLock lock(mu_);
  ready_checks_[std::move(name)] = std::move(check);
}

std::string Probes::metrics_address() const {
  return metrics_server_ == nullptr ? "" : metrics_server_->address();
}

std::string Probes::health_address() const {
  if (health_server_ != nullptr) return health_server_->address();
  return "";
}

}  // namespace weir::reconcile
