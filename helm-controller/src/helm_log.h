// HelmLog keeps the last lines of what Helm would have logged of an action:
// Events of its failure end with them.
//
// Touches: nothing.
// Threads: one thread at a time.
// Source: fluxcd/helm-controller, internal/action/log.go; Helm v4.2.2.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::helm_controller {

class HelmLog {
 public:
  // `attributes`: an object; its keys are told in byte order.
  void Add(absl::Time now, absl::string_view message,
           const Value& attributes = Value::MakeObject());
  // The same with an error of the server, as Go prints its client's; an error
  // that another wraps is {} there.
  void AddApiError(absl::Time now, absl::string_view message,
                   const absl::Status& error, const Value& attributes);
  void Clear() { lines_.clear(); }

  bool empty() const { return lines_.empty(); }
  // "<time>: <message>: <attributes>", a line each, without a newline at the
  // end. A line that repeats is told twice at most, and how often it was.
  std::string ToString() const;

 private:
  void AddLine(absl::Time now, std::string text);

  struct Line {
    absl::Time first, last;
    std::string text;
    int repeats = 0;
  };
  std::deque<Line> lines_;
};

// The attributes of lines about an object; with its kind in full; and about an
// error with it.
Value LogOf(const kube::ObjectRef& ref);
Value LogOfKind(const kube::ObjectRef& ref);
Value LogOfFailure(const kube::ObjectRef& ref);

}  // namespace weir::helm_controller
