// Tables: the columns that `kubectl get` prints of each kind.
//
// Touches: nothing.
// Threads: immutable once made.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "json_path.h"
#include "registry.h"
#include "weir/value/value.h"

namespace weir::apiserver {

struct TableColumn {
  const char* name;
  const char* type = "string";  // "integer", "number", "boolean", "date"
  int priority = 0;             // 1: only in wide output.
};

// How one builtin kind is printed: all columns after the name.
struct KindPrinter {
  const char* group;
  const char* kind;
  std::vector<TableColumn> columns;
  // As many cells as there are columns.
  std::vector<Value> (*cells)(const Value& object, absl::Time now);
  bool has_name_first = true;  // Events have their name last.
};
// Null when the kind has no columns of its own.
const KindPrinter* FindPrinter(absl::string_view group, absl::string_view kind);
std::vector<KindPrinter> WorkloadPrinters();
std::vector<KindPrinter> CorePrinters();

class TablePrinter {
 public:
  explicit TablePrinter(const Served& served);
  // columnDefinitions
  Value Columns() const;
  // The cells of one row; `object` is in the served version.
  Value Cells(const Value& object, absl::Time now) const;

 private:
  // Of a custom kind.
  struct CustomColumn {
    const PrinterColumn* column;
    std::optional<JsonPath> path;  // Nothing when it does not parse.
  };

  const Served& served_;
  const KindPrinter* builtin_ = nullptr;
  std::vector<CustomColumn> custom_;
};

// "5m", "2d3h", as kubectl prints ages; "<unknown>" for text that is no time.
std::string FormatAge(absl::string_view timestamp, absl::Time now);

}  // namespace weir::apiserver
