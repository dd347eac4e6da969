// WebhookHandler takes a webhook in: it finds the Receiver, sees whether the
// sender is who it should be, and asks for reconciliations.
//
// Paths are secrets in themselves and are never written anywhere.
//
// Touches: network (the API server, issuers of tokens), clock.
// Threads: safe to share.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/receivers/issuers.h"
#include "src/receivers/receiver_index.h"
#include "src/receivers/target_store.h"
#include "src/secret_cache.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/base/log.h"
#include "weir/http/server.h"
#include "weir/kube/client.h"

namespace weir::notification_controller {

struct WebhookEnvironment {
  const kube::Client& client;
  SecretCache& secrets;
  const ReceiverIndex& index;
  const TargetStore& targets;
  Issuers& issuers;
  std::string google_keys_url;
  // Whether the index has all Receivers that there were at the start.
  std::function<bool()> is_synced;
  const Clock& clock;
  Logger logger;
};

class WebhookHandler {
 public:
  explicit WebhookHandler(WebhookEnvironment environment);

  // The code of the answer, whose body is empty: 200 when all was done, 400
  // when the hook is not authentic, 404 when there is no Receiver, 500 when a
  // target failed, 503 when the Receiver is suspended or not ready.
  int Handle(const Context& ctx, const http::ServerRequest& request) const;

  // What the annotation is set to, in the form of Go's Time.String().
  std::string RequestedAtNow() const;

 private:
  struct Filtering {
    Value request;
    Value claims;
  };
  absl::StatusOr<Message> Authenticate(const Context& ctx,
                                       const ReceiverPlan& plan,
                                       const Hook& hook) const;
  absl::StatusOr<Filtering> Prepare(const ReceiverPlan& plan, const Hook& hook,
                                    const Message& message) const;
  int Notify(const Context& ctx, const ReceiverPlan& plan,
             const Filtering& filtering, const Logger& logger) const;
  // Adds the objects of a target that the filters let pass.
  absl::Status Select(const Context& ctx, const ReceiverPlan& plan,
                      const Target& target, const Filtering& filtering,
                      std::set<kube::ObjectRef>& selected) const;
  // How many failed.
  int Annotate(const Context& ctx, const std::set<kube::ObjectRef>& objects,
               const Logger& logger) const;

  const WebhookEnvironment env_;
  const absl::Time started_;
};

// "2006-01-02 15:04:05.999999999 +0000 UTC m=+1.000000000"
std::string FormatGoTime(absl::Time time, absl::Duration since_start);

}  // namespace weir::notification_controller
