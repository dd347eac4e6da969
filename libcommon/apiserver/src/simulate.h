// Simulation plays the part of schedulers, kubelets and workload controllers:
// no container runs, but statuses become what a healthy cluster (or, where an
// annotation asks for it, an unhealthy one) would show.
//
// Touches: nothing itself.
// Threads: all of it runs on the controllers' thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controllers.h"
#include "weir/apiserver/server.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// Says what becomes of an object's Pods: "ready", "fail", "hang",
// "crashloop", "delay=10s". On the object, or on its Pod template.
constexpr char kSimulateAnnotation[] = "weir.dev/simulate";
// The same on Pods where Pods need a label: "ready", "succeed", "fail".
constexpr char kFakeLabel[] = "fake";

enum class Outcome { kReady, kSucceed, kFail, kHang, kCrashLoop };
struct Wish {
  Outcome outcome = Outcome::kReady;
  absl::Duration delay;
  bool is_given = false;  // By an annotation.
};
Wish ParseWish(absl::string_view text);
// From the object's annotation, or else from its Pod template's.
Wish WishOf(const Value& object);

// What the simulated parts share.
class Simulated {
 public:
  virtual ~Simulated() = default;
  virtual const ControllerContext& context() const = 0;
  virtual bool makes_pods() const = 0;
  virtual bool pods_need_label() const = 0;
  // Looks at an object again: now, or at a time.
  virtual void Enqueue(const std::string& storage,
                       const kube::ObjectKey& key) = 0;
  virtual void EnqueueAt(absl::Time when, const std::string& storage,
                         const kube::ObjectKey& key) = 0;

  Value Get(absl::string_view storage, absl::string_view name_space,
            absl::string_view name) const {
    return context().store().Get(storage,
                                 {std::string(name_space), std::string(name)});
  }
  // Changes the status of an object; nothing when it is as wanted.
  void EditStatus(const Value& object, std::function<void(Value&)> edit) const;
};

// One function a kind. Each is called after any change of the object or of
// what it made, and does what is left to do.
void SimulatePod(Simulated& sim, const Value& pod);
void SimulateReplicaSet(Simulated& sim, const Value& set);
void SimulateDeployment(Simulated& sim, const Value& deployment);
void SimulateStatefulSet(Simulated& sim, const Value& set);
void SimulateDaemonSet(Simulated& sim, const Value& set);
void SimulateJob(Simulated& sim, const Value& job);
void SimulateClaim(Simulated& sim, const Value& claim);
void SimulateService(Simulated& sim, const Value& service);
// After a claim has gone.
void ReleaseVolume(Simulated& sim, const Value& claim);

std::unique_ptr<Controller> MakeSimulator(const ControllerContext& context,
                                          Simulation level,
                                          bool pods_need_label);

// --- Helpers of the parts.
bool IsLeaving(const Value& object);
// The reference to an object as the controller of what it makes.
Value ControllerReference(const Value& owner);
bool IsControlledBy(const Value& object, const Value& owner);
// A Pod of a workload's template.
Value MakePod(const Simulated& sim, const Value& owner, const std::string& name,
              const Value& labels);
bool IsPodReady(const Value& pod);
bool IsPodActive(const Value& pod);
// Five letters that an owner's n-th Pod is called by, always the same.
std::string SlotName(const Value& owner, int64_t slot);
// Ten letters for a Pod template, as a label's value.
std::string TemplateHash(const Value& pod_template);
std::string NodeName(const Simulated& sim);

}  // namespace weir::apiserver
