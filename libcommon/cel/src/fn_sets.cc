// sets.contains, sets.equivalent and sets.intersects.
#include "functions.h"

namespace weir::cel {
namespace {

using Values = absl::Span<const Value>;

bool Has(const List& list, const Value& element, Meter& meter) {
  for (size_t i = 0; i < list.size() && !meter.is_exhausted(); ++i) {
    if (Equal(element, list.At(i), meter)) return true;
  }
  return false;
}

bool HasAll(const List& list, const List& elements, Meter& meter) {
  for (size_t i = 0; i < elements.size(); ++i) {
    if (!Has(list, elements.At(i), meter)) return false;
  }
  return true;
}

Value Contains(Values v, Meter& meter) {
  return Value::Bool(HasAll(v[0].AsList(), v[1].AsList(), meter));
}

Value Equivalent(Values v, Meter& meter) {
  return Value::Bool(HasAll(v[0].AsList(), v[1].AsList(), meter) &&
                     HasAll(v[1].AsList(), v[0].AsList(), meter));
}

Value Intersects(Values v, Meter& meter) {
  const List& list = v[0].AsList();
  for (size_t i = 0; i < list.size(); ++i) {
    if (Has(v[1].AsList(), list.At(i), meter)) return Value::Bool(true);
  }
  return Value::Bool(false);
}

constexpr auto kGlobal = Overload::Style::kGlobal;

constexpr Row kRows[] = {
    {"sets.contains", "list_sets_contains_list", kGlobal, "list(T), list(T)",
     "bool", Contains},
    {"sets.equivalent", "list_sets_equivalent_list", kGlobal,
     "list(T), list(T)", "bool", Equivalent},
    {"sets.intersects", "list_sets_intersects_list", kGlobal,
     "list(T), list(T)", "bool", Intersects},
};

}  // namespace

absl::Span<const Row> SetRows() { return kRows; }

}  // namespace weir::cel
