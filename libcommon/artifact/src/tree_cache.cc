#include "weir/artifact/tree_cache.h"

#include <map>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "weir/archive/extract.h"
#include "weir/base/file.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"

namespace weir::artifact {
namespace {

// The folder that trees are in; goes with the cache and its last tree.
struct Root {
  explicit Root(std::string p) : path(std::move(p)) {}
  explicit Root(TempDir dir) : path(dir.path()), temp(std::move(dir)) {}
  ~Root() { (void)RemoveAll(path); }
  const std::string path;
  std::optional<TempDir> temp;
};

std::string FolderOf(const std::string& artifact_path) {
  return artifact_path.substr(0, artifact_path.rfind('/'));
}

}  // namespace

Tree::~Tree() { (void)RemoveAll(path_); }

struct TreeCache::Impl {
  // One fetch and extraction under way, and those who wait for it.
  struct Flight {
    bool is_done = false;
    absl::StatusOr<std::shared_ptr<const Tree>> result =
        absl::InternalError("not done");
  };
  struct Kept {
    absl::Time last_update_time;
    std::shared_ptr<const Tree> tree;
  };

  absl::Status OpenRoot() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  absl::StatusOr<std::shared_ptr<const Tree>> Extract(const Context& ctx,
                                                      const Artifact& artifact);
  void Keep(const Artifact& artifact, const std::shared_ptr<const Tree>& tree);

  // Constant after construction.
  std::shared_ptr<const Fetcher> fetcher;
  TreeCacheOptions options;

  Mutex mu;
  CondVar changed;
  std::shared_ptr<const Root> root ABSL_GUARDED_BY(mu);
  uint64_t sequence ABSL_GUARDED_BY(mu) = 0;
  absl::flat_hash_map<std::string, std::weak_ptr<const Tree>> trees
      ABSL_GUARDED_BY(mu);  // By digest.
  absl::flat_hash_map<std::string, std::shared_ptr<Flight>> flights
      ABSL_GUARDED_BY(mu);  // By digest.
  absl::flat_hash_map<std::string, Kept> newest ABSL_GUARDED_BY(mu);
};

absl::Status TreeCache::Impl::OpenRoot() {
  if (root != nullptr) return absl::OkStatus();
  if (options.dir.empty()) {
    WEIR_ASSIGN_OR_RETURN(TempDir dir, TempDir::Create("weir-trees"));
    root = std::make_shared<const Root>(std::move(dir));
    return absl::OkStatus();
  }
  // What a killed process left.
  WEIR_RETURN_IF_ERROR(RemoveAll(options.dir));
  WEIR_RETURN_IF_ERROR(MakeDirectories(options.dir, 0700));
  root = std::make_shared<const Root>(options.dir);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const Tree>> TreeCache::Impl::Extract(
    const Context& ctx, const Artifact& artifact) {
  std::shared_ptr<const Root> in;
  std::string path;
  {
    MutexLock lock(mu);
    WEIR_RETURN_IF_ERROR(OpenRoot());
    in = root;
    path = absl::StrCat(in->path, "/", ++sequence);
  }
  WEIR_ASSIGN_OR_RETURN(const FetchedFile file, fetcher->Fetch(ctx, artifact));
  WEIR_RETURN_IF_ERROR(MakeDirectories(path, 0700));
  // Removes what was extracted when something fails, too.
  std::shared_ptr<const Tree> tree(new Tree(path, artifact.digest, in));
  WEIR_ASSIGN_OR_RETURN(archive::Source source,
                        archive::FileSource(file.path()));
  archive::ExtractOptions limits;
  limits.skip_symlinks = true;
  limits.max_bytes = options.max_bytes;
  limits.max_entries = options.max_entries;
  const absl::Status status =
      archive::ExtractTarGz(ctx, std::move(source), path, limits);
  if (absl::IsInvalidArgument(status)) {
    return absl::FailedPreconditionError(
        absl::StrCat("extracting artifact: ", status.message()));
  }
  WEIR_RETURN_IF_ERROR(status, "extracting artifact");
  return tree;
}

void TreeCache::Impl::Keep(const Artifact& artifact,
                           const std::shared_ptr<const Tree>& tree) {
  std::shared_ptr<const Tree> dropped;  // Removed outside the lock.
  MutexLock lock(mu);
  Kept& kept = newest[FolderOf(artifact.path)];
  if (kept.tree == tree || artifact.last_update_time < kept.last_update_time) {
    return;
  }
  dropped = std::exchange(kept.tree, tree);
  kept.last_update_time = artifact.last_update_time;
}

TreeCache::TreeCache(std::shared_ptr<const Fetcher> fetcher,
                     TreeCacheOptions options)
    : impl_(std::make_unique<Impl>()) {
  impl_->fetcher = std::move(fetcher);
  impl_->options = std::move(options);
}
TreeCache::~TreeCache() = default;

absl::StatusOr<std::shared_ptr<const Tree>> TreeCache::Get(
    const Context& ctx, const Artifact& artifact) {
  Impl& impl = *impl_;
  const Context::Registration on_cancel = ctx.OnCancel([&impl] {
    MutexLock lock(impl.mu);
    impl.changed.NotifyAll();
  });
  while (true) {
    WEIR_RETURN_IF_ERROR(ctx.status());
    std::shared_ptr<const Tree> found;
    std::shared_ptr<Impl::Flight> flight;
    {
      MutexLock lock(impl.mu);
      if (const auto it = impl.trees.find(artifact.digest);
          it != impl.trees.end()) {
        found = it->second.lock();
      }
      auto& slot = impl.flights[artifact.digest];
      if (found == nullptr && slot != nullptr) {
        // Another caller is at it.
        flight = slot;
        while (!flight->is_done && !ctx.is_done()) {
          impl.changed.WaitUntil(impl.mu, ctx.deadline());
        }
        WEIR_RETURN_IF_ERROR(ctx.status());
        if (flight->result.ok()) {
          found = *flight->result;
        } else if (!absl::IsCancelled(flight->result.status()) &&
                   !absl::IsDeadlineExceeded(flight->result.status())) {
          return flight->result.status();
        } else {
          continue;  // It gave up for reasons of its own: our turn.
        }
      } else if (found != nullptr) {
        if (slot == nullptr) impl.flights.erase(artifact.digest);
      } else {
        slot = std::make_shared<Impl::Flight>();
        flight = slot;
      }
    }
    if (found == nullptr) {
      absl::StatusOr<std::shared_ptr<const Tree>> result =
          impl.Extract(ctx, artifact);
      MutexLock lock(impl.mu);
      impl.flights.erase(artifact.digest);
      absl::erase_if(impl.trees,
                     [](const auto& entry) { return entry.second.expired(); });
      if (result.ok()) impl.trees[artifact.digest] = *result;
      flight->is_done = true;
      flight->result = result;
      impl.changed.NotifyAll();
      if (!result.ok()) return result.status();
      found = *std::move(result);
    }
    impl.Keep(artifact, found);
    return found;
  }
}

void TreeCache::Forget(const std::string& artifact_path) {
  std::shared_ptr<const Tree> dropped;
  MutexLock lock(impl_->mu);
  const auto it = impl_->newest.find(FolderOf(artifact_path));
  if (it == impl_->newest.end()) return;
  dropped = std::move(it->second.tree);
  impl_->newest.erase(it);
}

}  // namespace weir::artifact
