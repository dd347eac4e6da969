#include "src/http_metrics.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace weir::notification_controller {
namespace {

// Prometheus' own, in seconds.
const std::vector<double>& DurationBuckets() {
  static const auto* const buckets =
      new std::vector<double>{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
  return *buckets;
}

// Whoever asks chooses path and method; what is counted stays small.
constexpr size_t kMaxPaths = 1'000;

std::string MethodName(const std::string& method) {
  for (const char* known : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE",
                            "CONNECT", "OPTIONS", "TRACE"}) {
    if (method == known) return method;
  }
  return "other";
}

// A hundred bytes to a gigabyte.
std::vector<double> SizeBuckets() {
  std::vector<double> buckets;
  double bound = 100;
  for (int i = 0; i < 8; ++i, bound *= 10) buckets.push_back(bound);
  return buckets;
}

}  // namespace

class HttpMetrics::Counting : public http::Responder {
 public:
  Counting(HttpMetrics& metrics, std::string path, std::string method,
           std::unique_ptr<http::Responder> responder)
      : metrics_(metrics),
        path_(std::move(path)),
        method_(std::move(method)),
        responder_(std::move(responder)) {}
  ~Counting() override { metrics_.ChangeUnderWay(path_, -1); }

  void Send(http::ServerResponse response) override {
    const std::vector<std::string> labels = {"", path_, method_,
                                             absl::StrCat(response.code)};
    metrics_.durations_.Observe(labels,
                                absl::ToDoubleSeconds(absl::Now() - start_));
    metrics_.sizes_.Observe(labels, static_cast<double>(response.body.size()));
    responder_->Send(std::move(response));
  }
  void SendFile(const std::string& path, http::FileOptions options) override {
    responder_->SendFile(path, std::move(options));
  }
  std::unique_ptr<http::ResponseStream> Stream(
      http::StreamOptions options) override {
    return responder_->Stream(std::move(options));
  }

 private:
  HttpMetrics& metrics_;
  const std::string path_;
  const std::string method_;
  const absl::Time start_ = absl::Now();
  const std::unique_ptr<http::Responder> responder_;
};

HttpMetrics::HttpMetrics(reconcile::Metrics& metrics, const std::string& prefix,
                         std::string path, bool tells_paths)
    : path_(std::move(path)),
      tells_paths_(tells_paths),
      durations_(metrics.Histogram(
          absl::StrCat(prefix, "_http_request_duration_seconds"),
          "The latency of the HTTP requests.",
          {"service", "handler", "method", "code"}, DurationBuckets())),
      sizes_(metrics.Histogram(
          absl::StrCat(prefix, "_http_response_size_bytes"),
          "The size of the HTTP responses.",
          {"service", "handler", "method", "code"}, SizeBuckets())),
      in_flight_(metrics.Gauge(
          absl::StrCat(prefix, "_http_requests_inflight"),
          "The number of inflight requests being handled at the same time.",
          {"service", "handler"})) {}

HttpMetrics::~HttpMetrics() = default;

std::unique_ptr<http::Responder> HttpMetrics::Wrap(
    const http::ServerRequest& request,
    std::unique_ptr<http::Responder> responder) {
  const std::string path = NameOf(request.path);
  ChangeUnderWay(path, 1);
  return std::make_unique<Counting>(*this, path, MethodName(request.method),
                                    std::move(responder));
}

std::string HttpMetrics::NameOf(const std::string& path) {
  if (!tells_paths_) return path_;
  MutexLock lock(mu_);
  const bool has_name =
      under_way_.count(path) > 0 || under_way_.size() < kMaxPaths;
  return has_name ? path : path_;
}

void HttpMetrics::ChangeUnderWay(const std::string& path, int by) {
  MutexLock lock(mu_);
  int& count = under_way_[path];
  count += by;
  in_flight_.Set({"", path}, count);
}

}  // namespace weir::notification_controller
