// What `weir events` shows of Kubernetes Events: which ones, in which order,
// and a row of each.
//
// Touches: nothing.
// Threads: functions of their arguments.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::cli {

// Whose events: empty fields match everything.
struct EventTarget {
  std::string name_space;
  std::string kind;
  std::string name;

  bool operator==(const EventTarget&) const = default;
  // For a list of Events: "involvedObject.kind=Kustomization,...".
  std::string FieldSelector() const;
};

// Of "Kustomization/app", "ks/app" or a kind alone, in any case.
// Errors: kInvalidArgument when it names no kind of the toolkit's.
absl::StatusOr<EventTarget> ParseEventTarget(absl::string_view text,
                                             const std::string& name_space);

// What the object is made from or sends to, by its spec: its events are worth
// knowing too. In the order of the spec; none when there is nothing.
std::vector<EventTarget> RelatedTargets(const Value& object);

// "Normal" and "Warning", in any case.
// Errors: kInvalidArgument for another.
absl::Status CheckEventTypes(const std::vector<std::string>& types);

// Whether it is about an object of the toolkit, and of one of the types; no
// types are all.
bool IsShown(const Value& event, const std::vector<std::string>& types);

// When it was seen last.
absl::Time TimeOfEvent(const Value& event);
void SortByTime(std::vector<Value>& events);

std::vector<std::string> EventHeader(bool with_namespace);
std::vector<std::string> EventRow(const Value& event, bool with_namespace,
                                  absl::Time now);

// The table's lines, with ANSI colours: warnings are yellow.
std::string ColourWarnings(absl::string_view table,
                           const std::vector<bool>& is_warning,
                           bool has_header);

}  // namespace weir::cli
