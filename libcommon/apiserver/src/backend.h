// A Backend keeps the objects and the log of their changes, on disk or in
// memory.
//
// Touches: files under the folder that it was opened in.
// Threads: Load and Commit belong to one thread; the others may be called
// from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::apiserver {

enum class ChangeOp : uint8_t { kCreate, kUpdate, kDelete };

// One committed change. `resource` names a storage: "deployments.apps".
struct LoggedChange {
  int64_t rv = 0;
  ChangeOp op = ChangeOp::kCreate;
  std::string resource;
  kube::ObjectKey key;
  Value object;    // The last state when deleted, with the rv of the deletion.
  Value previous;  // Null when created.
};

class Backend {
 public:
  virtual ~Backend() = default;

  // Hands over every object, then returns the first rv that was never used.
  using Loader = std::function<void(absl::string_view resource,
                                    const kube::ObjectKey& key, Value object)>;
  virtual absl::StatusOr<int64_t> Load(const Loader& loader) = 0;

  // Makes all changes durable, or none.
  virtual absl::Status Commit(const std::vector<LoggedChange>& changes) = 0;

  // Changes of one storage with after < rv <= up_to, in order.
  // Errors: kOutOfRange when some are no longer kept.
  virtual absl::StatusOr<std::vector<LoggedChange>> ReadLog(
      absl::string_view resource, int64_t after, int64_t up_to) = 0;
  // The newest rv whose change was dropped from the log.
  virtual int64_t compacted_rv() const = 0;
  // Drops changes up to `rv`, and returns free pages.
  virtual absl::Status Compact(int64_t rv) = 0;

  // A small value kept beside the objects: keys, tokens. Empty: none.
  virtual absl::StatusOr<std::string> ReadMeta(absl::string_view key) = 0;
  virtual absl::Status WriteMeta(absl::string_view key,
                                 absl::string_view value) = 0;
};

std::unique_ptr<Backend> MakeMemoryBackend();
// Opens or makes the database in `folder`.
// Errors: kFailedPrecondition when another process holds it, or when it was
// written by a newer version.
absl::StatusOr<std::unique_ptr<Backend>> OpenSqliteBackend(
    const std::string& folder);

}  // namespace weir::apiserver
