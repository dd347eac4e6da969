#include "case_runner.h"

#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::templates {
namespace {

gotmpl::MissingKey MissingKeyOf(absl::string_view name) {
  if (name == "zero") return gotmpl::MissingKey::kZero;
  if (name == "error") return gotmpl::MissingKey::kError;
  return gotmpl::MissingKey::kDefault;
}

// Empties the dicts that a value reaches: one that a template put into itself
// would be kept by its own reference.
void Empty(const gotmpl::Any& value) {
  if (value.is_list()) {
    for (size_t i = 0; i < value.size(); ++i) Empty(value.At(i));
  }
  if (!value.is_dict() || value.is_nil()) return;
  gotmpl::Dict& dict = *value.AsDict();
  const std::vector<std::pair<gotmpl::Dict::Key, gotmpl::Any>> members(
      dict.begin(), dict.end());
  for (const auto& [key, member] : members) dict.Erase(key.view());
  for (const auto& [key, member] : members) Empty(member);
}

}  // namespace

CaseRunner::CaseRunner(absl::string_view data_json, bool has_sprig,
                       std::optional<absl::Time> now)
    : now_(now) {
  absl::StatusOr<Value> data = ParseJson(data_json);
  WEIR_CHECK(data.ok());
  data_ = *std::move(data);
  gotmpl::FunctionTable functions = gotmpl::FunctionTable::Builtins();
  if (has_sprig) gotmpl::AddSprig(functions);
  functions_ =
      std::make_shared<const gotmpl::FunctionTable>(std::move(functions));
}

Value CaseRunner::Run(const Value& record) const {
  Value result = record;
  result.Erase("o");
  result.Erase("e");
  gotmpl::Set set(functions_, "t");
  absl::StatusOr<gotmpl::TemplateRef> parsed =
      set.Parse("t", record.GetString("t"));
  absl::Status status = parsed.status();
  std::string out;
  if (status.ok()) {
    gotmpl::ExecOptions options;
    options.missing_key = MissingKeyOf(record.GetString("m"));
    options.time_zone = absl::UTCTimeZone();
    if (now_.has_value()) options.now = [now = *now_] { return now; };
    gotmpl::Execution execution(options);
    const gotmpl::Any data = gotmpl::FromValue(
        record.Has("d") ? record["d"] : data_,
        record.Has("x") ? gotmpl::Numbers::kExact : gotmpl::Numbers::kFloat64);
    status = set.Execute(execution, *parsed, data, &out);
    Empty(data);
  }
  if (status.ok()) {
    result.Set("o", Value(out));
  } else {
    result.Set("e", Value(status.message()));
  }
  return result;
}

}  // namespace weir::templates
