#include "weir/helm_controller/preview.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/chart_sources.h"
#include "src/chart_store.h"
#include "src/chart_template.h"
#include "src/cluster_facts.h"
#include "src/drift.h"
#include "src/object_changes.h"
#include "src/observation.h"
#include "src/plan.h"
#include "src/release_objects.h"
#include "src/release_storage.h"
#include "src/rendering.h"
#include "src/values.h"
#include "weir/apply/inventory.h"
#include "weir/apply/normalize.h"
#include "weir/base/clock.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/consumer/source_watch.h"
#include "weir/helm/values.h"
#include "weir/http/client.h"
#include "weir/reconcile/status_writer.h"

namespace weir::helm_controller {
namespace {

constexpr char kMasked[] = "***";
constexpr char kMaskedBefore[] = "*** (before)";
constexpr char kMaskedAfter[] = "*** (after)";

absl::StatusOr<Plan> PlanOf(const Value& object) {
  weir::helm::v2::HelmRelease message;
  WEIR_RETURN_IF_ERROR(codec::FromValue(object, &message));
  return MakePlan(object, message);
}

bool IsSecret(const kube::ObjectRef& ref) {
  return ref.gvk.group.empty() && ref.gvk.kind == "Secret";
}

// Puts marks in place of a Secret's values, those that differ differently.
void MaskValues(Value* before, Value* after) {
  for (const char* field : {"data", "stringData"}) {
    const Value old_values = (*before)[field], new_values = (*after)[field];
    const auto mask = [field](const Value& own, const Value& other,
                              const char* mark, Value* object) {
      if (!own.is_object()) return;
      for (const Value::Member& member : own.object()) {
        const Value* found = other.Find(member.key);
        const bool differs = found != nullptr && !(*found == member.value);
        object->Mutable(field).Set(member.key, differs ? mark : kMasked);
      }
    };
    mask(old_values, new_values, kMaskedBefore, before);
    mask(new_values, old_values, kMaskedAfter, after);
  }
}

struct FoundChart {
  std::shared_ptr<const helm::Chart> chart;
  std::string revision;  // Of the artifact; empty: it is not from one.
};

// What the source in the cluster has published.
absl::StatusOr<FoundChart> FetchChart(const Context& ctx,
                                      const kube::Client& client,
                                      const Plan& plan,
                                      const std::string& host) {
  const artifact::SourceKey& source = plan.source;
  const absl::StatusOr<Value> object = client.Get(
      ctx,
      {consumer::SourceKind(source.kind), {source.name_space, source.name}});
  const bool is_template = plan.spec.has_chart();
  if (!object.ok() && (!is_template || !absl::IsNotFound(object.status()))) {
    return object.status();
  }
  if (is_template &&
      (!object.ok() || !IsInSync(MakeHelmChart(plan), *object))) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the cluster has not fetched this chart and version: HelmChart ",
        source.name_space, "/", source.name,
        object.ok() ? " asks for something else" : " is not there"));
  }
  const ChartSource answer = JudgeSource(*object, source.kind);
  if (answer.state != ChartSource::State::kReady) {
    return absl::FailedPreconditionError(answer.message);
  }
  artifact::FetcherOptions options;
  options.http_client = std::make_shared<http::Client>();
  options.host_override = host;
  ChartStore store(std::make_shared<artifact::Fetcher>(std::move(options)));
  FoundChart found;
  WEIR_ASSIGN_OR_RETURN(found.chart, store.Get(ctx, answer.artifact),
                        "fetching the chart from ", answer.artifact.url);
  found.revision = answer.artifact.revision;
  return found;
}

// A preview that is being made.
class Comparer {
 public:
  Comparer(const Context& ctx, const kube::Client& client, Preview* out)
      : ctx_(ctx), client_(client), out_(out) {}

  // Objects count as absent, whatever is there now.
  void Remove(const std::vector<ReleaseObject>& objects) {
    for (const ReleaseObject& object : objects) {
      if (DeleteUnlessKept(object.ref)) removed_.insert(object.ref);
    }
  }

  // Deletes what `wanted` has not.
  void DeleteOthers(const std::vector<ReleaseObject>& objects,
                    const std::vector<ReleaseObject>& wanted) {
    std::set<kube::ObjectRef> kept;
    for (const ReleaseObject& object : wanted) kept.insert(object.ref);
    for (const ReleaseObject& object : objects) {
      if (!kept.contains(object.ref)) DeleteUnlessKept(object.ref);
    }
  }

  // `plan`: null, or the rules of drift count.
  void Apply(const std::vector<ReleaseObject>& objects, const Plan* plan,
             const std::string& validation) {
    std::vector<const ReleaseObject*> asked;
    std::vector<kube::Request> reads;
    for (const ReleaseObject& object : objects) {
      if (plan != nullptr && !HasDriftChecks(*plan, object)) continue;
      if (object.ref.key.name.empty() || removed_.contains(object.ref)) {
        AddCreated(object);
        continue;
      }
      absl::StatusOr<kube::Request> read = client_.GetRequest(ctx_, object.ref);
      if (absl::IsNotFound(read.status())) {
        AddCreated(object);
      } else if (!read.ok()) {
        AddProblem(object.ref, read.status());
      } else {
        asked.push_back(&object);
        reads.push_back(*std::move(read));
      }
    }
    std::vector<absl::StatusOr<kube::Response>> live =
        client_.DoAll(ctx_, std::move(reads), kRequestsInFlight);
    for (size_t i = 0; i < asked.size(); ++i) {
      if (live[i].ok()) {
        Compare(*asked[i], live[i]->body, plan, validation);
      } else if (absl::IsNotFound(live[i].status())) {
        Create(*asked[i], validation);
      } else {
        AddProblem(asked[i]->ref, live[i].status());
      }
    }
  }

  void AddProblem(const kube::ObjectRef& ref, const absl::Status& status) {
    out_->problems.push_back(
        absl::StrCat(apply::Subject(ref), ": ", status.message()));
  }

 private:
  bool DeleteUnlessKept(const kube::ObjectRef& ref) {
    const absl::StatusOr<Value> live = client_.Get(ctx_, ref);
    if (absl::IsNotFound(live.status())) return false;
    if (!live.ok()) {
      AddProblem(ref, live.status());
      return false;
    }
    if (IsKept(*live)) return false;
    out_->changes.push_back({ObjectChange::Kind::kDeleted, ref, {}, {}});
    return true;
  }

  void AddCreated(const ReleaseObject& object) {
    ObjectChange change{
        ObjectChange::Kind::kCreated, object.ref, {}, object.object};
    if (IsSecret(object.ref)) MaskValues(&change.before, &change.after);
    out_->changes.push_back(std::move(change));
  }

  void Create(const ReleaseObject& object, const std::string& validation) {
    const absl::Status tried = client_
                                   .Apply(ctx_, object.object,
                                          {.field_manager = kComponent,
                                           .force = true,
                                           .dry_run = true,
                                           .field_validation = validation})
                                   .status();
    // Its namespace may come with it.
    if (!tried.ok() && !absl::IsNotFound(tried)) {
      AddProblem(object.ref, tried);
      return;
    }
    AddCreated(object);
  }

  void Compare(const ReleaseObject& object, const Value& now, const Plan* plan,
               const std::string& validation) {
    std::vector<std::vector<std::string>> ignored;
    if (plan != nullptr) {
      if (!HasDriftChecks(*plan, {now, object.ref})) return;
      ignored = plan->drift_ignore.PathsFor(object.object);
    }
    Value wanted = object.object;
    absl::StatusOr<DryRun> run =
        DryRunApply(ctx_, client_, ignored, now, &wanted, validation);
    if (!run.ok()) {
      AddProblem(object.ref, run.status());
      return;
    }
    if (!run->differs) return;
    ObjectChange change{ObjectChange::Kind::kChanged, object.ref,
                        ComparedPart(now), ComparedPart(std::move(run->then))};
    if (IsSecret(object.ref)) MaskValues(&change.before, &change.after);
    out_->changes.push_back(std::move(change));
  }

  const Context& ctx_;
  const kube::Client& client_;
  Preview* const out_;
  std::set<kube::ObjectRef> removed_;
};

// The objects of a manifest, as far as the server knows their kinds; of others
// those that come with the chart's own definitions.
std::vector<ReleaseObject> PlaceAll(const Context& ctx,
                                    const kube::Client& client,
                                    const std::vector<ReleaseObject>& crds,
                                    const helm::StoredRelease& release,
                                    Comparer& comparer) {
  std::vector<ReleaseObject> out;
  for (ReleaseObject& object :
       ReadObjectsOffline(release.manifest(), release.name_space())) {
    const absl::Status placed =
        PlaceObject(ctx, client, release.name_space(), &object.object);
    const auto defines = [&object](const ReleaseObject& crd) {
      const Value& spec = crd.object["spec"];
      return spec.GetString("group") == object.ref.gvk.group &&
             spec["names"].GetString("kind") == object.ref.gvk.kind;
    };
    if (!placed.ok() && (!absl::IsNotFound(placed) ||
                         std::none_of(crds.begin(), crds.end(), defines))) {
      comparer.AddProblem(object.ref, placed);
      continue;
    }
    if (placed.ok()) object.ref = kube::RefOf(object.object);
    MarkOwned(release.name(), release.name_space(), &object.object);
    out.push_back(std::move(object));
  }
  return out;
}

void ListHooks(const helm::StoredRelease& release, bool is_upgrade,
               Preview* preview) {
  for (const Value& json : release.hooks()) {
    const helm::Hook hook = helm::ReadHook(json);
    for (const std::string& event : hook.events) {
      if (absl::EndsWith(event, is_upgrade ? "-upgrade" : "-install")) {
        preview->hooks.push_back(absl::StrCat(hook.kind, "/",
                                              release.name_space(), "/",
                                              hook.name, " (", event, ")"));
      }
    }
  }
}

crypto::DigestAlgorithm AlgorithmOf(const Status& status) {
  const Snapshot* latest = Latest(status);
  if (latest == nullptr) return crypto::DigestAlgorithm::kSha256;
  const std::string& digest = latest->digest();
  return crypto::ParseDigestAlgorithm(digest.substr(0, digest.find(':')))
      .value_or(crypto::DigestAlgorithm::kSha256);
}

// What PreviewRelease knows of the release.
struct Known {
  const Plan& plan;
  const Status& status;
  const helm::Chart& chart;
  std::string chart_version;
  Value values;
};

absl::Status PreviewChange(const Context& ctx, const kube::Client& client,
                           const Known& known,
                           const std::vector<helm::StoredRelease>& revisions,
                           Preview* preview) {
  const Plan& plan = known.plan;
  const bool is_upgrade = preview->action == Preview::Action::kUpgrade;
  // The revisions of another chart go with its release.
  const bool starts_anew = preview->target_change == kChartName;
  RenderInput input = MakeRenderInput(
      plan, known.chart, known.chart_version, known.values,
      starts_anew ? std::vector<helm::StoredRelease>() : revisions, is_upgrade,
      absl::Now());
  std::vector<ReleaseObject> crds;
  const std::string& policy =
      is_upgrade ? plan.spec.upgrade().crds() : plan.spec.install().crds();
  if (policy != "Skip") {
    std::vector<std::string> ignored;
    WEIR_ASSIGN_OR_RETURN(crds, CrdsOf(input, &ignored));
  }
  ClusterFacts facts(client);
  WEIR_ASSIGN_OR_RETURN(const helm::StoredRelease target,
                        RenderPlan(ctx, client, facts, std::move(input)));
  const bool validates =
      !(is_upgrade ? plan.spec.upgrade().disable_open_api_validation()
                   : plan.spec.install().disable_open_api_validation());
  const std::string validation = validates ? "Strict" : "Ignore";
  Comparer comparer(ctx, client, preview);
  if (!preview->target_change.empty()) {
    const std::string& name = Latest(known.status)->name();
    const ReleaseStorage old(client, known.status.storage_namespace(),
                             Clock::Real());
    WEIR_ASSIGN_OR_RETURN(const auto stored, old.List(ctx, name));
    if (!stored.empty()) {
      comparer.Remove(PlaceAll(ctx, client, {}, stored.front(), comparer));
    }
  }
  comparer.Apply(crds, nullptr, "");
  const std::vector<ReleaseObject> wanted =
      PlaceAll(ctx, client, crds, target, comparer);
  comparer.Apply(wanted, nullptr, validation);
  if (is_upgrade) {
    const helm::StoredRelease* deployed = FindDeployed(revisions);
    const helm::StoredRelease& base =
        deployed == nullptr ? revisions.front() : *deployed;
    Preview before;  // What is wrong with the old ones does not matter.
    Comparer silent(ctx, client, &before);
    comparer.DeleteOthers(PlaceAll(ctx, client, {}, base, silent), wanted);
  }
  const bool runs_hooks = !(is_upgrade ? plan.spec.upgrade().disable_hooks()
                                       : plan.spec.install().disable_hooks());
  if (runs_hooks) ListHooks(target, is_upgrade, preview);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ChartRequest> ChartOf(const Value& helm_release) {
  WEIR_ASSIGN_OR_RETURN(const Plan plan, PlanOf(helm_release));
  ChartRequest request;
  request.source = plan.source;
  if (!plan.spec.has_chart()) return request;
  const auto& spec = plan.spec.chart().spec();
  request.source.kind = spec.source_ref().kind();
  request.source.name = spec.source_ref().name();
  request.chart = spec.chart();
  request.version = spec.version();
  request.values_files.assign(spec.values_files().begin(),
                              spec.values_files().end());
  request.ignore_missing_values_files = spec.ignore_missing_values_files();
  return request;
}

absl::StatusOr<RenderedHelmRelease> RenderHelmRelease(const Context& ctx,
                                                      RenderRequest request) {
  WEIR_ASSIGN_OR_RETURN(const Plan plan, PlanOf(request.object));
  WEIR_ASSIGN_OR_RETURN(Value values, ComposeValues(plan, request.read));
  if (request.more_values.is_object()) {
    values = helm::MergeMaps(values, request.more_values);
  }
  RenderedHelmRelease out;
  out.name = plan.release_name;
  out.name_space = plan.release_namespace;
  RenderInput input =
      MakeRenderInput(plan, request.chart, request.chart.metadata.version,
                      std::move(values), {}, request.is_upgrade, absl::Now());
  input.validates_schema =
      input.validates_schema && !request.options.skip_schema_validation;
  WEIR_ASSIGN_OR_RETURN(out.release, RenderDocuments(ctx, request.capabilities,
                                                     std::move(request.options),
                                                     std::move(input)));
  return out;
}

absl::StatusOr<Preview> PreviewRelease(const Context& ctx,
                                       const kube::Client& client,
                                       PreviewRequest request) {
  WEIR_ASSIGN_OR_RETURN(Plan plan, PlanOf(request.object));
  if (plan.spec.has_kube_config()) {
    return absl::UnimplementedError(
        "spec.kubeConfig: the release is in another cluster, with which it is "
        "not compared");
  }
  Value live = request.object;
  if (request.is_edited) {
    absl::StatusOr<Value> found =
        client.Get(ctx, {HelmReleaseKind(), plan.key});
    if (!found.ok() && !absl::IsNotFound(found.status())) {
      return found.status();
    }
    live = found.ok() ? *std::move(found) : Value();
    plan.generation = reconcile::GenerationOf(live) + 1;
  }
  weir::helm::v2::HelmRelease message;
  // What can be read of the status is enough.
  (void)codec::FromValue(live, &message);
  const Status& status = message.status();
  WEIR_ASSIGN_OR_RETURN(const Value values,
                        ComposeValues(plan, [&](const kube::ObjectRef& ref) {
                          if (request.read != nullptr) {
                            absl::StatusOr<Value> given = request.read(ref);
                            if (!absl::IsNotFound(given.status())) return given;
                          }
                          return client.Get(ctx, ref);
                        }));
  FoundChart found;
  if (request.chart.has_value()) {
    found.chart =
        std::make_shared<const helm::Chart>(*std::move(request.chart));
  } else {
    WEIR_ASSIGN_OR_RETURN(
        found,
        FetchChart(ctx, client, plan, request.source_controller_localhost));
  }
  TrackedChart tracked{found.chart->metadata.version, ""};
  if (!found.revision.empty()) {
    WEIR_ASSIGN_OR_RETURN(
        tracked, TrackChart(plan.source, found.revision, tracked.version,
                            /*is_tracked=*/true));
  }
  Preview preview;
  preview.release =
      absl::StrCat(plan.release_namespace, "/", plan.release_name);
  preview.chart = absl::StrCat(found.chart->name(), "@", tracked.version);
  const ReleaseStorage storage(client, plan.storage_namespace, Clock::Real());
  WEIR_ASSIGN_OR_RETURN(const std::vector<helm::StoredRelease> revisions,
                        storage.List(ctx, plan.release_name));
  const char* change = FindTargetChange(plan, status, found.chart->name());
  const crypto::DigestAlgorithm algorithm = AlgorithmOf(status);
  const State state =
      DetermineState(plan, status,
                     Observe(plan, status, revisions,
                             {found.chart->name(), tracked.version,
                              DigestOfValues(values, algorithm)},
                             algorithm))
          .state;
  if (change != nullptr || state == State::kAbsent) {
    preview.action = Preview::Action::kInstall;
    if (change != nullptr) preview.target_change = change;
  } else if (state != State::kInSync && state != State::kUntested) {
    preview.action = Preview::Action::kUpgrade;
  }
  if (preview.action != Preview::Action::kNone) {
    WEIR_RETURN_IF_ERROR(PreviewChange(
        ctx, client, {plan, status, *found.chart, tracked.version, values},
        revisions, &preview));
    return preview;
  }
  Comparer comparer(ctx, client, &preview);
  comparer.Apply(PlaceAll(ctx, client, {}, revisions.front(), comparer), &plan,
                 "");
  return preview;
}

}  // namespace weir::helm_controller
