#include "src/git_checkout.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/revision.h"
#include "weir/base/secret.h"
#include "weir/base/status.h"
#include "weir/text/semver.h"

namespace weir::source {
namespace {

constexpr char kBranches[] = "refs/heads/";
constexpr char kTags[] = "refs/tags/";
constexpr char kDefaultBranch[] = "master";

absl::Status NoSuchCommit(absl::string_view commit) {
  return absl::NotFoundError(absl::StrCat(
      "unable to resolve commit object for '", commit, "': object not found"));
}

}  // namespace

absl::Status GitCheckout::CloneError(const absl::Status& status) const {
  return Annotate(status, absl::StrCat("unable to clone '", url_, "'"));
}

absl::Status GitCheckout::NoSuchReference(absl::string_view reference) const {
  return CloneError(absl::NotFoundError(
      absl::StrCat("couldn't find remote ref \"", reference, "\"")));
}

absl::Status GitCheckout::Connect(const Context& ctx,
                                  git::RemoteOptions options, bool is_listing) {
  url_ = RedactUrl(options.url);
  options_ = std::move(options);
  absl::StatusOr<std::unique_ptr<git::Remote>> remote =
      git::Remote::Connect(ctx, options_);
  if (!remote.ok()) {
    return is_listing ? Annotate(remote.status(),
                                 absl::StrCat("unable to list remote for '",
                                              url_, "'"))
                      : CloneError(remote.status());
  }
  remote_ = *std::move(remote);
  return absl::OkStatus();
}

absl::StatusOr<GitCheckout> GitCheckout::Resolve(
    const Context& ctx, const v1::GitRepositoryRef& ref,
    git::RemoteOptions options, bool has_artifact,
    const OpenStore& open_store) {
  GitCheckout out;
  const bool is_pinned = !ref.commit().empty();
  const bool is_name = !is_pinned && !ref.name().empty();
  const bool is_tag = !is_pinned && !is_name && !ref.tag().empty();
  const bool is_semver =
      !is_pinned && !is_name && !is_tag && !ref.semver().empty();
  if (is_semver) {
    const auto range = text::VersionRange::Parse(ref.semver());
    if (!range.ok()) {
      return Annotate(range.status(), "semver parse error");
    }
  }
  out.is_by_reference_ = !is_pinned && !is_semver;
  WEIR_RETURN_IF_ERROR(
      out.Connect(ctx, std::move(options),
                  is_name || (has_artifact && out.is_by_reference_)));
  if (is_pinned) {
    WEIR_RETURN_IF_ERROR(out.PickCommit(ref));
  } else if (is_name) {
    WEIR_RETURN_IF_ERROR(out.PickName(ref.name()));
  } else if (is_tag) {
    WEIR_RETURN_IF_ERROR(
        out.PickReference(absl::StrCat(kTags, ref.tag()), ref.tag()));
  } else if (is_semver) {
    WEIR_RETURN_IF_ERROR(out.PickSemver(ctx, ref.semver(), open_store));
  } else {
    const std::string branch =
        ref.branch().empty() ? kDefaultBranch : ref.branch();
    if (out.remote_->refs().empty()) {
      out.is_empty_ = true;
      return out;
    }
    WEIR_RETURN_IF_ERROR(
        out.PickReference(absl::StrCat(kBranches, branch), branch));
  }
  return out;
}

absl::Status GitCheckout::PickReference(const std::string& reference,
                                        const std::string& name) {
  const git::RemoteRef* found = remote_->Find(reference);
  if (found == nullptr) return NoSuchReference(reference);
  want_ = found->oid;
  commit_ = found->target();
  revision_ = MakeRevision(name, commit_);
  return absl::OkStatus();
}

absl::Status GitCheckout::PickName(const std::string& name) {
  if (absl::StartsWith(name, "/") || absl::EndsWith(name, "/")) {
    return absl::InvalidArgumentError(
        absl::StrCat("ref '", name,
                     "' is invalid; Git refs cannot begin or end with a "
                     "slash '/'"));
  }
  const git::RemoteRef* found = remote_->Find(absl::StripSuffix(name, "^{}"));
  if (found == nullptr) {
    return absl::NotFoundError(absl::StrCat("unable to resolve ref '", name,
                                            "' to a specific commit"));
  }
  want_ = found->oid;
  commit_ = found->target();
  revision_ = MakeRevision(name, commit_);
  return absl::OkStatus();
}

absl::Status GitCheckout::PickCommit(const v1::GitRepositoryRef& ref) {
  is_pinned_ = true;
  if (!ref.branch().empty()) {
    branch_ = absl::StrCat(kBranches, ref.branch());
    if (remote_->Find(branch_) == nullptr) return NoSuchReference(branch_);
  }
  const auto commit = git::ParseOid(ref.commit());
  if (!commit.ok()) return NoSuchCommit(ref.commit());
  commit_ = want_ = *commit;
  revision_ = MakeRevision(ref.branch(), commit_);
  return absl::OkStatus();
}

absl::Status GitCheckout::PickSemver(const Context& ctx,
                                     const std::string& range,
                                     const OpenStore& open_store) {
  WEIR_ASSIGN_OR_RETURN(const text::VersionRange wanted,
                        text::VersionRange::Parse(range));
  std::vector<const git::RemoteRef*> best;
  text::Version highest;
  for (const git::RemoteRef& ref : remote_->refs()) {
    absl::string_view tag = ref.name;
    if (!absl::ConsumePrefix(&tag, kTags)) continue;
    absl::StatusOr<text::Version> version = text::ParseFullVersion(tag);
    if (!version.ok() || !wanted.Contains(*version)) continue;
    const int order =
        best.empty() ? 1 : text::CompareVersions(*version, highest);
    if (order < 0) continue;
    if (order > 0) {
      best.clear();
      highest = *std::move(version);
    }
    best.push_back(&ref);
  }
  if (best.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no match found for semver: ", range));
  }
  const git::RemoteRef* chosen = best.front();
  if (best.size() > 1) {
    WEIR_ASSIGN_OR_RETURN(chosen, Newest(ctx, best, open_store));
  }
  want_ = chosen->oid;
  commit_ = chosen->target();
  revision_ = MakeRevision(ShortReference(chosen->name), commit_);
  return absl::OkStatus();
}

absl::StatusOr<const git::RemoteRef*> GitCheckout::Newest(
    const Context& ctx, const std::vector<const git::RemoteRef*>& tags,
    const OpenStore& open_store) {
  WEIR_ASSIGN_OR_RETURN(git::Repository* const store, open_store());
  std::vector<git::Oid> missing;
  for (const git::RemoteRef* tag : tags) {
    if (!store->HasCommit(tag->target())) missing.push_back(tag->oid);
  }
  if (!missing.empty()) {
    const absl::Status status = remote_->Fetch(ctx, missing, 1, store);
    if (!status.ok()) return CloneError(status);
  }
  const git::RemoteRef* newest = nullptr;
  absl::Time when = absl::InfinitePast();
  for (const git::RemoteRef* tag : tags) {
    WEIR_ASSIGN_OR_RETURN(const git::Commit commit,
                          store->ReadCommit(tag->target()));
    if (commit.committer.when < when) continue;
    when = commit.committer.when;
    newest = tag;
  }
  return newest;
}

absl::Status GitCheckout::Fetch(const Context& ctx, git::Repository* store) {
  if (store->HasCommit(commit_)) return absl::OkStatus();
  if (is_pinned_) return FetchCommit(ctx, store);
  const absl::Status status = remote_->Fetch(ctx, {want_}, 1, store);
  return status.ok() ? status : CloneError(status);
}

// Servers give a commit that no reference points at only when they are
// configured to; otherwise it comes with all of the history.
absl::Status GitCheckout::FetchCommit(const Context& ctx,
                                      git::Repository* store) {
  std::vector<git::Oid> tips;
  bool is_tip = false;
  for (const git::RemoteRef& ref : remote_->refs()) {
    is_tip = is_tip || ref.oid == commit_;
    const bool is_wanted = branch_.empty()
                               ? absl::StartsWith(ref.name, kBranches)
                               : ref.name == branch_;
    if (is_wanted) tips.push_back(ref.oid);
  }
  absl::Status status = absl::NotFoundError("");
  if (is_tip || remote_->CanFetchAnyCommit()) {
    status = remote_->Fetch(ctx, {commit_}, 1, store);
    if (status.ok()) {
      return store->HasCommit(commit_) ? status : NoSuchCommit(commit_.ToHex());
    }
    if (!absl::IsNotFound(status)) return CloneError(status);
    WEIR_RETURN_IF_ERROR(Connect(ctx, options_, /*is_listing=*/false));
  }
  if (tips.empty()) return NoSuchCommit(commit_.ToHex());
  status = remote_->Fetch(ctx, tips, /*depth=*/0, store);
  if (!status.ok()) return CloneError(status);
  return store->HasCommit(commit_) ? absl::OkStatus()
                                   : NoSuchCommit(commit_.ToHex());
}

}  // namespace weir::source
