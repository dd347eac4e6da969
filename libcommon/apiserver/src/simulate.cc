#include "simulate.h"

#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/base/duration.h"
#include "weir/crypto/digest.h"
#include "weir/kube/conditions.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

using Part = void (*)(Simulated&, const Value&);

const std::map<std::string, Part>& Parts() {
  static const auto& parts = *new std::map<std::string, Part>{
      {"pods", SimulatePod},
      {"replicasets.apps", SimulateReplicaSet},
      {"deployments.apps", SimulateDeployment},
      {"statefulsets.apps", SimulateStatefulSet},
      {"daemonsets.apps", SimulateDaemonSet},
      {"jobs.batch", SimulateJob},
      {"persistentvolumeclaims", SimulateClaim},
      {"services", SimulateService}};
  return parts;
}

std::string StorageOfKind(absl::string_view kind) {
  if (kind == "ReplicaSet") return "replicasets.apps";
  if (kind == "Deployment") return "deployments.apps";
  if (kind == "StatefulSet") return "statefulsets.apps";
  if (kind == "DaemonSet") return "daemonsets.apps";
  if (kind == "Job") return "jobs.batch";
  return "";
}

class Simulator : public Controller, public Simulated {
 public:
  Simulator(const ControllerContext& context, Simulation level,
            bool pods_need_label)
      : context_(context),
        makes_pods_(level == Simulation::kPods),
        pods_need_label_(pods_need_label) {}

  void Start() override {
    for (const auto& [storage, part] : Parts()) {
      for (const Value& object : context_.store().List(storage).objects) {
        Enqueue(storage, kube::KeyOf(object));
      }
    }
  }

  void OnChange(const LoggedChange& change) override {
    if (Parts().count(change.resource) == 0) {
      if (change.resource == "nodes") EnqueueAll("daemonsets.apps");
      return;
    }
    if (change.op != ChangeOp::kDelete) {
      Enqueue(change.resource, change.key);
    } else if (change.resource == "persistentvolumeclaims") {
      ReleaseVolume(*this, change.object);
    }
    for (const Value& owner :
         change.object["metadata"]["ownerReferences"].array()) {
      const std::string storage = StorageOfKind(owner.GetString("kind"));
      if (!owner.GetBool("controller") || storage.empty()) continue;
      Enqueue(storage,
              {change.key.name_space, std::string(owner.GetString("name"))});
    }
  }

  const ControllerContext& context() const override { return context_; }
  bool makes_pods() const override { return makes_pods_; }
  bool pods_need_label() const override { return pods_need_label_; }

  void Enqueue(const std::string& storage,
               const kube::ObjectKey& key) override {
    const bool was_empty = queue_.empty();
    queue_.emplace(storage, key);
    if (was_empty) context_.tasks().Post([this] { Work(); });
  }

  void EnqueueAt(absl::Time when, const std::string& storage,
                 const kube::ObjectKey& key) override {
    // The clock of the server may not be the machine's.
    const absl::Duration delay = when - context_.Now();
    context_.tasks().PostAfter(delay,
                               [this, storage, key] { Enqueue(storage, key); });
  }

 private:
  void EnqueueAll(const std::string& storage) {
    for (const Value& object : context_.store().List(storage).objects) {
      Enqueue(storage, kube::KeyOf(object));
    }
  }

  void Work() {
    std::set<std::pair<std::string, kube::ObjectKey>> work;
    work.swap(queue_);
    for (const auto& [storage, key] : work) {
      const Value object = context_.store().Get(storage, key);
      if (!object.is_null()) Parts().at(storage)(*this, object);
    }
  }

  const ControllerContext context_;
  const bool makes_pods_;
  const bool pods_need_label_;
  std::set<std::pair<std::string, kube::ObjectKey>> queue_;
};

}  // namespace

Wish ParseWish(absl::string_view text) {
  Wish wish;
  wish.is_given = !text.empty();
  if (text == "fail") {
    wish.outcome = Outcome::kFail;
  } else if (text == "succeed") {
    wish.outcome = Outcome::kSucceed;
  } else if (text == "hang") {
    wish.outcome = Outcome::kHang;
  } else if (text == "crashloop") {
    wish.outcome = Outcome::kCrashLoop;
  } else if (absl::ConsumePrefix(&text, "delay=")) {
    absl::StatusOr<absl::Duration> delay = ParseGoDuration(text);
    if (delay.ok()) wish.delay = *delay;
  }
  return wish;
}

Wish WishOf(const Value& object) {
  const Wish own = ParseWish(
      object["metadata"]["annotations"].GetString(kSimulateAnnotation));
  if (own.is_given) return own;
  return ParseWish(
      object["spec"]["template"]["metadata"]["annotations"].GetString(
          kSimulateAnnotation));
}

void Simulated::EditStatus(const Value& object,
                           std::function<void(Value&)> edit) const {
  const auto change = [edit = std::move(edit)](Value& edited) {
    edit(edited);
    return absl::OkStatus();
  };
  Value wanted = object;
  if (!change(wanted).ok() || wanted == object) return;
  context().Edit(kube::RefOf(object), "status", change);
}

bool IsLeaving(const Value& object) {
  return !object["metadata"].GetString("deletionTimestamp").empty();
}

Value ControllerReference(const Value& owner) {
  return Value::MakeObject({{"apiVersion", owner["apiVersion"]},
                            {"kind", owner["kind"]},
                            {"name", owner["metadata"]["name"]},
                            {"uid", owner["metadata"]["uid"]},
                            {"controller", true},
                            {"blockOwnerDeletion", true}});
}

bool IsControlledBy(const Value& object, const Value& owner) {
  for (const Value& one : object["metadata"]["ownerReferences"].array()) {
    if (one.GetBool("controller")) {
      return one["uid"] == owner["metadata"]["uid"];
    }
  }
  return false;
}

std::string NodeName(const Simulated& sim) {
  const Store::Snapshot nodes = sim.context().store().List("nodes");
  if (nodes.objects.empty()) return "";
  return std::string(nodes.objects.front()["metadata"].GetString("name"));
}

Value MakePod(const Simulated& sim, const Value& owner, const std::string& name,
              const Value& labels) {
  const Value& pod_template = owner["spec"]["template"];
  Value metadata = pod_template["metadata"];
  if (!metadata.is_object()) metadata = Value::MakeObject();
  metadata.Set("name", name);
  metadata.Set("namespace", owner["metadata"]["namespace"]);
  metadata.Set("ownerReferences",
               Value(Value::Array{ControllerReference(owner)}));
  for (const Value::Member& label : labels.object()) {
    metadata.Mutable("labels").Set(label.key, label.value);
  }
  const Value& wish = owner["metadata"]["annotations"][kSimulateAnnotation];
  if (wish.is_string() && !metadata["annotations"].Has(kSimulateAnnotation)) {
    metadata.Mutable("annotations").Set(kSimulateAnnotation, wish);
  }
  Value spec = pod_template["spec"];
  // Born on its node: that saves a scheduler's write.
  const std::string node = sim.pods_need_label() ? "" : NodeName(sim);
  if (!node.empty() && spec.GetString("nodeName").empty()) {
    spec.Set("nodeName", node);
  }
  return Value::MakeObject({{"apiVersion", "v1"},
                            {"kind", "Pod"},
                            {"metadata", std::move(metadata)},
                            {"spec", std::move(spec)}});
}

bool IsPodReady(const Value& pod) {
  return kube::IsConditionTrue(pod, "Ready");
}

bool IsPodActive(const Value& pod) {
  const absl::string_view phase = pod["status"].GetString("phase");
  return !pod.is_null() && phase != "Succeeded" && phase != "Failed" &&
         !IsLeaving(pod);
}

namespace {

// Letters that make no words, as Kubernetes picks them.
std::string SafeLetters(absl::string_view text, size_t count) {
  constexpr absl::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  const std::string hex = crypto::Sha256Hex(text);
  std::string out;
  for (size_t i = 0; i < count; ++i) {
    const int byte = std::stoi(hex.substr(2 * i, 2), nullptr, 16);
    out.push_back(kLetters[static_cast<size_t>(byte) % kLetters.size()]);
  }
  return out;
}

}  // namespace

std::string SlotName(const Value& owner, int64_t slot) {
  return SafeLetters(
      absl::StrCat(owner["metadata"].GetString("uid"), "/", slot), 5);
}

std::string TemplateHash(const Value& pod_template) {
  return SafeLetters(FormatJson(pod_template), 10);
}

std::unique_ptr<Controller> MakeSimulator(const ControllerContext& context,
                                          Simulation level,
                                          bool pods_need_label) {
  return std::make_unique<Simulator>(context, level, pods_need_label);
}

}  // namespace weir::apiserver
