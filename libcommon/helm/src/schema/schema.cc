#include "src/schema/schema.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "src/schema/metaschema.h"
#include "src/schema/validator.h"
#include "src/values/tables.h"
#include "weir/gotmpl/format.h"
#include "weir/value/go_error.h"
#include "weir/value/json.h"

namespace weir::helm {
namespace {

std::string ValidateOne(const std::string& schema_text,
                        const gotmpl::Any& values, const LoadSchema& load) {
  const absl::StatusOr<Value> schema = ParseJson(schema_text);
  if (!schema.ok()) {
    const std::string text = GoError(schema.status());
    return text == "unexpected end of JSON input" ? "unexpected EOF" : text;
  }
  std::string wrong = CheckSchema(*schema);
  if (!wrong.empty()) return wrong;
  SchemaValidator validator(*schema, load);
  std::vector<SchemaError> errors;
  const absl::Status status = validator.Validate(ValueOf(values), &errors);
  if (!status.ok()) return std::string(status.message());
  return errors.empty() ? "" : absl::StrCat(FormatSchemaErrors(errors), "\n");
}

}  // namespace

std::string ValidateValues(const Chart& chart, const gotmpl::Any& values,
                           const LoadSchema& load) {
  std::string out;
  if (chart.schema.has_value()) {
    const std::string wrong = ValidateOne(*chart.schema, values, load);
    if (!wrong.empty()) absl::StrAppend(&out, chart.name(), ":\n", wrong);
  }
  for (const Chart& one : chart.dependencies) {
    const gotmpl::Any* below = values.AsDict()->Find(one.name());
    if (below == nullptr || below->is_nothing()) continue;
    if (!below->is_dict()) {
      absl::StrAppend(&out, one.name(),
                      ":\ninvalid type for values: expected object (map), got ",
                      below->type_name(), "\n");
      continue;
    }
    out += ValidateValues(one, *below, load);
  }
  return out;
}

}  // namespace weir::helm
