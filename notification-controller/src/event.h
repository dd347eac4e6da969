// Event is what a controller says happened to an object, as the events
// address takes it and as providers hand it on.
//
// Touches: nothing.
// Threads: as a value.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

struct ObjectReference {
  std::string kind;
  std::string name_space;
  std::string name;
  std::string uid;
  std::string api_version;  // "kustomize.toolkit.fluxcd.io/v1"
  std::string resource_version;
  std::string field_path;

  // "kustomize.toolkit.fluxcd.io"; empty for the core group.
  std::string Group() const;
  // "Kustomization/flux-system/app"
  std::string ToString() const;
};

inline constexpr absl::string_view kSeverityInfo = "info";
inline constexpr absl::string_view kSeverityError = "error";

struct Event {
  ObjectReference object;
  std::string severity;
  absl::Time timestamp = absl::InfinitePast();  // Infinite past: none.
  std::string message;
  std::string reason;
  std::map<std::string, std::string> metadata;
  std::string reporting_controller;
  std::string reporting_instance;

  bool is_error() const { return severity == kSeverityError; }
  // The metadata of that key, or "".
  std::string Metadata(absl::string_view key) const;
};

// Reads the JSON of an event as Go does: unknown members are skipped, null
// and absent are alike.
// Errors: kInvalidArgument when it is no JSON object, or a member is of
// another type; names the member.
absl::StatusOr<Event> ParseEvent(absl::string_view json);

// Members in the order and with the omissions that upstream writes. A missing
// timestamp is null.
Value ToValue(const Event& event);
// The bytes of Go's encoding/json.
std::string ToJson(const Event& event);

}  // namespace weir::notification_controller
