#include "in_process.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "api_errors.h"
#include "impersonation.h"

namespace weir::apiserver {
namespace {

constexpr char kUserAgent[] = "weir";

ApiRequest ToApiRequest(kube::Request request) {
  ApiRequest out;
  out.method = request.method;
  out.path = std::move(request.path);
  out.query = std::move(request.query);
  out.accept = std::move(request.accept);
  out.content_type = std::move(request.content_type);
  out.body = std::move(request.body);
  out.user_agent = kUserAgent;
  for (const auto& [name, value] : request.headers) {
    if (absl::EqualsIgnoreCase(name, "If-None-Match")) {
      out.if_none_match = value;
    } else if (absl::EqualsIgnoreCase(name, "User-Agent")) {
      out.user_agent = value;
    }
  }
  return out;
}

kube::Response ToKubeResponse(ApiResponse response) {
  kube::Response out;
  out.code = response.code;
  out.body = std::move(response.body);
  out.text = std::move(response.text);
  out.content_type = std::move(response.content_type);
  out.etag = std::move(response.etag);
  out.warnings = std::move(response.warnings);
  out.has_flow_control = true;
  for (const auto& [name, value] : response.headers) {
    int64_t seconds = 0;
    if (name == "Retry-After" && absl::SimpleAtoi(value, &seconds)) {
      out.retry_after = absl::Seconds(seconds);
    }
  }
  return out;
}

absl::Status ShutDown() {
  return absl::UnavailableError("the embedded API server was shut down");
}

// Hands messages to a WatchHandler.
class HandlerSink : public WatchSink {
 public:
  explicit HandlerSink(kube::WatchHandler handler)
      : handler_(std::move(handler)) {}

  bool Deliver(WatchMessage& message) override {
    handler_.on_event(message.event());
    return true;
  }
  void End() override {
    if (std::exchange(has_ended_, true)) return;
    // The callback may destroy the watch, and this with it.
    const auto on_end = std::move(handler_.on_end);
    if (on_end != nullptr) on_end(absl::OkStatus());
  }

 private:
  kube::WatchHandler handler_;
  bool has_ended_ = false;
};

// The watch of a server that is gone.
class NoStream : public kube::WatchStream {};

class InProcessTransport : public kube::Transport {
 public:
  explicit InProcessTransport(std::shared_ptr<Gate> gate)
      : gate_(std::move(gate)) {}

  void Send(const Context& ctx, kube::Request request, Done done) override {
    if (absl::Status status = ctx.status(); !status.ok()) return done(status);
    const Gate::Inside inside = gate_->Enter();
    if (inside.handler == nullptr) return done(ShutDown());
    const std::vector<std::pair<std::string, std::string>> headers =
        request.headers;
    ApiRequest call = ToApiRequest(std::move(request));
    call.user = AdminUser();
    absl::Status status = Impersonate(headers, call.user);
    AuditEntry entry = inside.audit->Begin(call);
    const auto answer = [audit = inside.audit, entry = std::move(entry),
                         done = std::move(done)](ApiResponse response) {
      audit->Finish(entry, response.code);
      done(ToKubeResponse(std::move(response)));
    };
    if (status.ok()) {
      inside.handler->Handle(std::move(call), answer);
    } else {
      answer(MakeResponse(status));
    }
    gate_->Leave();
  }

  std::unique_ptr<kube::WatchStream> Watch(
      kube::Request request, kube::WatchHandler handler) override {
    const Gate::Inside inside = gate_->Enter();
    if (inside.handler == nullptr) {
      handler.on_end(ShutDown());
      return std::make_unique<NoStream>();
    }
    const std::vector<std::pair<std::string, std::string>> headers =
        request.headers;
    ApiRequest call = ToApiRequest(std::move(request));
    call.user = AdminUser();
    absl::Status status = Impersonate(headers, call.user);
    const AuditEntry entry = inside.audit->Begin(call);
    absl::StatusOr<WatchPlan> plan = status.ok()
                                         ? inside.handler->PlanWatch(call)
                                         : absl::StatusOr<WatchPlan>(status);
    std::unique_ptr<kube::WatchStream> stream;
    if (plan.ok()) {
      inside.audit->Finish(entry, 200);
      stream = inside.hub->Start(
          *std::move(plan), std::make_unique<HandlerSink>(std::move(handler)));
    } else {
      inside.audit->Finish(entry, kube::ApiCodeOf(plan.status()));
      stream = inside.hub->Refuse(plan.status(), std::move(handler.on_end));
    }
    gate_->Leave();
    return stream;
  }

 private:
  const std::shared_ptr<Gate> gate_;
};

}  // namespace

void Gate::Close() {
  MutexLock lock(mu_);
  is_closed_ = true;
  while (inside_ > 0) left_.Wait(mu_);
}

Gate::Inside Gate::Enter() {
  MutexLock lock(mu_);
  if (is_closed_) return {};
  ++inside_;
  return {handler_, hub_, audit_};
}

void Gate::Leave() {
  MutexLock lock(mu_);
  --inside_;
  left_.NotifyAll();
}

std::shared_ptr<kube::Transport> MakeInProcessTransport(
    std::shared_ptr<Gate> gate) {
  return std::make_shared<InProcessTransport>(std::move(gate));
}

}  // namespace weir::apiserver
