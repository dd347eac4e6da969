#include "src/source_pass.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "src/artifacts.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/codec/unsupported.h"

namespace weir::source {
namespace {

using google::protobuf::util::MessageDifferencer;
using reconcile::Outcome;
using reconcile::Severity;

const meta::v1::Condition* FindIn(const reconcile::ConditionList& conditions,
                                  absl::string_view type) {
  for (const meta::v1::Condition& condition : conditions) {
    if (condition.type() == type) return &condition;
  }
  return nullptr;
}

}  // namespace

void ForgetSource(const SourceEnvironment& environment,
                  const artifact::SourceKey& source) {
  environment.registry->Withdraw(source);
  environment.checked->Forget(source);
}

SourcePass::SourcePass(const Context& ctx, const SourceEnvironment& environment,
                       const reconcile::Request& request,
                       const SourceKind& kind)
    : ctx_(ctx),
      env_(environment),
      request_(request),
      key_{kind.kind, request.key.name_space, request.key.name},
      kind_(kind),
      object_(request.object) {}

Outcome SourcePass::Run() {
  if (reconcile::IsBeingDeleted(object_)) return Delete();
  if (!reconcile::HasFinalizer(object_)) {
    absl::StatusOr<Value> written =
        request_.writer->AddFinalizer(ctx_, object_);
    if (absl::IsNotFound(written.status())) return Outcome::Done();
    if (!written.ok()) return Outcome::Retry(written.status());
    object_ = *std::move(written);
  }
  const absl::Status parsed = codec::FromValue(object_, &message());
  if (!parsed.ok()) return Outcome::Terminal(parsed);
  RememberStatus();
  before_ = {current() == nullptr ? "" : current()->digest(), handled(),
             observed_generation(), HasFailed(published_conditions_)};
  generation_ = reconcile::GenerationOf(object_);
  conditions_ = std::make_unique<reconcile::Conditions>(
      condition_list(), generation_, *env_.clock);
  if (is_suspended()) return Suspended();
  const std::vector<std::string> unsupported =
      codec::FindUnsupported(message());
  if (!unsupported.empty()) {
    for (const std::string& type : kind_.Failures()) conditions_->Delete(type);
    conditions_->Delete(kArtifactOutdated);
    return Finish(Failure{Failure::Kind::kStall, reconcile::kNotSupported,
                          codec::DescribeUnsupported(unsupported)});
  }
  Begin();
  return Finish(RunSteps());
}

absl::StatusOr<bool> SourcePass::RemoveArtifacts() {
  absl::StatusOr<bool> removed = env_.storage->RemoveAll(key_);
  absl::Status status = removed.status();
  if (status.ok()) status = RemoveMore();
  if (!status.ok()) {
    status = Annotate(status, "garbage collection for deleted resource failed");
    Emit(Severity::kError, "GarbageCollectionFailed",
         std::string(status.message()));
    return status;
  }
  ForgetSource(env_, key_);
  if (*removed && reconcile::HasFinalizer(object_)) {
    Emit(Severity::kTrace, "GarbageCollectionSucceeded",
         "garbage collected artifacts for deleted resource");
  }
  return removed;
}

Outcome SourcePass::Delete() {
  const absl::StatusOr<bool> removed = RemoveArtifacts();
  if (!removed.ok()) return Outcome::Retry(removed.status());
  if (!reconcile::HasFinalizer(object_)) return Outcome::Done();
  const absl::Status finalized =
      request_.writer->RemoveFinalizer(ctx_, object_).status();
  return finalized.ok() ? Outcome::Done() : Outcome::Retry(finalized);
}

// The object is left alone, but its artifact stays at hand.
Outcome SourcePass::Suspended() {
  request_.logger.Info("reconciliation is suspended for this object");
  std::string problem;
  if (current() != nullptr && AdoptArtifact(&problem)) {
    env_.registry->Publish(key_, FromApi(*current()));
  }
  const absl::string_view requested = reconcile::RequestedAt(object_);
  if (!requested.empty()) SetHandled(std::string(requested));
  if (conditions_->Has(reconcile::kReconciling)) {
    conditions_->MarkReconciling(reconcile::kProgressingWithRetry,
                                 conditions_->Message(reconcile::kReconciling));
  }
  if (condition_list()->size() > 0) {
    SetObservedGeneration(generation_);
    conditions_->Delete(reconcile::kStalled);
    conditions_->Summarize(reconcile::kReady, kind_.Summary());
  }
  return WriteStatus() ? Outcome::Done()
                       : Outcome::Retry(absl::AbortedError(
                             "writing the status of a suspended object"));
}

void SourcePass::Progress(bool is_drift, const std::string& message) {
  conditions_->MarkReconciling(reconcile::kProgressing, message);
  if (is_drift || conditions_->IsUnknown(reconcile::kReady)) {
    conditions_->MarkUnknown(reconcile::kReady, reconcile::kProgressing,
                             message);
  }
}

void SourcePass::Begin() {
  Progress(false, "reconciliation in progress");
  const int64_t observed = observed_generation();
  if (observed != generation_) {
    Progress(false, absl::StrCat("processing object: new generation ", observed,
                                 " -> ", generation_));
  }
  conditions_->Delete(kStorageOperationFailed);
}

// One write tells that work is under way, where it takes long or follows a
// change of the object; what a retry of the same generation does was told
// before.
void SourcePass::WriteProgress() {
  const meta::v1::Condition* told =
      FindIn(published_conditions_, reconcile::kReconciling);
  if (has_written_progress_ ||
      (told != nullptr && told->observed_generation() == generation_)) {
    return;
  }
  has_written_progress_ = true;
  WriteStatus();  // Progress only: the last write tells of problems.
}

SourcePass::Step SourcePass::RunSteps() {
  StorageStep();
  if (observed_generation() != generation_ || current() == nullptr) {
    WriteProgress();
  }
  return Work();
}

void SourcePass::StorageStep() {
  bool is_lost = false;
  if (current() != nullptr) {
    const auto removed =
        env_.storage->CollectGarbage(ctx_, FromApi(*current()));
    if (!removed.ok()) {
      Emit(Severity::kError, "GarbageCollectionFailed",
           absl::StrCat("garbage collection of artifacts failed: ",
                        removed.status().message()));
    } else if (!removed->empty()) {
      Emit(Severity::kTrace, "GarbageCollectionSucceeded",
           absl::StrCat("garbage collected ", removed->size(), " artifacts"));
    }
    std::string problem;
    is_lost = !AdoptArtifact(&problem);
    if (is_lost && !problem.empty()) {
      Emit(Severity::kError, "ArtifactVerificationFailed",
           absl::StrCat("failed to verify integrity of artifact: ", problem));
      (void)env_.storage->Remove(FromApi(*current()));
    }
  }
  if (is_lost) {
    ClearArtifact();
    env_.registry->Withdraw(key_);
  }
  if (current() == nullptr) {
    Progress(true, absl::StrCat("building artifact",
                                is_lost ? ": disappeared from storage" : ""));
    conditions_->Delete(kArtifactInStorage);
    return;
  }
  mutable_current()->set_url(env_.storage->UrlOf(current()->path()));
  if (kind_.link != nullptr) {
    SetUrl(env_.storage->LinkUrl(FromApi(*current()), kind_.link));
  }
  env_.registry->Publish(key_, FromApi(*current()));
}

bool SourcePass::AdoptArtifact(std::string* problem) {
  return env_.checked->Check(ctx_, key_, FromApi(*current()), problem);
}

absl::Status SourcePass::Store(const artifact::Storage::Producer& produce,
                               artifact::Artifact artifact) {
  WEIR_RETURN_IF_ERROR(env_.storage->Write(ctx_, produce, &artifact));
  *mutable_current() = ToApi(artifact);
  if (kind_.link != nullptr) {
    const absl::Status linked = env_.storage->Link(artifact, kind_.link);
    if (linked.ok()) {
      SetUrl(env_.storage->LinkUrl(artifact, kind_.link));
    } else {
      Emit(Severity::kTrace, "SymlinkUpdateFailed",
           absl::StrCat("failed to update status URL symlink: ",
                        linked.message()));
    }
  }
  conditions_->Delete(kArtifactOutdated);
  env_.checked->Note(key_, artifact);
  env_.registry->Publish(key_, artifact);
  return absl::OkStatus();
}

SourcePass::Failure SourcePass::Fail(Failure::Kind kind, const char* condition,
                                     std::string reason, std::string message) {
  conditions_->MarkTrue(condition, reason, message);
  return {kind, std::move(reason), std::move(message)};
}

void SourcePass::Emit(Severity severity, const std::string& reason,
                      const std::string& message, bool with_artifact) {
  reconcile::Event event;
  event.object = object_;
  event.severity = severity;
  event.reason = reason;
  event.message = message;
  if (with_artifact) {
    event.metadata[absl::StrCat(kGroup, "/revision")] = current()->revision();
    event.metadata[absl::StrCat(kGroup, "/digest")] = current()->digest();
  }
  env_.events->Emit(kComponent, std::move(event));
}

bool SourcePass::HasFailed(const reconcile::ConditionList& conditions) const {
  for (const std::string& type : kind_.Failures()) {
    const meta::v1::Condition* found = FindIn(conditions, type);
    if (found != nullptr && found->status() == reconcile::kTrue) return true;
  }
  return false;
}

// A new artifact, or the end of a failure.
void SourcePass::TellSuccess() {
  if (current() == nullptr) return;
  if (before_.digest != current()->digest()) {
    const std::string message = SuccessMessage();
    Emit(Severity::kInfo, NewArtifactReason(), message,
         /*with_artifact=*/true);
    request_.logger.Info("artifact stored",
                         {{"revision", current()->revision()},
                          {"digest", current()->digest()},
                          {"bytes", static_cast<int64_t>(current()->size())},
                          {"summary", message}});
  } else if (before_.has_failed && !HasFailed(*condition_list())) {
    Emit(Severity::kInfo, RecoveryReason(), SuccessMessage(),
         /*with_artifact=*/true);
  }
}

void SourcePass::TellUpToDate(const std::string& reason,
                              const std::string& message) {
  const bool was_asked = before_.observed_generation != generation_ ||
                         before_.has_failed ||
                         (!reconcile::RequestedAt(object_).empty() &&
                          before_.handled != reconcile::RequestedAt(object_));
  if (was_asked) Emit(Severity::kTrace, reason, message);
}

void SourcePass::TellFailure(const Failure& failure) {
  switch (failure.kind) {
    case Failure::Kind::kRetry:
      Emit(Severity::kError, failure.reason, failure.message);
      break;
    case Failure::Kind::kRequeue:
      Emit(Severity::kTrace, failure.reason, failure.message);
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
    case Failure::Kind::kUnchanged:
      TellUpToDate(failure.reason, failure.message);
      break;
  }
}

Outcome SourcePass::Finish(const Step& last) {
  if (ctx_.is_done()) return Outcome::Done();  // The process stops.
  const bool is_success =
      !last.has_value() || last->kind == Failure::Kind::kUnchanged;
  const absl::string_view requested = reconcile::RequestedAt(object_);
  if (!requested.empty()) SetHandled(std::string(requested));
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
    SetObservedGeneration(generation_);
  } else {
    conditions_->Delete(reconcile::kStalled);
    if (is_success) SetObservedGeneration(generation_);
  }
  conditions_->Summarize(reconcile::kReady, kind_.Summary());
  if (!WriteStatus()) {
    return Outcome::Retry(absl::AbortedError("writing the status failed"));
  }
  return OutcomeOf(last);
}

Outcome SourcePass::OutcomeOf(const Step& last) {
  const Failure::Kind kind =
      last.has_value() ? last->kind : Failure::Kind::kUnchanged;
  switch (kind) {
    case Failure::Kind::kRetry:
      return Outcome::Retry(absl::UnavailableError(last->message));
    case Failure::Kind::kRequeue:
      return Outcome::Requeue();
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
  const absl::StatusOr<absl::Duration> interval = Interval();
  if (!interval.ok()) return Outcome::Terminal(interval.status());
  return Outcome::RequeueAfter(
      Jitter(*interval, env_.options->interval_jitter_percentage));
}

void SourcePass::RememberStatus() {
  published_.reset(status_message().New());
  published_->CopyFrom(status_message());
  published_conditions_ = *condition_list();
}

// A condition that came back to what the outside knows has not changed.
bool SourcePass::WriteStatus() {
  for (meta::v1::Condition& condition : *condition_list()) {
    const meta::v1::Condition* known =
        FindIn(published_conditions_, condition.type());
    if (known != nullptr && known->status() == condition.status() &&
        known->reason() == condition.reason() &&
        known->message() == condition.message()) {
      condition.set_last_transition_time(known->last_transition_time());
    }
  }
  if (MessageDifferencer::Equals(*published_, status_message())) return true;
  absl::StatusOr<Value> written =
      request_.writer->WriteStatus(ctx_, object_, status_message());
  if (absl::IsNotFound(written.status())) return true;  // It is gone.
  if (!written.ok()) {
    request_.logger.Error("status not written", {{"error", written.status()}});
    return false;
  }
  object_ = *std::move(written);
  RememberStatus();
  return true;
}

}  // namespace weir::source
