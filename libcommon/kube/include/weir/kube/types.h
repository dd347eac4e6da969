// Names of Kubernetes things: kinds, resources, objects; and API errors.
//
// Touches: nothing.
// Threads: values and pure functions.
#pragma once

#include <optional>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/value/value.h"

namespace weir::kube {

struct GroupVersionKind {
  std::string group;    // "" is the core group.
  std::string version;  // "v1"
  std::string kind;     // "Deployment"

  // "v1", or "apps/v1".
  std::string ApiVersion() const;
  friend bool operator==(const GroupVersionKind&,
                         const GroupVersionKind&) = default;
  friend auto operator<=>(const GroupVersionKind&,
                          const GroupVersionKind&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const GroupVersionKind& v) {
    return H::combine(std::move(h), v.group, v.version, v.kind);
  }
};

// Splits "apps/v1" and "v1"; never fails: text without "/" is a version.
GroupVersionKind MakeGroupVersionKind(absl::string_view api_version,
                                      absl::string_view kind);
// From an object's apiVersion and kind; empty parts when absent.
GroupVersionKind GroupVersionKindOf(const Value& object);

struct GroupKind {
  std::string group;
  std::string kind;
  friend auto operator<=>(const GroupKind&, const GroupKind&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const GroupKind& v) {
    return H::combine(std::move(h), v.group, v.kind);
  }
};

struct ObjectKey {
  std::string name_space;  // "" for cluster-scoped objects.
  std::string name;

  // "namespace/name", or "name".
  std::string ToString() const;
  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const ObjectKey& v) {
    return H::combine(std::move(h), v.name_space, v.name);
  }
};
// From an object's metadata.
ObjectKey KeyOf(const Value& object);

// One object of one kind.
struct ObjectRef {
  GroupVersionKind gvk;
  ObjectKey key;
  friend auto operator<=>(const ObjectRef&, const ObjectRef&) = default;
};
ObjectRef RefOf(const Value& object);

// How a kind is served.
struct Resource {
  GroupVersionKind gvk;
  std::string plural;  // "deployments"
  bool is_namespaced = true;

  // "/apis/apps/v1/namespaces/<ns>/deployments[/<name>[/<subresource>]]";
  // the namespace part is left out when empty or for cluster-scoped kinds.
  std::string Path(absl::string_view name_space, absl::string_view name = "",
                   absl::string_view subresource = "") const;
};

// --- Errors ---------------------------------------------------------------
//
// An answer of 400 or more becomes an absl::Status: 401 kUnauthenticated, 403
// kPermissionDenied, 404 kNotFound, 409 kAlreadyExists (reason AlreadyExists)
// or kAborted (any other), 410 kOutOfRange, 429 kResourceExhausted, 504
// kDeadlineExceeded, other 5xx kUnavailable, any other 4xx
// kFailedPrecondition. Its message is the Status's message; the Status object
// itself is kept as a payload.

// `code`: the HTTP status; `status`: the body if it is a Status object, else
// anything.
absl::Status MakeApiError(int code, const Value& status);
// The Kubernetes Status object behind an error, or null Value.
Value ApiStatusOf(const absl::Status& status);
// Its reason ("Invalid", "Conflict", "NotFound", ...), or "".
std::string ApiReasonOf(const absl::Status& status);
// Its HTTP code; 0 when the error did not come from an API server.
int ApiCodeOf(const absl::Status& status);
// What details.retryAfterSeconds or Retry-After asked for.
std::optional<absl::Duration> RetryAfterOf(const absl::Status& status);

}  // namespace weir::kube
