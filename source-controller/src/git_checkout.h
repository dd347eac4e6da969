// GitCheckout finds the commit that a GitRepository's reference stands for and
// brings it into a local store, asking the server for no more than it must.
//
// Touches: network; the given store.
// Threads: one object belongs to one thread.
// Source: source.md, section 7.3.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/git/remote.h"
#include "weir/git/repository.h"
#include "weir/source/v1/gitrepository.pb.h"

namespace weir::source {

class GitCheckout {
 public:
  // Where objects go; called at most once, when the first is needed.
  using OpenStore = std::function<absl::StatusOr<git::Repository*>()>;

  // Connects, lists the references and picks the commit. Of tags that differ
  // in build metadata only, the newest commit's wins; they are fetched for it.
  // `has_artifact` changes the words of errors only.
  // Errors: those of git::Remote, in the words that users know.
  static absl::StatusOr<GitCheckout> Resolve(const Context& ctx,
                                             const v1::GitRepositoryRef& ref,
                                             git::RemoteOptions options,
                                             bool has_artifact,
                                             const OpenStore& open_store);

  // The remote has no commit at all, and a branch was asked for.
  bool is_empty() const { return is_empty_; }
  const std::string& revision() const { return revision_; }
  const git::Oid& commit() const { return commit_; }
  // A branch, tag or name: upstream tells its users of these by another event
  // when nothing has changed.
  bool is_by_reference() const { return is_by_reference_; }

  // Brings the commit into the store, unless it is there. Call it once.
  absl::Status Fetch(const Context& ctx, git::Repository* store);

 private:
  GitCheckout() = default;

  absl::Status Connect(const Context& ctx, git::RemoteOptions options,
                       bool is_listing);
  absl::Status PickReference(const std::string& reference,
                             const std::string& name);
  absl::Status PickName(const std::string& name);
  absl::Status PickCommit(const v1::GitRepositoryRef& ref);
  absl::Status PickSemver(const Context& ctx, const std::string& range,
                          const OpenStore& open_store);
  absl::StatusOr<const git::RemoteRef*> Newest(
      const Context& ctx, const std::vector<const git::RemoteRef*>& tags,
      const OpenStore& open_store);
  absl::Status FetchCommit(const Context& ctx, git::Repository* store);
  absl::Status CloneError(const absl::Status& status) const;
  absl::Status NoSuchReference(absl::string_view reference) const;

  std::string url_;  // Without credentials.
  git::RemoteOptions options_;
  std::unique_ptr<git::Remote> remote_;  // Null once it was fetched from.
  bool is_empty_ = false;
  bool is_by_reference_ = false;
  bool is_pinned_ = false;  // A commit was asked for.
  std::string branch_;      // With is_pinned_: where it is; empty: anywhere.
  std::string revision_;
  git::Oid commit_;
  git::Oid want_;  // The commit, or the tag that points to it.
};

}  // namespace weir::source
