// HttpMetrics measures the requests to one of the controller's two addresses.
//
// Touches: nothing.
// Threads: safe to share.
#pragma once

#include <atomic>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/reconcile/metrics.h"

namespace weir::notification_controller {

class HttpMetrics {
 public:
  // `prefix`: "gotk_receiver"; `handler`: the label of that name. `metrics`
  // must outlive it.
  HttpMetrics(reconcile::Metrics& metrics, const std::string& prefix,
              std::string handler);

  void Begin();
  void End(absl::string_view method, int code, absl::Duration duration,
           size_t response_bytes);

 private:
  void SetInflight(int by);

  // Constant after construction.
  const std::string handler_;
  reconcile::HistogramMetric& durations_;
  reconcile::HistogramMetric& sizes_;
  reconcile::GaugeMetric& inflight_;
  std::atomic<int> count_ = 0;
};

}  // namespace weir::notification_controller
