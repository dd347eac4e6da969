// Tables: values while they are merged. They are the dicts that templates see,
// because Helm's rules share maps between charts, and what one chart writes
// another may see.
//
// Touches: nothing.
// Threads: tables belong to one thread.
// Source: Helm v4.2.4, pkg/chart/common.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/gotmpl/value.h"
#include "weir/helm/chart.h"
#include "weir/helm/values.h"
#include "weir/value/value.h"

namespace weir::helm {

// An empty table for what is no object.
gotmpl::Any TableOf(const Value& value);
// Integers and doubles stay what they are.
Value ValueOf(const gotmpl::Any& any);
gotmpl::Any CopyTable(const gotmpl::Any& table);

// The table at a dotted path, or null.
const gotmpl::Any* FindTable(const gotmpl::Dict& table, absl::string_view path);
// What is at a dotted path and no table, or null.
const gotmpl::Any* FindScalar(const gotmpl::Dict& table,
                              absl::string_view path);

// Lays a chart's defaults, and those of the charts below, under `values`.
// `keep_nulls` is Helm's "merge": otherwise nulls remove.
class Coalescer {
 public:
  explicit Coalescer(const Warn& warn) : warn_(warn) {}

  absl::Status Coalesce(const Chart& chart, gotmpl::Dict& values,
                        bool keep_nulls) {
    return CoalesceChart(chart, values, "", keep_nulls);
  }
  // Lays `under` under `table`. Both may be changed, and then share maps.
  void CoalesceTables(gotmpl::Dict& table, gotmpl::Dict& under,
                      const std::string& prefix, bool keep_nulls);

 private:
  absl::Status CoalesceChart(const Chart& chart, gotmpl::Dict& values,
                             const std::string& prefix, bool keep_nulls);
  void CoalesceDefaults(const Chart& chart, gotmpl::Dict& values,
                        const std::string& prefix, bool keep_nulls);
  void HandDownGlobals(gotmpl::Dict& below, gotmpl::Dict& values,
                       const std::string& prefix);
  void HandDownGlobal(absl::string_view key, const gotmpl::Any& value,
                      gotmpl::Dict& below, const std::string& prefix);
  void Warning(absl::string_view text) {
    if (warn_) warn_(text);
  }

  const Warn& warn_;
};

}  // namespace weir::helm
