// CDEvents: what an event of continuous delivery must be like.
//
// Touches: nothing.
// Threads: pure functions.
// Source: CDEvents 0.4.1, https://cdevents.dev
#pragma once

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

struct CdEventType {
  const char* name;          // "change.merged"
  const char* version;       // "0.2.0"
  const char* subject_type;  // "change"
  // Of subject.content, separated by spaces: "<name>[!][+][:<kind>]". With "!"
  // the field must be there, with "+" a text must not be empty. Kinds: texts,
  // purl, reference, sbom, testCase, testSuite, trigger, or "a|b": one of
  // these; none: any text.
  const char* fields;
};
absl::Span<const CdEventType> CdEventTypes();

// Whether it is an event that we know, or a custom one, and is complete.
// Errors: kInvalidArgument that says what is wrong.
absl::Status CheckCdEvent(const Value& event);

}  // namespace weir::notification_controller
