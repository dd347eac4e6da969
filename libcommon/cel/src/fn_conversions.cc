// int(), string() and the other conversions, type() and dyn().
#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "functions.h"
#include "numbers.h"
#include "source.h"
#include "times.h"
#include "weir/base/duration.h"

namespace weir::cel {
namespace {

using Values = absl::Span<const Value>;

Value Unconvertible(const Value& from, absl::string_view to) {
  return Value::Error(absl::StrCat("type conversion error from '",
                                   from.TypeName(), "' to '", to, "'"));
}

Value Same(Values v, Meter&) { return v[0]; }

Value ToType(Values v, Meter&) { return Value::Type(v[0].TypeName()); }

Value ToBool(Values v, Meter&) {
  static constexpr std::array<absl::string_view, 6> kTrue = {
      "1", "t", "T", "true", "TRUE", "True"};
  static constexpr std::array<absl::string_view, 6> kFalse = {
      "0", "f", "F", "false", "FALSE", "False"};
  for (const absl::string_view text : kTrue) {
    if (text == v[0].AsString()) return Value::Bool(true);
  }
  for (const absl::string_view text : kFalse) {
    if (text == v[0].AsString()) return Value::Bool(false);
  }
  return Unconvertible(v[0], "bool");
}

Value ToBytes(Values v, Meter& meter) {
  if (!meter.ChargeBytes(v[0].AsString().size())) return Value();
  return Value::Bytes(v[0].AsString());
}

Value ToDouble(Values v, Meter&) {
  const Value& from = v[0];
  if (from.Is(Kind::kInt)) {
    return Value::Double(static_cast<double>(from.AsInt()));
  }
  if (from.Is(Kind::kUint)) {
    return Value::Double(static_cast<double>(from.AsUint()));
  }
  const auto number = ParseGoFloat(from.AsString());
  return number ? Value::Double(*number) : Unconvertible(from, "double");
}

Value ToDuration(Values v, Meter&) {
  constexpr absl::string_view kTo = "google.protobuf.Duration";
  if (!v[0].Is(Kind::kString)) return Unconvertible(v[0], kTo);
  const auto duration = ParseGoDuration(v[0].AsString());
  if (!duration.ok()) return Unconvertible(v[0], kTo);
  return Value::Duration(absl::ToInt64Nanoseconds(*duration));
}

Value ToInt(Values v, Meter&) {
  const Value& from = v[0];
  switch (from.kind()) {
    case Kind::kDouble: {
      const auto number = DoubleToInt(from.AsDouble());
      return number ? Value::Int(*number) : Value::Error("integer overflow");
    }
    case Kind::kUint:
      if (from.AsUint() > INT64_MAX) return Value::Error("integer overflow");
      return Value::Int(static_cast<int64_t>(from.AsUint()));
    case Kind::kDuration:
      return Value::Int(from.AsNanoseconds());
    case Kind::kTimestamp:
      return Value::Int(from.AsTime().seconds);
    default:
      break;
  }
  const auto number = ParseGoInt(from.AsString());
  return number ? Value::Int(*number) : Unconvertible(from, "int");
}

Value ToUint(Values v, Meter&) {
  const Value& from = v[0];
  if (from.Is(Kind::kDouble)) {
    const auto number = DoubleToUint(from.AsDouble());
    return number ? Value::Uint(*number)
                  : Value::Error("unsigned integer overflow");
  }
  if (from.Is(Kind::kInt)) {
    if (from.AsInt() < 0) return Value::Error("unsigned integer overflow");
    return Value::Uint(static_cast<uint64_t>(from.AsInt()));
  }
  const auto number = ParseGoUint(from.AsString());
  return number ? Value::Uint(*number) : Unconvertible(from, "uint");
}

Value ToTimestamp(Values v, Meter&) {
  const Value& from = v[0];
  Timestamp time;
  if (from.Is(Kind::kInt)) {
    time.seconds = from.AsInt();
  } else {
    const auto parsed = ParseTimestamp(from.AsString());
    if (!parsed) return Unconvertible(from, "google.protobuf.Timestamp");
    time = *parsed;
  }
  if (time.seconds < kMinSeconds || time.seconds > kMaxSeconds) {
    return Value::Error("timestamp overflow");
  }
  return Value::Time(time);
}

Value ToString(Values v, Meter& meter) {
  const Value& from = v[0];
  switch (from.kind()) {
    case Kind::kBool:
      return Value::String(from.AsBool() ? "true" : "false");
    case Kind::kInt:
      return Value::String(absl::StrCat(from.AsInt()));
    case Kind::kUint:
      return Value::String(absl::StrCat(from.AsUint()));
    case Kind::kDouble:
      return Value::String(FormatShortest(from.AsDouble()));
    case Kind::kTimestamp:
      return Value::String(FormatTimestamp(from.AsTime()));
    case Kind::kDuration:
      return Value::String(FormatSeconds(from.AsNanoseconds()));
    default:
      break;
  }
  const std::string& bytes = from.AsString();
  if (!meter.ChargeBytes(bytes.size())) return Value();
  if (ToUtf8(ToPoints(bytes)) != bytes) {
    return Value::Error("invalid UTF-8 in bytes, cannot convert to string");
  }
  return Value::String(bytes);
}

constexpr auto kGlobal = Overload::Style::kGlobal;

constexpr Row kRows[] = {
    {"type", "type", kGlobal, "A", "type(A)", nullptr},
    {"dyn", "to_dyn", kGlobal, "A", "dyn", nullptr},
    {"bool", "bool_to_bool", kGlobal, "bool", "bool", Same},
    {"bool", "string_to_bool", kGlobal, "string", "bool", ToBool},
    {"bytes", "bytes_to_bytes", kGlobal, "bytes", "bytes", Same},
    {"bytes", "string_to_bytes", kGlobal, "string", "bytes", ToBytes},
    {"double", "double_to_double", kGlobal, "double", "double", Same},
    {"double", "int64_to_double", kGlobal, "int", "double", ToDouble},
    {"double", "string_to_double", kGlobal, "string", "double", ToDouble},
    {"double", "uint64_to_double", kGlobal, "uint", "double", ToDouble},
    {"duration", "duration_to_duration", kGlobal, "duration", "duration", Same},
    {"duration", "int64_to_duration", kGlobal, "int", "duration", ToDuration},
    {"duration", "string_to_duration", kGlobal, "string", "duration",
     ToDuration},
    {"int", "int64_to_int64", kGlobal, "int", "int", Same},
    {"int", "double_to_int64", kGlobal, "double", "int", ToInt},
    {"int", "duration_to_int64", kGlobal, "duration", "int", ToInt},
    {"int", "string_to_int64", kGlobal, "string", "int", ToInt},
    {"int", "timestamp_to_int64", kGlobal, "timestamp", "int", ToInt},
    {"int", "uint64_to_int64", kGlobal, "uint", "int", ToInt},
    {"string", "string_to_string", kGlobal, "string", "string", Same},
    {"string", "bool_to_string", kGlobal, "bool", "string", ToString},
    {"string", "bytes_to_string", kGlobal, "bytes", "string", ToString},
    {"string", "double_to_string", kGlobal, "double", "string", ToString},
    {"string", "duration_to_string", kGlobal, "duration", "string", ToString},
    {"string", "int64_to_string", kGlobal, "int", "string", ToString},
    {"string", "timestamp_to_string", kGlobal, "timestamp", "string", ToString},
    {"string", "uint64_to_string", kGlobal, "uint", "string", ToString},
    {"timestamp", "timestamp_to_timestamp", kGlobal, "timestamp", "timestamp",
     Same},
    {"timestamp", "int64_to_timestamp", kGlobal, "int", "timestamp",
     ToTimestamp},
    {"timestamp", "string_to_timestamp", kGlobal, "string", "timestamp",
     ToTimestamp},
    {"uint", "uint64_to_uint64", kGlobal, "uint", "uint", Same},
    {"uint", "double_to_uint64", kGlobal, "double", "uint", ToUint},
    {"uint", "int64_to_uint64", kGlobal, "int", "uint", ToUint},
    {"uint", "string_to_uint64", kGlobal, "string", "uint", ToUint},
};

constexpr SharedRow kShared[] = {
    {"type", 1, 0, ToType},
    {"dyn", 1, 0, Same},
};

}  // namespace

absl::Span<const Row> ConversionRows() { return kRows; }
absl::Span<const SharedRow> ConversionShared() { return kShared; }

}  // namespace weir::cel
