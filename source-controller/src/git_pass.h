// GitPass is one reconcile of one GitRepository, from its first look at the
// object to its last write.
//
// Touches: network (API server, Git server), files under the storage's root
// and the system's temporary folder, clock.
// Threads: one object belongs to one thread.
// Source: source.md, sections 3 and 7.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/git_checkout.h"
#include "src/git_tree.h"
#include "weir/artifact/registry.h"
#include "weir/artifact/storage.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/base/file.h"
#include "weir/base/mutex.h"
#include "weir/http/client.h"
#include "weir/kube/client.h"
#include "weir/reconcile/conditions.h"
#include "weir/reconcile/events.h"
#include "weir/reconcile/reconciler.h"
#include "weir/source/source_controller.h"
#include "weir/source/v1/gitrepository.pb.h"

namespace weir::source {

inline constexpr char kComponent[] = "source-controller";
inline constexpr char kGroup[] = "source.toolkit.fluxcd.io";

// Types of conditions.
inline constexpr char kArtifactInStorage[] = "ArtifactInStorage";
inline constexpr char kArtifactOutdated[] = "ArtifactOutdated";
inline constexpr char kFetchFailed[] = "FetchFailed";
inline constexpr char kIncludeUnavailable[] = "IncludeUnavailable";
inline constexpr char kStorageOperationFailed[] = "StorageOperationFailed";
inline constexpr char kSourceVerified[] = "SourceVerified";

// What passes share. All outlive them.
struct GitEnvironment {
  const Options* options = nullptr;
  const kube::Client* client = nullptr;
  reconcile::EventRecorder* events = nullptr;
  const Clock* clock = nullptr;
  http::Client* http_client = nullptr;
  const artifact::Storage* storage = nullptr;
  artifact::Registry* registry = nullptr;
  // Another GitRepository of the cache; null when there is none.
  std::function<Value(const kube::ObjectKey&)> find;
  // The cache holds a part of the objects: ask the server for the others.
  bool is_cache_partial = false;

  // The artifact files whose digest was checked, by the source's folder, with
  // what stat says of them: a file is read again only when it has changed.
  struct Checked {
    std::string path, digest;
    int64_t modified_nanos = 0, size = 0;
    uint64_t inode = 0;

    friend bool operator==(const Checked&, const Checked&) = default;
  };
  Mutex* checked_mu = nullptr;
  std::map<std::string, Checked>* checked = nullptr;
};

class GitPass {
 public:
  GitPass(const Context& ctx, const GitEnvironment& environment,
          const reconcile::Request& request);

  reconcile::Outcome Run();

 private:
  // Why a step was the last one.
  struct Failure {
    enum class Kind {
      kRetry,      // Comes back after the backoff.
      kStall,      // Only a change of the object helps.
      kWait,       // Comes back after requeue_dependency.
      kUnchanged,  // There was nothing to do: a success.
    } kind = Kind::kRetry;
    std::string reason;
    std::string message;
  };
  using Step = std::optional<Failure>;  // Nothing: go on.

  // git_pass.cc: the frame.
  reconcile::Outcome Delete();
  reconcile::Outcome Suspended();
  void Begin();
  Step RunSteps();
  reconcile::Outcome Finish(const Step& last);
  reconcile::Outcome OutcomeOf(const Step& last);
  bool WriteStatus();
  void WriteProgress();
  void Progress(bool is_drift, const std::string& message);
  Failure Fail(Failure::Kind kind, const char* condition, std::string reason,
               std::string message);
  void TellSuccess();
  void TellFailure(const Failure& failure);
  void Emit(reconcile::Severity severity, const std::string& reason,
            const std::string& message, bool with_artifact = false);

  // git_pass_steps.cc: what is done.
  Step StorageStep();
  Step SourceStep();
  Step IncludeStep();
  Step ArtifactStep();
  bool AdoptArtifact(std::string* problem);
  std::optional<GitEnvironment::Checked> Inspect(
      const artifact::Artifact& artifact) const;
  Step CheckIncludes();
  Value FindInclude(const std::string& name) const;
  absl::StatusOr<git::RemoteOptions> ConnectionOptions(Step* failure);
  Step Resolve(const Context& ctx, git::RemoteOptions options);
  Step Fetch(const Context& ctx);
  bool HasContentChanged() const;
  bool HasIncludesChanged() const;
  bool IsUpToDate() const;
  absl::StatusOr<git::Repository*> OpenStore();
  void DropStore();
  std::string CacheFolder() const;
  std::string Subject() const;

  const v1::GitRepositorySpec& spec() const { return git_.spec(); }
  v1::GitRepositoryStatus& status() { return *git_.mutable_status(); }

  const Context& ctx_;
  const GitEnvironment& env_;
  const reconcile::Request& request_;
  const artifact::SourceKey key_;

  Value object_;  // As last read or written.
  v1::GitRepository git_;
  v1::GitRepositoryStatus before_;     // As the pass found it.
  v1::GitRepositoryStatus published_;  // As last written.
  std::unique_ptr<reconcile::Conditions> conditions_;
  int64_t generation_ = 0;
  bool has_written_progress_ = false;

  // Filled by the steps.
  std::vector<meta::v1::Artifact> includes_;
  std::optional<GitCheckout> checkout_;
  std::unique_ptr<git::Repository> store_;
  std::optional<git::Commit> commit_;  // Once it was fetched.
  std::optional<GitTree> tree_;
  std::vector<TempDir> extracted_;
};

}  // namespace weir::source
