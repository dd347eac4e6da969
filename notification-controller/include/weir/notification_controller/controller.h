// NotificationController tells people and machines what controllers report,
// and lets webhooks wake what is reconciled: Alerts, Providers, Receivers.
//
// Touches: network (the API server, addresses that Providers name, listening
// sockets), clock, process (threads).
// Threads: Create from the thread that makes the Manager; Run blocks.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/http/proxy.h"
#include "weir/notification_controller/local_events.h"
#include "weir/reconcile/feature_gates.h"
#include "weir/reconcile/flags.h"
#include "weir/reconcile/manager.h"

namespace weir::notification_controller {

// All gates of the controller with Flux's defaults.
reconcile::FeatureGates DefaultFeatureGates();

struct Options {
  Options();

  // Flags that all controllers have; feature gates are in it. Create uses
  // concurrency, delays, gates, the token cache's limits and the selector of
  // watched Secrets; Run all of it. `events_addr` is where events are taken:
  // ":9090"; empty: nowhere over HTTP.
  reconcile::CommonFlags common;

  // Where events of this process come from; may be null.
  std::shared_ptr<LocalEvents> local_events;
  // Where webhooks are taken; empty: nowhere.
  std::string receiver_address = ":9292";
  // Where weir.event.v1.EventService listens; empty: nowhere.
  std::string grpc_address;
  // For TLS there: PEM files; with an authority, clients need a certificate.
  std::string grpc_tls_certificate_file;
  std::string grpc_tls_key_file;
  std::string grpc_tls_client_ca_file;

  // Refuse events and targets of other namespaces.
  bool no_cross_namespace_refs = false;
  // For how long the same event is not told again.
  absl::Duration rate_limit_interval = absl::Minutes(5);
  // Whether metrics tell requests apart by path.
  bool export_http_path_metrics = false;
  // Where Providers name no proxy. Run reads the environment.
  http::ProxySettings proxies;
  // AZURE_AUTHORITY_HOST: which of Azure's clouds hubs without a full host are
  // in; empty: the public one.
  std::string azure_authority_host;
  // On the way out: for how long what waits is still delivered.
  absl::Duration delivery_grace = absl::Seconds(5);
};

// Adds all flags; `options` must outlive the parsing.
void AddFlags(reconcile::FlagSet& flags, Options* options);

class NotificationController {
 public:
  // Adds the controller to a manager, which must outlive it. Its servers
  // answer from now on, whoever holds the lease.
  // Errors: kInvalidArgument for options that cannot be; kUnavailable when an
  // address is taken.
  static absl::StatusOr<std::unique_ptr<NotificationController>> Create(
      reconcile::Manager& manager, Options options);
  ~NotificationController();
  NotificationController(const NotificationController&) = delete;
  NotificationController& operator=(const NotificationController&) = delete;

  // "127.0.0.1:40123", or "" when there is none.
  std::string events_address() const;
  std::string receiver_address() const;
  std::string grpc_address() const;

 private:
  friend class ControllerMaker;
  struct Impl;
  explicit NotificationController(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Connects to the cluster that the options name and works until ctx ends.
// Reads environment and files, as MakeManagerOptions does.
absl::Status Run(const Context& ctx, Options options);

}  // namespace weir::notification_controller
