#include "src/pass.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/chart_sources.h"
#include "src/chart_template.h"
#include "src/observation.h"
#include "src/remediation.h"
#include "src/values.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"

namespace weir::helm_controller {
namespace {

using reconcile::Outcome;
using reconcile::Severity;

// While the cache of sources is being filled.
constexpr absl::Duration kCachePause = absl::Milliseconds(100);

}  // namespace

Pass::Pass(Environment& environment, Plan plan, StatusDraft draft,
           const reconcile::Request& request, Target* target)
    : environment_(environment),
      plan_(std::move(plan)),
      draft_(std::move(draft)),
      report_(plan_, draft_, environment.manager.events()),
      writer_(request.writer),
      logger_(request.logger),
      target_(*target) {
  draft_.conditions().MarkReconciling(reconcile::kProgressing,
                                      "Fulfilling prerequisites");
}

Outcome Pass::Advance(const Context& ctx, const reconcile::Request& request) {
  if (request.is_resumed) draft_.SetObject(request.object);
  while (true) {
    Result result = RunStep(ctx);
    if (result.has_value()) return *std::move(result);
  }
}

Pass::Result Pass::RunStep(const Context& ctx) {
  switch (step_) {
    case Step::kChartTemplate:
      return ReconcileChart(ctx);
    case Step::kDependencies:
      return CheckDependencies(ctx);
    case Step::kSource:
      return FindSource(ctx);
    case Step::kValues:
      return ReadValues(ctx);
    case Step::kChart:
      return LoadChart(ctx);
    case Step::kCluster:
      return FindCluster(ctx);
    case Step::kTarget:
      return CheckTarget(ctx);
    case Step::kUninstallOld:
      return UninstallOld(ctx);
    case Step::kPrepare:
      return Prepare(ctx);
    case Step::kDecide:
      return Decide(ctx);
    case Step::kAct:
      return Act(ctx);
  }
  return Outcome::Done();
}

Pass::Result Pass::ReconcileChart(const Context& ctx) {
  const artifact::SourceKey& source = plan_.source;
  if (environment_.options.no_cross_namespace_refs &&
      source.name_space != plan_.key.name_space) {
    const std::string message = absl::StrCat(
        "can't access '", source.kind, "/", source.name_space, "/", source.name,
        "', cross-namespace references have been blocked");
    return Stall(ctx, kAccessDenied, message, message);
  }
  const std::string wanted =
      plan_.spec.has_chart() ? absl::StrCat(source.name_space, "/", source.name)
                             : "";
  const std::string known = draft_.status().helm_chart();
  if (!known.empty() && known != wanted) {
    const absl::StatusOr<bool> deleted =
        DeleteHelmChart(ctx, environment_.manager.client(), known);
    if (!deleted.ok()) {
      return End(ctx, Outcome::Retry(deleted.status()), false);
    }
    if (*deleted) {
      report_.Emit(Severity::kTrace, "HelmChartDeleted",
                   absl::StrCat("deleted HelmChart '", known, "'"));
    }
    draft_.status().clear_helm_chart();
  }
  step_ = Step::kDependencies;
  return plan_.spec.has_chart() ? ApplyChart(ctx) : std::nullopt;
}

Pass::Result Pass::ApplyChart(const Context& ctx) {
  const artifact::SourceKey& source = plan_.source;
  const auto known = environment_.sources->Find(ctx, source);
  if (known.state == consumer::SourceWatch::State::kNotYetKnown) {
    step_ = Step::kChartTemplate;
    return Outcome::Await(kCachePause);
  }
  const Value wanted = MakeHelmChart(plan_);
  const Value live = environment_.sources->FindCached(source);
  if (!IsInSync(wanted, live)) {
    const absl::StatusOr<Value> written = environment_.manager.client().Apply(
        ctx, wanted, {.field_manager = kComponent, .force = true});
    if (!written.ok()) {
      if (ctx.is_done()) return Outcome::Done();
      report_.Emit(Severity::kTrace, "HelmChartSyncErr",
                   absl::StrCat("failed to run server-side apply: ",
                                written.status().message()));
      return End(ctx, Outcome::Retry(written.status()), false);
    }
    const bool is_new = live.is_null();
    const bool is_same =
        !is_new && (*written)["metadata"].GetString("resourceVersion") ==
                       live["metadata"].GetString("resourceVersion");
    if (!is_same) {
      report_.Emit(
          Severity::kTrace, is_new ? "HelmChartCreated" : "HelmChartConfigured",
          absl::StrCat(is_new ? "Created" : "Configured", " HelmChart/",
                       source.name_space, "/", source.name, " with SourceRef '",
                       DescribeSourceRef(plan_), "'"));
      applied_chart_ = *written;
    }
  }
  draft_.status().set_helm_chart(
      absl::StrCat(source.name_space, "/", source.name));
  return std::nullopt;
}

Pass::Result Pass::CheckDependencies(const Context& ctx) {
  const std::optional<consumer::UnmetDependency> unmet =
      FindUnmetDependency(ctx, environment_, plan_);
  if (!unmet.has_value()) {
    Clear({kDependencyNotReady});
    step_ = Step::kSource;
    return std::nullopt;
  }
  if (unmet->is_terminal) {
    return Stall(ctx, kInvalidCelExpression,
                 absl::StrCat(kTerminalError, unmet->message), unmet->message);
  }
  // The watch on dependencies tells when to look again; the interval is for
  // those that it does not see. What was said once is not said again.
  draft_.conditions().MarkFalse(reconcile::kReady, kDependencyNotReady,
                                unmet->message);
  if (draft_.HasChanged()) {
    report_.Emit(Severity::kInfo, kDependencyNotReady, unmet->message);
  }
  return End(
      ctx,
      Outcome::RequeueAfter(environment_.options.common.requeue_dependency),
      false);
}

Pass::Result Pass::FindSource(const Context& ctx) {
  const artifact::SourceKey& source = plan_.source;
  if (source.kind == "ExternalArtifact" &&
      !environment_.IsEnabled("ExternalArtifact")) {
    const std::string message = absl::StrCat(
        "can't access '", source.kind, "/", source.name_space, "/", source.name,
        "', ExternalArtifact feature gate is disabled");
    return Stall(ctx, kAccessDenied, message, message);
  }
  ChartSource answer = FindChartSource(ctx, *environment_.sources, source);
  if (!applied_chart_.is_null()) {
    answer = JudgeSource(applied_chart_, source.kind);
    applied_chart_ = Value();
  }
  switch (answer.state) {
    case ChartSource::State::kNotYetKnown:
      return Outcome::Await(kCachePause);
    case ChartSource::State::kFailed: {
      if (absl::IsCancelled(answer.error)) return Outcome::Done();
      return NotReady(
          ctx, kArtifactFailed,
          absl::StrCat("could not get Source object: ", answer.error.message()),
          Outcome::Retry(answer.error));
    }
    case ChartSource::State::kNotReady:
      Clear({kAccessDenied, kArtifactFailed});
      return NotReady(
          ctx, "SourceNotReady", answer.message,
          Outcome::RequeueAfter(
              Jitter(environment_.options.common.requeue_dependency,
                     environment_.options.common.interval_jitter_percentage)));
    case ChartSource::State::kReady:
      break;
  }
  Clear({kAccessDenied, kArtifactFailed, "SourceNotReady"});
  artifact_ = std::move(answer.artifact);
  step_ = Step::kValues;
  return std::nullopt;
}

Pass::Result Pass::ReadValues(const Context& ctx) {
  environment_.interruptions.Clear(plan_.key);
  absl::StatusOr<Value> values = ComposeValues(
      plan_,
      [&](const kube::ObjectRef& ref) {
        return environment_.manager.client().Get(ctx, ref);
      },
      [this](const std::string& problem) {
        logger_.Info("values reference skipped", {{"reason", problem}});
      });
  if (!values.ok()) {
    if (ctx.is_done()) return Outcome::Done();
    const std::string message(values.status().message());
    report_.Emit(Severity::kError, "ValuesError", message);
    return NotReady(ctx, "ValuesError", message,
                    Outcome::Retry(values.status()));
  }
  Clear({"ValuesError"});
  values_ = *std::move(values);
  config_digest_ = DigestOfValues(values_, environment_.digest_algorithm);
  step_ = Step::kChart;
  return std::nullopt;
}

Pass::Result Pass::LoadChart(const Context& ctx) {
  absl::StatusOr<std::shared_ptr<const helm::Chart>> chart =
      environment_.charts->Get(ctx, artifact_);
  if (absl::IsNotFound(chart.status())) {
    const absl::Duration pause = environment_.options.common.requeue_dependency;
    return NotReady(
        ctx, kArtifactFailed,
        absl::StrCat("Source not ready: artifact not found. Retrying in ",
                     FormatGoDuration(pause)),
        Outcome::RequeueAfter(pause));
  }
  if (!chart.ok()) {
    if (ctx.is_done()) return Outcome::Done();
    report_.Emit(Severity::kError, kArtifactFailed,
                 std::string(chart.status().message()));
    return NotReady(
        ctx, kArtifactFailed,
        absl::StrCat("Could not load chart: ", chart.status().message()),
        Outcome::Retry(chart.status()));
  }
  Clear({kArtifactFailed});
  chart_ = *std::move(chart);
  chart_version_ = chart_->metadata.version;
  if (const absl::Status tracked = TrackDigest(); !tracked.ok()) {
    return NotReady(ctx, "ChartMutateError", std::string(tracked.message()),
                    Outcome::Retry(tracked));
  }
  Clear({"ChartMutateError"});
  step_ = Step::kCluster;
  return std::nullopt;
}

Pass::Result Pass::FindCluster(const Context& ctx) {
  absl::StatusOr<Target> target = environment_.clusters->Find(
      ctx, TargetRefOf(environment_.options.common, plan_));
  if (!target.ok()) {
    if (ctx.is_done()) return Outcome::Done();
    return NotReady(ctx, "RESTClientError",
                    std::string(target.status().message()),
                    Outcome::Retry(target.status()));
  }
  Clear({"RESTClientError"});
  target_.Become(*std::move(target), plan_.key);
  step_ = Step::kTarget;
  return std::nullopt;
}

absl::Status Pass::TrackDigest() {
  WEIR_ASSIGN_OR_RETURN(
      TrackedChart tracked,
      TrackChart(plan_.source, artifact_.revision, chart_version_,
                 !environment_.IsEnabled("DisableChartDigestTracking")));
  chart_version_ = std::move(tracked.version);
  oci_digest_ = std::move(tracked.oci_digest);
  return absl::OkStatus();
}

Pass::Result Pass::CheckTarget(const Context&) {
  step_ = Step::kPrepare;
  const char* changed =
      FindTargetChange(plan_, draft_.status(), chart_->name());
  if (changed == nullptr) return std::nullopt;
  logger_.Info(
      "release target configuration changed: running uninstall for current "
      "release",
      {{"reason", changed}});
  step_ = Step::kUninstallOld;
  return std::nullopt;
}

Pass::Result Pass::Prepare(const Context& ctx) {
  Status& status = draft_.status();
  status.set_storage_namespace(plan_.storage_namespace);
  std::string handled = status.last_handled_reset_at();
  const bool is_reset = TakeRequest(plan_.reset_at, &handled);
  if (!handled.empty()) status.set_last_handled_reset_at(handled);
  if (is_reset || status.last_attempted_generation() != plan_.generation ||
      status.last_attempted_revision() != chart_version_ ||
      (!status.last_attempted_config_digest().empty() &&
       status.last_attempted_config_digest() != config_digest_)) {
    ClearFailures(&status);
  }
  status.set_last_attempted_generation(plan_.generation);
  status.set_last_attempted_revision(chart_version_);
  status.set_last_attempted_config_digest(config_digest_);
  status.clear_last_attempted_revision_digest();
  if (!oci_digest_.empty()) {
    status.set_last_attempted_revision_digest(oci_digest_);
  }
  status.clear_last_attempted_values_checksum();
  status.clear_last_release_revision();

  storage_ = std::make_unique<ReleaseStorage>(client(), plan_.storage_namespace,
                                              environment_.manager.clock());
  bench_.reset(new Workbench{client(), tracker(), *storage_,
                             environment_.manager.clock(), plan_.key,
                             plan_.health_rules, logger_});
  absl::StatusOr<std::vector<helm::StoredRelease>> revisions =
      storage_->List(ctx, plan_.release_name);
  if (!revisions.ok()) {
    if (ctx.is_done()) return Outcome::Done();
    return NotReady(ctx, "StateError",
                    absl::StrCat("Could not determine release state: failed to "
                                 "retrieve last release from storage: ",
                                 revisions.status().message()),
                    Outcome::Retry(revisions.status()));
  }
  revisions_ = *std::move(revisions);
  AdoptLostRevisions(ctx);
  step_ = Step::kDecide;
  return std::nullopt;
}

bool Pass::TakeRequest(const std::string& value, std::string* handled) {
  if (value.empty()) return false;
  const bool is_new = value != *handled;
  *handled = value;
  return is_new && value == plan_.requested_at &&
         plan_.requested_at != draft_.status().last_handled_reconcile_at();
}

void Pass::Clear(std::initializer_list<absl::string_view> reasons) {
  reconcile::Conditions conditions = draft_.conditions();
  const std::string reason = conditions.Reason(reconcile::kReady);
  if (std::find(reasons.begin(), reasons.end(), reason) != reasons.end()) {
    conditions.MarkUnknown(reconcile::kReady, reconcile::kProgressing,
                           kInProgress);
  }
}

Outcome Pass::NotReady(const Context& ctx, absl::string_view reason,
                       const std::string& message, Outcome outcome) {
  draft_.conditions().MarkFalse(reconcile::kReady, reason, message);
  if (draft_.HasChanged()) {
    logger_.Info("release is not ready", {{"reason", message}});
  }
  return End(ctx, std::move(outcome), false);
}

Outcome Pass::Stall(const Context& ctx, absl::string_view reason,
                    const std::string& message, const std::string& event) {
  draft_.conditions().MarkFalse(reconcile::kReady, reason, message);
  draft_.conditions().MarkStalled(reason, message);
  if (draft_.HasChanged()) {
    report_.Emit(Severity::kError, std::string(reason), event);
  }
  return End(ctx, Outcome::Terminal(absl::FailedPreconditionError(message)),
             true);
}

Outcome Pass::End(const Context& ctx, Outcome outcome, bool is_observed) {
  if (!plan_.requested_at.empty()) {
    draft_.status().set_last_handled_reconcile_at(plan_.requested_at);
  }
  if (is_observed) draft_.status().set_observed_generation(plan_.generation);
  if (target_.cluster != nullptr) tracker().Await(plan_.key, {});
  const absl::Status written = draft_.Write(ctx, *writer_);
  if (written.ok()) return outcome;
  settled_.reset();
  if (absl::IsNotFound(written) || absl::IsCancelled(written)) {
    return Outcome::Done();
  }
  return Outcome::Retry(written);
}

Outcome Pass::AwaitUntil(const Context& ctx, absl::Time deadline) {
  const absl::Status written = draft_.Write(ctx, *writer_);
  if (absl::IsNotFound(written)) return Outcome::Done();
  if (!written.ok()) return Outcome::Retry(written);
  return Outcome::Await(std::max(deadline - Now(), absl::Milliseconds(10)));
}

}  // namespace weir::helm_controller
