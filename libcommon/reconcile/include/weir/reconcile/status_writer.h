// StatusWriter writes status and finalizers of one kind's objects with as few
// and as small requests as possible.
//
// A status is written by one JSON merge patch of what differs, locked by
// resourceVersion; nothing is sent when nothing differs. (Not by server-side
// apply: an upstream controller that ran before co-owns the fields by
// operation Update, so those that we leave out would stay.)
//
// Touches: network, through the client.
// Threads: safe to share.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/kube/client.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace weir::reconcile {

// What Flux's controllers put on every object they own.
inline constexpr char kFinalizer[] = "finalizers.fluxcd.io";

struct StatusWriterOptions {
  kube::GroupVersionKind gvk;
  std::string field_manager;
  // Condition types that are ours; after a lost race the others are kept as
  // the winner wrote them. Empty: all are ours.
  std::vector<std::string> owned_conditions;
  // Called with each answer, which is the object's newest state, before the
  // write returns. May be null.
  std::function<void(const Value& written)> on_written;
  // Between two tries after a lost race, give or take a half.
  absl::Duration retry_pause = absl::Milliseconds(100);
};

class StatusWriter {
 public:
  // `client` must outlive it.
  StatusWriter(const kube::Client& client, StatusWriterOptions options);

  // Writes what differs between `object`'s status and `status`; members of
  // the status that the message does not know are left alone. Returns the
  // object as it now is, `object` itself when nothing differed. Continue the
  // pass with the answer: its resourceVersion is the next lock.
  // When the object has changed meanwhile, reads it and tries again, 5 times.
  // Errors: kNotFound when the object is gone; kAborted after the fifth lost
  // race; those of the client.
  absl::StatusOr<Value> WriteStatus(
      const Context& ctx, const Value& object,
      const google::protobuf::Message& status) const;
  // The same for a status that is a Value and complete: members that it lacks
  // are removed.
  absl::StatusOr<Value> WriteStatusValue(const Context& ctx,
                                         const Value& object,
                                         const Value& status) const;

  // Adds a finalizer in a write of its own, or returns `object` when it is
  // there. Errors: kAborted when the object has changed; kNotFound.
  absl::StatusOr<Value> AddFinalizer(
      const Context& ctx, const Value& object,
      absl::string_view finalizer = kFinalizer) const;
  // Removes it. An object that is gone (before, or by this) is a success; the
  // answer is then null. Touch nothing more after it.
  absl::StatusOr<Value> RemoveFinalizer(
      const Context& ctx, const Value& object,
      absl::string_view finalizer = kFinalizer) const;

 private:
  absl::StatusOr<Value> Patch(const Context& ctx, const Value& object,
                              const Value& patch,
                              const std::string& subresource) const;

  const kube::Client& client_;
  const StatusWriterOptions options_;
};

bool HasFinalizer(const Value& object,
                  absl::string_view finalizer = kFinalizer);
// metadata.deletionTimestamp is set.
bool IsBeingDeleted(const Value& object);
int64_t GenerationOf(const Value& object);
// Annotation reconcile.fluxcd.io/requestedAt, or "".
absl::string_view RequestedAt(
    const Value& object ABSL_ATTRIBUTE_LIFETIME_BOUND);

// Whether resource version `a` is older than `b`; false when either is no
// decimal number. Source: kube-client.md, section 3.1.
bool IsOlderVersion(absl::string_view a, absl::string_view b);

}  // namespace weir::reconcile
