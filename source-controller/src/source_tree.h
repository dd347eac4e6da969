// SourceTree is what goes into an artifact's tarball: the files of one commit
// and those of included artifacts, or those of a folder, less what is ignored.
// It streams them; a commit needs no work tree.
//
// Touches: the given store; the folder, files of included artifacts.
// Threads: one object belongs to one thread.
// Source: source.md, sections 4.3, 5 and 7.6.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/archive/stream.h"
#include "weir/archive/tar_writer.h"
#include "weir/base/context.h"
#include "weir/git/repository.h"

namespace weir::source {

class SourceTree {
 public:
  // Lists the commit's files; with `sparse` only those whose path starts with
  // one of its texts, each of which must be there.
  // `store` must outlive the object.
  // Errors: kNotFound for a sparse path that is not there, in the words that
  // users know; those of the store.
  static absl::StatusOr<SourceTree> Read(
      const Context& ctx, const git::Repository& store, const git::Oid& commit,
      const std::vector<std::string>& sparse);

  // The files of a folder on disk, which must stay until the tarball is
  // written. Links are left out.
  static absl::StatusOr<SourceTree> OfFolder(const std::string& folder);

  // Adds what is at `from` on disk (a folder or a file, which must stay until
  // the tarball is written) as `to`, a clean relative path.
  // Errors: kFailedPrecondition when `to` is a folder already, or below a
  // file; kNotFound when there is nothing at `from`.
  absl::Status Include(const std::string& from, const std::string& to);

  // Writes the gzipped tarball. `ignore` is spec.ignore.
  absl::Status WriteTarball(const Context& ctx,
                            const std::optional<std::string>& ignore,
                            const archive::Sink& sink) const;

 private:
  enum class Kind : uint8_t {
    kFolder,
    kFile,
    kOther,  // A link: not written, but its folder is.
  };
  struct Entry {
    std::string path;
    git::Oid oid;
    int32_t origin = -1;  // -1: the store; else an index of origins_.
    Kind kind = Kind::kFile;
    bool is_executable = false;
  };

  explicit SourceTree(const git::Repository* store) : store_(store) {}
  void Add(Entry entry, std::string* open_folder);
  void AddFolders(absl::string_view path);
  absl::Status IncludeFolder(const std::string& from, const std::string& to,
                             int32_t origin);
  void Sort();
  const Entry* Find(absl::string_view path) const;
  // The file on disk of an included entry.
  std::string DiskPath(const Entry& entry) const;
  absl::StatusOr<std::string> ReadIgnoreFile(const Entry& entry) const;
  absl::Status WriteFile(const Context& ctx, const Entry& entry,
                         archive::TarWriter* tar) const;

  const git::Repository* store_;  // Null: there is only what is on disk.
  // In the order of the tarball: a folder, then what is in it.
  std::vector<Entry> entries_;
  struct Origin {
    std::string from;
    std::string to;
  };
  std::vector<Origin> origins_;
};

}  // namespace weir::source
