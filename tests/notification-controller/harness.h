// NotificationHarness runs the notification-controller against the embedded
// API server, and posts events to it.
//
// Touches: network (loopback), process (threads).
// Threads: for one test thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/event.h"
#include "src/notifications.h"
#include "tests/notification-controller/recording_server.h"
#include "tests/support/controller_harness.h"
#include "weir/base/mutex.h"
#include "weir/http/client.h"
#include "weir/notification_controller/controller.h"

namespace weir::notification_controller {

class NotificationHarness : public ControllerHarness {
 public:
  // All is in the namespace flux-system. Tries follow without a pause.
  NotificationHarness();
  ~NotificationHarness() override { Stop(); }

  // Returns when events are taken.
  void Start();

  Options& options() { return options_; }
  NotificationOptions& deliveries() { return deliveries_; }
  void set_clock(const Clock* clock) { clock_ = clock; }

  // `spec` is YAML. The Provider is of type generic unless it says else, the
  // Alert takes all of Kustomization/app and names "p".
  void ApplyProvider(const std::string& name, const std::string& spec);
  void ApplyAlert(const std::string& name, const std::string& spec = "");
  void ApplySecret(const std::string& name,
                   const std::map<std::string, std::string>& data,
                   const std::string& type = "Opaque");
  // Waits until the controller knows all that was applied.
  void Settle();

  // Posts an event, and expects it to be new.
  void Post(const Event& event);
  http::Response PostRaw(const std::string& body, const std::string& path = "/",
                         const std::string& method = "POST");
  // An event as controllers post it: metadata with prefixes.
  Event MakeEvent(const std::string& message) const;

  kube::ObjectRef AlertRef(const std::string& name = "alert") const {
    return Ref("notification.toolkit.fluxcd.io/v1beta3", "Alert", name);
  }
  kube::ObjectRef ProviderRef(const std::string& name = "p") const {
    return Ref("notification.toolkit.fluxcd.io/v1beta3", "Provider", name);
  }
  // Waits for a Warning of an Alert with this reason; its message.
  std::string WaitForWarning(const std::string& reason);
  // The Kubernetes Event of this reason, once there is one.
  Value WaitForKubeEvent(const std::string& reason);

  std::string events_address() const { return controller_->events_address(); }
  std::string grpc_address() const { return controller_->grpc_address(); }
  std::string Metrics() const { return manager_->metrics().Print(); }
  // What was logged since it was cleared.
  std::string Logs() const;
  void ClearLogs();

 protected:
  void StartController(reconcile::Manager& manager) override;
  void StopController() override { controller_.reset(); }
  void Prepare(reconcile::ManagerOptions& manager) override;

 private:
  Options options_;
  NotificationOptions deliveries_;
  const Clock* clock_ = nullptr;
  mutable Mutex log_mu_;
  std::string log_ ABSL_GUARDED_BY(log_mu_);
  RecordingServer probe_;
  int probes_ = 0;
  http::Client http_;
  reconcile::Manager* manager_ = nullptr;
  std::unique_ptr<NotificationController> controller_;
};

}  // namespace weir::notification_controller
