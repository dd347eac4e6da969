// Pods: scheduled, started, and ended, as a kubelet would report them.
#include "absl/strings/str_cat.h"
#include "api_errors.h"
#include "simulate.h"
#include "weir/base/duration.h"
#include "weir/crypto/digest.h"

namespace weir::apiserver {
namespace {

constexpr absl::Duration kMaxGrace = absl::Seconds(1);

Wish WishOfPod(const Simulated& sim, const Value& pod) {
  if (!sim.pods_need_label()) return WishOf(pod);
  const absl::string_view label =
      pod["metadata"]["labels"].GetString(kFakeLabel);
  if (label.empty()) {
    Wish wish;
    wish.outcome = Outcome::kHang;
    return wish;
  }
  return ParseWish(label);
}

// What a Pod becomes.
struct Fate {
  const char* phase = "Running";
  bool is_ready = true;
  bool has_started = true;
  int exit_code = 0;
  int restarts = 0;
  enum class State {
    kRunning,
    kEnded,
    kCrashing,
    kWaiting
  } state = State::kRunning;
};

Fate FateOf(const Simulated& sim, const Value& pod, Outcome outcome) {
  const bool restarts =
      pod["spec"].GetString("restartPolicy", "Always") == "Always";
  Fate fate;
  if (outcome == Outcome::kReady && !restarts) outcome = Outcome::kSucceed;
  switch (outcome) {
    case Outcome::kReady:
      return fate;
    case Outcome::kSucceed:
      return {"Succeeded", false, false, 0, 0, Fate::State::kEnded};
    case Outcome::kFail:
      if (!restarts || sim.pods_need_label()) {
        return {"Failed", false, false, 1, 0, Fate::State::kEnded};
      }
      return {"Running", false, false, 1, 1, Fate::State::kCrashing};
    case Outcome::kCrashLoop:
      return {"Running", false, false, 1, 5, Fate::State::kCrashing};
    case Outcome::kHang:
      return {"Pending", false, false, 0, 0, Fate::State::kWaiting};
  }
  return fate;
}

Value EndedState(int exit_code, const std::string& time) {
  return Value::MakeObject(
      {{"terminated",
        Value::MakeObject({{"exitCode", exit_code},
                           {"reason", exit_code == 0 ? "Completed" : "Error"},
                           {"startedAt", time},
                           {"finishedAt", time}})}});
}

Value ContainerState(const Fate& fate, const std::string& time) {
  switch (fate.state) {
    case Fate::State::kRunning:
      return Value::MakeObject(
          {{"running", Value::MakeObject({{"startedAt", time}})}});
    case Fate::State::kEnded:
      return EndedState(fate.exit_code, time);
    case Fate::State::kCrashing:
      return Value::MakeObject(
          {{"waiting",
            Value::MakeObject(
                {{"reason", "CrashLoopBackOff"},
                 {"message", "back-off restarting failed container"}})}});
    case Fate::State::kWaiting:
      return Value::MakeObject(
          {{"waiting", Value::MakeObject({{"reason", "ContainerCreating"}})}});
  }
  return Value();
}

Value ContainerStatuses(const Value& containers, const Fate& fate,
                        const std::string& time) {
  Value out = Value::MakeArray();
  for (const Value& container : containers.array()) {
    const std::string digest = crypto::Sha256Hex(container.GetString("image"));
    Value status = Value::MakeObject(
        {{"name", container["name"]},
         {"image", container["image"]},
         {"imageID", absl::StrCat("simulated://sha256:", digest)},
         {"ready", fate.is_ready},
         {"started", fate.has_started},
         {"restartCount", fate.restarts},
         {"state", ContainerState(fate, time)},
         {"lastState", fate.state == Fate::State::kCrashing
                           ? EndedState(fate.exit_code, time)
                           : Value::MakeObject()}});
    if (fate.state != Fate::State::kWaiting) {
      status.Set("containerID", absl::StrCat("simulated://", digest));
    }
    out.Append(std::move(status));
  }
  return out;
}

std::string AddressOf(const Value& pod) {
  const std::string hex =
      crypto::Sha256Hex(pod["metadata"].GetString("uid")).substr(0, 4);
  const int number = std::stoi(hex, nullptr, 16);
  return absl::StrCat("10.244.", number / 256, ".", number % 256);
}

void SetPodStatus(const Fate& fate, absl::Time now, Value& pod) {
  const std::string before(pod["status"].GetString("startTime"));
  const std::string time = before.empty() ? FormatKubeTime(now) : before;
  const bool ends = fate.state == Fate::State::kEnded;
  Value& status = pod.Mutable("status");
  status.Set("phase", fate.phase);
  status.Set("startTime", time);
  status.Set("hostIP", "127.0.0.1");
  status.Set("hostIPs",
             Value(Value::Array{Value::MakeObject({{"ip", "127.0.0.1"}})}));
  if (fate.state != Fate::State::kWaiting) {
    const std::string ip = AddressOf(pod);
    status.Set("podIP", ip);
    status.Set("podIPs", Value(Value::Array{Value::MakeObject({{"ip", ip}})}));
  }
  Fate of_init;
  of_init.state = fate.state == Fate::State::kWaiting ? Fate::State::kWaiting
                                                      : Fate::State::kEnded;
  of_init.is_ready = of_init.state == Fate::State::kEnded;
  of_init.has_started = false;
  const Value& init = pod["spec"]["initContainers"];
  if (!init.empty()) {
    status.Set("initContainerStatuses", ContainerStatuses(init, of_init, time));
  }
  status.Set("containerStatuses",
             ContainerStatuses(pod["spec"]["containers"], fate, time));
  const char* reason = fate.is_ready ? ""
                       : ends        ? "PodCompleted"
                                     : "ContainersNotReady";
  SetCondition(pod, "PodScheduled", "True", "", "", now);
  SetCondition(
      pod, "Initialized",
      fate.state == Fate::State::kWaiting && !init.empty() ? "False" : "True",
      ends ? reason : "", "", now);
  const char* ready = fate.is_ready ? "True" : "False";
  SetCondition(pod, "ContainersReady", ready, reason, "", now);
  SetCondition(pod, "Ready", ready, reason, "", now);
  for (const Value& gate : pod["spec"]["readinessGates"].array()) {
    SetCondition(pod, gate.GetString("conditionType"), ready, "", "", now);
  }
}

void Remove(Simulated& sim, const Value& pod) {
  const kube::ObjectRef ref = kube::RefOf(pod);
  const Value uid = pod["metadata"]["uid"];
  const absl::Duration grace = std::min(
      absl::Seconds(pod["metadata"].GetInt("deletionGracePeriodSeconds")),
      kMaxGrace);
  if (grace <= absl::ZeroDuration()) return;  // Finalizers hold it.
  const ControllerContext* context = &sim.context();
  context->tasks().PostAfter(grace, [context, ref, uid] {
    context->Delete(
        ref, Value::MakeObject(
                 {{"gracePeriodSeconds", 0},
                  {"preconditions", Value::MakeObject({{"uid", uid}})}}));
  });
}

}  // namespace

void SimulatePod(Simulated& sim, const Value& pod) {
  if (IsLeaving(pod)) return Remove(sim, pod);
  const absl::string_view phase = pod["status"].GetString("phase");
  if (phase == "Succeeded" || phase == "Failed") return;
  const Wish wish = WishOfPod(sim, pod);
  const absl::Time now = sim.context().Now();
  if (sim.pods_need_label()) {
    if (wish.outcome == Outcome::kHang) return;
  } else if (pod["spec"].GetString("nodeName").empty()) {
    const std::string node = NodeName(sim);
    if (node.empty()) return;
    // The status follows when this write is seen.
    return sim.context().Edit(kube::RefOf(pod), "binding", [=](Value& edited) {
      edited.Mutable("spec").Set("nodeName", node);
      SetCondition(edited, "PodScheduled", "True", "", "", now);
      return absl::OkStatus();
    });
  }
  absl::StatusOr<absl::Time> born =
      ParseKubeTime(pod["metadata"].GetString("creationTimestamp"));
  const absl::Time due = born.value_or(now) + wish.delay;
  if (now < due) {
    return sim.EnqueueAt(due, "pods", kube::KeyOf(pod));
  }
  const Fate fate = FateOf(sim, pod, wish.outcome);
  sim.EditStatus(
      pod, [fate, now](Value& edited) { SetPodStatus(fate, now, edited); });
}

}  // namespace weir::apiserver
