// The controller of namespaces: what each one has, and how one ends. It also
// drops Events that are old.
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api_errors.h"
#include "controllers.h"
#include "weir/base/duration.h"

namespace weir::apiserver {
namespace {

constexpr char kRootCa[] = "kube-root-ca.crt";
constexpr absl::Duration kReportAfter = absl::Seconds(1);
constexpr absl::Duration kEventLifetime = absl::Hours(1);
constexpr absl::Duration kExpiryInterval = absl::Minutes(5);

bool IsLeaving(const Value& object) {
  return !object["metadata"].GetString("deletionTimestamp").empty();
}

class NamespaceController : public Controller {
 public:
  NamespaceController(const ControllerContext& context, std::string ca_pem)
      : context_(context), ca_pem_(std::move(ca_pem)) {}

  void Start() override {
    for (const Value& one : context_.store().List("namespaces").objects) {
      Reconcile(std::string(one["metadata"].GetString("name")));
    }
    context_.tasks().PostAfter(kExpiryInterval, [this] { DropOldEvents(); });
  }

  void OnChange(const LoggedChange& change) override {
    const std::string& name_space = change.key.name_space;
    if (change.resource == "namespaces") {
      if (change.op == ChangeOp::kDelete) {
        leaving_.erase(change.key.name);
      } else {
        Reconcile(change.key.name);
      }
      return;
    }
    if (change.op != ChangeOp::kDelete) return;
    if (leaving_.count(name_space) != 0) return FinishIfEmpty(name_space);
    if ((change.resource == "serviceaccounts" &&
         change.key.name == "default") ||
        (change.resource == "configmaps" && change.key.name == kRootCa)) {
      Reconcile(name_space);
    }
  }

 private:
  void Reconcile(const std::string& name);
  void Furnish(const std::string& name);
  void Empty(const std::string& name);
  void FinishIfEmpty(const std::string& name);
  void Report(const std::string& name);
  void DropOldEvents();
  // What is left in a namespace: count by storage.
  std::map<std::string, std::vector<Value>> Contents(
      const std::string& name) const;

  static kube::ObjectRef RefOf(const std::string& name) {
    return {{"", "v1", "Namespace"}, {"", name}};
  }

  const ControllerContext context_;
  const std::string ca_pem_;
  std::set<std::string> leaving_;
};

void NamespaceController::Reconcile(const std::string& name) {
  const Value object = context_.store().Get("namespaces", {"", name});
  if (object.is_null()) return;
  if (!IsLeaving(object)) return Furnish(name);
  if (leaving_.insert(name).second) Empty(name);
}

void NamespaceController::Furnish(const std::string& name) {
  const auto metadata = [&](const char* object_name) {
    return Value::MakeObject({{"name", object_name}, {"namespace", name}});
  };
  if (context_.store().Get("serviceaccounts", {name, "default"}).is_null()) {
    context_.Create(Value::MakeObject({{"apiVersion", "v1"},
                                       {"kind", "ServiceAccount"},
                                       {"metadata", metadata("default")}}));
  }
  if (context_.store().Get("configmaps", {name, kRootCa}).is_null()) {
    context_.Create(Value::MakeObject(
        {{"apiVersion", "v1"},
         {"kind", "ConfigMap"},
         {"metadata", metadata(kRootCa)},
         {"data", Value::MakeObject({{"ca.crt", ca_pem_}})}}));
  }
}

std::map<std::string, std::vector<Value>> NamespaceController::Contents(
    const std::string& name) const {
  std::map<std::string, std::vector<Value>> out;
  for (const std::string& storage : context_.store().Resources()) {
    Store::Snapshot now = context_.store().List(storage, name);
    if (!now.objects.empty()) out[storage] = std::move(now.objects);
  }
  return out;
}

void NamespaceController::Empty(const std::string& name) {
  const std::map<std::string, std::vector<Value>> contents = Contents(name);
  const auto remove = [&](const std::vector<Value>& objects) {
    for (const Value& object : objects) {
      if (IsLeaving(object)) continue;
      context_.Delete(kube::RefOf(object),
                      Value::MakeObject({{"propagationPolicy", "Background"}}));
    }
  };
  // Pods last: what makes them goes before them.
  for (const auto& [storage, objects] : contents) {
    if (storage != "pods") remove(objects);
  }
  if (auto pods = contents.find("pods"); pods != contents.end()) {
    remove(pods->second);
  }
  FinishIfEmpty(name);
  context_.tasks().PostAfter(kReportAfter, [this, name] { Report(name); });
}

void NamespaceController::FinishIfEmpty(const std::string& name) {
  for (const std::string& storage : context_.store().Resources()) {
    if (!context_.store().List(storage, name).objects.empty()) return;
  }
  context_.Edit(RefOf(name), "finalize", [](Value& object) {
    Value kept = Value::MakeArray();
    for (const Value& one : object["spec"]["finalizers"].array()) {
      if (!one.is_string() || one.AsString() != "kubernetes") kept.Append(one);
    }
    Value& spec = object.Mutable("spec");
    if (kept.empty()) {
      spec.Erase("finalizers");
    } else {
      spec.Set("finalizers", std::move(kept));
    }
    return absl::OkStatus();
  });
}

// Says what a namespace that does not go away still waits for.
void NamespaceController::Report(const std::string& name) {
  const Value object = context_.store().Get("namespaces", {"", name});
  if (object.is_null() || !IsLeaving(object)) return;
  std::vector<std::string> resources, finalizers;
  std::map<std::string, int> holders;
  for (const auto& [storage, objects] : Contents(name)) {
    resources.push_back(
        absl::StrCat(storage, " has ", objects.size(), " resource instances"));
    for (const Value& one : objects) {
      for (const Value& finalizer : one["metadata"]["finalizers"].array()) {
        if (finalizer.is_string()) ++holders[finalizer.AsString()];
      }
    }
  }
  for (const auto& [finalizer, count] : holders) {
    finalizers.push_back(
        absl::StrCat(finalizer, " in ", count, " resource instances"));
  }
  const absl::Time now = context_.Now();
  context_.Edit(RefOf(name), "status", [=](Value& edited) {
    SetCondition(edited, "NamespaceDeletionDiscoveryFailure", "False",
                 "ResourcesDiscovered", "All resources successfully discovered",
                 now);
    SetCondition(edited, "NamespaceDeletionGroupVersionParsingFailure", "False",
                 "ParsedGroupVersions",
                 "All legacy kube types successfully parsed", now);
    SetCondition(edited, "NamespaceDeletionContentFailure", "False",
                 "ContentDeleted",
                 "All content successfully deleted, may be waiting on "
                 "finalization",
                 now);
    if (resources.empty()) {
      SetCondition(edited, "NamespaceContentRemaining", "False",
                   "ContentRemoved", "All content successfully removed", now);
    } else {
      SetCondition(edited, "NamespaceContentRemaining", "True",
                   "SomeResourcesRemain",
                   absl::StrCat("Some resources are remaining: ",
                                absl::StrJoin(resources, ", ")),
                   now);
    }
    if (finalizers.empty()) {
      SetCondition(edited, "NamespaceFinalizersRemaining", "False",
                   "ContentHasNoFinalizers",
                   "All content-preserving finalizers finished", now);
    } else {
      SetCondition(edited, "NamespaceFinalizersRemaining", "True",
                   "SomeFinalizersRemain",
                   absl::StrCat("Some content in the namespace has finalizers "
                                "remaining: ",
                                absl::StrJoin(finalizers, ", ")),
                   now);
    }
    return absl::OkStatus();
  });
}

void NamespaceController::DropOldEvents() {
  const absl::Time limit = context_.Now() - kEventLifetime;
  for (const Value& event : context_.store().List("events").objects) {
    absl::Time last = absl::InfinitePast();
    for (const absl::string_view text :
         {event.GetString("lastTimestamp"), event.GetString("eventTime"),
          event["series"].GetString("lastObservedTime"),
          event["metadata"].GetString("creationTimestamp")}) {
      absl::StatusOr<absl::Time> time = ParseKubeTime(text);
      if (time.ok()) last = std::max(last, *time);
    }
    if (last < limit) context_.Delete(kube::RefOf(event), Value::MakeObject());
  }
  context_.tasks().PostAfter(kExpiryInterval, [this] { DropOldEvents(); });
}

}  // namespace

std::unique_ptr<Controller> MakeNamespaceController(
    const ControllerContext& context, const std::string& ca_pem) {
  return std::make_unique<NamespaceController>(context, ca_pem);
}

}  // namespace weir::apiserver
