// The controller of CustomResourceDefinitions: accepts their names, serves
// their kinds, and clears up after them.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "api_errors.h"
#include "controllers.h"
#include "weir/base/duration.h"
#include "weir/kube/conditions.h"

namespace weir::apiserver {
namespace {

constexpr char kCrds[] = "customresourcedefinitions.apiextensions.k8s.io";
// Who writes the status: upstream this controller is in the API server.
constexpr char kManager[] = "kube-apiserver";
constexpr char kCleanup[] = "customresourcecleanup.apiextensions.k8s.io";

kube::ObjectRef CrdRef(const std::string& name) {
  return {{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"},
          {"", name}};
}

bool IsLeaving(const Value& crd) {
  return !crd["metadata"].GetString("deletionTimestamp").empty();
}

std::string StorageOfCrd(const Value& crd) {
  const Value& spec = crd["spec"];
  return absl::StrCat(spec["names"].GetString("plural"), ".",
                      spec.GetString("group"));
}

bool Contains(const Value& list, absl::string_view text) {
  return std::any_of(list.array().begin(), list.array().end(),
                     [&](const Value& one) {
                       return one.is_string() && one.AsString() == text;
                     });
}

// Why the names of a CRD cannot be accepted: reason and message; empty when
// they can.
std::pair<std::string, std::string> FindNameConflict(const KindTable& table,
                                                     const Value& crd) {
  const Value& spec = crd["spec"];
  const Value& names = spec["names"];
  const std::string storage = StorageOfCrd(crd);
  const auto in_use = [](absl::string_view reason, absl::string_view name) {
    return std::pair(std::string(reason),
                     absl::StrCat("\"", name, "\" is already in use"));
  };
  for (const Served& served : table.kinds()) {
    const KindInfo& kind = *served.kind;
    if (kind.resource.gvk.group != spec.GetString("group") ||
        served.storage == storage) {
      continue;
    }
    std::vector<std::string> taken = kind.short_names;
    taken.push_back(kind.resource.plural);
    taken.push_back(kind.singular);
    const auto is_taken = [&](absl::string_view name) {
      return std::find(taken.begin(), taken.end(), name) != taken.end();
    };
    if (is_taken(names.GetString("plural"))) {
      return in_use("PluralConflict", names.GetString("plural"));
    }
    if (is_taken(names.GetString("singular"))) {
      return in_use("SingularConflict", names.GetString("singular"));
    }
    for (const Value& one : names["shortNames"].array()) {
      if (one.is_string() && is_taken(one.AsString())) {
        return in_use("ShortNamesConflict", one.AsString());
      }
    }
    for (const absl::string_view key : {"kind", "listKind"}) {
      const absl::string_view name = names.GetString(key);
      if (name == kind.resource.gvk.kind || name == kind.list_kind) {
        return in_use(key == "kind" ? "KindConflict" : "ListKindConflict",
                      name);
      }
    }
  }
  return {};
}

std::vector<KindPtr> ServedKinds(const Value& crd) {
  absl::StatusOr<std::vector<KindPtr>> kinds = KindsOfCrd(crd);
  return kinds.ok() ? *std::move(kinds) : std::vector<KindPtr>();
}

class CrdController : public Controller {
 public:
  CrdController(const ControllerContext& context, WatchHub& hub)
      : context_(context), hub_(hub) {}

  void Start() override {
    for (const Value& crd : context_.store().List(kCrds).objects) {
      Reconcile(crd);
    }
  }

  void OnChange(const LoggedChange& change) override {
    if (change.resource != kCrds) {
      if (change.op == ChangeOp::kDelete) CheckEmpty(change.resource);
      return;
    }
    if (change.op == ChangeOp::kDelete) {
      context_.registry().SetCrd(change.key.name, {}, false);
      served_.erase(change.key.name);
      leaving_.erase(StorageOfCrd(change.object));
      hub_.EndAll(StorageOfCrd(change.object));
      return;
    }
    Reconcile(change.object);
  }

 private:
  void Reconcile(const Value& seen);
  void Serve(const Value& crd);
  void Establish(const Value& crd);
  void CleanUp(const Value& crd);
  void CheckEmpty(const std::string& storage);

  const ControllerContext context_;
  WatchHub& hub_;
  std::map<std::string, Value> served_;         // spec by CRD name.
  std::map<std::string, std::string> leaving_;  // CRD name by storage.
};

void CrdController::Reconcile(const Value& seen) {
  const std::string name(seen["metadata"].GetString("name"));
  const Value crd = context_.store().Get(kCrds, {"", name});
  if (crd.is_null()) return;
  if (IsLeaving(crd)) {
    if (Contains(crd["metadata"]["finalizers"], kCleanup)) CleanUp(crd);
    return;
  }
  const bool is_established = kube::IsConditionTrue(crd, "Established");
  const auto [reason, message] =
      is_established ? std::pair<std::string, std::string>()
                     : FindNameConflict(*context_.registry().table(), crd);
  if (!reason.empty()) {
    const absl::Time now = context_.Now();
    context_.Edit(
        CrdRef(name), "status",
        [now, r = reason, m = message](Value& object) {
          SetCondition(object, "NamesAccepted", "False", r, m, now);
          SetCondition(object, "Established", "False", "NotAccepted",
                       "not all names are accepted", now);
          return absl::OkStatus();
        },
        nullptr, kManager);
    return;
  }
  Serve(crd);
  Establish(crd);
}

void CrdController::Serve(const Value& crd) {
  const std::string name(crd["metadata"].GetString("name"));
  auto it = served_.find(name);
  if (it != served_.end() && it->second == crd["spec"]) return;
  std::vector<KindPtr> kinds = ServedKinds(crd);
  if (kinds.empty()) return;
  const bool is_change = it != served_.end();
  served_[name] = crd["spec"];
  context_.registry().SetCrd(name, kinds, false);
  if (!is_change) return;
  // Stored objects are shown as the new schema completes them.
  const KindPtr stored_as = kinds.front();
  context_.store().Rewrite(StorageOfCrd(crd), [&](const Value& object) {
    Value out = object;
    out.Set("apiVersion", stored_as->resource.gvk.ApiVersion());
    ApplyDefaults(*stored_as, object, out);
    return out == object ? object : out;
  });
  hub_.EndAll(StorageOfCrd(crd));
}

void CrdController::Establish(const Value& crd) {
  const absl::Time now = context_.Now();
  const auto edit = [now](Value& object) {
    const Value spec = object["spec"];
    Value& status = object.Mutable("status");
    status.Set("acceptedNames", spec["names"]);
    Value stored = status["storedVersions"];
    for (const Value& version : spec["versions"].array()) {
      if (version.GetBool("storage") &&
          !Contains(stored, version.GetString("name"))) {
        stored.Append(version["name"]);
      }
    }
    status.Set("storedVersions", std::move(stored));
    SetCondition(object, "NamesAccepted", "True", "NoConflicts",
                 "no conflicts found", now);
    SetCondition(object, "Established", "True", "InitialNamesAccepted",
                 "the initial names have been accepted", now);
    return absl::OkStatus();
  };
  Value wanted = crd;
  if (!edit(wanted).ok() || wanted == crd) return;
  context_.Edit(CrdRef(std::string(crd["metadata"].GetString("name"))),
                "status", edit, nullptr, kManager);
}

// Deletes all objects; the rest follows when the last of them is gone.
void CrdController::CleanUp(const Value& crd) {
  const std::string name(crd["metadata"].GetString("name"));
  const std::string storage = StorageOfCrd(crd);
  if (!leaving_.emplace(storage, name).second) {
    return CheckEmpty(storage);
  }
  std::vector<KindPtr> kinds = ServedKinds(crd);
  if (!kinds.empty()) context_.registry().SetCrd(name, kinds, true);
  for (const Value& object : context_.store().List(storage).objects) {
    context_.Delete(kube::RefOf(object), Value::MakeObject());
  }
  CheckEmpty(storage);
}

void CrdController::CheckEmpty(const std::string& storage) {
  auto it = leaving_.find(storage);
  if (it == leaving_.end() || !context_.store().List(storage).objects.empty()) {
    return;
  }
  const absl::Time now = context_.Now();
  context_.Edit(CrdRef(it->second), "", [now](Value& object) {
    SetCondition(object, "Terminating", "False", "InstanceDeletionCompleted",
                 "removed all instances", now);
    Value kept = Value::MakeArray();
    for (const Value& one : object["metadata"]["finalizers"].array()) {
      if (!one.is_string() || one.AsString() != kCleanup) kept.Append(one);
    }
    object.Mutable("metadata").Set("finalizers", std::move(kept));
    return absl::OkStatus();
  });
}

}  // namespace

std::unique_ptr<Controller> MakeCrdController(const ControllerContext& context,
                                              WatchHub& hub) {
  return std::make_unique<CrdController>(context, hub);
}

void ServeStoredCrds(const Store& store, Registry& registry) {
  for (const Value& crd : store.List(kCrds).objects) {
    if (!kube::IsConditionTrue(crd, "Established")) continue;
    std::vector<KindPtr> kinds = ServedKinds(crd);
    if (kinds.empty()) continue;
    registry.SetCrd(std::string(crd["metadata"].GetString("name")), kinds,
                    IsLeaving(crd));
  }
}

}  // namespace weir::apiserver
