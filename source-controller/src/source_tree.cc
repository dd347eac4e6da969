#include "src/source_tree.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/archive/gzip.h"
#include "weir/archive/secure_join.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/text/ignore.h"

namespace weir::source {
namespace {

constexpr char kIgnoreFile[] = ".sourceignore";
constexpr size_t kMaxIgnoreBytes = 1 << 20;
constexpr size_t kReadBytes = 64 << 10;

absl::string_view Parent(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? "" : path.substr(0, slash);
}
absl::string_view BaseName(absl::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// The order of a walk: by parts, so that a slash sorts before all else.
bool WalksBefore(absl::string_view a, absl::string_view b) {
  const size_t size = std::min(a.size(), b.size());
  for (size_t i = 0; i < size; ++i) {
    if (a[i] == b[i]) continue;
    if (a[i] == '/' || b[i] == '/') return a[i] == '/';
    return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
  }
  return a.size() < b.size();
}

bool IsBelow(absl::string_view path, absl::string_view folder) {
  return path.size() > folder.size() && absl::StartsWith(path, folder) &&
         path[folder.size()] == '/';
}

// Sparse paths are prefixes of text: "dir" also takes "dir2/x".
std::vector<std::string> CleanSparse(const std::vector<std::string>& sparse) {
  std::vector<std::string> out;
  for (const std::string& text : sparse) {
    out.emplace_back(absl::StripPrefix(text, "./"));
  }
  return out;
}

// The folders that must be read to find them.
std::vector<std::string> FoldersOf(const std::vector<std::string>& prefixes) {
  std::vector<std::string> out;
  for (const std::string& prefix : prefixes) {
    const absl::string_view parent = Parent(prefix);
    const std::string clean = archive::CleanRelativePath(parent);
    if (clean.empty() || clean != parent) return {};
    out.push_back(clean);
  }
  return out;
}

absl::Status CheckSparse(const git::Repository& store, const git::Oid& commit,
                         const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes) {
    const auto entry =
        store.FindEntry(commit, archive::CleanRelativePath(prefix));
    if (entry.ok()) continue;
    if (!absl::IsNotFound(entry.status())) return entry.status();
    return absl::NotFoundError(
        absl::StrCat("sparse checkout dir '", prefix,
                     "' does not exist in repository: lstat ", prefix,
                     ": no such file or directory"));
  }
  return absl::OkStatus();
}

}  // namespace

// Entries come in walk order. Folders exist for what is in them, so they are
// added when the first entry below comes.
void SourceTree::Add(Entry entry, std::string* open_folder) {
  const absl::string_view parent = Parent(entry.path);
  if (parent != *open_folder && !IsBelow(*open_folder, parent)) {
    // Which of the parents are new?
    for (size_t i = 0; i <= parent.size(); ++i) {
      if (i < parent.size() && parent[i] != '/') continue;
      const absl::string_view folder = parent.substr(0, i);
      if (folder.empty() || folder == *open_folder ||
          IsBelow(*open_folder, folder)) {
        continue;
      }
      Entry added;
      added.path = std::string(folder);
      added.kind = Kind::kFolder;
      entries_.push_back(std::move(added));
    }
  }
  *open_folder = entry.kind == Kind::kFolder ? entry.path : std::string(parent);
  entries_.push_back(std::move(entry));
}

absl::StatusOr<SourceTree> SourceTree::Read(
    const Context& ctx, const git::Repository& store, const git::Oid& commit,
    const std::vector<std::string>& sparse) {
  const std::vector<std::string> prefixes = CleanSparse(sparse);
  WEIR_RETURN_IF_ERROR(CheckSparse(store, commit, prefixes));
  SourceTree tree(&store);
  std::string open_folder;
  git::WalkOptions options;
  options.prefixes = FoldersOf(prefixes);
  const auto visit = [&](const git::TreeEntry& found) {
    using Type = git::TreeEntry::Type;
    if (found.type == Type::kDirectory) return absl::OkStatus();
    const bool is_wanted =
        prefixes.empty() ||
        std::any_of(prefixes.begin(), prefixes.end(),
                    [&](const std::string& prefix) {
                      return absl::StartsWith(found.path, prefix);
                    });
    if (!is_wanted) return absl::OkStatus();
    Entry entry;
    entry.path = found.path;
    entry.oid = found.oid;
    entry.is_executable = found.is_executable;
    // A submodule that is not fetched is an empty folder.
    if (found.type == Type::kSubmodule) entry.kind = Kind::kFolder;
    if (found.type == Type::kSymlink) entry.kind = Kind::kOther;
    tree.Add(std::move(entry), &open_folder);
    return absl::OkStatus();
  };
  WEIR_RETURN_IF_ERROR(store.WalkTree(ctx, commit, options, visit));
  return tree;
}

absl::StatusOr<SourceTree> SourceTree::OfFolder(const std::string& folder) {
  SourceTree tree(nullptr);
  tree.origins_.push_back({absl::StrCat(folder, "/"), ""});
  WEIR_RETURN_IF_ERROR(tree.IncludeFolder(folder, "", 0));
  tree.Sort();
  return tree;
}

void SourceTree::Sort() {
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) {
              return WalksBefore(a.path, b.path);
            });
}

const SourceTree::Entry* SourceTree::Find(absl::string_view path) const {
  const auto it = std::lower_bound(entries_.begin(), entries_.end(), path,
                                   [](const Entry& a, absl::string_view b) {
                                     return WalksBefore(a.path, b);
                                   });
  return it != entries_.end() && it->path == path ? &*it : nullptr;
}

void SourceTree::AddFolders(absl::string_view path) {
  for (absl::string_view folder = path; !folder.empty();
       folder = Parent(folder)) {
    if (Find(folder) != nullptr) return;
    Entry entry;
    entry.path = std::string(folder);
    entry.kind = Kind::kFolder;
    entries_.push_back(std::move(entry));
    Sort();
  }
}

absl::Status SourceTree::Include(const std::string& from,
                                 const std::string& to) {
  struct stat info;
  if (lstat(from.c_str(), &info) != 0) {
    return ErrnoToStatus(errno, absl::StrCat("lstat ", BaseName(from)));
  }
  const Entry* existing = Find(to);
  if (to.empty() || (existing != nullptr && existing->kind == Kind::kFolder)) {
    return absl::FailedPreconditionError(
        absl::StrCat("'", to, "' is a directory already"));
  }
  for (absl::string_view parent = Parent(to); !parent.empty();
       parent = Parent(parent)) {
    const Entry* found = Find(parent);
    if (found != nullptr && found->kind != Kind::kFolder) {
      return absl::FailedPreconditionError(
          absl::StrCat("'", parent, "' is not a directory"));
    }
  }
  AddFolders(Parent(to));
  std::erase_if(entries_, [&](const Entry& e) { return e.path == to; });
  origins_.push_back({from, to});
  const auto origin = static_cast<int32_t>(origins_.size() - 1);
  absl::Status status;
  if (S_ISDIR(info.st_mode)) {
    status = IncludeFolder(from, to, origin);
  } else {
    Entry entry;
    entry.path = to;
    entry.origin = origin;
    entry.is_executable = (info.st_mode & 0111) != 0;
    entries_.push_back(std::move(entry));
  }
  Sort();
  return status;
}

absl::Status SourceTree::IncludeFolder(const std::string& from,
                                       const std::string& to, int32_t origin) {
  if (!to.empty()) {
    Entry folder;
    folder.path = to;
    folder.kind = Kind::kFolder;
    entries_.push_back(std::move(folder));
  }
  DIR* handle = opendir(from.c_str());
  if (handle == nullptr) {
    return ErrnoToStatus(errno, absl::StrCat("opening ", BaseName(from)));
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> closer(handle, closedir);
  while (const dirent* item = readdir(handle)) {
    const absl::string_view name = item->d_name;
    if (name == "." || name == "..") continue;
    const std::string path = absl::StrCat(from, "/", name);
    struct stat info;
    if (lstat(path.c_str(), &info) != 0) {
      return ErrnoToStatus(errno, absl::StrCat("lstat ", name));
    }
    const std::string target =
        to.empty() ? std::string(name) : absl::StrCat(to, "/", name);
    if (S_ISDIR(info.st_mode)) {
      WEIR_RETURN_IF_ERROR(IncludeFolder(path, target, origin));
      continue;
    }
    if (!S_ISREG(info.st_mode)) continue;
    Entry entry;
    entry.path = target;
    entry.origin = origin;
    entry.is_executable = (info.st_mode & 0111) != 0;
    entries_.push_back(std::move(entry));
  }
  return absl::OkStatus();
}

std::string SourceTree::DiskPath(const Entry& entry) const {
  const Origin& origin = origins_[static_cast<size_t>(entry.origin)];
  return absl::StrCat(origin.from, entry.path.substr(origin.to.size()));
}

absl::StatusOr<std::string> SourceTree::ReadIgnoreFile(
    const Entry& entry) const {
  if (entry.origin >= 0) {
    return weir::ReadFile(DiskPath(entry), kMaxIgnoreBytes);
  }
  return store_->ReadSmallBlob(entry.oid, kMaxIgnoreBytes);
}

absl::Status SourceTree::WriteFile(const Context& ctx, const Entry& entry,
                                   archive::TarWriter* tar) const {
  WEIR_RETURN_IF_ERROR(ctx.status());
  if (entry.origin < 0) {
    return store_->ReadBlob(
        ctx, entry.oid,
        [&](int64_t size) {
          return tar->BeginFile(entry.path, entry.is_executable, size);
        },
        [tar](absl::string_view bytes) { return tar->Write(bytes); });
  }
  const std::string path = DiskPath(entry);
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    return ErrnoToStatus(errno, absl::StrCat("reading ", entry.path));
  }
  WEIR_ASSIGN_OR_RETURN(const archive::Source source,
                        archive::FileSource(path));
  WEIR_RETURN_IF_ERROR(
      tar->BeginFile(entry.path, entry.is_executable, info.st_size));
  std::string buffer(kReadBytes, '\0');
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const size_t got,
                          source(buffer.data(), buffer.size()));
    if (got == 0) return absl::OkStatus();
    WEIR_RETURN_IF_ERROR(tar->Write(absl::string_view(buffer).substr(0, got)));
  }
}

absl::Status SourceTree::WriteTarball(const Context& ctx,
                                      const std::optional<std::string>& ignore,
                                      const archive::Sink& sink) const {
  // Files of rules count in the order of their folders, the last one most.
  std::vector<const Entry*> files;
  for (const Entry& entry : entries_) {
    if (entry.kind == Kind::kFile && BaseName(entry.path) == kIgnoreFile) {
      files.push_back(&entry);
    }
  }
  std::sort(files.begin(), files.end(), [](const Entry* a, const Entry* b) {
    return WalksBefore(Parent(a->path), Parent(b->path));
  });
  text::IgnoreRules given;
  for (const Entry* file : files) {
    WEIR_ASSIGN_OR_RETURN(const std::string contents, ReadIgnoreFile(*file),
                          "reading ", file->path);
    given.AddFile(contents, Parent(file->path));
  }
  if (ignore.has_value()) given.AddFile(*ignore);
  const text::IgnoreRules rules = text::WithSourceDefaults(given);

  archive::GzipWriter gzip(sink);
  archive::TarWriter tar(
      [&gzip](absl::string_view bytes) { return gzip.Write(bytes); });
  WEIR_RETURN_IF_ERROR(tar.AddDirectory("."));
  for (const Entry& entry : entries_) {
    const bool is_folder = entry.kind == Kind::kFolder;
    if (entry.kind == Kind::kOther) continue;
    if (rules.IsIgnored(entry.path, is_folder)) continue;
    WEIR_RETURN_IF_ERROR(is_folder ? tar.AddDirectory(entry.path)
                                   : WriteFile(ctx, entry, &tar));
  }
  WEIR_RETURN_IF_ERROR(tar.Finish());
  return gzip.Finish();
}

}  // namespace weir::source
