#include "src/git_pass.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "src/artifacts.h"
#include "src/revision.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/codec/unsupported.h"

namespace weir::source {
namespace {

using google::protobuf::util::MessageDifferencer;
using reconcile::Outcome;
using reconcile::Severity;

const reconcile::SummaryOptions& ReadySummary() {
  static const auto* const kOptions = new reconcile::SummaryOptions{
      {kStorageOperationFailed, kFetchFailed, kIncludeUnavailable,
       kArtifactOutdated, kArtifactInStorage, kSourceVerified,
       reconcile::kStalled, reconcile::kReconciling},
      {kStorageOperationFailed, kFetchFailed, kIncludeUnavailable,
       kArtifactOutdated, reconcile::kStalled, reconcile::kReconciling}};
  return *kOptions;
}

bool HasFailed(const v1::GitRepositoryStatus& status) {
  for (const meta::v1::Condition& condition : status.conditions()) {
    const bool is_failure = condition.type() == kFetchFailed ||
                            condition.type() == kStorageOperationFailed ||
                            condition.type() == kIncludeUnavailable;
    if (is_failure && condition.status() == reconcile::kTrue) return true;
  }
  return false;
}

const meta::v1::Condition* FindCondition(const v1::GitRepositoryStatus& status,
                                         absl::string_view type) {
  for (const meta::v1::Condition& condition : status.conditions()) {
    if (condition.type() == type) return &condition;
  }
  return nullptr;
}

}  // namespace

GitPass::GitPass(const Context& ctx, const GitEnvironment& environment,
                 const reconcile::Request& request)
    : ctx_(ctx),
      env_(environment),
      request_(request),
      key_{"GitRepository", request.key.name_space, request.key.name},
      object_(request.object) {}

Outcome GitPass::Run() {
  if (reconcile::IsBeingDeleted(object_)) return Delete();
  if (!reconcile::HasFinalizer(object_)) {
    absl::StatusOr<Value> written =
        request_.writer->AddFinalizer(ctx_, object_);
    if (absl::IsNotFound(written.status())) return Outcome::Done();
    if (!written.ok()) return Outcome::Retry(written.status());
    object_ = *std::move(written);
  }
  const absl::Status parsed = codec::FromValue(object_, &git_);
  if (!parsed.ok()) return Outcome::Terminal(parsed);
  before_ = published_ = status();
  generation_ = reconcile::GenerationOf(object_);
  conditions_ = std::make_unique<reconcile::Conditions>(
      status().mutable_conditions(), generation_, *env_.clock);
  if (spec().suspend()) return Suspended();
  const std::vector<std::string> unsupported = codec::FindUnsupported(git_);
  if (!unsupported.empty()) {
    for (const char* type : {kFetchFailed, kIncludeUnavailable,
                             kStorageOperationFailed, kArtifactOutdated}) {
      conditions_->Delete(type);
    }
    return Finish(Failure{Failure::Kind::kStall, reconcile::kNotSupported,
                          codec::DescribeUnsupported(unsupported)});
  }
  Begin();
  return Finish(RunSteps());
}

Outcome GitPass::Delete() {
  const absl::StatusOr<bool> removed = env_.storage->RemoveAll(key_);
  absl::Status status = removed.status();
  if (status.ok()) status = RemoveAll(CacheFolder());
  if (!status.ok()) {
    status = Annotate(status, "garbage collection for deleted resource failed");
    Emit(Severity::kError, "GarbageCollectionFailed",
         std::string(status.message()));
    return Outcome::Retry(status);
  }
  env_.registry->Withdraw(key_);
  if (!reconcile::HasFinalizer(object_)) return Outcome::Done();
  if (*removed) {
    Emit(Severity::kTrace, "GarbageCollectionSucceeded",
         "garbage collected artifacts for deleted resource");
  }
  const absl::Status finalized =
      request_.writer->RemoveFinalizer(ctx_, object_).status();
  return finalized.ok() ? Outcome::Done() : Outcome::Retry(finalized);
}

// The object is left alone, but its artifact stays at hand.
Outcome GitPass::Suspended() {
  request_.logger.Info("reconciliation is suspended for this object");
  std::string problem;
  if (status().has_artifact() && AdoptArtifact(&problem)) {
    env_.registry->Publish(key_, FromApi(status().artifact()));
  }
  const absl::string_view requested = reconcile::RequestedAt(object_);
  if (!requested.empty()) {
    status().set_last_handled_reconcile_at(std::string(requested));
  }
  if (conditions_->Has(reconcile::kReconciling)) {
    conditions_->MarkReconciling(reconcile::kProgressingWithRetry,
                                 conditions_->Message(reconcile::kReconciling));
  }
  if (status().conditions_size() > 0) {
    status().set_observed_generation(generation_);
    conditions_->Delete(reconcile::kStalled);
    conditions_->Summarize(reconcile::kReady, ReadySummary());
  }
  return WriteStatus() ? Outcome::Done()
                       : Outcome::Retry(absl::AbortedError(
                             "writing the status of a suspended object"));
}

void GitPass::Progress(bool is_drift, const std::string& message) {
  conditions_->MarkReconciling(reconcile::kProgressing, message);
  if (is_drift || conditions_->IsUnknown(reconcile::kReady)) {
    conditions_->MarkUnknown(reconcile::kReady, reconcile::kProgressing,
                             message);
  }
}

void GitPass::Begin() {
  Progress(false, "reconciliation in progress");
  const int64_t observed = status().observed_generation();
  if (observed != generation_) {
    Progress(false, absl::StrCat("processing object: new generation ", observed,
                                 " -> ", generation_));
  }
  conditions_->Delete(kStorageOperationFailed);
}

// One write tells that work is under way, where it takes long or follows a
// change of the object; what a retry of the same generation does was told
// before.
void GitPass::WriteProgress() {
  const meta::v1::Condition* told =
      FindCondition(published_, reconcile::kReconciling);
  if (has_written_progress_ ||
      (told != nullptr && told->observed_generation() == generation_)) {
    return;
  }
  has_written_progress_ = true;
  WriteStatus();  // Progress only: the last write tells of problems.
}

GitPass::Step GitPass::RunSteps() {
  if (Step last = StorageStep()) return last;
  if (status().observed_generation() != generation_ ||
      !status().has_artifact()) {
    WriteProgress();
  }
  if (Step last = SourceStep()) return last;
  if (Step last = IncludeStep()) return last;
  return ArtifactStep();
}

GitPass::Failure GitPass::Fail(Failure::Kind kind, const char* condition,
                               std::string reason, std::string message) {
  conditions_->MarkTrue(condition, reason, message);
  return {kind, std::move(reason), std::move(message)};
}

void GitPass::Emit(Severity severity, const std::string& reason,
                   const std::string& message, bool with_artifact) {
  reconcile::Event event;
  event.object = object_;
  event.severity = severity;
  event.reason = reason;
  event.message = message;
  if (with_artifact) {
    event.metadata[absl::StrCat(kGroup, "/revision")] =
        status().artifact().revision();
    event.metadata[absl::StrCat(kGroup, "/digest")] =
        status().artifact().digest();
  }
  env_.events->Emit(kComponent, std::move(event));
}

std::string GitPass::Subject() const {
  return commit_.has_value() ? ShortMessage(commit_->message)
                             : git_.status().artifact().revision();
}

// A new artifact, or the end of a failure.
void GitPass::TellSuccess() {
  if (!status().has_artifact()) return;
  const std::string message =
      absl::StrCat("stored artifact for commit '", Subject(), "'");
  if (before_.artifact().digest() != status().artifact().digest()) {
    Emit(Severity::kInfo, "NewArtifact", message, /*with_artifact=*/true);
    request_.logger.Info(
        "artifact stored",
        {{"revision", status().artifact().revision()},
         {"digest", status().artifact().digest()},
         {"bytes", static_cast<int64_t>(status().artifact().size())},
         {"commit", Subject()}});
  } else if (HasFailed(before_) && !HasFailed(status())) {
    Emit(Severity::kInfo, "Succeeded", message, /*with_artifact=*/true);
  }
}

void GitPass::TellFailure(const Failure& failure) {
  switch (failure.kind) {
    case Failure::Kind::kRetry:
      Emit(Severity::kError, failure.reason, failure.message);
      break;
    case Failure::Kind::kStall:
      Emit(Severity::kError, failure.reason, failure.message);
      request_.logger.Error("reconciliation stalled",
                            {{"error", failure.message}});
      break;
    case Failure::Kind::kWait:
      Emit(Severity::kTrace, failure.reason, failure.message);
      request_.logger.Info("reconciliation waiting",
                           {{"reason", failure.message}});
      break;
    case Failure::Kind::kUnchanged: {
      // An interval that finds nothing new is not worth an Event each time.
      const bool was_asked = before_.observed_generation() != generation_ ||
                             before_.last_handled_reconcile_at() !=
                                 status().last_handled_reconcile_at() ||
                             HasFailed(before_);
      if (was_asked) {
        Emit(Severity::kTrace, failure.reason, failure.message);
      }
      break;
    }
  }
}

Outcome GitPass::Finish(const Step& last) {
  if (ctx_.is_done()) return Outcome::Done();  // The process stops.
  const bool is_success =
      !last.has_value() || last->kind == Failure::Kind::kUnchanged;
  const absl::string_view requested = reconcile::RequestedAt(object_);
  if (!requested.empty()) {
    status().set_last_handled_reconcile_at(std::string(requested));
  }
  if (is_success) {
    conditions_->Delete(reconcile::kReconciling);
    TellSuccess();
  }
  if (last.has_value()) TellFailure(*last);
  if (conditions_->Has(reconcile::kReconciling)) {
    conditions_->MarkReconciling(reconcile::kProgressingWithRetry,
                                 conditions_->Message(reconcile::kReconciling));
  }
  if (last.has_value() && last->kind == Failure::Kind::kStall) {
    conditions_->MarkStalled(last->reason, last->message);
    status().set_observed_generation(generation_);
  } else {
    conditions_->Delete(reconcile::kStalled);
    if (is_success) status().set_observed_generation(generation_);
  }
  conditions_->Summarize(reconcile::kReady, ReadySummary());
  if (!WriteStatus()) {
    return Outcome::Retry(absl::AbortedError("writing the status failed"));
  }
  return OutcomeOf(last);
}

Outcome GitPass::OutcomeOf(const Step& last) {
  const Failure::Kind kind =
      last.has_value() ? last->kind : Failure::Kind::kUnchanged;
  switch (kind) {
    case Failure::Kind::kRetry:
      return Outcome::Retry(absl::UnavailableError(last->message));
    case Failure::Kind::kStall:
      return Outcome::Done();
    case Failure::Kind::kWait:
      return Outcome::RequeueAfter(env_.options->requeue_dependency);
    case Failure::Kind::kUnchanged:
      break;
  }
  if (!conditions_->IsTrue(reconcile::kReady)) {
    return Outcome::Retry(
        absl::UnavailableError(conditions_->Message(reconcile::kReady)));
  }
  const absl::StatusOr<absl::Duration> interval =
      ParseGoDuration(spec().interval());
  if (!interval.ok()) return Outcome::Terminal(interval.status());
  return Outcome::RequeueAfter(
      Jitter(*interval, env_.options->interval_jitter_percentage));
}

// A condition that came back to what the outside knows has not changed.
bool GitPass::WriteStatus() {
  for (meta::v1::Condition& condition : *status().mutable_conditions()) {
    const meta::v1::Condition* known =
        FindCondition(published_, condition.type());
    if (known != nullptr && known->status() == condition.status() &&
        known->reason() == condition.reason() &&
        known->message() == condition.message()) {
      condition.set_last_transition_time(known->last_transition_time());
    }
  }
  if (MessageDifferencer::Equals(published_, status())) return true;
  absl::StatusOr<Value> written =
      request_.writer->WriteStatus(ctx_, object_, status());
  if (absl::IsNotFound(written.status())) return true;  // It is gone.
  if (!written.ok()) {
    request_.logger.Error("status not written", {{"error", written.status()}});
    return false;
  }
  object_ = *std::move(written);
  published_ = status();
  return true;
}

}  // namespace weir::source
