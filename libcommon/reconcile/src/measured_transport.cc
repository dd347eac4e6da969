#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/reconcile/metrics.h"

namespace weir::reconcile {
namespace {

// Counts answers by code; what got none counts as "<error>", as client-go
// has it.
class MeasuredTransport : public kube::Transport {
 public:
  MeasuredTransport(std::shared_ptr<kube::Transport> transport,
                    Metrics& metrics, std::string host)
      : transport_(std::move(transport)),
        // Answers may come once it is all over.
        counter_(metrics.SharedCounter(
            "rest_client_requests_total",
            "Requests to the API server by code, method and host.",
            {"code", "method", "host"})),
        host_(std::move(host)) {}

  void Send(const Context& ctx, kube::Request request, Done done) override {
    const kube::Method method = request.method;
    transport_->Send(ctx, std::move(request),
                     [count = Count(method), done = std::move(done)](
                         absl::StatusOr<kube::Response> answer) {
                       count(answer.ok() ? answer->code : 0);
                       done(std::move(answer));
                     });
  }

  std::unique_ptr<kube::WatchStream> Watch(
      kube::Request request, kube::WatchHandler handler) override {
    // How it was answered shows only when it ends: then with an error, or
    // else it was a 200.
    auto on_end = std::move(handler.on_end);
    handler.on_end = [count = Count(kube::Method::kGet),
                      on_end = std::move(on_end)](absl::Status status) {
      count(status.ok() ? 200 : kube::ApiCodeOf(status));
      if (on_end != nullptr) on_end(std::move(status));
    };
    return transport_->Watch(std::move(request), std::move(handler));
  }

 private:
  // What counts an answer by its code, 0 when there was none.
  std::function<void(int)> Count(kube::Method method) const {
    return [counter = counter_, host = host_, method](int code) {
      counter->Add({code == 0 ? "<error>" : absl::StrCat(code),
                    kube::MethodName(method), host});
    };
  }

  const std::shared_ptr<kube::Transport> transport_;
  const std::shared_ptr<CounterMetric> counter_;
  const std::string host_;
};

}  // namespace

std::shared_ptr<kube::Transport> MeasureTransport(
    std::shared_ptr<kube::Transport> transport, Metrics& metrics,
    std::string host) {
  return std::make_shared<MeasuredTransport>(std::move(transport), metrics,
                                             std::move(host));
}

}  // namespace weir::reconcile
