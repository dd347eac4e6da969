// FolderSource publishes a folder of this machine as an ExternalArtifact, and
// again whenever something in it changes: the source of `weir up DIR`.
//
// Touches: files (reads the folder, writes artifacts), network (the API
// server), process (the watcher's thread).
// Threads: safe to share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "folder_watcher.h"
#include "weir/artifact/registry.h"
#include "weir/artifact/storage.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/kube/client.h"

namespace weir::cli {

struct FolderSourceOptions {
  std::string folder;
  kube::ObjectKey key;  // Of the ExternalArtifact.
  // Called after each try: the revision, or why there is none.
  std::function<void(const absl::StatusOr<std::string>&)> on_published;
};

class FolderSource {
 public:
  // Publishes once, then follows. All referred must outlive it.
  static absl::StatusOr<std::unique_ptr<FolderSource>> Start(
      const Context& ctx, const kube::Client& client,
      const artifact::Storage& storage, artifact::Registry& registry,
      FolderSourceOptions options);

 private:
  FolderSource(const kube::Client& client, const artifact::Storage& storage,
               artifact::Registry& registry, FolderSourceOptions options);
  absl::Status Publish(const Context& ctx);
  absl::Status WriteObject(const Context& ctx,
                           const artifact::Artifact& artifact) const;

  // Constant after construction.
  const kube::Client& client_;
  const artifact::Storage& storage_;
  artifact::Registry& registry_;
  const FolderSourceOptions options_;

  std::string digest_;  // Of what was published last; the watcher's own.
  std::unique_ptr<FolderWatcher> watcher_;  // Last: stops first.
};

}  // namespace weir::cli
