// A Transport that calls the handler directly.
//
// Touches: nothing itself.
// Threads: safe to share.
#pragma once

#include <memory>

#include "audit.h"
#include "handler.h"
#include "weir/base/mutex.h"
#include "weir/kube/transport.h"

namespace weir::apiserver {

// Lets calls in until it is closed; outlives the server.
class Gate {
 public:
  Gate(ApiHandler& handler, WatchHub& hub, Audit& audit)
      : handler_(&handler), hub_(&hub), audit_(&audit) {}

  // Waits for the calls inside; lets none in afterwards.
  void Close();

  // What a caller inside may use.
  struct Inside {
    ApiHandler* handler = nullptr;  // Null when closed.
    WatchHub* hub = nullptr;
    Audit* audit = nullptr;
  };
  Inside Enter();
  void Leave();

 private:
  ApiHandler* const handler_;
  WatchHub* const hub_;
  Audit* const audit_;
  Mutex mu_;
  CondVar left_;
  int inside_ ABSL_GUARDED_BY(mu_) = 0;
  bool is_closed_ ABSL_GUARDED_BY(mu_) = false;
};

std::shared_ptr<kube::Transport> MakeInProcessTransport(
    std::shared_ptr<Gate> gate);

}  // namespace weir::apiserver
