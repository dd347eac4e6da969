// Tables: the columns that `kubectl get` prints of each kind.
//
// Touches: nothing.
// Threads: immutable once made.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "registry.h"
#include "weir/value/value.h"

namespace weir::apiserver {

struct TableColumn {
  const char* name;
  const char* type;  // "string", "integer", "number", "boolean", "date"
  int priority = 0;  // 1: only in wide output.
};

class TablePrinter {
 public:
  explicit TablePrinter(const Served& served);
  // columnDefinitions
  Value Columns() const;
  // The cells of one row; `object` is in the served version.
  Value Cells(const Value& object, absl::Time now) const;

 private:
  const Served& served_;
};

// "5m", "2d3h", as kubectl prints ages; "<unknown>" for text that is no time.
std::string FormatAge(absl::string_view timestamp, absl::Time now);
std::string FormatHumanDuration(absl::Duration duration);

}  // namespace weir::apiserver
