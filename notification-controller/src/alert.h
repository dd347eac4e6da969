// Alert is what an Alert object says, compiled: which events, to which
// Provider.
//
// Touches: nothing.
// Threads: immutable; safe to share.
// Source: notification.md, section 4.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "src/event.h"
#include "weir/kube/types.h"
#include "weir/text/regex.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

// Something to say as a Warning Event of an Alert.
struct Warning {
  std::string reason;
  std::string message;
};

struct Alert {
  struct Source {
    std::string kind;
    std::string name_space;
    std::string name;  // "*": all.
    std::map<std::string, std::string> match_labels;
  };
  // A pattern of a list; without a regex it does not compile.
  struct Pattern {
    std::string text;
    std::shared_ptr<const text::Regex> regex;
  };

  kube::ObjectKey key;
  std::string uid;
  std::string provider;  // Its name, in the same namespace.
  std::string severity;
  bool is_suspended = false;
  std::vector<Source> sources;
  std::vector<Pattern> inclusions;
  std::vector<Pattern> exclusions;
  std::map<std::string, std::string> metadata;
  std::string summary;
  Value object;  // For Events and expressions.

  static std::shared_ptr<const Alert> Parse(const Value& object);
};

// The labels of an object.
using FindLabels =
    std::function<absl::StatusOr<Value>(const ObjectReference& object)>;

// Whether the Alert wants the event. Adds what its author should know.
bool Wants(const Alert& alert, const Event& event,
           const FindLabels& find_labels, std::vector<Warning>& warnings);

}  // namespace weir::notification_controller
