// WritePath decides what a create, update, patch or delete makes of an
// object: the whole pipeline from the request's body to what is stored.
//
// Touches: nothing; reads the store.
// Threads: safe to share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api_request.h"
#include "registry.h"
#include "store.h"
#include "strategy.h"
#include "weir/value/value.h"

namespace weir::apiserver {

enum class PatchKind { kJson, kMerge, kStrategic, kApply };

// One write, and what it found out. Shared with the store until it is done.
struct WriteCall {
  KindTablePtr table;  // Keeps `served` alive.
  const Served* served = nullptr;
  ResourcePath path;
  WriteParameters parameters;
  absl::Time now;
  Value body;                               // Object, patch or DeleteOptions.
  PatchKind patch_kind = PatchKind::kJson;  // Of patches.
  std::string new_uid;                      // Of an object that is created.

  // Results of the last decision.
  bool is_created = false;
  bool is_removed = false;
  std::vector<std::string> warnings;

  const KindInfo& kind() const { return *served->kind; }
};
using WriteCallPtr = std::shared_ptr<WriteCall>;

class WritePath {
 public:
  WritePath(const Store& store, const Strategy& strategy)
      : store_(store), strategy_(strategy) {}

  // Each decides on the stored object, null when there is none; the answer
  // and what is stored are in the stored version.
  absl::StatusOr<Decision> Create(WriteCall& call, const Value& stored) const;
  absl::StatusOr<Decision> Update(WriteCall& call, const Value& stored) const;
  absl::StatusOr<Decision> Patch(WriteCall& call, const Value& stored) const;
  absl::StatusOr<Decision> Delete(WriteCall& call, const Value& stored) const;

  // Changes an object by `edit`, which works on the served version; for
  // subresources and the server's own controllers. Ownership is tracked.
  absl::StatusOr<Decision> Edit(
      WriteCall& call, const Value& stored,
      const std::function<absl::Status(Value&)>& edit) const;

 private:
  absl::StatusOr<Decision> CreateFrom(WriteCall& call, Value object,
                                      bool is_apply) const;
  absl::StatusOr<Decision> UpdateTo(WriteCall& call, const Value& stored,
                                    const Value& old, Value object,
                                    bool is_apply) const;
  absl::StatusOr<Value> Patched(WriteCall& call, const Value& old) const;

  const Store& store_;
  const Strategy& strategy_;
};

// Errors of creating in a namespace that is absent or going away.
absl::Status AdmitToNamespace(const KindInfo& kind, absl::string_view name,
                              absl::string_view name_space_name,
                              const Value& name_space);

// An object in the shape that Kubernetes demands of names, for a kind.
std::string GenerateName(absl::string_view prefix);

}  // namespace weir::apiserver
