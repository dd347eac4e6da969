#include "src/git_tree_files.h"

#include <deque>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "weir/base/status.h"

namespace weir::remote {
namespace {

using Type = git::TreeEntry::Type;

constexpr size_t kMaxFileBytes = size_t{64} << 20;

}  // namespace

absl::Status GitTreeFiles::Mount(const Context& ctx,
                                 std::shared_ptr<git::Repository> repository,
                                 const git::Oid& commit,
                                 const std::string& prefix) {
  nodes_["."] = Node();
  submodules_.clear();
  return repository->WalkTree(
      ctx, commit, {}, [&](const git::TreeEntry& entry) -> absl::Status {
        const std::string path =
            prefix.empty() ? entry.path : absl::StrCat(prefix, "/", entry.path);
        if (entry.type == Type::kSubmodule) {
          submodules_.push_back({path, entry.oid});
          nodes_[path] = Node();
        } else {
          nodes_[path] = {entry.type, entry.oid, repository};
        }
        return absl::OkStatus();
      });
}

const GitTreeFiles::Node* GitTreeFiles::FindNode(
    const std::string& path) const {
  auto found = nodes_.find(path);
  return found == nodes_.end() ? nullptr : &found->second;
}

absl::StatusOr<std::string> GitTreeFiles::ReadBlob(const Node& node) const {
  const MutexLock lock(mu_);
  return node.repository->ReadSmallBlob(node.oid, kMaxFileBytes);
}

absl::StatusOr<std::string> GitTreeFiles::Resolve(
    absl::string_view path) const {
  const auto escapes = [&] {
    return absl::PermissionDeniedError(absl::StrCat(
        "'", DisplayPath(path), "' leads out of '", display_root_, "'"));
  };
  std::deque<std::string> rest = absl::StrSplit(path, '/', absl::SkipEmpty());
  std::vector<std::string> done;
  int links = 0;
  while (!rest.empty()) {
    std::string part = std::move(rest.front());
    rest.pop_front();
    if (part == ".") continue;
    if (part == "..") {
      if (done.empty()) return escapes();
      done.pop_back();
      continue;
    }
    done.push_back(std::move(part));
    const Node* node = FindNode(absl::StrJoin(done, "/"));
    if (node == nullptr) {
      return kustomize::NoSuchPath(DisplayPath(absl::StrJoin(done, "/")));
    }
    if (node->type == Type::kFile && !rest.empty()) {
      return kustomize::NotADirectory();
    }
    if (node->type != Type::kSymlink) continue;
    if (++links > kustomize::kMaxLinks) return kustomize::TooManyLinks();
    WEIR_ASSIGN_OR_RETURN(const std::string target, ReadBlob(*node));
    if (absl::StartsWith(target, "/")) return escapes();
    done.pop_back();
    const std::vector<std::string> parts =
        absl::StrSplit(target, '/', absl::SkipEmpty());
    rest.insert(rest.begin(), parts.begin(), parts.end());
  }
  return done.empty() ? "." : absl::StrJoin(done, "/");
}

absl::StatusOr<std::string> GitTreeFiles::ReadFile(
    absl::string_view path) const {
  WEIR_ASSIGN_OR_RETURN(const std::string resolved, Resolve(path));
  const Node* node = FindNode(resolved);
  if (node == nullptr) return kustomize::NoSuchPath(DisplayPath(resolved));
  if (node->type != Type::kFile) {
    return absl::FailedPreconditionError(
        absl::StrCat(DisplayPath(path), ": is a directory"));
  }
  return ReadBlob(*node);
}

bool GitTreeFiles::IsDirectory(absl::string_view path) const {
  const absl::StatusOr<std::string> resolved = Resolve(path);
  if (!resolved.ok()) return false;
  const Node* node = FindNode(*resolved);
  return node != nullptr && node->type == Type::kDirectory;
}

bool GitTreeFiles::IsFile(absl::string_view path) const {
  const absl::StatusOr<std::string> resolved = Resolve(path);
  if (!resolved.ok()) return false;
  const Node* node = FindNode(*resolved);
  return node != nullptr && node->type == Type::kFile;
}

absl::StatusOr<std::vector<kustomize::FileSystem::Entry>> GitTreeFiles::List(
    absl::string_view path) const {
  WEIR_ASSIGN_OR_RETURN(const std::string resolved, Resolve(path));
  const std::string prefix = resolved == "." ? "" : absl::StrCat(resolved, "/");
  std::vector<Entry> entries;
  for (auto node = nodes_.lower_bound(prefix);
       node != nodes_.end() && absl::StartsWith(node->first, prefix); ++node) {
    const std::string name = node->first.substr(prefix.size());
    if (name.empty() || name == "." || absl::StrContains(name, "/")) continue;
    entries.push_back({name, IsDirectory(node->first)});
  }
  return entries;
}

std::string GitTreeFiles::DisplayPath(absl::string_view path) const {
  return path == "." ? display_root_ : absl::StrCat(display_root_, "/", path);
}

}  // namespace weir::remote
