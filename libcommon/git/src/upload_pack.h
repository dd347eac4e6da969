// The client's side of git-upload-pack: reading references, asking for a pack,
// storing it.
//
// Touches: files under the store's path; the given reader.
// Threads: one object belongs to one thread.
// Source: git's gitprotocol-pack(5), gitprotocol-common(5),
// gitprotocol-http(5).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/wire.h"
#include "weir/base/context.h"
#include "weir/git/remote.h"

namespace weir::git {

// Reads pkt-lines, and the raw bytes after them.
class PktReader {
 public:
  explicit PktReader(std::unique_ptr<ByteReader> reader)
      : reader_(std::move(reader)) {}

  enum class Kind { kData, kFlush, kDelimiter, kEnd };
  struct Packet {
    Kind kind = Kind::kEnd;
    absl::string_view data;  // Valid until the next call; a last LF stays.
  };
  // Errors: kDataLoss when malformed or cut; "ERR" lines as kFailedPrecondition
  // or kNotFound; the reader's.
  absl::StatusOr<Packet> Next(const Context& ctx);

  // What is left, raw. Empty at the end.
  absl::StatusOr<absl::string_view> NextRaw(const Context& ctx);

 private:
  // Makes at least `size` bytes available; false at a clean end.
  absl::StatusOr<bool> Fill(const Context& ctx, size_t size);

  std::unique_ptr<ByteReader> reader_;
  std::string buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

struct Advertisement {
  std::vector<RemoteRef> refs;
  std::string head_target;
  absl::flat_hash_set<std::string> capabilities;  // Those without "=".
};
absl::StatusOr<Advertisement> ReadAdvertisement(const Context& ctx,
                                                PktReader& reader);

struct FetchPlan {
  std::vector<Oid> wants;
  std::vector<Oid> haves;
  std::vector<Oid> shallow;  // Commits whose parents we do not have.
  int depth = 0;             // 0: all of the history.
};
std::string BuildRequest(const FetchPlan& plan,
                         const Advertisement& advertisement,
                         absl::string_view user_agent);

struct FetchAnswer {
  std::vector<Oid> shallow;
  std::vector<Oid> unshallow;
};
// Reads the answer and gives the pack's bytes to `sink`.
absl::StatusOr<FetchAnswer> ReadAnswer(
    const Context& ctx, const FetchPlan& plan,
    const Advertisement& advertisement, PktReader& reader,
    const std::function<absl::Status(absl::string_view)>& sink);

}  // namespace weir::git
