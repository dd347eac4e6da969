// TreeCache keeps one extracted tree per artifact digest, shared by all who
// build from it. However many ask at once, it is fetched and extracted once.
//
// Touches: files under TreeCacheOptions::dir; what the Fetcher touches.
// Threads: safe to share.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/artifact/artifact.h"
#include "weir/artifact/fetcher.h"
#include "weir/base/context.h"

namespace weir::artifact {

// An extracted artifact: a folder of regular files and folders, no links.
// Nobody writes below it. It stays while a shared_ptr to it lives.
class Tree {
 public:
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // Absolute.
  const std::string& path() const { return path_; }
  const std::string& digest() const { return digest_; }

 private:
  friend class TreeCache;
  Tree(std::string path, std::string digest, std::shared_ptr<const void> root)
      : path_(std::move(path)),
        digest_(std::move(digest)),
        root_(std::move(root)) {}
  const std::string path_;
  const std::string digest_;
  const std::shared_ptr<const void> root_;  // The folder around, kept.
};

struct TreeCacheOptions {
  // Where trees are extracted; made when absent, and emptied at the start and
  // at the end. Empty: a temporary folder of its own.
  std::string dir;
  // Limits of one tree; 0 is none.
  int64_t max_bytes = int64_t{1} << 30;
  int64_t max_entries = 1'000'000;
};

class TreeCache {
 public:
  TreeCache(std::shared_ptr<const Fetcher> fetcher, TreeCacheOptions options);
  // Trees that are in use stay on disk until their users go.
  ~TreeCache();

  // The tree of `artifact`. The newest tree of each source (told by the folder
  // of artifact.path) is kept for the next caller; an older one goes with its
  // last user.
  // Errors: those of Fetcher::Fetch; kFailedPrecondition when the archive is
  // malformed, unsafe or too large.
  absl::StatusOr<std::shared_ptr<const Tree>> Get(const Context& ctx,
                                                  const Artifact& artifact);

  // Stops keeping the tree of a source that is gone. `artifact_path` is the
  // path of any artifact of the source.
  void Forget(const std::string& artifact_path);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::artifact
