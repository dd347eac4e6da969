// Repository is a bare store of git objects: commits, tags and trees are read
// from it, and contents stream out of it; there is no work tree.
//
// Touches: files under the store's path.
// Threads: one object belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/context.h"

namespace weir::git {

// The name of an object: its SHA-1.
struct Oid {
  std::array<uint8_t, 20> bytes{};

  std::string ToHex() const;
  bool is_zero() const { return *this == Oid(); }
  friend auto operator<=>(const Oid&, const Oid&) = default;
};
// Forty hex digits. Errors: kInvalidArgument.
absl::StatusOr<Oid> ParseOid(absl::string_view hex);

struct Signature {
  std::string name;
  std::string email;
  absl::Time when;
};

struct Commit {
  Oid oid;
  Oid tree;
  std::vector<Oid> parents;
  Signature author;
  Signature committer;
  std::string message;

  // The first line of the message.
  absl::string_view subject() const;
};

struct Tag {
  Oid oid;
  Oid target;
  std::string name;
  std::string message;
};

struct TreeEntry {
  enum class Type { kDirectory, kFile, kSymlink, kSubmodule };
  Type type = Type::kFile;
  bool is_executable = false;
  Oid oid;
  std::string path;  // From the root, without leading or trailing slash.
};

struct WalkOptions {
  // Only these folders (and files) with what is in them, and the folders on
  // the way; empty: everything. Relative paths without "." and "..".
  std::vector<std::string> prefixes;
  int max_depth = 128;
  int64_t max_entries = 5'000'000;
};

// Errors of all reads: kNotFound when the object is not there, kDataLoss when
// the store is damaged.
class Repository {
 public:
  // Opens the bare store at `path`, or makes it. A store that cannot be opened
  // is removed and made anew.
  static absl::StatusOr<std::unique_ptr<Repository>> OpenOrCreate(
      const std::string& path);
  ~Repository();
  Repository(const Repository&) = delete;
  Repository& operator=(const Repository&) = delete;

  const std::string& path() const;

  // Whether the commit is there. (A fetch brings a commit with all of its
  // tree, or fails.)
  bool HasCommit(const Oid& oid) const;

  absl::StatusOr<Commit> ReadCommit(const Oid& oid) const;
  absl::StatusOr<Tag> ReadTag(const Oid& oid) const;
  // Follows annotated tags to a commit.
  absl::StatusOr<Oid> PeelToCommit(const Oid& oid) const;

  // Visits the entries of a commit's tree: each folder, then what is in it;
  // names of one folder in byte order. An error of the visitor stops the walk.
  // Errors besides: kInvalidArgument for unsafe names (".git", "..", "/"),
  // kResourceExhausted above a limit.
  absl::Status WalkTree(
      const Context& ctx, const Oid& commit, const WalkOptions& options,
      const std::function<absl::Status(const TreeEntry&)>& visitor) const;
  // The entry at `path` (relative, clean) of a commit's tree.
  absl::StatusOr<TreeEntry> FindEntry(const Oid& commit,
                                      absl::string_view path) const;

  // Hands out a blob: first its size, then its bytes.
  absl::Status ReadBlob(
      const Context& ctx, const Oid& oid,
      const std::function<absl::Status(int64_t)>& on_size,
      const std::function<absl::Status(absl::string_view)>& sink) const;
  // A whole blob of at most `max_bytes`. Errors: kResourceExhausted above.
  absl::StatusOr<std::string> ReadSmallBlob(const Oid& oid,
                                            size_t max_bytes) const;

  // True when so much was fetched that a fresh store would be better.
  bool IsBloated() const;

 private:
  friend class Remote;
  struct Impl;
  explicit Repository(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::git
