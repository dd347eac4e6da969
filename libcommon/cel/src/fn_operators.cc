// Arithmetic, logic, indexing.
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "functions.h"
#include "times.h"

namespace weir::cel {
namespace {

using Values = absl::Span<const Value>;

Value NoOverload() { return Value::Error("no such overload"); }
Value IntOverflow() { return Value::Error("integer overflow"); }
Value UintOverflow() { return Value::Error("unsigned integer overflow"); }
Value OutOfBytes() { return Value::Error("evaluation makes too much data"); }

Value Joined(const Value& a, const Value& b, Meter& meter) {
  if (!meter.ChargeBytes(a.AsString().size() + b.AsString().size())) {
    return OutOfBytes();
  }
  std::string both = absl::StrCat(a.AsString(), b.AsString());
  return a.Is(Kind::kString) ? Value::String(std::move(both))
                             : Value::Bytes(std::move(both));
}

Value JoinedLists(const Value& a, const Value& b, Meter& meter) {
  const List& left = a.AsList();
  const List& right = b.AsList();
  if (auto sum = left.Plus(right, meter)) return *std::move(sum);
  if (left.size() == 0) return b;
  if (right.size() == 0) return a;
  const size_t size = left.size() + right.size();
  if (!meter.ChargeBytes(size * sizeof(Value)) || !meter.Charge(size)) {
    return OutOfBytes();
  }
  std::vector<Value> all;
  all.reserve(size);
  for (size_t i = 0; i < left.size(); ++i) all.push_back(left.At(i));
  for (size_t i = 0; i < right.size(); ++i) all.push_back(right.At(i));
  return Value::OfElements(std::move(all));
}

Value Add(Values v, Meter& meter) {
  const Value& a = v[0];
  const Value& b = v[1];
  if (a.Is(Kind::kDuration) && b.Is(Kind::kTimestamp)) return AddTimes(b, a);
  if (a.Is(Kind::kTimestamp) && b.Is(Kind::kDuration)) return AddTimes(a, b);
  if (a.kind() != b.kind()) return NoOverload();
  switch (a.kind()) {
    case Kind::kInt:
    case Kind::kDuration: {
      int64_t sum = 0;
      if (__builtin_add_overflow(a.AsInt(), b.AsInt(), &sum)) {
        return IntOverflow();
      }
      return a.Is(Kind::kInt) ? Value::Int(sum) : Value::Duration(sum);
    }
    case Kind::kUint: {
      uint64_t sum = 0;
      if (__builtin_add_overflow(a.AsUint(), b.AsUint(), &sum)) {
        return UintOverflow();
      }
      return Value::Uint(sum);
    }
    case Kind::kDouble:
      return Value::Double(a.AsDouble() + b.AsDouble());
    case Kind::kString:
    case Kind::kBytes:
      return Joined(a, b, meter);
    case Kind::kList:
      return JoinedLists(a, b, meter);
    default:
      return NoOverload();
  }
}

Value Subtract(Values v, Meter&) {
  const Value& a = v[0];
  const Value& b = v[1];
  if (a.Is(Kind::kTimestamp)) return SubtractTimes(a, b);
  if (a.kind() != b.kind()) return NoOverload();
  switch (a.kind()) {
    case Kind::kInt:
    case Kind::kDuration: {
      int64_t difference = 0;
      if (__builtin_sub_overflow(a.AsInt(), b.AsInt(), &difference)) {
        return IntOverflow();
      }
      return a.Is(Kind::kInt) ? Value::Int(difference)
                              : Value::Duration(difference);
    }
    case Kind::kUint:
      if (b.AsUint() > a.AsUint()) return UintOverflow();
      return Value::Uint(a.AsUint() - b.AsUint());
    case Kind::kDouble:
      return Value::Double(a.AsDouble() - b.AsDouble());
    default:
      return NoOverload();
  }
}

Value Multiply(Values v, Meter&) {
  const Value& a = v[0];
  const Value& b = v[1];
  if (a.kind() != b.kind()) return NoOverload();
  if (a.Is(Kind::kInt)) {
    int64_t product = 0;
    if (__builtin_mul_overflow(a.AsInt(), b.AsInt(), &product)) {
      return IntOverflow();
    }
    return Value::Int(product);
  }
  if (a.Is(Kind::kUint)) {
    uint64_t product = 0;
    if (__builtin_mul_overflow(a.AsUint(), b.AsUint(), &product)) {
      return UintOverflow();
    }
    return Value::Uint(product);
  }
  return Value::Double(a.AsDouble() * b.AsDouble());
}

bool IsOnlyOverflow(const Value& a, const Value& b) {
  return a.AsInt() == std::numeric_limits<int64_t>::min() && b.AsInt() == -1;
}

Value Divide(Values v, Meter&) {
  const Value& a = v[0];
  const Value& b = v[1];
  if (a.kind() != b.kind()) return NoOverload();
  if (a.Is(Kind::kDouble)) return Value::Double(a.AsDouble() / b.AsDouble());
  if (b.AsUint() == 0) return Value::Error("division by zero");
  if (a.Is(Kind::kUint)) return Value::Uint(a.AsUint() / b.AsUint());
  if (IsOnlyOverflow(a, b)) return IntOverflow();
  return Value::Int(a.AsInt() / b.AsInt());
}

Value Modulo(Values v, Meter&) {
  const Value& a = v[0];
  const Value& b = v[1];
  if (a.kind() != b.kind()) return NoOverload();
  if (b.AsUint() == 0) return Value::Error("modulus by zero");
  if (a.Is(Kind::kUint)) return Value::Uint(a.AsUint() % b.AsUint());
  if (IsOnlyOverflow(a, b)) return IntOverflow();
  return Value::Int(a.AsInt() % b.AsInt());
}

Value Negate(Values v, Meter&) {
  const Value& a = v[0];
  if (a.Is(Kind::kBool)) return NoOverload();
  if (a.Is(Kind::kDouble)) return Value::Double(-a.AsDouble());
  if (a.AsInt() == std::numeric_limits<int64_t>::min()) return IntOverflow();
  return a.Is(Kind::kInt) ? Value::Int(-a.AsInt())
                          : Value::Duration(-a.AsInt());
}

Value Not(Values v, Meter&) {
  return v[0].Is(Kind::kBool) ? Value::Bool(!v[0].AsBool()) : NoOverload();
}

constexpr auto kGlobal = Overload::Style::kGlobal;

constexpr Row kRows[] = {
    {"_?_:_", "conditional", kGlobal, "bool, A, A", "A", nullptr},
    {"_&&_", "logical_and", kGlobal, "bool, bool", "bool", nullptr},
    {"_||_", "logical_or", kGlobal, "bool, bool", "bool", nullptr},
    {"!_", "logical_not", kGlobal, "bool", "bool", nullptr},
    {"@not_strictly_false", "not_strictly_false", kGlobal, "bool", "bool",
     nullptr},
    {"_+_", "add_bytes", kGlobal, "bytes, bytes", "bytes", nullptr},
    {"_+_", "add_double", kGlobal, "double, double", "double", nullptr},
    {"_+_", "add_duration_duration", kGlobal, "duration, duration", "duration",
     nullptr},
    {"_+_", "add_duration_timestamp", kGlobal, "duration, timestamp",
     "timestamp", nullptr},
    {"_+_", "add_timestamp_duration", kGlobal, "timestamp, duration",
     "timestamp", nullptr},
    {"_+_", "add_int64", kGlobal, "int, int", "int", nullptr},
    {"_+_", "add_list", kGlobal, "list(A), list(A)", "list(A)", nullptr},
    {"_+_", "add_string", kGlobal, "string, string", "string", nullptr},
    {"_+_", "add_uint64", kGlobal, "uint, uint", "uint", nullptr},
    {"_/_", "divide_double", kGlobal, "double, double", "double", nullptr},
    {"_/_", "divide_int64", kGlobal, "int, int", "int", nullptr},
    {"_/_", "divide_uint64", kGlobal, "uint, uint", "uint", nullptr},
    {"_%_", "modulo_int64", kGlobal, "int, int", "int", nullptr},
    {"_%_", "modulo_uint64", kGlobal, "uint, uint", "uint", nullptr},
    {"_*_", "multiply_double", kGlobal, "double, double", "double", nullptr},
    {"_*_", "multiply_int64", kGlobal, "int, int", "int", nullptr},
    {"_*_", "multiply_uint64", kGlobal, "uint, uint", "uint", nullptr},
    {"-_", "negate_double", kGlobal, "double", "double", nullptr},
    {"-_", "negate_int64", kGlobal, "int", "int", nullptr},
    {"_-_", "subtract_double", kGlobal, "double, double", "double", nullptr},
    {"_-_", "subtract_duration_duration", kGlobal, "duration, duration",
     "duration", nullptr},
    {"_-_", "subtract_int64", kGlobal, "int, int", "int", nullptr},
    {"_-_", "subtract_timestamp_duration", kGlobal, "timestamp, duration",
     "timestamp", nullptr},
    {"_-_", "subtract_timestamp_timestamp", kGlobal, "timestamp, timestamp",
     "duration", nullptr},
    {"_-_", "subtract_uint64", kGlobal, "uint, uint", "uint", nullptr},
    {"_[_]", "index_list", kGlobal, "list(A), int", "A", nullptr},
    {"_[_]", "index_map", kGlobal, "map(A, B), A", "B", nullptr},
};

constexpr SharedRow kShared[] = {
    {"_+_", 2, kAdder, Add},
    {"_-_", 2, kSubtractor, Subtract},
    {"_*_", 2, kMultiplier, Multiply},
    {"_/_", 2, kDivider, Divide},
    {"_%_", 2, kModder, Modulo},
    {"-_", 1, kNegator, Negate},
    {"!_", 1, 0, Not},
};

}  // namespace

absl::Span<const Row> OperatorRows() { return kRows; }
absl::Span<const SharedRow> OperatorShared() { return kShared; }

}  // namespace weir::cel
