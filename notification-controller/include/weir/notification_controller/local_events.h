// LocalEvents hands the events of a Manager's controllers to the
// NotificationController of the same process: it is the Manager's event_sink,
// then Options::local_events.
//
// Touches: nothing by itself.
// Threads: safe to share.
#pragma once

#include <functional>
#include <utility>

#include "weir/base/mutex.h"
#include "weir/reconcile/event_sink.h"

namespace weir::notification_controller {

class LocalEvents : public reconcile::EventSink {
 public:
  using Take =
      std::function<void(const Context&, const reconcile::RecordedEvent&)>;
  // For the controller. Null: events are dropped. No call of the former runs
  // once it returns.
  void Connect(Take take) {
    MutexLock lock(mu_);
    take_ = std::move(take);
  }

  absl::string_view name() const override { return "local"; }
  absl::Status Send(const Context& ctx,
                    const reconcile::RecordedEvent& event) override {
    MutexLock lock(mu_);
    if (take_ != nullptr) take_(ctx, event);
    return absl::OkStatus();
  }

 private:
  Mutex mu_;
  Take take_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::notification_controller
