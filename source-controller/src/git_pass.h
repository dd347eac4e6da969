// GitPass is one reconcile of one GitRepository.
//
// Touches: as SourcePass; the network (Git server), the system's temporary
// folder.
// Threads: one object belongs to one thread.
// Source: source.md, section 7.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/git_checkout.h"
#include "src/source_pass.h"
#include "src/source_tree.h"
#include "weir/base/file.h"
#include "weir/source/v1/gitrepository.pb.h"

namespace weir::source {

struct GitEnvironment : SourceEnvironment {
  // Another GitRepository of the cache; null when there is none.
  std::function<Value(const kube::ObjectKey&)> find;
};

class GitPass : public SourcePassOf<v1::GitRepository> {
 public:
  // `environment` must outlive it.
  GitPass(const Context& ctx, const GitEnvironment& environment,
          const reconcile::Request& request)
      : SourcePassOf(ctx, environment, request, kGitRepository),
        find_(environment.find) {}

 private:
  Step Work() override;
  std::string SuccessMessage() const override;
  absl::Status RemoveMore() override;
  absl::StatusOr<absl::Duration> Interval() const override;

  Step SourceStep();
  Step IncludeStep();
  Step ArtifactStep();
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

  const std::function<Value(const kube::ObjectKey&)>& find_;
  std::vector<meta::v1::Artifact> includes_;
  std::optional<GitCheckout> checkout_;
  std::unique_ptr<git::Repository> store_;
  std::optional<git::Commit> commit_;  // Once it was fetched.
  std::optional<SourceTree> tree_;
  std::vector<TempDir> extracted_;
};

}  // namespace weir::source
