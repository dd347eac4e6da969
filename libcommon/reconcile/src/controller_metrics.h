// ControllerMetrics are the series that controller-runtime keeps of one
// controller and its work queue.
//
// Touches: nothing.
// Threads: safe to share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "weir/reconcile/metrics.h"
#include "weir/reconcile/queue.h"

namespace weir::reconcile {

class ControllerMetrics {
 public:
  // `metrics` must outlive it.
  ControllerMetrics(Metrics& metrics, const std::string& controller,
                    int concurrency);

  enum class Result { kSuccess, kError, kRequeue, kRequeueAfter };
  void CountPass(Result result, absl::Duration duration);
  void CountTerminalError() { terminal_errors_.Add(controller_); }
  void CountPanic() { panics_.Add(controller_); }

  // For the queue's options.
  QueueObserver MakeObserver();
  // Sets the gauges from `queue` whenever metrics are printed, while this
  // lives; `queue` must too.
  void Watch(const WorkQueue& queue);

 private:
  void SetGauges(const WorkQueue::Depth& depth);

  Metrics& metrics_;
  const std::vector<std::string> controller_;  // {controller}
  const std::vector<std::string> name_;        // {name, controller}
  CounterMetric& passes_;
  CounterMetric& errors_;
  CounterMetric& terminal_errors_;
  CounterMetric& panics_;
  HistogramMetric& pass_time_;
  GaugeMetric& active_;
  GaugeMetric& depth_;
  CounterMetric& adds_;
  CounterMetric& retries_;
  HistogramMetric& queue_time_;
  HistogramMetric& work_time_;
  GaugeMetric& unfinished_;
  GaugeMetric& longest_;
  std::shared_ptr<void> on_print_;
};

}  // namespace weir::reconcile
