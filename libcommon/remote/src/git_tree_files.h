// GitTreeFiles is the files of one commit of a bare store, as a build reads
// them: nothing is checked out.
//
// Touches: files under the store's path.
// Threads: safe to share between threads.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/git/repository.h"
#include "weir/kustomize/file_system.h"

namespace weir::remote {

// A path of a commit where another repository's commit belongs.
struct GitSubmodule {
  std::string path;
  git::Oid commit;
};

class GitTreeFiles : public kustomize::FileSystem {
 public:
  // `display_root`: what error messages show for the tree's root.
  explicit GitTreeFiles(std::string display_root)
      : display_root_(std::move(display_root)) {}

  // Adds the tree of a commit below `prefix` ("" for the root).
  // Errors: those of the store.
  absl::Status Mount(const Context& ctx,
                     std::shared_ptr<git::Repository> repository,
                     const git::Oid& commit, const std::string& prefix);
  // Of the last one mounted.
  const std::vector<GitSubmodule>& submodules() const { return submodules_; }

  absl::StatusOr<std::string> ReadFile(absl::string_view path) const override;
  bool IsDirectory(absl::string_view path) const override;
  bool IsFile(absl::string_view path) const override;
  absl::StatusOr<std::vector<Entry>> List(
      absl::string_view path) const override;
  std::string DisplayPath(absl::string_view path) const override;
  absl::StatusOr<std::string> Resolve(absl::string_view path) const override;

 private:
  struct Node {
    git::TreeEntry::Type type = git::TreeEntry::Type::kDirectory;
    git::Oid oid;
    std::shared_ptr<git::Repository> repository;
  };

  absl::StatusOr<std::string> ReadBlob(const Node& node) const;
  const Node* FindNode(const std::string& path) const;

  const std::string display_root_;
  // Written by Mount only; "." is the root.
  std::map<std::string, Node> nodes_;
  std::vector<GitSubmodule> submodules_;
  mutable Mutex mu_;  // A repository belongs to one thread at a time.
};

}  // namespace weir::remote
