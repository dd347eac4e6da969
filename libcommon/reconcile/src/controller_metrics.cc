#include "src/controller_metrics.h"

#include "absl/strings/str_cat.h"

namespace weir::reconcile {
namespace {

const char* ResultName(ControllerMetrics::Result result) {
  switch (result) {
    case ControllerMetrics::Result::kSuccess:
      return "success";
    case ControllerMetrics::Result::kError:
      return "error";
    case ControllerMetrics::Result::kRequeue:
      return "requeue";
    case ControllerMetrics::Result::kRequeueAfter:
      return "requeue_after";
  }
  return "";
}

// controller-runtime's buckets of a pass.
std::vector<double> PassBuckets() {
  return {0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3,  0.35,
          0.4,   0.45, 0.5,   0.6,  0.7, 0.8,  0.9, 1.0,  1.25, 1.5,
          1.75,  2.0,  2.5,   3.0,  3.5, 4.0,  4.5, 5,    6,    7,
          8,     9,    10,    15,   20,  25,   30,  40,   50,   60};
}

// Twelve decades from 10 ns.
std::vector<double> QueueBuckets() {
  std::vector<double> buckets;
  double bound = 1e-8;
  for (int i = 0; i < 12; ++i, bound *= 10) buckets.push_back(bound);
  return buckets;
}

}  // namespace

ControllerMetrics::ControllerMetrics(Metrics& metrics,
                                     const std::string& controller,
                                     int concurrency)
    : metrics_(metrics),
      controller_({controller}),
      name_({controller, controller}),
      passes_(metrics.Counter("controller_runtime_reconcile_total",
                              "Passes by controller and result.",
                              {"controller", "result"})),
      errors_(metrics.Counter("controller_runtime_reconcile_errors_total",
                              "Passes that failed.", {"controller"})),
      terminal_errors_(metrics.Counter(
          "controller_runtime_terminal_reconcile_errors_total",
          "Passes that failed and are not repeated.", {"controller"})),
      panics_(metrics.Counter("controller_runtime_reconcile_panics_total",
                              "Passes that an exception ended.",
                              {"controller"})),
      pass_time_(metrics.Histogram("controller_runtime_reconcile_time_seconds",
                                   "How long passes took.", {"controller"},
                                   PassBuckets())),
      active_(metrics.Gauge("controller_runtime_active_workers",
                            "Workers that are busy.", {"controller"})),
      depth_(metrics.Gauge("workqueue_depth", "Keys that are ready.",
                           {"name", "controller", "priority"})),
      adds_(metrics.Counter("workqueue_adds_total", "Keys that became ready.",
                            {"name", "controller"})),
      retries_(metrics.Counter("workqueue_retries_total",
                               "Keys put back with a backoff.",
                               {"name", "controller"})),
      queue_time_(metrics.Histogram("workqueue_queue_duration_seconds",
                                    "How long keys waited for a worker.",
                                    {"name", "controller"}, QueueBuckets())),
      work_time_(metrics.Histogram("workqueue_work_duration_seconds",
                                   "How long workers had a key.",
                                   {"name", "controller"}, QueueBuckets())),
      unfinished_(metrics.Gauge("workqueue_unfinished_work_seconds",
                                "Sum of the time that keys under way have "
                                "taken so far.",
                                {"name", "controller"})),
      longest_(
          metrics.Gauge("workqueue_longest_running_processor_seconds",
                        "How long the oldest key under way has taken so far.",
                        {"name", "controller"})) {
  metrics
      .Gauge("controller_runtime_max_concurrent_reconciles",
             "Workers that there are.", {"controller"})
      .Set(controller_, concurrency);
  for (const Result result : {Result::kSuccess, Result::kError,
                              Result::kRequeue, Result::kRequeueAfter}) {
    passes_.Add({controller, ResultName(result)}, 0);
  }
  metrics
      .Counter("controller_runtime_reconcile_timeouts_total",
               "Passes that took longer than allowed.", {"controller"})
      .Add(controller_, 0);
  for (CounterMetric* counter : {&errors_, &terminal_errors_, &panics_}) {
    counter->Add(controller_, 0);
  }
  adds_.Add(name_, 0);
  retries_.Add(name_, 0);
}

void ControllerMetrics::CountPass(Result result, absl::Duration duration) {
  passes_.Add({controller_[0], ResultName(result)});
  if (result == Result::kError) errors_.Add(controller_);
  pass_time_.Observe(controller_, absl::ToDoubleSeconds(duration));
}

QueueObserver ControllerMetrics::MakeObserver() {
  QueueObserver observer;
  observer.on_add = [this] { adds_.Add(name_); };
  observer.on_retry = [this] { retries_.Add(name_); };
  observer.on_start = [this](absl::Duration waited) {
    queue_time_.Observe(name_, absl::ToDoubleSeconds(waited));
  };
  observer.on_done = [this](absl::Duration worked) {
    work_time_.Observe(name_, absl::ToDoubleSeconds(worked));
  };
  return observer;
}

void ControllerMetrics::Watch(const WorkQueue& queue) {
  on_print_ = metrics_.OnPrint([this, &queue] { SetGauges(queue.depth()); });
}

void ControllerMetrics::SetGauges(const WorkQueue::Depth& depth) {
  const auto set_depth = [this](Priority priority, size_t size) {
    depth_.Set({name_[0], name_[1], absl::StrCat(static_cast<int>(priority))},
               static_cast<double>(size));
  };
  set_depth(Priority::kNormal, depth.normal);
  set_depth(Priority::kLow, depth.low);
  active_.Set(controller_, static_cast<double>(depth.active));
  unfinished_.Set(name_, absl::ToDoubleSeconds(depth.total_active));
  longest_.Set(name_, absl::ToDoubleSeconds(depth.longest_active));
}

}  // namespace weir::reconcile
