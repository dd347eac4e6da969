#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "weir/base/mutex.h"
#include "weir/reconcile/metrics.h"

namespace weir::reconcile {
namespace {

// What answers are counted with. Answers may come once it is all over: they
// are not counted then.
class Tally {
 public:
  Tally(CounterMetric& counter, std::string host)
      : host_(std::move(host)), counter_(&counter) {}

  void Close() {
    const MutexLock lock(mu_);
    counter_ = nullptr;
  }

  void Count(kube::Method method, int code) {
    const MutexLock lock(mu_);
    if (counter_ == nullptr) return;
    counter_->Add({code == 0 ? "<error>" : absl::StrCat(code),
                   kube::MethodName(method), host_});
  }

 private:
  const std::string host_;
  Mutex mu_;
  CounterMetric* counter_ ABSL_GUARDED_BY(mu_);
};

// Counts answers by code; what got none counts as "<error>", as client-go
// has it.
class MeasuredTransport : public kube::Transport {
 public:
  MeasuredTransport(std::shared_ptr<kube::Transport> transport,
                    Metrics& metrics, std::string host)
      : transport_(std::move(transport)),
        tally_(std::make_shared<Tally>(
            metrics.Counter(
                "rest_client_requests_total",
                "Requests to the API server by code, method and host.",
                {"code", "method", "host"}),
            std::move(host))) {}
  ~MeasuredTransport() override { tally_->Close(); }

  void Send(const Context& ctx, kube::Request request, Done done) override {
    const kube::Method method = request.method;
    transport_->Send(ctx, std::move(request),
                     [tally = tally_, method, done = std::move(done)](
                         absl::StatusOr<kube::Response> answer) {
                       tally->Count(method, answer.ok() ? answer->code : 0);
                       done(std::move(answer));
                     });
  }

  std::unique_ptr<kube::WatchStream> Watch(
      kube::Request request, kube::WatchHandler handler) override {
    // How it was answered shows only when it ends: then with an error, or
    // else it was a 200.
    auto on_end = std::move(handler.on_end);
    handler.on_end = [tally = tally_,
                      on_end = std::move(on_end)](absl::Status status) {
      const int code = status.ok() ? 200 : kube::ApiCodeOf(status);
      tally->Count(kube::Method::kGet, code);
      if (on_end != nullptr) on_end(std::move(status));
    };
    return transport_->Watch(std::move(request), std::move(handler));
  }

 private:
  const std::shared_ptr<kube::Transport> transport_;
  const std::shared_ptr<Tally> tally_;
};

}  // namespace

std::shared_ptr<kube::Transport> MeasureTransport(
    std::shared_ptr<kube::Transport> transport, Metrics& metrics,
    std::string host) {
  return std::make_shared<MeasuredTransport>(std::move(transport), metrics,
                                             std::move(host));
}

}  // namespace weir::reconcile
