// Harness runs the Receivers against the embedded API server, and sends them
// webhooks.
//
// Touches: network (loopback), process (threads).
// Threads: for one test thread.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/receivers/receivers.h"
#include "tests/support/controller_harness.h"
#include "weir/http/client.h"

namespace weir::notification_controller {

class Harness : public ControllerHarness {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  Harness();
  ~Harness() override { Stop(); }

  ReceiverOptions& options() { return options_; }

  // A Secret "tok" with this token, a suspended GitRepository "app", and a
  // Receiver "hook" of this spec, laid over that of type generic for "app".
  // Waits until it is ready; its path.
  std::string Ready(const std::string& spec = "{}",
                    const std::string& token = "s3cret");
  void ApplySecret(const std::string& token, const std::string& name = "tok");
  void ApplyRepository(const std::string& name,
                       const std::string& labels = "{}");
  void ApplyReceiver(const std::string& name, const std::string& spec);

  kube::ObjectRef ReceiverRef(const std::string& name = "hook") const {
    return Ref("notification.toolkit.fluxcd.io/v1", "Receiver", name);
  }
  kube::ObjectRef RepositoryRef(const std::string& name = "app") const {
    return Ref("source.toolkit.fluxcd.io/v1", "GitRepository", name);
  }
  std::string PathOf(const std::string& name = "hook") const;
  // The annotation requestedAt; empty: none.
  std::string RequestedAt(const std::string& repository = "app") const;

  // Sends a webhook; the code of the answer, whose body must be empty.
  int Post(const std::string& path, const std::string& body = "{}",
           const Fields& headers = {}, const std::string& method = "POST");
  http::Response Send(const std::string& path, const std::string& body,
                      const Fields& headers, const std::string& method);
  // Until a webhook is answered so, as the caches may lag behind.
  void WaitForCode(const std::string& path, int code,
                   const std::string& body = "{}", const Fields& headers = {});
  std::string address() const { return receivers_->address(); }
  std::string PrintMetrics() const { return running_->metrics().Print(); }
  // All lines since the last call.
  std::string TakeLogs();

 protected:
  void Prepare(reconcile::ManagerOptions& options) override;
  void StartController(reconcile::Manager& manager) override;
  void StopController() override { receivers_.reset(); }

 private:
  ReceiverOptions options_;
  reconcile::Manager* running_ = nullptr;
  http::Client http_;
  Mutex logs_mu_;
  std::string logs_ ABSL_GUARDED_BY(logs_mu_);
  std::unique_ptr<Receivers> receivers_;
};

}  // namespace weir::notification_controller
