#include "src/object_changes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

// What an older client-side apply of Helm's left behind would keep fields that
// the chart no longer has.
absl::Status AdoptFields(const Context& ctx, const Workbench& bench,
                         const kube::ObjectRef& ref, Value* live) {
  static const auto& kManagers =
      *new std::vector<apply::ManagerMatch>{{"helm", true, true}};
  if (!apply::HasTakenOverManager((*live)["metadata"], kManagers)) {
    return absl::OkStatus();
  }
  const auto patch = apply::ComputeCleanUpPatch(*live, kComponent, kManagers);
  if (!patch.has_value()) return absl::OkStatus();
  WEIR_ASSIGN_OR_RETURN(
      *live, bench.client.Patch(ctx, ref, kube::PatchType::kJson, *patch,
                                {.field_manager = kComponent}));
  return absl::OkStatus();
}

}  // namespace

ApplyResult ApplyObjects(const Context& ctx, Workbench& bench,
                         const std::vector<ReleaseObject>& objects,
                         const ApplySettings& settings) {
  ApplyResult result;
  kube::WriteOptions write;
  write.field_manager = kComponent;
  write.force = true;
  write.field_validation = settings.validates ? "Strict" : "Ignore";
  for (size_t begin = 0; begin < objects.size() && result.status.ok();) {
    const size_t end = BatchEnd(objects, begin);
    std::vector<kube::Request> requests;
    std::vector<Value> desired;
    for (size_t i = begin; i < end; ++i) {
      Value object = objects[i].object;
      MarkOwned(settings.release_name, settings.release_namespace, &object);
      absl::StatusOr<kube::Request> request =
          bench.client.ApplyRequest(ctx, object, write);
      if (!request.ok()) {
        result.status = request.status();
        return result;
      }
      requests.push_back(*std::move(request));
      desired.push_back(std::move(object));
    }
    std::vector<absl::StatusOr<kube::Response>> answers =
        bench.client.DoAll(ctx, std::move(requests), kRequestsInFlight);
    for (size_t i = begin; i < end; ++i) {
      const kube::ObjectRef& ref = objects[i].ref;
      absl::StatusOr<kube::Response>& answer = answers[i - begin];
      if (!answer.ok()) {
        if (result.status.ok()) {
          const bool is_creation =
              settings.is_update &&
              absl::IsNotFound(bench.client.Get(ctx, ref).status());
          result.status = ApplyError(ref, answer.status(), is_creation);
        }
        continue;
      }
      if (answer->code == 201) result.created.push_back(ref);
      Value live = std::move(answer->body);
      if (answer->code != 201) {
        const absl::Status adopted = AdoptFields(ctx, bench, ref, &live);
        if (!adopted.ok() && result.status.ok()) result.status = adopted;
      }
      apply::HealthTarget target = HealthTargetOf(bench, live);
      if (target.is_ours) {
        bench.tracker.RecordApplied(
            bench.owner, ref, apply::Tracker::DesiredDigest(desired[i - begin]),
            live);
      }
      result.targets.push_back(std::move(target));
    }
    begin = end;
  }
  return result;
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

DeleteResult DeleteObjects(const Context& ctx, Workbench& bench,
                           const std::vector<kube::ObjectRef>& refs,
                           const std::string& propagation) {
  DeleteResult result;
  std::vector<kube::Request> requests;
  std::vector<const kube::ObjectRef*> asked;
  kube::DeleteOptions options;
  options.propagation_policy = PropagationPolicy(propagation);
  for (const kube::ObjectRef& ref : refs) {
    bench.tracker.Forget(ref);  // Our deletion is no drift.
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
    if (absl::IsNotFound(answers[i].status())) continue;
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

absl::Status DeleteStale(const Context& ctx, Workbench& bench,
                         const std::vector<kube::ObjectRef>& refs) {
  std::vector<kube::ObjectRef> doomed;
  std::vector<std::string> problems;
  for (const kube::ObjectRef& ref : refs) {
    const absl::StatusOr<Value> live = bench.client.Get(ctx, ref);
    if (absl::IsNotFound(live.status())) continue;
    if (!live.ok()) {
      problems.push_back(
          absl::StrCat(Describe(ref), ": ", live.status().message()));
    } else if (!IsKept(*live)) {
      doomed.push_back(ref);
    }
  }
  DeleteResult deleted = DeleteObjects(ctx, bench, doomed, "background");
  std::move(deleted.problems.begin(), deleted.problems.end(),
            std::back_inserter(problems));
  if (problems.empty()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("failed to delete resource: ",
                                             absl::StrJoin(problems, " && ")));
}

}  // namespace weir::helm_controller
