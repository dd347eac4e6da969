#include "src/object_changes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/client_side_apply.h"
#include "src/object_wait.h"
#include "src/plan.h"
#include "weir/apply/managed_fields.h"
#include "weir/base/status.h"

namespace weir::helm_controller {
namespace {

std::string PropagationPolicy(const std::string& propagation) {
  if (propagation == "foreground") return "Foreground";
  if (propagation == "orphan") return "Orphan";
  return "Background";
}

absl::Status ApplyError(const kube::ObjectRef& ref, const absl::Status& error,
                        bool is_creation) {
  return Annotate(
      error,
      absl::StrCat(is_creation ? "failed to create resource: " : "",
                   "server-side apply failed for object ", Describe(ref)));
}

// The end of the batch that starts at `begin`: objects of the same kind.
size_t BatchEnd(const std::vector<ReleaseObject>& objects, size_t begin) {
  size_t end = begin;
  while (end < objects.size() &&
         objects[end].ref.gvk == objects[begin].ref.gvk) {
    ++end;
  }
  return end;
}

// What client-side apply, or the helm program, left behind would keep fields
// that the chart no longer has: they become ours, and are applied once more.
absl::Status AdoptFields(const Context& ctx, const Workbench& bench,
                         const ReleaseObject& object,
                         const kube::WriteOptions& write, Value* live) {
  static const auto& kManagers =
      *new std::vector<apply::ManagerMatch>{{"helm", true, true}};
  if (!apply::HasTakenOverManager((*live)["metadata"], kManagers)) {
    return absl::OkStatus();
  }
  const auto patch = apply::ComputeCleanUpPatch(*live, kComponent, kManagers);
  if (!patch.has_value()) return absl::OkStatus();
  WEIR_RETURN_IF_ERROR(bench.client
                           .Patch(ctx, object.ref, kube::PatchType::kJson,
                                  *patch, {.field_manager = kComponent})
                           .status());
  WEIR_ASSIGN_OR_RETURN(*live, bench.client.Apply(ctx, object.object, write));
  return absl::OkStatus();
}

// How it went with an object, for the log.
enum class How {
  kCreated,
  kPatched,
  kReplaced,
  kNotCreated,
  kNotPatched,
  kNotReplaced,
};

// What becomes of a set of objects that is applied: where to go on, the first
// error, and the log.
class Applying {
 public:
  Applying(Workbench& bench, const ApplySettings& settings, size_t count)
      : bench_(bench), settings_(settings), count_(count) {}

  void Succeeded(const ReleaseObject& object, const Value& desired, How how,
                 const Value& live) {
    Note(object.ref, how);
    if (how == How::kCreated) result_.created.push_back(object.ref);
    apply::HealthTarget target = HealthTargetOf(bench_, live);
    if (target.is_ours) {
      bench_.tracker.RecordApplied(bench_.owner, object.ref,
                                   apply::Tracker::DesiredDigest(desired),
                                   live);
    }
    result_.targets.push_back(std::move(target));
  }
  void Failed(const kube::ObjectRef& ref, How how, const absl::Status& error) {
    Note(ref, how);
    // An upgrade goes on with the others, unless one cannot be created.
    const bool is_last = !settings_.is_update || how == How::kNotCreated;
    if (is_last && creation_.ok()) creation_ = error;
    if (!is_last) problems_.push_back(error);
  }
  bool has_failed() const { return !creation_.ok() || !problems_.empty(); }

  ApplyResult Finish() {
    if (!creation_.ok()) {
      result_.status = creation_;
    } else if (!problems_.empty()) {
      std::vector<std::string> texts;
      for (const absl::Status& problem : problems_) {
        texts.emplace_back(problem.message());
      }
      result_.status =
          absl::Status(problems_[0].code(), absl::StrJoin(texts, " && "));
    }
    WriteLog();
    return std::move(result_);
  }

 private:
  void Note(const kube::ObjectRef& ref, How how) {
    // Helm stops at once where it cannot create one.
    if (creation_.ok() || !settings_.is_update) done_.emplace_back(ref, how);
    is_new_ = is_new_ && (how == How::kCreated || how == How::kNotCreated);
  }
  void WriteLog();
  void WriteHeads();

  Workbench& bench_;
  const ApplySettings& settings_;
  const size_t count_;
  ApplyResult result_;
  absl::Status creation_;
  std::vector<absl::Status> problems_;
  std::vector<std::pair<kube::ObjectRef, How>> done_;
  bool is_new_ = true;
};

void Applying::WriteHeads() {
  const bool creates = !settings_.is_update && is_new_;
  const Value count = Value::MakeObject({{"resources", count_}});
  if (creates) bench_.Log("creating resource(s)", count);
  bench_.LogCreationWay(settings_.is_server_side, /*force=*/!creates);
  if (creates) return;
  if (settings_.replaces) {
    bench_.Log("using resource replace update strategy",
               Value::MakeObject({{"fieldValidationDirective", "Strict"}}));
  } else if (settings_.is_server_side) {
    bench_.Log("using server-side apply for resource update",
               Value::MakeObject({{"dryRun", false},
                                  {"fieldValidationDirective", "Strict"},
                                  {"forceConflicts", true},
                                  {"upgradeClientSideFieldManager",
                                   settings_.upgrades_managers}}));
  } else {
    bench_.Log("using client-side apply for resource update",
               Value::MakeObject(
                   {{"threeWayMergeForUnstructured",
                     settings_.takes_ownership && !settings_.is_update}}));
  }
  bench_.Log("checking resources for changes", count);
}

void Applying::WriteLog() {
  if (count_ == 0) return;
  WriteHeads();
  for (const auto& [ref, how] : done_) {
    const Value failed = LogOfFailure(ref);
    const bool is_server_side = settings_.is_server_side;
    switch (how) {
      case How::kCreated:
        if (is_server_side) {
          bench_.Log("Created resource via patch", LogOfKind(ref));
        }
        if (settings_.is_update || !is_new_) {
          bench_.Log("created a new resource", LogOf(ref));
        }
        break;
      case How::kPatched:
        if (is_server_side) bench_.Log("Patched resource", LogOfKind(ref));
        break;
      case How::kReplaced:
        bench_.Log("replace succeeded",
                   Value::MakeObject({{"initialKind", ref.gvk.kind},
                                      {"kind", ref.gvk.kind},
                                      {"name", ref.key.name}}));
        break;
      case How::kNotCreated:
        if (is_server_side) {
          bench_.Log("Error creating resource via patch", failed);
        }
        break;
      case How::kNotPatched:
        if (is_server_side) bench_.Log("Error patching resource", failed);
        break;
      case How::kNotReplaced:
        bench_.Log("error replacing the resource", failed);
        break;
    }
  }
}

// Objects of one kind that follow each other, at once.
void ApplyServerSide(const Context& ctx, Workbench& bench,
                     const std::vector<ReleaseObject>& objects, size_t begin,
                     size_t end, const ApplySettings& settings,
                     Applying& applying) {
  kube::WriteOptions write;
  write.field_manager = kComponent;
  write.force = true;
  write.field_validation = settings.validates ? "Strict" : "Ignore";
  std::vector<kube::Request> requests;
  for (size_t i = begin; i < end; ++i) {
    absl::StatusOr<kube::Request> request =
        bench.client.ApplyRequest(ctx, objects[i].object, write);
    if (!request.ok()) {
      return applying.Failed(objects[i].ref, How::kNotCreated,
                             request.status());
    }
    requests.push_back(*std::move(request));
  }
  std::vector<absl::StatusOr<kube::Response>> answers =
      bench.client.DoAll(ctx, std::move(requests), kRequestsInFlight);
  for (size_t i = begin; i < end; ++i) {
    const ReleaseObject& object = objects[i];
    absl::StatusOr<kube::Response>& answer = answers[i - begin];
    if (!answer.ok()) {
      const bool is_creation =
          absl::IsNotFound(bench.client.Get(ctx, object.ref).status());
      applying.Failed(object.ref,
                      is_creation ? How::kNotCreated : How::kNotPatched,
                      ApplyError(object.ref, answer.status(),
                                 is_creation && settings.is_update));
      continue;
    }
    Value live = std::move(answer->body);
    const bool is_new = answer->code == 201;
    if (!is_new) {
      const absl::Status adopted =
          AdoptFields(ctx, bench, object, write, &live);
      if (!adopted.ok()) {
        applying.Failed(object.ref, How::kNotPatched, adopted);
        continue;
      }
    }
    applying.Succeeded(object, object.object,
                       is_new ? How::kCreated : How::kPatched, live);
  }
}

void ApplyOnClient(const Context& ctx, Workbench& bench,
                   const ReleaseObject& object, const ApplySettings& settings,
                   Applying& applying) {
  ClientSideApply client_side;
  const auto before = settings.known.find(object.ref);
  if (before != settings.known.end()) client_side.original = before->second;
  client_side.replaces = settings.replaces;
  client_side.validates = settings.validates;
  client_side.is_update = settings.is_update;
  client_side.looks_at_custom_objects =
      settings.takes_ownership && !settings.is_update;
  const absl::StatusOr<AppliedObject> applied =
      ApplyClientSide(ctx, bench.client, object, client_side);
  if (applied.ok()) {
    const How how = applied->how == AppliedObject::How::kCreated ? How::kCreated
                    : applied->how == AppliedObject::How::kReplaced
                        ? How::kReplaced
                        : How::kPatched;
    return applying.Succeeded(object, object.object, how, applied->live);
  }
  const bool is_creation =
      absl::IsNotFound(bench.client.Get(ctx, object.ref).status());
  applying.Failed(object.ref,
                  is_creation         ? How::kNotCreated
                  : settings.replaces ? How::kNotReplaced
                                      : How::kNotPatched,
                  applied.status());
}

}  // namespace

ApplyResult ApplyObjects(const Context& ctx, Workbench& bench,
                         const std::vector<ReleaseObject>& objects,
                         const ApplySettings& settings) {
  std::vector<ReleaseObject> desired = objects;
  for (ReleaseObject& object : desired) {
    MarkOwned(settings.release_name, settings.release_namespace,
              &object.object);
  }
  Applying applying(bench, settings, desired.size());
  for (size_t begin = 0; begin < desired.size() && !applying.has_failed();) {
    const size_t end = BatchEnd(desired, begin);
    if (settings.is_server_side) {
      ApplyServerSide(ctx, bench, desired, begin, end, settings, applying);
    } else {
      for (size_t i = begin; i < end; ++i) {
        ApplyOnClient(ctx, bench, desired[i], settings, applying);
      }
    }
    begin = end;
  }
  return applying.Finish();
}

absl::StatusOr<Value> CreateObject(const Context& ctx, Workbench& bench,
                                   const ReleaseObject& object,
                                   bool is_server_side) {
  kube::WriteOptions write;
  write.field_manager = kComponent;
  write.field_validation = "Strict";
  bench.Log("creating resource(s)", Value::MakeObject({{"resources", 1}}));
  bench.LogCreationWay(is_server_side, /*force=*/false);
  if (!is_server_side) return bench.client.Create(ctx, object.object, write);
  absl::StatusOr<Value> live = bench.client.Apply(ctx, object.object, write);
  if (live.ok()) {
    bench.Log("Created resource via patch", LogOfKind(object.ref));
    return live;
  }
  bench.Log("Error creating resource via patch", LogOfFailure(object.ref));
  return ApplyError(object.ref, live.status(), /*is_creation=*/false);
}

absl::Status CheckOwnership(const Context& ctx, const kube::Client& client,
                            const std::vector<ReleaseObject>& objects,
                            const ApplySettings& settings) {
  std::vector<kube::Request> requests;
  std::vector<const ReleaseObject*> asked;
  for (const ReleaseObject& object : objects) {
    if (settings.known.contains(object.ref) || object.ref.key.name.empty()) {
      continue;
    }
    WEIR_ASSIGN_OR_RETURN(kube::Request request,
                          client.GetRequest(ctx, object.ref));
    requests.push_back(std::move(request));
    asked.push_back(&object);
  }
  const std::vector<absl::StatusOr<kube::Response>> answers =
      client.DoAll(ctx, std::move(requests), kRequestsInFlight);
  for (size_t i = 0; i < answers.size(); ++i) {
    if (absl::IsNotFound(answers[i].status())) continue;
    if (!answers[i].ok()) return answers[i].status();
    const std::string problem = FindForeignOwner(
        answers[i]->body, settings.release_name, settings.release_namespace);
    if (problem.empty()) continue;
    const kube::ObjectRef& ref = asked[i]->ref;
    return absl::FailedPreconditionError(absl::StrCat(
        ref.gvk.kind, " \"", ref.key.name, "\" in namespace \"",
        ref.key.name_space,
        "\" exists and cannot be imported into the current release: invalid "
        "ownership metadata; ",
        problem));
  }
  return absl::OkStatus();
}

namespace {

// `is_told`: by the log.
DeleteResult DeleteAll(const Context& ctx, Workbench& bench,
                       const std::vector<kube::ObjectRef>& refs,
                       const std::string& propagation, bool is_told) {
  DeleteResult result;
  std::vector<kube::Request> requests;
  std::vector<const kube::ObjectRef*> asked;
  kube::DeleteOptions options;
  options.propagation_policy = PropagationPolicy(propagation);
  for (const kube::ObjectRef& ref : refs) {
    bench.tracker.Forget(ref);  // Our deletion is no drift.
    if (is_told) bench.Log("starting delete resource", LogOf(ref));
    absl::StatusOr<kube::Request> request =
        bench.client.DeleteRequest(ctx, ref, options);
    // A kind that is not served any more has no objects.
    if (absl::IsNotFound(request.status())) continue;
    if (!request.ok()) {
      result.problems.push_back(
          absl::StrCat(Describe(ref), ": ", request.status().message()));
      continue;
    }
    requests.push_back(*std::move(request));
    asked.push_back(&ref);
  }
  const std::vector<absl::StatusOr<kube::Response>> answers =
      bench.client.DoAll(ctx, std::move(requests), kRequestsInFlight);
  for (size_t i = 0; i < answers.size(); ++i) {
    if (absl::IsNotFound(answers[i].status())) {
      if (is_told) {
        bench.LogApiError("ignoring delete failure", answers[i].status(),
                          LogOf(*asked[i]));
      }
      continue;
    }
    if (!answers[i].ok()) {
      result.problems.push_back(std::string(answers[i].status().message()));
      continue;
    }
    // The answer is a Status when the object is gone at once.
    if (answers[i]->body.GetString("kind") == "Status") continue;
    apply::HealthTarget target;
    target.ref = *asked[i];
    target.is_ours = false;
    result.terminating.push_back(std::move(target));
  }
  return result;
}

}  // namespace

DeleteResult DeleteObjects(const Context& ctx, Workbench& bench,
                           const std::vector<kube::ObjectRef>& refs,
                           const std::string& propagation) {
  return DeleteAll(ctx, bench, refs, propagation, /*is_told=*/true);
}

absl::Status DeleteStale(const Context& ctx, Workbench& bench,
                         const std::vector<kube::ObjectRef>& refs) {
  std::vector<kube::ObjectRef> doomed;
  std::vector<std::string> problems;
  for (const kube::ObjectRef& ref : refs) {
    bench.Log("deleting resource", LogOf(ref));
    const absl::StatusOr<Value> live = bench.client.Get(ctx, ref);
    if (!live.ok()) {
      bench.LogApiError("unable to get object", live.status(), LogOf(ref));
      if (absl::IsNotFound(live.status())) continue;
      problems.push_back(
          absl::StrCat(Describe(ref), ": ", live.status().message()));
    } else if (IsKept(*live)) {
      Value kept = LogOf(ref);
      kept.Set("annotation", "helm.sh/resource-policy");
      kept.Set("value", "keep");
      bench.Log("skipping delete due to annotation", kept);
    } else {
      doomed.push_back(ref);
    }
  }
  DeleteResult deleted =
      DeleteAll(ctx, bench, doomed, "background", /*is_told=*/false);
  std::move(deleted.problems.begin(), deleted.problems.end(),
            std::back_inserter(problems));
  if (problems.empty()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("failed to delete resource: ",
                                             absl::StrJoin(problems, " && ")));
}

}  // namespace weir::helm_controller
