// The lists extension, and what two-variable macros call.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "functions.h"

namespace weir::cel {
namespace {

using Values = absl::Span<const Value>;

Value OutOfBytes() { return Value::Error("evaluation makes too much data"); }

// Room for a list of so many elements.
bool Charge(size_t size, Meter& meter) {
  return meter.Charge(size) && meter.ChargeBytes(size * sizeof(Value));
}

Value Slice(Values v, Meter& meter) {
  const List& list = v[0].AsList();
  const int64_t begin = v[1].AsInt();
  const int64_t end = v[2].AsInt();
  const std::string call =
      absl::StrCat("cannot slice(", begin, ", ", end, "), ");
  if (begin < 0 || end < 0) {
    return Value::Error(call + "negative indexes not supported");
  }
  if (begin > end) {
    return Value::Error(call +
                        "start index must be less than or equal to end index");
  }
  const auto size = static_cast<int64_t>(list.size());
  if (size < end) {
    return Value::Error(absl::StrCat(call, "list is length ", size));
  }
  if (!Charge(end - begin, meter)) return OutOfBytes();
  std::vector<Value> part;
  for (int64_t i = begin; i < end; ++i) part.push_back(list.At(i));
  return Value::OfElements(std::move(part));
}

void AppendFlat(const List& list, int64_t depth, Meter& meter,
                std::vector<Value>& out) {
  if (!Charge(list.size(), meter)) return;
  for (size_t i = 0; i < list.size() && !meter.is_exhausted(); ++i) {
    Value element = list.At(i);
    if (element.Is(Kind::kList) && depth > 0) {
      AppendFlat(element.AsList(), depth - 1, meter, out);
    } else {
      out.push_back(std::move(element));
    }
  }
}

// Nothing guards the types of its arguments.
Value Flatten(Values v, Meter& meter) {
  const bool has_depth = v.size() > 1;
  if (!v[0].Is(Kind::kList) || (has_depth && !v[1].Is(Kind::kInt))) {
    return Value::Error(absl::StrCat("no such overload: ", v[0].TypeName(),
                                     ".flatten(",
                                     has_depth ? v[1].TypeName() : "", ")"));
  }
  const int64_t depth = has_depth ? v[1].AsInt() : 1;
  if (depth < 0) return Value::Error("level must be non-negative");
  std::vector<Value> flat;
  AppendFlat(v[0].AsList(), depth, meter, flat);
  return Value::OfElements(std::move(flat));
}

bool IsComparable(const Value& value) {
  return (TraitsOf(value) & kComparer) != 0;
}

// The elements of a list in the order of keys, one each.
Value Sorted(const Value& list, const List& keys, Meter& meter) {
  const size_t size = list.AsList().size();
  if (size != keys.size()) {
    return Value::Error(absl::StrCat(
        "@sortByAssociatedKeys() expected a list of the same size as the "
        "associated keys list, but got ",
        size, " and ", keys.size(), " elements respectively"));
  }
  if (size == 0) return list;
  if (!IsComparable(keys.At(0))) {
    return Value::Error("list elements must be comparable");
  }
  if (!Charge(2 * size, meter)) return OutOfBytes();
  std::vector<Value> all;
  for (size_t i = 0; i < size; ++i) {
    all.push_back(keys.At(i));
    if (all[i].kind() != all[0].kind()) {
      return Value::Error("list elements must have the same type");
    }
  }
  std::vector<size_t> order(size);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    meter.Charge(1);
    const Value compared = Compare(all[a], all[b]);
    return compared.Is(Kind::kInt) && compared.AsInt() < 0;
  });
  std::vector<Value> sorted;
  for (const size_t index : order) sorted.push_back(list.AsList().At(index));
  return Value::OfElements(std::move(sorted));
}

Value Sort(Values v, Meter& meter) {
  return Sorted(v[0], v[0].AsList(), meter);
}

Value SortByKeys(Values v, Meter& meter) {
  if (!v[1].Is(Kind::kList)) return Value::Error("no such overload");
  return Sorted(v[0], v[1].AsList(), meter);
}

Value Range(Values v, Meter& meter) {
  const int64_t end = std::max<int64_t>(v[0].AsInt(), 0);
  if (!Charge(end, meter)) return OutOfBytes();
  std::vector<Value> numbers;
  for (int64_t i = 0; i < end; ++i) numbers.push_back(Value::Int(i));
  return Value::OfElements(std::move(numbers));
}

Value Reverse(Values v, Meter& meter) {
  const List& list = v[0].AsList();
  if (!Charge(list.size(), meter)) return OutOfBytes();
  std::vector<Value> reversed;
  for (size_t i = list.size(); i > 0; --i) reversed.push_back(list.At(i - 1));
  return Value::OfElements(std::move(reversed));
}

Value Distinct(Values v, Meter& meter) {
  const List& list = v[0].AsList();
  if (list.size() == 0) return v[0];
  std::vector<Value> unique;
  for (size_t i = 0; i < list.size() && Charge(1, meter); ++i) {
    Value element = list.At(i);
    const bool is_known = std::any_of(
        unique.begin(), unique.end(),
        [&](const Value& other) { return Equal(element, other, meter); });
    if (!is_known) unique.push_back(std::move(element));
  }
  return Value::OfElements(std::move(unique));
}

// sort() and what sortBy() calls have a row for each comparable type.
const std::vector<Row>& Rows() {
  static const auto& rows = *new std::vector<Row>([] {
    constexpr auto kGlobal = Overload::Style::kGlobal;
    constexpr auto kMember = Overload::Style::kMember;
    struct Comparable {
      const char* type;
      const char* name;
    };
    static constexpr Comparable kComparable[] = {
        {"int", "int"},
        {"uint", "uint"},
        {"double", "double"},
        {"bool", "bool"},
        {"duration", "google.protobuf.Duration"},
        {"timestamp", "google.protobuf.Timestamp"},
        {"string", "string"},
        {"bytes", "bytes"}};
    // Rows keep pointers, so the texts live as long as they.
    static auto& texts = *new std::vector<std::string>;
    texts.reserve(4 * std::size(kComparable));
    const auto keep = [](std::string text) {
      texts.push_back(std::move(text));
      return texts.back().c_str();
    };
    std::vector<Row> all = {
        {"slice", "list_slice", kMember, "list(T), int, int", "list(T)", Slice},
        {"flatten", "list_flatten", kMember, "list(list(T))", "list(T)",
         Flatten},
        {"flatten", "list_flatten_int", kMember, "list(dyn), int", "list(dyn)",
         Flatten},
        {"lists.range", "lists_range", kGlobal, "int", "list(int)", Range},
        {"reverse", "list_reverse", kMember, "list(T)", "list(T)", Reverse},
        {"distinct", "list_distinct", kMember, "list(T)", "list(T)", Distinct},
    };
    for (const Comparable& of : kComparable) {
      const char* list = keep(absl::StrCat("list(", of.type, ")"));
      all.push_back({"sort", keep(absl::StrCat("list_", of.name, "_sort")),
                     kMember, list, list, nullptr});
      all.push_back(
          {"@sortByAssociatedKeys",
           keep(absl::StrCat("list_", of.name, "_sortByAssociatedKeys")),
           kMember, keep(absl::StrCat("list(T), list(", of.type, ")")),
           "list(T)", nullptr});
    }
    return all;
  }());
  return rows;
}

// A list is the only value with an index and a sum.
constexpr SharedRow kShared[] = {
    {"sort", 1, kAdder | kIndexer, Sort},
    {"@sortByAssociatedKeys", 2, kAdder | kIndexer, SortByKeys},
};

// A fold computes these.
constexpr Row kMapInsertRows[] = {
    {"cel.@mapInsert", "@mapInsert_map_key_value", Overload::Style::kGlobal,
     "map(K, V), K, V", "map(K, V)", nullptr},
    {"cel.@mapInsert", "@mapInsert_map_map", Overload::Style::kGlobal,
     "map(K, V), map(K, V)", "map(K, V)", nullptr},
};

}  // namespace

absl::Span<const Row> ListRows() { return Rows(); }
absl::Span<const SharedRow> ListShared() { return kShared; }
absl::Span<const Row> MapInsertRows() { return kMapInsertRows; }

}  // namespace weir::cel
