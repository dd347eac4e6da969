#include "weir/git/repository.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/libgit.h"
#include "src/pack_stream.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::git {
namespace {

// More packs than this make every look-up slow.
constexpr int kMaxPacks = 40;
// Larger blobs are streamed from the pack where that is possible.
constexpr int64_t kLargeBlobBytes = 8 << 20;

absl::string_view FirstLine(absl::string_view text) {
  return text.substr(0, text.find('\n'));
}

Signature FromLibgitSignature(const git_signature* signature) {
  if (signature == nullptr) return {};
  return {signature->name, signature->email,
          absl::FromUnixSeconds(signature->when.time)};
}

bool IsUnsafeName(absl::string_view name) {
  return name.empty() || name == "." || name == ".." ||
         absl::EqualsIgnoreCase(name, ".git") || absl::StrContains(name, '/');
}

// Whether a folder is inside, or on the way to, one of the prefixes.
enum class Inclusion { kNone, kOnTheWay, kInside };
Inclusion Includes(const std::vector<std::string>& prefixes,
                   absl::string_view path) {
  if (prefixes.empty()) return Inclusion::kInside;
  Inclusion best = Inclusion::kNone;
  for (const std::string& prefix : prefixes) {
    if (prefix.empty() || path == prefix ||
        absl::StartsWith(path, absl::StrCat(prefix, "/"))) {
      return Inclusion::kInside;
    }
    if (absl::StartsWith(prefix, absl::StrCat(path, "/"))) {
      best = Inclusion::kOnTheWay;
    }
  }
  return best;
}

// Names of one folder in byte order: git sorts folders as if a slash followed.
struct Child {
  absl::string_view name;
  const git_tree_entry* entry;
};
std::vector<Child> SortedChildren(const git_tree* tree) {
  const size_t count = git_tree_entrycount(tree);
  std::vector<Child> children;
  children.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
    children.push_back({git_tree_entry_name(entry), entry});
  }
  std::sort(children.begin(), children.end(),
            [](const Child& a, const Child& b) { return a.name < b.name; });
  return children;
}

TreeEntry MakeEntry(const git_tree_entry* entry, std::string path) {
  TreeEntry out;
  out.oid = FromLibgit(*git_tree_entry_id(entry));
  out.path = std::move(path);
  switch (git_tree_entry_filemode(entry)) {
    case GIT_FILEMODE_TREE:
      out.type = TreeEntry::Type::kDirectory;
      break;
    case GIT_FILEMODE_LINK:
      out.type = TreeEntry::Type::kSymlink;
      break;
    case GIT_FILEMODE_COMMIT:
      out.type = TreeEntry::Type::kSubmodule;
      break;
    case GIT_FILEMODE_BLOB_EXECUTABLE:
      out.is_executable = true;
      break;
    default:
      break;
  }
  return out;
}

class Walker {
 public:
  Walker(const Context& ctx, git_repository* repository,
         const WalkOptions& options,
         const std::function<absl::Status(const TreeEntry&)>& visitor)
      : ctx_(ctx),
        repository_(repository),
        options_(options),
        visitor_(visitor) {}

  absl::Status Walk(const git_oid& tree_oid, const std::string& prefix,
                    int depth) {
    WEIR_RETURN_IF_ERROR(ctx_.status());
    if (depth > options_.max_depth) {
      return absl::ResourceExhaustedError(
          absl::StrCat("folder \"", prefix, "\" is too deep"));
    }
    git_tree* raw = nullptr;
    const int error = git_tree_lookup(&raw, repository_, &tree_oid);
    if (error != 0) return LibgitError(error, "reading tree");
    const TreePtr tree(raw);
    for (const Child& child : SortedChildren(tree.get())) {
      if (IsUnsafeName(child.name)) {
        return absl::InvalidArgumentError(
            absl::StrCat("unsafe name \"", absl::CHexEscape(child.name),
                         "\" in folder \"", prefix, "\""));
      }
      WEIR_RETURN_IF_ERROR(Visit(child,
                                 prefix.empty()
                                     ? std::string(child.name)
                                     : absl::StrCat(prefix, "/", child.name),
                                 depth));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Visit(const Child& child, std::string path, int depth) {
    const Inclusion inclusion = Includes(options_.prefixes, path);
    if (inclusion == Inclusion::kNone) return absl::OkStatus();
    if (++entries_ > options_.max_entries) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "more than ", options_.max_entries, " entries in the tree"));
    }
    const TreeEntry entry = MakeEntry(child.entry, std::move(path));
    const bool is_directory = entry.type == TreeEntry::Type::kDirectory;
    if (inclusion == Inclusion::kOnTheWay && !is_directory) {
      return absl::OkStatus();
    }
    WEIR_RETURN_IF_ERROR(visitor_(entry));
    if (!is_directory) return absl::OkStatus();
    return Walk(ToLibgit(entry.oid), entry.path, depth + 1);
  }

  const Context& ctx_;
  git_repository* const repository_;
  const WalkOptions& options_;
  const std::function<absl::Status(const TreeEntry&)>& visitor_;
  int64_t entries_ = 0;
};

// Packs that a process did not finish.
void RemoveLeftovers(const std::string& path) {
  const std::string dir = absl::StrCat(path, "/objects/pack");
  DIR* handle = opendir(dir.c_str());
  if (handle == nullptr) return;
  while (const dirent* entry = readdir(handle)) {
    if (absl::StartsWith(entry->d_name, "pack_git2_")) {
      unlink(absl::StrCat(dir, "/", entry->d_name).c_str());
    }
  }
  closedir(handle);
}

}  // namespace

std::string Oid::ToHex() const {
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

absl::StatusOr<Oid> ParseOid(absl::string_view hex) {
  const bool is_hex =
      hex.size() == 40 && std::all_of(hex.begin(), hex.end(), [](char c) {
        return absl::ascii_isxdigit(static_cast<unsigned char>(c));
      });
  if (!is_hex) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", hex, "\" is not the hash of an object"));
  }
  const std::string raw = absl::HexStringToBytes(hex);
  Oid oid;
  std::memcpy(oid.bytes.data(), raw.data(), oid.bytes.size());
  return oid;
}

absl::string_view Commit::subject() const { return FirstLine(message); }

Repository::Repository(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Repository::~Repository() = default;

absl::StatusOr<std::unique_ptr<Repository>> Repository::OpenOrCreate(
    const std::string& path) {
  InitLibgit();
  git_repository* raw = nullptr;
  int error = git_repository_open_bare(&raw, path.c_str());
  if (error != 0) {
    WEIR_RETURN_IF_ERROR(RemoveAll(path));
    WEIR_RETURN_IF_ERROR(MakeDirectories(path, 0700));
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
    error = git_repository_init_ext(&raw, path.c_str(), &options);
    if (error != 0) return LibgitError(error, "making the git store");
  }
  RemoveLeftovers(path);
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->repository.reset(raw);
  git_odb* odb = nullptr;
  error = git_repository_odb(&odb, raw);
  if (error != 0) return LibgitError(error, "opening the git store");
  impl->odb.reset(odb);
  return std::unique_ptr<Repository>(new Repository(std::move(impl)));
}

const std::string& Repository::path() const { return impl_->path; }

bool Repository::HasCommit(const Oid& oid) const {
  return PeelToCommit(oid).ok();
}

absl::StatusOr<Commit> Repository::ReadCommit(const Oid& oid) const {
  const git_oid id = ToLibgit(oid);
  git_commit* raw = nullptr;
  const int error = git_commit_lookup(&raw, impl_->repository.get(), &id);
  if (error != 0) return LibgitError(error, "reading commit");
  const CommitPtr commit(raw);
  Commit out;
  out.oid = oid;
  out.tree = FromLibgit(*git_commit_tree_id(raw));
  for (unsigned int i = 0; i < git_commit_parentcount(raw); ++i) {
    out.parents.push_back(FromLibgit(*git_commit_parent_id(raw, i)));
  }
  out.author = FromLibgitSignature(git_commit_author(raw));
  out.committer = FromLibgitSignature(git_commit_committer(raw));
  out.message = git_commit_message(raw);
  return out;
}

absl::StatusOr<Tag> Repository::ReadTag(const Oid& oid) const {
  const git_oid id = ToLibgit(oid);
  git_tag* raw = nullptr;
  const int error = git_tag_lookup(&raw, impl_->repository.get(), &id);
  if (error != 0) return LibgitError(error, "reading tag");
  const TagPtr tag(raw);
  Tag out;
  out.oid = oid;
  out.target = FromLibgit(*git_tag_target_id(raw));
  out.name = git_tag_name(raw);
  const char* message = git_tag_message(raw);
  out.message = message != nullptr ? message : "";
  return out;
}

absl::StatusOr<Oid> Repository::PeelToCommit(const Oid& oid) const {
  const git_oid id = ToLibgit(oid);
  git_object* raw = nullptr;
  int error =
      git_object_lookup(&raw, impl_->repository.get(), &id, GIT_OBJECT_ANY);
  if (error != 0) return LibgitError(error, "reading object");
  const ObjectPtr object(raw);
  git_object* peeled = nullptr;
  error = git_object_peel(&peeled, raw, GIT_OBJECT_COMMIT);
  if (error != 0) return LibgitError(error, "looking for a commit");
  const ObjectPtr commit(peeled);
  return FromLibgit(*git_object_id(peeled));
}

absl::Status Repository::WalkTree(
    const Context& ctx, const Oid& commit, const WalkOptions& options,
    const std::function<absl::Status(const TreeEntry&)>& visitor) const {
  WEIR_ASSIGN_OR_RETURN(const Commit info, ReadCommit(commit));
  return Walker(ctx, impl_->repository.get(), options, visitor)
      .Walk(ToLibgit(info.tree), "", 0);
}

absl::StatusOr<TreeEntry> Repository::FindEntry(const Oid& commit,
                                                absl::string_view path) const {
  WEIR_ASSIGN_OR_RETURN(const Commit info, ReadCommit(commit));
  TreeEntry root;
  root.type = TreeEntry::Type::kDirectory;
  root.oid = info.tree;
  if (path.empty()) return root;
  const git_oid tree_oid = ToLibgit(info.tree);
  git_tree* raw = nullptr;
  int error = git_tree_lookup(&raw, impl_->repository.get(), &tree_oid);
  if (error != 0) return LibgitError(error, "reading tree");
  const TreePtr tree(raw);
  git_tree_entry* entry = nullptr;
  error = git_tree_entry_bypath(&entry, raw, std::string(path).c_str());
  if (error != 0)
    return LibgitError(error, absl::StrCat("path \"", path, "\""));
  TreeEntry out = MakeEntry(entry, std::string(path));
  git_tree_entry_free(entry);
  return out;
}

absl::Status Repository::ReadBlob(
    const Context& ctx, const Oid& oid,
    const std::function<absl::Status(int64_t)>& on_size,
    const std::function<absl::Status(absl::string_view)>& sink) const {
  WEIR_RETURN_IF_ERROR(ctx.status());
  const git_oid id = ToLibgit(oid);
  size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  int error = git_odb_read_header(&size, &type, impl_->odb.get(), &id);
  if (error != 0) return LibgitError(error, "reading blob");
  if (static_cast<int64_t>(size) > kLargeBlobBytes) {
    WEIR_ASSIGN_OR_RETURN(const bool streamed,
                          StreamFromPack(ctx, impl_->path, oid, on_size, sink));
    if (streamed) return absl::OkStatus();
  }
  git_odb_object* raw = nullptr;
  error = git_odb_read(&raw, impl_->odb.get(), &id);
  if (error != 0) return LibgitError(error, "reading blob");
  const OdbObjectPtr object(raw);
  if (git_odb_object_type(raw) != GIT_OBJECT_BLOB) {
    return absl::DataLossError(absl::StrCat(oid.ToHex(), " is no blob"));
  }
  const size_t bytes = git_odb_object_size(raw);
  WEIR_RETURN_IF_ERROR(on_size(static_cast<int64_t>(bytes)));
  if (bytes == 0) return absl::OkStatus();
  return sink(absl::string_view(
      static_cast<const char*>(git_odb_object_data(raw)), bytes));
}

absl::StatusOr<std::string> Repository::ReadSmallBlob(const Oid& oid,
                                                      size_t max_bytes) const {
  std::string out;
  WEIR_RETURN_IF_ERROR(ReadBlob(
      Context(), oid,
      [max_bytes](int64_t size) {
        return static_cast<size_t>(size) <= max_bytes
                   ? absl::OkStatus()
                   : absl::ResourceExhaustedError(absl::StrCat(
                         "file is larger than ", max_bytes, " bytes"));
      },
      [&out](absl::string_view bytes) {
        out.append(bytes.data(), bytes.size());
        return absl::OkStatus();
      }));
  return out;
}

bool Repository::IsBloated() const {
  DIR* dir = opendir(absl::StrCat(impl_->path, "/objects/pack").c_str());
  if (dir == nullptr) return false;
  int packs = 0;
  while (const dirent* entry = readdir(dir)) {
    if (absl::EndsWith(entry->d_name, ".pack")) ++packs;
  }
  closedir(dir);
  return packs > kMaxPacks;
}

}  // namespace weir::git
