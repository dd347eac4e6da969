#include "src/http_metrics.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace weir::notification_controller {
namespace {

// Prometheus' own, and those of go-http-metrics.
const std::vector<double> kSeconds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                      0.5,   1,    2.5,   5,    10};
const std::vector<double> kBytes = {100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

// Anybody can send any method: those that are none are one.
std::string MethodLabel(absl::string_view method) {
  constexpr absl::string_view kMethods[] = {"GET",     "HEAD",    "POST",
                                            "PUT",     "PATCH",   "DELETE",
                                            "OPTIONS", "CONNECT", "TRACE"};
  const bool is_known = std::find(std::begin(kMethods), std::end(kMethods),
                                  method) != std::end(kMethods);
  return is_known ? std::string(method) : "other";
}

}  // namespace

HttpMetrics::HttpMetrics(reconcile::Metrics& metrics, const std::string& prefix,
                         std::string handler)
    : handler_(std::move(handler)),
      durations_(metrics.Histogram(
          absl::StrCat(prefix, "_http_request_duration_seconds"),
          "The latency of the HTTP requests.",
          {"service", "handler", "method", "code"}, kSeconds)),
      sizes_(
          metrics.Histogram(absl::StrCat(prefix, "_http_response_size_bytes"),
                            "The size of the HTTP responses.",
                            {"service", "handler", "method", "code"}, kBytes)),
      inflight_(metrics.Gauge(
          absl::StrCat(prefix, "_http_requests_inflight"),
          "The number of inflight requests being handled at the same time.",
          {"service", "handler"})) {}

void HttpMetrics::SetInflight(int by) {
  inflight_.Set({"", handler_}, count_.fetch_add(by) + by);
}

void HttpMetrics::Begin() { SetInflight(1); }

void HttpMetrics::End(absl::string_view method, int code,
                      absl::Duration duration, size_t response_bytes) {
  const std::vector<std::string> labels = {"", handler_, MethodLabel(method),
                                           absl::StrCat(code)};
  durations_.Observe(labels, absl::ToDoubleSeconds(duration));
  sizes_.Observe(labels, static_cast<double>(response_bytes));
  SetInflight(-1);
}

}  // namespace weir::notification_controller
