#include "src/drift.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "src/client_side_apply.h"
#include "src/object_changes.h"
#include "weir/apply/ignore_rules.h"
#include "weir/apply/inventory.h"
#include "weir/apply/managed_fields.h"
#include "weir/apply/normalize.h"
#include "weir/base/status.h"
#include "weir/value/patch.h"

namespace weir::helm_controller {
namespace {

constexpr char kControl[] = "helm.toolkit.fluxcd.io/driftDetection";

void Count(const std::vector<Difference>& differences, DriftedObject* drifted) {
  for (const Difference& difference : differences) {
    switch (difference.kind) {
      case Difference::Kind::kAdded:
        ++drifted->additions;
        break;
      case Difference::Kind::kRemoved:
        ++drifted->removals;
        break;
      case Difference::Kind::kChanged:
        ++drifted->changes;
        break;
    }
  }
}

// The object once fields of these managers are ours.
absl::Status TakeOver(const Context& ctx, const Workbench& bench,
                      const std::vector<apply::ManagerMatch>& managers,
                      const kube::ObjectRef& ref, Value* live) {
  if (!apply::HasTakenOverManager((*live)["metadata"], managers)) {
    return absl::OkStatus();
  }
  const auto patch = apply::ComputeCleanUpPatch(*live, kComponent, managers);
  if (!patch.has_value()) return absl::OkStatus();
  WEIR_ASSIGN_OR_RETURN(
      *live,
      bench.client.Patch(ctx, ref, kube::PatchType::kJson, *patch,
                         {.field_manager = kComponent}),
      "failed to clean-up disallowed field managers");
  return absl::OkStatus();
}

absl::StatusOr<Value> Correct(const Context& ctx, const kube::Client& client,
                              const DriftedObject& drifted,
                              bool is_server_side) {
  const ReleaseObject& wanted = drifted.wanted;
  if (is_server_side) {
    return client.Apply(ctx, wanted.object,
                        {.field_manager = kComponent, .force = true});
  }
  WEIR_ASSIGN_OR_RETURN(
      AppliedObject applied,
      ApplyClientSide(ctx, client, wanted, {.looks_at_custom_objects = true}));
  return std::move(applied.live);
}

bool IgnoresAll(const std::vector<std::vector<std::string>>& paths) {
  for (const auto& path : paths) {
    if (path.empty()) return true;
  }
  return false;
}

}  // namespace

Value ComparedPart(Value object) {
  object.Erase("status");
  Value metadata = Value::MakeObject();
  for (const char* field : {"labels", "annotations"}) {
    const Value* found = object["metadata"].Find(field);
    if (found != nullptr) metadata.Set(field, *found);
  }
  object.Set("metadata", std::move(metadata));
  return object;
}

absl::StatusOr<DryRun> DryRunApply(
    const Context& ctx, const kube::Client& client,
    const std::vector<std::vector<std::string>>& paths, const Value& now,
    Value* wanted, const std::string& field_validation) {
  apply::AdoptIgnoredPaths(paths, now, kComponent, *wanted);
  DryRun run;
  WEIR_ASSIGN_OR_RETURN(run.then,
                        client.Apply(ctx, *wanted,
                                     {.field_manager = kComponent,
                                      .force = true,
                                      .dry_run = true,
                                      .field_validation = field_validation}));
  run.differs = apply::DiffersBeyond(paths, now, run.then);
  return run;
}

bool HasDriftChecks(const Plan& plan, const ReleaseObject& object) {
  return !IgnoresAll(plan.drift_ignore.PathsFor(object.object)) &&
         !apply::HasControl(object.object, kControl, "disabled");
}

absl::StatusOr<std::vector<DriftedObject>> FindDrift(
    const Context& ctx, Workbench& bench, const Plan& plan,
    const helm::StoredRelease& release,
    const std::vector<std::string>& overridden) {
  std::vector<apply::ManagerMatch> managers;
  for (const std::string& name : overridden) managers.push_back({name});
  WEIR_ASSIGN_OR_RETURN(
      std::vector<ReleaseObject> objects,
      ReadObjects(ctx, bench.client, release.manifest(), release.name_space()));
  std::vector<ReleaseObject> checked;
  for (ReleaseObject& object : objects) {
    if (!HasDriftChecks(plan, object)) {
      bench.tracker.Forget(object.ref);
      continue;
    }
    MarkOwned(release.name(), release.name_space(), &object.object);
    checked.push_back(std::move(object));
  }
  std::vector<kube::Request> reads;
  for (const ReleaseObject& object : checked) {
    WEIR_ASSIGN_OR_RETURN(kube::Request request,
                          bench.client.GetRequest(ctx, object.ref));
    reads.push_back(std::move(request));
  }
  std::vector<absl::StatusOr<kube::Response>> live =
      bench.client.DoAll(ctx, std::move(reads), kRequestsInFlight);
  std::vector<DriftedObject> drift;
  absl::Status problem;
  for (size_t i = 0; i < checked.size(); ++i) {
    ReleaseObject& object = checked[i];
    if (absl::IsNotFound(live[i].status())) {
      drift.push_back({std::move(object), /*is_gone=*/true});
      continue;
    }
    if (!live[i].ok()) {
      problem = live[i].status();
      continue;
    }
    Value now = std::move(live[i]->body);
    if (absl::Status taken = TakeOver(ctx, bench, managers, object.ref, &now);
        !taken.ok()) {
      problem = std::move(taken);
      continue;
    }
    const auto accept = [&] {
      bench.tracker.RecordApplied(bench.owner, object.ref,
                                  apply::Tracker::DesiredDigest(object.object),
                                  now);
    };
    if (apply::HasControl(now, kControl, "disabled")) {
      accept();
      continue;
    }
    const auto paths = plan.drift_ignore.PathsFor(object.object);
    Value wanted = object.object;
    const absl::StatusOr<DryRun> run =
        DryRunApply(ctx, bench.client, paths, now, &wanted);
    if (!run.ok()) {
      problem = run.status();
      continue;
    }
    if (!run->differs) {
      accept();
      continue;
    }
    DriftedObject drifted{std::move(object)};
    drifted.wanted.object = std::move(wanted);
    Count(ComputeDifferences(ComparedPart(now), ComparedPart(run->then)),
          &drifted);
    drift.push_back(std::move(drifted));
  }
  if (drift.empty() && !problem.ok()) {
    return Annotate(problem, "unable to determine cluster state");
  }
  return drift;
}

std::string DescribeDrift(const std::vector<DriftedObject>& drift) {
  std::string out;
  for (const DriftedObject& one : drift) {
    absl::StrAppend(&out, out.empty() ? "" : "\n",
                    apply::Subject(one.wanted.ref));
    if (one.is_gone) {
      absl::StrAppend(&out, " removed");
    } else {
      absl::StrAppend(&out, " changed (", one.additions, " additions, ",
                      one.changes, " changes, ", one.removals, " removals)");
    }
  }
  return out;
}

Correction CorrectDrift(const Context& ctx, Workbench& bench,
                        const std::vector<DriftedObject>& drift,
                        bool is_server_side) {
  Correction result;
  for (const bool is_creation : {true, false}) {
    for (const DriftedObject& one : drift) {
      if (one.is_gone != is_creation) continue;
      const std::string subject = apply::Subject(one.wanted.ref);
      const absl::StatusOr<Value> live =
          Correct(ctx, bench.client, one, is_server_side);
      if (!live.ok()) {
        result.problems.push_back(
            absl::StrCat(subject, is_creation ? " create" : " patch",
                         " failure: ", live.status().message()));
        continue;
      }
      bench.tracker.RecordApplied(
          bench.owner, one.wanted.ref,
          apply::Tracker::DesiredDigest(one.wanted.object), *live);
      result.corrected.push_back(
          absl::StrCat(subject, is_creation ? " created" : " configured"));
    }
  }
  return result;
}

}  // namespace weir::helm_controller
