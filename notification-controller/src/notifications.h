// Notifications takes events, finds the Alerts that want them, and delivers
// them to these Alerts' Providers.
//
// Touches: network (the API server, addresses of Providers), process
// (threads), clock.
// Threads: safe to share.
// Source: notification.md, section 3.
#pragma once

#include <memory>

#include "absl/time/time.h"
#include "src/alert.h"
#include "src/delivery_queue.h"
#include "src/event.h"
#include "src/http_sender.h"
#include "src/provider.h"
#include "src/secret_cache.h"
#include "src/token_cache.h"
#include "weir/kube/types.h"
#include "weir/reconcile/manager.h"

namespace weir::notification_controller {

struct NotificationOptions {
  bool no_cross_namespace_refs = false;
  bool has_object_identity = false;  // Gate ObjectLevelWorkloadIdentity.
  absl::Duration duplicate_interval = absl::Minutes(5);
  std::string azure_authority_host;  // As in Options.
  SenderOptions sender;
  DeliveryQueueOptions queue;
};

class Notifications {
 public:
  // All must outlive it.
  Notifications(reconcile::Manager& manager, SecretCache& secrets,
                TokenCache& tokens, NotificationOptions options);
  // Drops what waits.
  ~Notifications();

  // What the caches say; null objects are gone.
  void UpdateAlert(const kube::ObjectKey& key, const Value& object);
  void UpdateProvider(const kube::ObjectKey& key, const Value& object);

  struct Verdict {
    bool is_new = false;  // Otherwise it was said already.
    absl::Time reset;     // Until then the same is not said again.
  };
  // Cleans the event and queues it for all who want it.
  Verdict Take(const Context& ctx, Event event);

  // Takes no more, and waits until all is delivered, or `timeout`.
  bool Drain(absl::Duration timeout);

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace weir::notification_controller
