// Input: a rule in CEL, a newline, JSON: the schema, the object and the old
// object, in an array.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "libcommon/apiserver/src/kubernetes_functions.h"
#include "libcommon/apiserver/src/schema_crd.h"
#include "libcommon/apiserver/src/schema_value.h"
#include "weir/apiserver/server.h"
#include "weir/cel/cel.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

Value SchemaWithRule(Value schema, absl::string_view rule) {
  if (!schema.is_object()) schema = Value::MakeObject();
  schema.Set("type", "object");
  Value rules = Value::MakeArray();
  rules.Append(Value::MakeObject({{"rule", rule}, {"message", "m"}}));
  schema.Set("x-kubernetes-validations", std::move(rules));
  return schema;
}

void Run(absl::string_view rule, const Value& json) {
  SchemaArena arena;
  std::vector<FieldError> errors;
  std::vector<std::string> warnings;
  const Schema* schema = ParseCrdSchema(SchemaWithRule(json[size_t{0}], rule),
                                        "", arena, errors, warnings);
  if (!errors.empty()) return;
  CompileRules(*schema, "", nullptr);
  const SchemaRule& compiled = schema->constraints->rules[0];
  if (compiled.program == nullptr) return;
  const Value& object = json[size_t{1}];
  const Value& old = json[size_t{2}];
  cel::Meter meter(10'000, 1 << 20);
  (void)compiled.program->Evaluate(
      [&](absl::string_view name) -> std::optional<cel::Value> {
        return SchemaValue(name == "self" ? object : old, *schema);
      },
      meter);
}

}  // namespace
}  // namespace weir::apiserver

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t newline = std::min(input.find('\n'), size);
  auto json = weir::ParseJson(input.substr(std::min(newline + 1, size)));
  weir::apiserver::Run(input.substr(0, newline),
                       json.ok() ? *json : weir::Value::MakeArray());
  return 0;
}
