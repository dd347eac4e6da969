// Receivers takes webhooks in: the controller of Receivers, and the server
// that their paths are on.
//
// Touches: network (the API server, one listening socket, issuers of tokens),
// clock, process (threads).
// Threads: Create from the thread that makes the Manager.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "src/receivers/issuers.h"
#include "src/secret_cache.h"
#include "weir/reconcile/manager.h"

namespace weir::notification_controller {

struct ReceiverOptions {
  // Where webhooks are taken (":9292"); empty: nowhere.
  std::string address;
  // Refuse targets of other namespaces.
  bool no_cross_namespace_refs = false;
  // Whether a change of a Secret with these labels starts a pass.
  bool watches_configs = true;
  std::string watch_configs_label_selector =
      "reconcile.fluxcd.io/watch=Enabled";
  // Where Secrets are read; null: a cache of its own. Must outlive it.
  SecretCache* secrets = nullptr;
  // How tokens are verified. The clock is the manager's.
  IssuerOptions issuers;
  std::string google_keys_url = "https://www.googleapis.com/oauth2/v3/certs";

  bool tells_paths = false;  // In metrics.

  int concurrency = 4;  // Passes at a time.
  absl::Duration min_retry_delay = absl::Milliseconds(750);
  absl::Duration max_retry_delay = absl::Minutes(15);

  // Webhooks at a time: one waits for the API server most of its time.
  int workers = 32;
  absl::Duration header_timeout = absl::Seconds(10);
  absl::Duration read_timeout = absl::Seconds(30);
};

class Receivers {
 public:
  // Adds the controller to a manager, which must outlive it, and serves at
  // once, whoever leads.
  // Errors: kUnavailable when the address is taken; kInvalidArgument when it
  // is none.
  static absl::StatusOr<std::unique_ptr<Receivers>> Create(
      reconcile::Manager& manager, const ReceiverOptions& options);
  // Lets webhooks under way end for at most 5 seconds. The manager must not
  // run any more.
  ~Receivers();
  Receivers(const Receivers&) = delete;
  Receivers& operator=(const Receivers&) = delete;

  // "127.0.0.1:40123", or "" when there is no server.
  std::string address() const;

 private:
  struct Impl;
  explicit Receivers(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::notification_controller
