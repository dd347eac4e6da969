#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "weir/cel/value.h"

namespace weir::cel {
namespace {

template <typename N>
int Order(N a, N b) {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

bool IsNumber(const Value& value) {
  return value.Is(Kind::kInt) || value.Is(Kind::kUint) ||
         value.Is(Kind::kDouble);
}

bool IsNan(const Value& value) {
  return value.Is(Kind::kDouble) && std::isnan(value.AsDouble());
}

int OrderDoubleInteger(double a, const Value& b) {
  if (b.Is(Kind::kInt)) {
    if (a < -9223372036854775808.0) return -1;
    if (a > 9223372036854775808.0) return 1;
    return Order(a, static_cast<double>(b.AsInt()));
  }
  if (a < 0) return -1;
  if (a > 18446744073709551616.0) return 1;
  return Order(a, static_cast<double>(b.AsUint()));
}

int OrderIntUint(int64_t a, uint64_t b) {
  if (a < 0 || b > std::numeric_limits<int64_t>::max()) return -1;
  return Order(a, static_cast<int64_t>(b));
}

// Of numbers that are no NaN.
int OrderNumbers(const Value& a, const Value& b) {
  if (a.Is(Kind::kDouble) && b.Is(Kind::kDouble)) {
    return Order(a.AsDouble(), b.AsDouble());
  }
  if (a.Is(Kind::kDouble)) return OrderDoubleInteger(a.AsDouble(), b);
  if (b.Is(Kind::kDouble)) return -OrderDoubleInteger(b.AsDouble(), a);
  if (a.Is(Kind::kInt)) {
    return b.Is(Kind::kInt) ? Order(a.AsInt(), b.AsInt())
                            : OrderIntUint(a.AsInt(), b.AsUint());
  }
  return b.Is(Kind::kUint) ? Order(a.AsUint(), b.AsUint())
                           : -OrderIntUint(b.AsInt(), a.AsUint());
}

int OrderTimes(const Timestamp& a, const Timestamp& b) {
  const int seconds = Order(a.seconds, b.seconds);
  return seconds != 0 ? seconds : Order(a.nanoseconds, b.nanoseconds);
}

bool EqualLists(const List& a, const List& b, Meter& meter) {
  if (const auto is_equal = a.Equals(b, meter)) return *is_equal;
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!Equal(a.At(i), b.At(i), meter)) return false;
  }
  return true;
}

bool EqualMaps(const Map& a, const Map& b, Meter& meter) {
  if (const auto is_equal = a.Equals(b, meter)) return *is_equal;
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto other = b.Find(a.KeyAt(i));
    if (!other || !Equal(a.ValueAt(i), *other, meter)) return false;
  }
  return true;
}

bool EqualOptionals(const Value* a, const Value* b, Meter& meter) {
  if (a == nullptr || b == nullptr) return a == b;
  return Equal(*a, *b, meter);
}

}  // namespace

std::optional<bool> List::Equals(const List&, Meter&) const {
  return std::nullopt;
}

std::optional<Value> List::Plus(const List&, Meter&) const {
  return std::nullopt;
}

std::optional<bool> Map::Equals(const Map&, Meter&) const {
  return std::nullopt;
}

bool Equal(const Value& a, const Value& b, Meter& meter) {
  if (!meter.Charge(1)) return false;
  if (IsNumber(a) && IsNumber(b)) {
    return !IsNan(a) && !IsNan(b) && OrderNumbers(a, b) == 0;
  }
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return a.AsBool() == b.AsBool();
    case Kind::kString:
    case Kind::kBytes:
      meter.Charge(a.AsString().size() / 64);
      return a.AsString() == b.AsString();
    case Kind::kType:
      return a.AsString() == b.AsString();
    case Kind::kTimestamp:
      return OrderTimes(a.AsTime(), b.AsTime()) == 0;
    case Kind::kDuration:
      return a.AsNanoseconds() == b.AsNanoseconds();
    case Kind::kList:
      return EqualLists(a.AsList(), b.AsList(), meter);
    case Kind::kMap:
      return EqualMaps(a.AsMap(), b.AsMap(), meter);
    case Kind::kOptional:
      return EqualOptionals(a.AsOptional(), b.AsOptional(), meter);
    case Kind::kOpaque:
      return a.AsOpaque().type_name() == b.AsOpaque().type_name() &&
             a.AsOpaque().Equals(b.AsOpaque());
    default:
      return false;
  }
}

Value Compare(const Value& a, const Value& b) {
  if (IsNumber(a) && IsNumber(b)) {
    if (IsNan(a) || IsNan(b)) {
      return Value::Error("NaN values cannot be ordered");
    }
    return Value::Int(OrderNumbers(a, b));
  }
  // NaN is looked at before the other operand is.
  if (IsNan(a)) return Value::Error("NaN values cannot be ordered");
  if (a.kind() != b.kind()) return Value::Error("no such overload");
  switch (a.kind()) {
    case Kind::kBool:
      return Value::Int(Order(a.AsBool(), b.AsBool()));
    case Kind::kString:
    case Kind::kBytes:
      return Value::Int(Order(a.AsString().compare(b.AsString()), 0));
    case Kind::kTimestamp:
      return Value::Int(OrderTimes(a.AsTime(), b.AsTime()));
    case Kind::kDuration:
      return Value::Int(Order(a.AsNanoseconds(), b.AsNanoseconds()));
    default:
      return Value::Error("no such overload");
  }
}

bool IsZero(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return !value.AsBool();
    case Kind::kInt:
    case Kind::kUint:
      return value.AsUint() == 0;
    case Kind::kDuration:
      return value.AsNanoseconds() == 0;
    case Kind::kDouble:
      return value.AsDouble() == 0;
    case Kind::kString:
    case Kind::kBytes:
      return value.AsString().empty();
    case Kind::kList:
      return value.AsList().size() == 0;
    case Kind::kMap:
      return value.AsMap().size() == 0;
    case Kind::kTimestamp:
      // Go's zero time is the year 1.
      return value.AsTime().seconds == -62135596800 &&
             value.AsTime().nanoseconds == 0;
    default:
      return false;
  }
}

}  // namespace weir::cel
