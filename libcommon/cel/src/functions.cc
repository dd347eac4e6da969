#include "functions.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir::cel {
namespace {

void CollectParameters(const Type& type, std::vector<std::string>& names) {
  if (type.kind == TypeKind::kParameter &&
      std::find(names.begin(), names.end(), type.name) == names.end()) {
    names.push_back(type.name);
  }
  for (const TypePtr& parameter : type.parameters) {
    CollectParameters(*parameter, names);
  }
}

}  // namespace

uint32_t TraitsOf(const Value& value) {
  switch (value.kind()) {
    case Kind::kBool:
      return kComparer | kNegator;
    case Kind::kInt:
      return kAdder | kComparer | kDivider | kModder | kMultiplier | kNegator |
             kSubtractor;
    case Kind::kUint:
      return kAdder | kComparer | kDivider | kModder | kMultiplier |
             kSubtractor;
    case Kind::kDouble:
      return kAdder | kComparer | kDivider | kMultiplier | kNegator |
             kSubtractor;
    case Kind::kString:
      return kAdder | kComparer | kMatcher | kReceiver | kSizer;
    case Kind::kBytes:
      return kAdder | kComparer | kSizer;
    case Kind::kTimestamp:
      return kAdder | kComparer | kReceiver | kSubtractor;
    case Kind::kDuration:
      return kAdder | kComparer | kNegator | kReceiver | kSubtractor;
    case Kind::kList:
      return kAdder | kContainer | kIndexer | kSizer;
    case Kind::kMap:
      return kContainer | kIndexer | kSizer;
    default:
      return 0;
  }
}

void Environment::Add(absl::Span<const Row> rows) {
  for (const Row& row : rows) {
    Add(Overload{row.function, row.id, row.style, row.arguments, row.result,
                 row.compute});
  }
}

void Environment::Add(const Overload& overload) {
  FunctionDecl& function = functions_[overload.function];
  function.name = overload.function;
  FunctionRow row;
  row.id = overload.id;
  row.is_member = overload.style == Overload::Style::kMember;
  row.arguments = ParseTypes(overload.arguments);
  row.result = ParseType(overload.result);
  row.compute = overload.compute;
  row.pattern = overload.pattern;
  for (const TypePtr& argument : row.arguments) {
    CollectParameters(*argument, row.parameters);
  }
  CollectParameters(*row.result, row.parameters);
  function.rows.push_back(std::move(row));
}

void Environment::Add(absl::Span<const SharedRow> rows) {
  for (const SharedRow& row : rows) {
    FunctionDecl& function = functions_[row.function];
    function.name = row.function;
    function.shared = row.compute;
    function.shared_arity = row.arity;
    function.trait = row.trait;
  }
}

Environment::Environment(const EnvironmentOptions& options)
    : macros_{options.has_lists, options.has_two_variables},
      has_literal_checks_(options.has_literal_checks),
      has_old_format_(options.strings_version < 4),
      types_(options.types) {
  for (const auto& rows :
       {OperatorRows(), RelationRows(), ConversionRows(), StringRows(),
        has_old_format_ ? OldFormatRows() : FormatRows(), TimeRows(), SetRows(),
        OptionalRows()}) {
    Add(rows);
  }
  for (const auto& rows : {OperatorShared(), RelationShared(),
                           ConversionShared(), StringShared()}) {
    Add(rows);
  }
  for (const char* name : {"contains", "endsWith", "startsWith"}) {
    functions_[name].is_unguarded = true;
  }
  if (has_old_format_) functions_.erase("reverse");
  if (options.has_encoders) Add(EncoderRows());
  if (options.has_regex) Add(RegexRows());
  if (options.has_two_variables) Add(MapInsertRows());
  if (options.has_lists) {
    Add(ListRows());
    Add(ListShared());
    functions_["flatten"].is_unguarded = true;
  }
  for (const Overload& overload : options.functions) Add(overload);
}

std::shared_ptr<const Environment> MakeEnvironment(
    const EnvironmentOptions& options) {
  return std::make_shared<const Environment>(options);
}

std::optional<TypePtr> Environment::FindType(absl::string_view name) const {
  if (auto type = NamedType(name)) return type;
  if (std::find(types_.begin(), types_.end(), name) == types_.end()) {
    return std::nullopt;
  }
  return ParseType(name);
}

const FunctionDecl* Environment::Find(absl::string_view name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? nullptr : &found->second;
}

bool TakesValue(const Type& type, const Value& value) {
  if (IsDyn(type) || type.kind == TypeKind::kParameter) return true;
  if (TypeName(type) != value.TypeName()) return false;
  if (type.kind == TypeKind::kList && !type.parameters.empty()) {
    const List& list = value.AsList();
    return list.size() == 0 || TakesValue(*type.parameters[0], list.At(0));
  }
  if (type.kind == TypeKind::kMap && !type.parameters.empty()) {
    const Map& map = value.AsMap();
    return map.size() == 0 || (TakesValue(*type.parameters[0], map.KeyAt(0)) &&
                               TakesValue(*type.parameters[1], map.ValueAt(0)));
  }
  return true;
}

bool TakesValues(const FunctionRow& row, absl::Span<const Value> values) {
  if (values.size() != row.arguments.size()) return false;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!TakesValue(*row.arguments[i], values[i])) return false;
  }
  return true;
}

}  // namespace weir::cel
