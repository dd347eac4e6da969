// The JSON bodies of webhooks.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <initializer_list>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

// Reads the first JSON value of a body; what follows is not looked at. All
// numbers are doubles, as Go has them. At most 300,000 values, 200 deep.
// Errors: kInvalidArgument, kResourceExhausted.
absl::StatusOr<Value> ParseFirst(absl::string_view body);
// The same of a body that is one JSON value.
absl::StatusOr<Value> ParseWhole(absl::string_view body);

enum class PayloadKind { kText, kTexts, kObject, kTime };
struct PayloadField {
  absl::string_view name;  // "push_data", or "push_data.tag" within it.
  PayloadKind kind;
};

// Whether a payload is an object whose fields, where they are there and not
// null, are what they should be; a payload that is null has none.
// Errors: kInvalidArgument that names the field.
absl::Status CheckPayload(const Value& payload,
                          std::initializer_list<PayloadField> fields);
absl::Status CheckFirstPayload(absl::string_view body,
                               std::initializer_list<PayloadField> fields);
absl::Status CheckWholePayload(absl::string_view body,
                               std::initializer_list<PayloadField> fields);

}  // namespace weir::notification_controller
