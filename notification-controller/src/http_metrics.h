// HttpMetrics counts what a server was asked: durations, sizes, requests under
// way, under upstream's names.
//
// Touches: clock.
// Threads: safe to share.
// Source: notification.md, section 1.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "weir/base/mutex.h"
#include "weir/http/server.h"
#include "weir/reconcile/metrics.h"

namespace weir::notification_controller {

class HttpMetrics {
 public:
  // `prefix`: "gotk_event". `path` is the one name for all paths; with
  // `tells_paths` the first thousand have their own. `metrics` must outlive
  // it.
  HttpMetrics(reconcile::Metrics& metrics, const std::string& prefix,
              std::string path, bool tells_paths);
  // Also outlives all responders that Wrap made.
  ~HttpMetrics();

  // The same responder, counting its answer.
  std::unique_ptr<http::Responder> Wrap(
      const http::ServerRequest& request,
      std::unique_ptr<http::Responder> responder);

 private:
  class Counting;
  std::string NameOf(const std::string& path);
  void ChangeUnderWay(const std::string& path, int by);

  const std::string path_;
  const bool tells_paths_;
  reconcile::HistogramMetric& durations_;
  reconcile::HistogramMetric& sizes_;
  reconcile::GaugeMetric& in_flight_;

  Mutex mu_;
  // Requests under way by the name of their path.
  std::map<std::string, int> under_way_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::notification_controller
