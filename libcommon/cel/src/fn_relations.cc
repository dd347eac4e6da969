// Equality, order, membership and size.
#include <string>
#include <utility>
#include <vector>

#include "functions.h"
#include "source.h"

namespace weir::cel {
namespace {

using Values = absl::Span<const Value>;

enum class Wanted { kLess, kLessEquals, kGreater, kGreaterEquals };

template <Wanted wanted>
Value Ordered(Values v, Meter& meter) {
  if (v[0].Is(Kind::kString) || v[0].Is(Kind::kBytes)) {
    meter.Charge(v[0].AsString().size() / 64);
  }
  const Value order = Compare(v[0], v[1]);
  if (order.is_error()) return order;
  switch (wanted) {
    case Wanted::kLess:
      return Value::Bool(order.AsInt() < 0);
    case Wanted::kLessEquals:
      return Value::Bool(order.AsInt() <= 0);
    case Wanted::kGreater:
      return Value::Bool(order.AsInt() > 0);
    case Wanted::kGreaterEquals:
      break;
  }
  return Value::Bool(order.AsInt() >= 0);
}

Value In(Values v, Meter& meter) {
  if (v[1].Is(Kind::kMap)) {
    return Value::Bool(v[1].AsMap().Find(v[0]).has_value());
  }
  if (!v[1].Is(Kind::kList)) return Value::Error("no such overload");
  const List& list = v[1].AsList();
  for (size_t i = 0; i < list.size(); ++i) {
    if (Equal(v[0], list.At(i), meter)) return Value::Bool(true);
    if (meter.is_exhausted()) break;
  }
  return Value::Bool(false);
}

Value Size(Values v, Meter& meter) {
  const Value& value = v[0];
  switch (value.kind()) {
    case Kind::kString:
      meter.Charge(value.AsString().size() / 16);
      return Value::Int(
          static_cast<int64_t>(ToPoints(value.AsString()).size()));
    case Kind::kBytes:
      return Value::Int(static_cast<int64_t>(value.AsString().size()));
    case Kind::kList:
      return Value::Int(static_cast<int64_t>(value.AsList().size()));
    default:
      return Value::Int(static_cast<int64_t>(value.AsMap().size()));
  }
}

// All orders have the same rows.
const std::vector<Row>& Rows() {
  static const auto& rows = *new std::vector<Row>([] {
    constexpr auto kGlobal = Overload::Style::kGlobal;
    constexpr auto kMember = Overload::Style::kMember;
    struct Order {
      const char* function;
      const char* name;
    };
    struct Pair {
      const char* id;
      const char* arguments;
    };
    static constexpr Order kOrders[] = {{"_<_", "less"},
                                        {"_<=_", "less_equals"},
                                        {"_>_", "greater"},
                                        {"_>=_", "greater_equals"}};
    static constexpr Pair kPairs[] = {{"_bool", "bool, bool"},
                                      {"_int64", "int, int"},
                                      {"_int64_double", "int, double"},
                                      {"_int64_uint64", "int, uint"},
                                      {"_uint64", "uint, uint"},
                                      {"_uint64_double", "uint, double"},
                                      {"_uint64_int64", "uint, int"},
                                      {"_double", "double, double"},
                                      {"_double_int64", "double, int"},
                                      {"_double_uint64", "double, uint"},
                                      {"_string", "string, string"},
                                      {"_bytes", "bytes, bytes"},
                                      {"_timestamp", "timestamp, timestamp"},
                                      {"_duration", "duration, duration"}};
    // Rows keep pointers, so the names live as long as they.
    static auto& ids = *new std::vector<std::string>;
    ids.reserve(std::size(kOrders) * std::size(kPairs));
    std::vector<Row> all = {
        {"_==_", "equals", kGlobal, "A, A", "bool", nullptr},
        {"_!=_", "not_equals", kGlobal, "A, A", "bool", nullptr},
        {"@in", "in_list", kGlobal, "A, list(A)", "bool", nullptr},
        {"@in", "in_map", kGlobal, "A, map(A, B)", "bool", nullptr},
        {"size", "size_bytes", kGlobal, "bytes", "int", nullptr},
        {"size", "bytes_size", kMember, "bytes", "int", nullptr},
        {"size", "size_list", kGlobal, "list(A)", "int", nullptr},
        {"size", "list_size", kMember, "list(A)", "int", nullptr},
        {"size", "size_map", kGlobal, "map(A, B)", "int", nullptr},
        {"size", "map_size", kMember, "map(A, B)", "int", nullptr},
        {"size", "size_string", kGlobal, "string", "int", nullptr},
        {"size", "string_size", kMember, "string", "int", nullptr},
    };
    for (const Order& order : kOrders) {
      for (const Pair& pair : kPairs) {
        ids.push_back(std::string(order.name) + pair.id);
        all.push_back({order.function, ids.back().c_str(), kGlobal,
                       pair.arguments, "bool", nullptr});
      }
    }
    return all;
  }());
  return rows;
}

constexpr SharedRow kShared[] = {
    {"_<_", 2, kComparer, Ordered<Wanted::kLess>},
    {"_<=_", 2, kComparer, Ordered<Wanted::kLessEquals>},
    {"_>_", 2, kComparer, Ordered<Wanted::kGreater>},
    {"_>=_", 2, kComparer, Ordered<Wanted::kGreaterEquals>},
    {"@in", 2, 0, In},
    {"size", 1, kSizer, Size},
};

}  // namespace

absl::Span<const Row> RelationRows() { return Rows(); }
absl::Span<const SharedRow> RelationShared() { return kShared; }

}  // namespace weir::cel
