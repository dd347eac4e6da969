// Values of charts: reading, and merging by Helm's rules of tables and nulls.
//
// Numbers of YAML and JSON texts are doubles, as in Helm; numbers of --set are
// integers.
//
// Touches: nothing; ReadValues: what it is given to read with.
// Threads: pure functions.
// Source: Helm v4.2.4, pkg/chart/common/util and pkg/cli/values.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/helm/chart.h"
#include "weir/value/value.h"

namespace weir::helm {

using Warn = std::function<void(absl::string_view)>;

// Parses a values file; its documents are merged in order.
// Errors: kInvalidArgument with Helm's text.
absl::StatusOr<Value> ParseValues(absl::string_view text);

// Lays `over` over `base`: maps merge, everything else is replaced.
Value MergeMaps(const Value& base, const Value& over);

// The values that templates see: `user` over the defaults of the chart and of
// those below it, each below the name of its chart, with `global` handed down.
// A null of the user removes a default.
//
// Errors: kInvalidArgument "type mismatch on NAME: ..." when what is at the
// name of a chart below is no table.
absl::StatusOr<Value> CoalesceValues(const Chart& chart, const Value& user,
                                     const Warn& warn = nullptr);

// What -f and the --set family say, applied in Helm's order: files, JSON,
// typed, text, files' contents, literal.
struct ValuesSources {
  std::vector<std::string> files;        // -f
  std::vector<std::string> set_json;     // --set-json
  std::vector<std::string> set;          // --set
  std::vector<std::string> set_string;   // --set-string
  std::vector<std::string> set_file;     // --set-file
  std::vector<std::string> set_literal;  // --set-literal
};
// Gives the contents of a file that is named in a source; "-" is standard
// input.
using ReadSource =
    std::function<absl::StatusOr<std::string>(const std::string& name)>;

absl::StatusOr<Value> ReadValues(const ValuesSources& sources,
                                 const ReadSource& read);

}  // namespace weir::helm
