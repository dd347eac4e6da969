// ControllerMaker makes the controller with what its options do not tell:
// pauses and bounds of deliveries, which tests shorten.
//
// Touches: as NotificationController.
// Threads: as NotificationController.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "src/notifications.h"
#include "weir/notification_controller/controller.h"

namespace weir::notification_controller {

class ControllerMaker {
 public:
  // As NotificationController::Create. Of `deliveries`, `sender` and `queue`
  // count, but for proxies; `options` say the rest.
  static absl::StatusOr<std::unique_ptr<NotificationController>> Make(
      reconcile::Manager& manager, Options options,
      NotificationOptions deliveries);
};

}  // namespace weir::notification_controller
