// LocalEvents hands the events of a Manager's controllers to the
// NotificationController of the same process: it is the Manager's event_sink,
// then Options::local_events.
//
// Touches: nothing by itself.
// Threads: safe to share.
#pragma once

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/reconcile/event_sink.h"

namespace weir::notification_controller {

class LocalEvents : public reconcile::EventSink {
 public:
  using Take = std::function<absl::Status(const Context&,
                                          const reconcile::RecordedEvent&)>;
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
    return take_ == nullptr ? absl::OkStatus() : take_(ctx, event);
  }

 private:
  Mutex mu_;
  Take take_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::notification_controller
