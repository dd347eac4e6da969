// ControllerHarness runs a controller against the embedded API server, in one
// process, with artifacts in memory.
//
// Touches: process (threads), files in a temporary folder.
// Threads: for one test thread.
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "weir/apiserver/server.h"
#include "weir/artifact/service.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/base/thread_group.h"
#include "weir/kube/client.h"
#include "weir/kube/types.h"
#include "weir/reconcile/events.h"
#include "weir/reconcile/manager.h"
#include "weir/value/value.h"

namespace weir {

using Files = std::map<std::string, std::string>;

// Holds artifacts by digest.
class MemoryArtifacts : public artifact::ArtifactService {
 public:
  // Packs the files; returns the digest.
  std::string Add(const Files& files);
  void Remove(const std::string& digest);
  int reads() const;

  absl::StatusOr<artifact::ArtifactList> List(
      const Context&, const artifact::ArtifactFilter&) override;
  absl::StatusOr<artifact::Artifact> Get(const Context&,
                                         const artifact::SourceKey&) override;
  absl::Status Watch(
      const Context&, const artifact::ArtifactFilter&, uint64_t,
      const std::function<void(const artifact::ArtifactChange&)>&) override;
  absl::StatusOr<std::string> Read(
      const Context&, const artifact::ArtifactFile& file, int64_t offset,
      const std::function<absl::Status(absl::string_view)>& sink) override;

 private:
  mutable Mutex mu_;
  std::map<std::string, std::string> blobs_ ABSL_GUARDED_BY(mu_);
  int reads_ ABSL_GUARDED_BY(mu_) = 0;
};

// Counts what the controller asks of the API server, and may refuse it: the
// embedded one lets everybody do everything.
class CountingTransport : public kube::Transport {
 public:
  explicit CountingTransport(std::shared_ptr<kube::Transport> transport)
      : transport_(std::move(transport)) {}
  void Send(const Context& ctx, kube::Request request, Done done) override;
  std::unique_ptr<kube::WatchStream> Watch(kube::Request request,
                                           kube::WatchHandler handler) override;
  // "PATCH configmaps/a dryRun", without discovery, lists and Events.
  std::vector<std::string> TakeRequests();
  // Refuses whoever acts as this user from now on; "" is nobody.
  void Deny(const std::string& user);

 private:
  std::optional<kube::Response> FindRefusal(const kube::Request& request);

  const std::shared_ptr<kube::Transport> transport_;
  Mutex mu_;
  std::string denied_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mu_);
};

struct EventText {
  std::string severity, reason, message;
  friend bool operator==(const EventText&, const EventText&) = default;
};

class ControllerHarness {
 public:
  // `name_space` is made; all is in it. The controller is not yet running.
  explicit ControllerHarness(
      std::string name_space = "app",
      apiserver::Simulation simulation = apiserver::Simulation::kOff);
  // Derived classes call Stop first.
  virtual ~ControllerHarness();

  void Start();
  void Stop();  // As a kill: nothing is said to the cluster.

  const kube::Client& client() const { return *client_; }
  MemoryArtifacts& artifacts() { return *artifacts_; }
  std::shared_ptr<MemoryArtifacts> shared_artifacts() const {
    return artifacts_;
  }
  const std::string& name_space() const { return name_space_; }

  // Publishes the files as the artifact of a source, which is made from `spec`
  // unless it is there.
  void PublishAs(const std::string& kind, const std::string& source,
                 const std::string& spec, const Files& files,
                 const std::string& revision);
  // Applies YAML documents, in the namespace unless they name one.
  void Apply(const std::string& yaml);
  void Patch(const kube::ObjectRef& ref, const std::string& merge_patch,
             const std::string& manager = "editor");
  void PatchStatus(const kube::ObjectRef& ref, const std::string& merge_patch);
  void Delete(const kube::ObjectRef& ref);
  // Sets requestedAt and waits until it was handled.
  Value Request(const kube::ObjectRef& ref, const std::string& at);

  // Null when it does not exist.
  Value Get(const kube::ObjectRef& ref) const;
  Value ConfigMap(const std::string& name) const;
  kube::ObjectRef Ref(const std::string& api_version, const std::string& kind,
                      const std::string& name) const;

  // Waits until it holds; the last state of the object. Fails the test after
  // ten seconds.
  Value WaitFor(const kube::ObjectRef& ref,
                const std::function<bool(const Value&)>& condition) const;
  // Until Ready has this status and, if given, reason.
  Value WaitReady(const kube::ObjectRef& ref, const std::string& status,
                  const std::string& reason = "") const;
  // The same object until `duration` has passed without a change of it.
  void ExpectQuiet(absl::Duration duration);

  std::vector<std::string> TakeRequests() { return counting_->TakeRequests(); }
  // Refuses requests of the controller that act as a ServiceAccount of the
  // namespace; "": none.
  void Deny(const std::string& account);
  std::vector<EventText> TakeEvents();
  // Waits for the next event that matches, as WaitFor does, and forgets it and
  // those before it: events come later than what they tell.
  EventText WaitForEvent(const testing::Matcher<const EventText&>& matcher);
  EventText WaitForEvent(const std::string& message);

 protected:
  // Adds the controller to the manager, and drops it.
  virtual void StartController(reconcile::Manager& manager) = 0;
  virtual void StopController() = 0;
  // Changes the manager's options before it is made.
  virtual void Prepare(reconcile::ManagerOptions& /*options*/) {}

 private:
  const std::string name_space_;
  std::unique_ptr<apiserver::Server> server_;
  std::shared_ptr<CountingTransport> counting_;
  std::unique_ptr<kube::Client> client_;
  std::shared_ptr<MemoryArtifacts> artifacts_;

  std::unique_ptr<reconcile::Manager> manager_;
  std::unique_ptr<ThreadGroup> threads_;
  std::shared_ptr<void> subscription_;
  Mutex mu_;
  std::vector<EventText> events_ ABSL_GUARDED_BY(mu_);
};

// Fails the test when it is no YAML.
Value MustParse(const std::string& yaml);
// The condition, or null.
Value ConditionOf(const Value& object, absl::string_view type);
std::string ReadyReason(const Value& object);
std::string ReadyMessage(const Value& object);

}  // namespace weir
