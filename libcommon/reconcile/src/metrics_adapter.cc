// prometheus-cpp stays in this file: it throws for bad names.
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "src/process_metrics.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/reconcile/metrics.h"

namespace weir::reconcile {
namespace {

using LabelValues = std::vector<std::string>;

prometheus::Labels ToLabels(const std::vector<std::string>& names,
                            const LabelValues& values) {
  WEIR_CHECK(names.size() == values.size());
  prometheus::Labels labels;
  for (size_t i = 0; i < names.size(); ++i) labels[names[i]] = values[i];
  return labels;
}

// The series of one metric, found by their label values.
template <typename Metric>
class Series {
 public:
  Series(prometheus::Family<Metric>& family, std::vector<std::string> names)
      : family_(family), names_(std::move(names)) {}

  // Calls `use` with the series of these labels, made by `make` if need be.
  template <typename Make, typename Use>
  void With(const LabelValues& values, Make make, Use use) {
    MutexLock lock(mu_);
    Metric*& metric = series_[values];
    if (metric == nullptr) metric = &make(family_, ToLabels(names_, values));
    use(*metric);
  }
  void Remove(const LabelValues& values) {
    MutexLock lock(mu_);
    const auto found = series_.find(values);
    if (found == series_.end()) return;
    family_.Remove(found->second);
    series_.erase(found);
  }

 private:
  prometheus::Family<Metric>& family_;
  const std::vector<std::string> names_;
  Mutex mu_;
  absl::flat_hash_map<LabelValues, Metric*> series_ ABSL_GUARDED_BY(mu_);
};

constexpr auto kPlain =
    [](auto& family, const prometheus::Labels& labels) -> auto& {
  return family.Add(labels);
};

class PrometheusCounter : public CounterMetric {
 public:
  PrometheusCounter(prometheus::Registry& registry, const std::string& name,
                    const std::string& help,
                    const std::vector<std::string>& names)
      : series_(
            prometheus::BuildCounter().Name(name).Help(help).Register(registry),
            names) {}
  void Add(const LabelValues& labels, double by) override {
    series_.With(labels, kPlain,
                 [by](prometheus::Counter& c) { c.Increment(by); });
  }
  void Remove(const LabelValues& labels) override { series_.Remove(labels); }

 private:
  Series<prometheus::Counter> series_;
};

class PrometheusGauge : public GaugeMetric {
 public:
  PrometheusGauge(prometheus::Registry& registry, const std::string& name,
                  const std::string& help,
                  const std::vector<std::string>& names)
      : series_(
            prometheus::BuildGauge().Name(name).Help(help).Register(registry),
            names) {}
  void Set(const LabelValues& labels, double value) override {
    series_.With(labels, kPlain,
                 [value](prometheus::Gauge& g) { g.Set(value); });
  }
  void Remove(const LabelValues& labels) override { series_.Remove(labels); }

 private:
  Series<prometheus::Gauge> series_;
};

class PrometheusHistogram : public HistogramMetric {
 public:
  PrometheusHistogram(prometheus::Registry& registry, const std::string& name,
                      const std::string& help,
                      const std::vector<std::string>& names,
                      std::vector<double> buckets)
      : buckets_(std::move(buckets)),
        series_(prometheus::BuildHistogram().Name(name).Help(help).Register(
                    registry),
                names) {}
  void Observe(const LabelValues& labels, double value) override {
    series_.With(
        labels,
        [this](auto& family, const prometheus::Labels& l) -> auto& {
          return family.Add(l, buckets_);
        },
        [value](prometheus::Histogram& h) { h.Observe(value); });
  }
  void Remove(const LabelValues& labels) override { series_.Remove(labels); }

 private:
  const std::vector<double> buckets_;
  Series<prometheus::Histogram> series_;
};

// gotk_reconcile_duration_seconds of all objects. A histogram of the library
// costs above a kilobyte; this one, what it counts.
constexpr size_t kBounds = 10;
struct ObjectDurations {
  std::array<uint32_t, kBounds + 1> counts{};
  double sum = 0;
};

std::array<double, kBounds> ObjectBounds() {
  std::array<double, kBounds> bounds{};
  // Ten steps from 10 ms to 30 min.
  const double factor = std::pow(1800.0 / 0.01, 1.0 / (kBounds - 1));
  double bound = 0.01;
  for (double& each : bounds) {
    each = bound;
    bound *= factor;
  }
  return bounds;
}

prometheus::MetricFamily OneGauge(const std::string& name,
                                  const std::string& help, double value,
                                  prometheus::MetricType type) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  prometheus::ClientMetric metric;
  metric.gauge.value = value;
  metric.counter.value = value;
  family.metric.push_back(std::move(metric));
  return family;
}

void AppendProcess(std::vector<prometheus::MetricFamily>& families) {
  const std::optional<ProcessUsage> usage = ReadProcessUsage();
  if (!usage.has_value()) return;
  const auto add = [&families](const char* name, const char* help, double value,
                               prometheus::MetricType type =
                                   prometheus::MetricType::Gauge) {
    families.push_back(OneGauge(name, help, value, type));
  };
  add("process_cpu_seconds_total", "Processor time, in seconds.",
      usage->cpu_seconds, prometheus::MetricType::Counter);
  add("process_open_fds", "Open file descriptors.", usage->open_files);
  add("process_max_fds", "Most open file descriptors.", usage->max_files);
  add("process_resident_memory_bytes", "Resident memory.",
      usage->resident_bytes);
  add("process_virtual_memory_bytes", "Virtual memory.", usage->virtual_bytes);
  add("process_start_time_seconds", "Start, in seconds since 1970.",
      usage->start_time_seconds);
}

}  // namespace

struct Metrics::Impl {
  // Have their own locks.
  prometheus::Registry registry;

  Mutex mu;
  std::map<std::string, std::unique_ptr<CounterMetric>> counters
      ABSL_GUARDED_BY(mu);
  std::map<std::string, std::unique_ptr<GaugeMetric>> gauges
      ABSL_GUARDED_BY(mu);
  std::map<std::string, std::unique_ptr<HistogramMetric>> histograms
      ABSL_GUARDED_BY(mu);

  const std::array<double, kBounds> bounds = ObjectBounds();
  Mutex objects_mu;
  std::map<std::string, absl::flat_hash_map<kube::ObjectKey, ObjectDurations>,
           std::less<>>
      objects ABSL_GUARDED_BY(objects_mu);

  // Held while callbacks run, so that removing one waits for it.
  Mutex callbacks_mu;
  uint64_t last_callback ABSL_GUARDED_BY(callbacks_mu) = 0;
  std::map<uint64_t, std::function<void()>> callbacks
      ABSL_GUARDED_BY(callbacks_mu);

  prometheus::MetricFamily CollectObjects() {
    prometheus::MetricFamily family;
    family.name = "gotk_reconcile_duration_seconds";
    family.help = "The duration in seconds of an object's reconciliation.";
    family.type = prometheus::MetricType::Histogram;
    MutexLock lock(objects_mu);
    for (const auto& [kind, by_key] : objects) {
      for (const auto& [key, durations] : by_key) {
        family.metric.push_back(ToMetric(kind, key, durations));
      }
    }
    return family;
  }

  prometheus::ClientMetric ToMetric(const std::string& kind,
                                    const kube::ObjectKey& key,
                                    const ObjectDurations& durations) const {
    prometheus::ClientMetric metric;
    metric.label = {
        {"kind", kind}, {"name", key.name}, {"namespace", key.name_space}};
    uint64_t count = 0;
    for (size_t i = 0; i <= kBounds; ++i) {
      count += durations.counts[i];
      const double bound = i < kBounds ? bounds[i] : INFINITY;
      metric.histogram.bucket.push_back({count, bound});
    }
    metric.histogram.sample_count = count;
    metric.histogram.sample_sum = durations.sum;
    return metric;
  }
};

Metrics::Metrics() : impl_(std::make_shared<Impl>()) {}

Metrics::~Metrics() = default;

CounterMetric& Metrics::Counter(const std::string& name,
                                const std::string& help,
                                const std::vector<std::string>& label_names) {
  MutexLock lock(impl_->mu);
  std::unique_ptr<CounterMetric>& metric = impl_->counters[name];
  if (metric == nullptr) {
    metric = std::make_unique<PrometheusCounter>(impl_->registry, name, help,
                                                 label_names);
  }
  return *metric;
}

std::shared_ptr<CounterMetric> Metrics::SharedCounter(
    const std::string& name, const std::string& help,
    const std::vector<std::string>& label_names) {
  return std::shared_ptr<CounterMetric>(impl_,
                                        &Counter(name, help, label_names));
}

GaugeMetric& Metrics::Gauge(const std::string& name, const std::string& help,
                            const std::vector<std::string>& label_names) {
  MutexLock lock(impl_->mu);
  std::unique_ptr<GaugeMetric>& metric = impl_->gauges[name];
  if (metric == nullptr) {
    metric = std::make_unique<PrometheusGauge>(impl_->registry, name, help,
                                               label_names);
  }
  return *metric;
}

HistogramMetric& Metrics::Histogram(const std::string& name,
                                    const std::string& help,
                                    const std::vector<std::string>& label_names,
                                    const std::vector<double>& buckets) {
  MutexLock lock(impl_->mu);
  std::unique_ptr<HistogramMetric>& metric = impl_->histograms[name];
  if (metric == nullptr) {
    metric = std::make_unique<PrometheusHistogram>(impl_->registry, name, help,
                                                   label_names, buckets);
  }
  return *metric;
}

void Metrics::ObserveReconcile(absl::string_view kind,
                               const kube::ObjectKey& key,
                               absl::Duration duration) {
  const double seconds = absl::ToDoubleSeconds(duration);
  size_t bucket = 0;
  while (bucket < kBounds && seconds > impl_->bounds[bucket]) ++bucket;
  MutexLock lock(impl_->objects_mu);
  ObjectDurations& durations = impl_->objects[std::string(kind)][key];
  ++durations.counts[bucket];
  durations.sum += seconds;
}

void Metrics::ForgetObject(absl::string_view kind, const kube::ObjectKey& key) {
  MutexLock lock(impl_->objects_mu);
  const auto by_key = impl_->objects.find(std::string(kind));
  if (by_key != impl_->objects.end()) by_key->second.erase(key);
}

std::shared_ptr<void> Metrics::OnPrint(std::function<void()> callback) {
  Impl* impl = impl_.get();
  MutexLock lock(impl->callbacks_mu);
  const uint64_t id = ++impl->last_callback;
  impl->callbacks[id] = std::move(callback);
  return std::shared_ptr<void>(nullptr, [impl, id](void*) {
    MutexLock inner(impl->callbacks_mu);
    impl->callbacks.erase(id);
  });
}

std::string Metrics::Print() const {
  {
    MutexLock lock(impl_->callbacks_mu);
    for (const auto& [id, callback] : impl_->callbacks) callback();
  }
  std::vector<prometheus::MetricFamily> families = impl_->registry.Collect();
  families.push_back(impl_->CollectObjects());
  AppendProcess(families);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace weir::reconcile
