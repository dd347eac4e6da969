#include "cast.h"

#include <limits>

#include "go_strconv.h"
#include "types.h"

namespace weir::gotmpl {
namespace {

// Without ".0", ".00" and so on.
absl::string_view WithoutZeroDecimals(absl::string_view text) {
  bool found_zero = false;
  for (size_t i = text.size(); i > 0; --i) {
    if (text[i - 1] == '.') {
      if (found_zero) return text.substr(0, i - 1);
    } else if (text[i - 1] == '0') {
      found_zero = true;
    } else {
      break;
    }
  }
  return text;
}

// Named types of these kinds are none of the types that cast knows.
bool IsPlain(const Any& value) {
  const Type* type = value.type();
  return type == types::Int() || type == types::Int32() ||
         type == types::Int64() || type == types::Uint() ||
         type == types::Uint8() || type == types::Uint32() ||
         type == types::Uint64() || type == types::Bool() ||
         type == types::Month() || type == types::Weekday();
}

}  // namespace

int64_t TruncateToInt64(double number) {
  if (number >= -9223372036854775808.0 && number < 9223372036854775808.0) {
    return static_cast<int64_t>(number);
  }
  return std::numeric_limits<int64_t>::min();
}

int64_t ToInt64(const Any& value) {
  if (value.is_nothing()) return 0;
  if (IsPlain(value)) return value.AsInt();
  if (value.type() == types::Float64()) {
    return TruncateToInt64(value.AsFloat());
  }
  if (value.type() == types::String()) {
    return ParseInt(WithoutZeroDecimals(value.AsString()), 0).value_or(0);
  }
  return 0;
}

double ToFloat64(const Any& value) {
  if (value.is_nothing()) return 0;
  if (IsPlain(value)) {
    return value.is_unsigned() ? static_cast<double>(value.AsUint())
                               : static_cast<double>(value.AsInt());
  }
  if (value.type() == types::Float64()) return value.AsFloat();
  if (value.type() == types::String()) {
    return ParseFloat(value.AsString()).value_or(0);
  }
  return 0;
}

}  // namespace weir::gotmpl
