// SourcePass is one reconcile of one source of any kind, from its first look
// at the object to its last write. A kind adds what it does between the two.
//
// Touches: network (API server), files under the storage's root, clock.
// Threads: one object belongs to one thread.
// Source: source.md, section 3.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "src/checked_artifacts.h"
#include "src/source_kind.h"
#include "weir/artifact/registry.h"
#include "weir/artifact/storage.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/http/client.h"
#include "weir/kube/client.h"
#include "weir/meta/v1/meta.pb.h"
#include "weir/reconcile/conditions.h"
#include "weir/reconcile/events.h"
#include "weir/reconcile/reconciler.h"
#include "weir/source/source_controller.h"

namespace weir::source {

// What passes of all kinds share. All outlive them.
struct SourceEnvironment {
  const Options* options = nullptr;
  const kube::Client* client = nullptr;
  reconcile::EventRecorder* events = nullptr;
  const Clock* clock = nullptr;
  http::Client* http_client = nullptr;
  const artifact::Storage* storage = nullptr;
  artifact::Registry* registry = nullptr;
  CheckedArtifacts* checked = nullptr;
  // Caches hold a part of the objects: ask the server for the others.
  bool is_cache_partial = false;
};

// The object is gone: forgets its artifact.
void ForgetSource(const SourceEnvironment& environment,
                  const artifact::SourceKey& source);

class SourcePass {
 public:
  SourcePass(const SourcePass&) = delete;
  SourcePass& operator=(const SourcePass&) = delete;
  virtual ~SourcePass() = default;

  reconcile::Outcome Run();

 protected:
  // Why a step was the last one.
  struct Failure {
    enum class Kind {
      kRetry,      // Comes back after the backoff.
      kRequeue,    // The same, and is no error.
      kStall,      // Only a change of the object helps.
      kWait,       // Comes back after requeue_dependency.
      kUnchanged,  // There was nothing to do: a success.
    } kind = Kind::kRetry;
    std::string reason;
    std::string message;
  };
  using Step = std::optional<Failure>;  // Nothing: go on.

  SourcePass(const Context& ctx, const SourceEnvironment& environment,
             const reconcile::Request& request, const SourceKind& kind);

  // --- What a kind adds.
  // Fetches the source and writes its artifact.
  virtual Step Work() = 0;
  // What is said of an artifact that is new, or in order again.
  virtual std::string SuccessMessage() const = 0;
  virtual std::string NewArtifactReason() const { return "NewArtifact"; }
  virtual std::string RecoveryReason() const { return kSucceeded; }
  // Removes what is kept beside the artifacts of a deleted object.
  virtual absl::Status RemoveMore() { return absl::OkStatus(); }
  // Between two passes that find nothing new.
  virtual absl::StatusOr<absl::Duration> Interval() const = 0;

  // --- The fields that all kinds have; SourcePassOf has them.
  virtual google::protobuf::Message& message() = 0;
  virtual google::protobuf::Message& status_message() = 0;
  virtual reconcile::ConditionList* condition_list() = 0;
  virtual bool is_suspended() const = 0;
  // Null when there is none.
  virtual const meta::v1::Artifact* current() const = 0;
  virtual meta::v1::Artifact* mutable_current() = 0;
  // With status.url.
  virtual void ClearArtifact() = 0;
  virtual void SetUrl(std::string url) = 0;
  virtual int64_t observed_generation() const = 0;
  virtual void SetObservedGeneration(int64_t generation) = 0;
  virtual const std::string& handled() const = 0;
  virtual void SetHandled(std::string at) = 0;

  // --- What steps use.
  Failure Fail(Failure::Kind kind, const char* condition, std::string reason,
               std::string message);
  // Progress is told in memory; WriteProgress tells the outside, where that is
  // worth a request.
  void Progress(bool is_drift, const std::string& message);
  void WriteProgress();
  void Emit(reconcile::Severity severity, const std::string& reason,
            const std::string& message, bool with_artifact = false);
  // The interval has found nothing new; not worth an Event each time.
  void TellUpToDate(const std::string& reason, const std::string& message);
  // Writes the file with `produce` and makes it the source's artifact.
  absl::Status Store(const artifact::Storage::Producer& produce,
                     artifact::Artifact artifact);
  // Whether there was an artifact; tells of it. Errors are told, too.
  absl::StatusOr<bool> RemoveArtifacts();

  const Context& ctx_;
  const SourceEnvironment& env_;
  const reconcile::Request& request_;
  const artifact::SourceKey key_;
  const SourceKind& kind_;
  Value object_;  // As last read or written.
  std::unique_ptr<reconcile::Conditions> conditions_;
  int64_t generation_ = 0;

 private:
  reconcile::Outcome Delete();
  reconcile::Outcome Suspended();
  void Begin();
  Step RunSteps();
  void StorageStep();
  bool AdoptArtifact(std::string* problem);
  reconcile::Outcome Finish(const Step& last);
  reconcile::Outcome OutcomeOf(const Step& last);
  bool WriteStatus();
  void RememberStatus();
  void TellSuccess();
  void TellFailure(const Failure& failure);
  bool HasFailed(const reconcile::ConditionList& conditions) const;

  // As the pass found it.
  struct Before {
    std::string digest;
    std::string handled;
    int64_t observed_generation = 0;
    bool has_failed = false;
  } before_;
  std::unique_ptr<google::protobuf::Message> published_;  // As last written.
  reconcile::ConditionList published_conditions_;
  bool has_written_progress_ = false;
};

// A pass for objects of one message.
template <typename Object>
class SourcePassOf : public SourcePass {
 protected:
  SourcePassOf(const Context& ctx, const SourceEnvironment& environment,
               const reconcile::Request& request, const SourceKind& kind)
      : SourcePass(ctx, environment, request, kind) {}

  const auto& spec() const { return typed_.spec(); }
  auto& status() { return *typed_.mutable_status(); }
  const auto& status() const { return typed_.status(); }

  google::protobuf::Message& message() final { return typed_; }
  google::protobuf::Message& status_message() final { return status(); }
  reconcile::ConditionList* condition_list() final {
    return status().mutable_conditions();
  }
  bool is_suspended() const final { return spec().suspend(); }
  const meta::v1::Artifact* current() const final {
    return status().has_artifact() ? &status().artifact() : nullptr;
  }
  meta::v1::Artifact* mutable_current() final {
    return status().mutable_artifact();
  }
  void ClearArtifact() final {
    status().clear_artifact();
    if constexpr (kHasUrl) status().clear_url();
  }
  void SetUrl(std::string url) final {
    if constexpr (kHasUrl) status().set_url(std::move(url));
  }
  int64_t observed_generation() const final {
    return status().observed_generation();
  }
  void SetObservedGeneration(int64_t generation) final {
    status().set_observed_generation(generation);
  }
  const std::string& handled() const final {
    return status().last_handled_reconcile_at();
  }
  void SetHandled(std::string at) final {
    status().set_last_handled_reconcile_at(std::move(at));
  }

 private:
  static constexpr bool kHasUrl = requires(Object o) {
    o.mutable_status()->clear_url();
  };
  Object typed_;
};

}  // namespace weir::source
