// Optional values. or() and orValue() are evaluated elsewhere: they do not
// evaluate what they do not need.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "functions.h"

namespace weir::cel {
namespace {

using Values = absl::Span<const Value>;

Value None(Values, Meter&) { return Value::None(); }
Value Some(Values v, Meter&) { return Value::Some(v[0]); }

Value OfNonZero(Values v, Meter&) {
  return IsZero(v[0]) ? Value::None() : Value::Some(v[0]);
}

Value HasValue(Values v, Meter&) {
  return Value::Bool(v[0].AsOptional() != nullptr);
}

Value GetValue(Values v, Meter&) {
  const Value* value = v[0].AsOptional();
  return value != nullptr ? *value
                          : Value::Error("optional.none() dereference");
}

Value First(Values v, Meter&) {
  const List& list = v[0].AsList();
  return list.size() == 0 ? Value::None() : Value::Some(list.At(0));
}

Value Last(Values v, Meter&) {
  const List& list = v[0].AsList();
  return list.size() == 0 ? Value::None()
                          : Value::Some(list.At(list.size() - 1));
}

Value Unwrap(Values v, Meter& meter) {
  const List& list = v[0].AsList();
  std::vector<Value> values;
  for (size_t i = 0; i < list.size(); ++i) {
    const Value element = list.At(i);
    if (!element.Is(Kind::kOptional)) {
      return Value::Error(
          absl::StrCat("value ", MessageText(element), " is not optional"));
    }
    if (!meter.ChargeBytes(sizeof(Value))) break;
    if (element.AsOptional() != nullptr) {
      values.push_back(*element.AsOptional());
    }
  }
  return Value::OfElements(std::move(values));
}

constexpr auto kGlobal = Overload::Style::kGlobal;
constexpr auto kMember = Overload::Style::kMember;

constexpr Row kRows[] = {
    {"optional.of", "optional_of", kGlobal, "V", "optional(V)", Some},
    {"optional.ofNonZeroValue", "optional_ofNonZeroValue", kGlobal, "V",
     "optional(V)", OfNonZero},
    {"optional.none", "optional_none", kGlobal, "", "optional(V)", None},
    {"value", "optional_value", kMember, "optional(V)", "V", GetValue},
    {"hasValue", "optional_hasValue", kMember, "optional(V)", "bool", HasValue},
    {"or", "optional_or_optional", kMember, "optional(V), optional(V)",
     "optional(V)", nullptr},
    {"orValue", "optional_orValue_value", kMember, "optional(V), V", "V",
     nullptr},
    {"_?._", "select_optional_field", kGlobal, "dyn, string", "optional(V)",
     nullptr},
    {"_[?_]", "list_optindex_optional_int", kGlobal, "list(V), int",
     "optional(V)", nullptr},
    {"_[?_]", "optional_list_optindex_optional_int", kGlobal,
     "optional(list(V)), int", "optional(V)", nullptr},
    {"_[?_]", "map_optindex_optional_value", kGlobal, "map(K, V), K",
     "optional(V)", nullptr},
    {"_[?_]", "optional_map_optindex_optional_value", kGlobal,
     "optional(map(K, V)), K", "optional(V)", nullptr},
    {"_[_]", "optional_list_index_int", kGlobal, "optional(list(V)), int",
     "optional(V)", nullptr},
    {"_[_]", "optional_map_index_value", kGlobal, "optional(map(K, V)), K",
     "optional(V)", nullptr},
    {"first", "list_first", kMember, "list(V)", "optional(V)", First},
    {"last", "list_last", kMember, "list(V)", "optional(V)", Last},
    {"optional.unwrap", "optional_unwrap", kGlobal, "list(optional(V))",
     "list(V)", Unwrap},
    {"unwrapOpt", "optional_unwrapOpt", kMember, "list(optional(V))", "list(V)",
     Unwrap},
};

}  // namespace

absl::Span<const Row> OptionalRows() { return kRows; }

}  // namespace weir::cel
