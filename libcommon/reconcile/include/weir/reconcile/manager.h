// Manager runs controllers and what they share: client, events, metrics,
// probes, leadership; and stops them in order.
//
// One manager can run the controllers of several components in one process.
//
// Touches: network, clock, process (threads, listening sockets).
// Threads: Add* before Run, from one thread; the rest from anywhere.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/base/log.h"
#include "weir/base/task_queue.h"
#include "weir/kube/client.h"
#include "weir/kube/informer.h"
#include "weir/kube/lease.h"
#include "weir/kube/transport.h"
#include "weir/reconcile/controller.h"
#include "weir/reconcile/event_sink.h"
#include "weir/reconcile/events.h"
#include "weir/reconcile/metrics.h"
#include "weir/reconcile/reconciler.h"

namespace weir::reconcile {

// How soon programs of their own rest.
inline constexpr absl::Duration kRestAfter = absl::Seconds(10);

struct ManagerOptions {
  std::shared_ptr<kube::Transport> transport;
  std::string api_host;  // In rest_client_requests_total: "10.0.0.1:443".

  // Which objects the controllers see; empty: all.
  std::string name_space, label_selector;

  // Listening addresses (":8080", "127.0.0.1:0"); empty: none. The same
  // address twice is one server.
  std::string metrics_address, health_address;
  // Where events are posted; empty: nowhere. Another scheme than http needs
  // event_sink.
  std::string events_address;
  // Who is handed the events in place of that: what OpenEventSink
  // (event_grpc.h) makes of the address. Null: nobody.
  std::shared_ptr<EventSink> event_sink;
  std::string hostname;  // Instance name in events and leases.

  // Work only while holding the lease `lease` names.
  bool use_leader_election = false;
  kube::LeaderElectorOptions lease;

  // On the way out passes under way may finish for `drain`, then their
  // context ends; then events are sent for the rest of `grace`.
  absl::Duration drain = absl::Seconds(2);
  absl::Duration grace = absl::Seconds(5);

  // After so long without a pass or NoteWork, the process gives back memory
  // that is not in use; infinite: never.
  absl::Duration rest_after = absl::InfiniteDuration();

  Logger logger;
  const Clock* clock = nullptr;  // Null: the real one.
};

class Manager {
 public:
  // Opens the listening sockets; probes answer from now on.
  // Errors: kInvalidArgument without a transport, for a bad selector, or for
  // an address of events that needs a sink;
  // kUnavailable when an address is taken.
  static absl::StatusOr<std::unique_ptr<Manager>> Create(
      ManagerOptions options);
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  const kube::Client& client() const;
  TaskQueue& tasks() const;  // Where informers run.
  EventRecorder& events() const;
  Metrics& metrics() const;
  const Logger& logger() const;
  const Clock& clock() const;
  const ManagerOptions& options() const;

  // Its cache fills from now on; it works while Run runs.
  Controller& AddController(ControllerOptions options,
                            std::shared_ptr<Reconciler> reconciler);
  // The cache of a kind, shared by all who ask with equal namespace and
  // selector ("" and "" are all objects, whatever the manager's options).
  // Running from now on; objects lack managedFields and kubectl's last-applied
  // annotation.
  std::shared_ptr<kube::Informer> SharedInformer(
      const kube::GroupVersionKind& gvk, const std::string& name_space = "",
      const std::string& label_selector = "");
  // Run waits for this cache before controllers work.
  void WaitFor(std::shared_ptr<kube::Informer> informer);
  // Starts on a thread of its own after leadership and before the
  // controllers, and should return when its context ends, which is after the
  // controllers have stopped. An error ends the manager.
  void AddRunnable(std::string name,
                   std::function<absl::Status(const Context&)> run);
  // OK: ready. /readyz/<name> asks one, /readyz all. Must not block.
  void AddReadyCheck(std::string name, std::function<absl::Status()> check);

  // Something is worked on that is no pass.
  void NoteWork() const;

  // "127.0.0.1:40123", or "" when there is none.
  std::string metrics_address() const;
  std::string health_address() const;

  // Blocks until ctx ends; then stops intake, workers, runnables, events.
  // Once only. Errors: kAborted when leadership was lost; what a runnable
  // returned.
  absl::Status Run(const Context& ctx);

 private:
  struct Impl;
  explicit Manager(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::reconcile
