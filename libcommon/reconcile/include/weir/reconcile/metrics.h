// Metrics holds the time series of a process and prints them for Prometheus.
//
// Names and labels are those of Flux and controller-runtime, so that their
// dashboards work. Source: source.md 1.4, kube-client.md 6.5.
//
// Touches: files under /proc/self, when printed.
// Threads: safe to share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/kube/transport.h"
#include "weir/kube/types.h"

namespace weir::reconcile {

// One metric; a time series for each set of label values, in the order of the
// label names. Living as long as its Metrics.
class CounterMetric {
 public:
  virtual ~CounterMetric() = default;
  virtual void Add(const std::vector<std::string>& labels, double by = 1) = 0;
  virtual void Remove(const std::vector<std::string>& labels) = 0;
};
class GaugeMetric {
 public:
  virtual ~GaugeMetric() = default;
  virtual void Set(const std::vector<std::string>& labels, double value) = 0;
  virtual void Remove(const std::vector<std::string>& labels) = 0;
};
class HistogramMetric {
 public:
  virtual ~HistogramMetric() = default;
  virtual void Observe(const std::vector<std::string>& labels,
                       double value) = 0;
  virtual void Remove(const std::vector<std::string>& labels) = 0;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The metric of that name; made by the first call.
  CounterMetric& Counter(const std::string& name, const std::string& help,
                         const std::vector<std::string>& label_names);
  // The same, for who may outlive the Metrics: counting goes on unseen.
  std::shared_ptr<CounterMetric> SharedCounter(
      const std::string& name, const std::string& help,
      const std::vector<std::string>& label_names);
  GaugeMetric& Gauge(const std::string& name, const std::string& help,
                     const std::vector<std::string>& label_names);
  HistogramMetric& Histogram(const std::string& name, const std::string& help,
                             const std::vector<std::string>& label_names,
                             const std::vector<double>& buckets);

  // gotk_reconcile_duration_seconds{kind,name,namespace}. About 200 bytes an
  // object; the runtime calls both.
  void ObserveReconcile(absl::string_view kind, const kube::ObjectKey& key,
                        absl::Duration duration);
  void ForgetObject(absl::string_view kind, const kube::ObjectKey& key);

  // Runs before each Print, to set gauges. While the handle lives.
  [[nodiscard]] std::shared_ptr<void> OnPrint(std::function<void()> callback);

  // All series in Prometheus' text format.
  std::string Print() const;

 private:
  struct Impl;
  const std::shared_ptr<Impl> impl_;
};

// The same transport, counting rest_client_requests_total{code,method,host}.
std::shared_ptr<kube::Transport> MeasureTransport(
    std::shared_ptr<kube::Transport> transport, Metrics& metrics,
    std::string host);

}  // namespace weir::reconcile
