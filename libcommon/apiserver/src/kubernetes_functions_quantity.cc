// The quantity library.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "kubernetes_functions.h"
#include "quantity.h"

namespace weir::apiserver {
namespace {

using cel::Meter;
using Values = absl::Span<const cel::Value>;
using Result = cel::Value;

constexpr int kMaxDigits = 18;  // Of what upstream counts in an int64.

// Upstream counts most quantities as an int64 times a power of ten. What is
// counted otherwise is no integer to it, even when it is one.
struct CelQuantity {
  static constexpr char kCelType[] = "kubernetes.Quantity";
  __int128 nano = 0;
  bool is_small = true;
  int scale = 0;
  bool operator==(const CelQuantity& other) const { return nano == other.nano; }
};

// The parts of a text that may be a quantity.
struct Parts {
  std::string whole, fraction;
  absl::string_view suffix;
};

absl::string_view TakeDigits(absl::string_view& text) {
  size_t end = 0;
  while (end < text.size() && absl::ascii_isdigit(text[end])) ++end;
  const absl::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

std::optional<Parts> Split(absl::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  absl::string_view whole = TakeDigits(text);
  while (!whole.empty() && whole[0] == '0') whole.remove_prefix(1);
  Parts parts;
  parts.whole = whole.empty() ? "0" : std::string(whole);
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    parts.fraction = std::string(TakeDigits(text));
  }
  parts.suffix = text;
  text.remove_prefix(
      std::min(text.find_first_not_of("eEinumkKMGTP"), text.size()));
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    text.remove_prefix(1);
  }
  TakeDigits(text);
  if (!text.empty()) return std::nullopt;
  return parts;
}

// The exponent of a suffix, of ten or of two.
int ExponentOf(const Quantity& one) {
  __int128 unit = one.nano;
  int exponent = 0;
  if (one.format == Quantity::Format::kBinary) {
    for (unit /= 1000000000; unit > 1; unit /= 2) ++exponent;
    return exponent;
  }
  for (; unit > 1; unit /= 10) ++exponent;
  return exponent - 9;
}

absl::StatusOr<CelQuantity> Read(const std::string& text) {
  const auto parts = Split(text);
  if (!parts) {
    return absl::InvalidArgumentError(
        "quantities must match the regular expression "
        "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  }
  const auto one = ParseQuantity(absl::StrCat("1", parts->suffix));
  if (!one) {
    return absl::InvalidArgumentError("unable to parse quantity's suffix");
  }
  CelQuantity out;
  if (const auto quantity = ParseQuantity(text)) out.nano = quantity->nano;
  const int exponent = ExponentOf(*one);
  const auto whole = static_cast<int>(parts->whole.size());
  const auto fraction = static_cast<int>(parts->fraction.size());
  if (one->format == Quantity::Format::kBinary) {
    // About three digits for ten bits.
    out.is_small = fraction == 0 && 14 - whole - exponent * 3 / 10 >= 0;
  } else {
    out.scale = exponent - fraction;
    out.is_small = whole + fraction <= kMaxDigits && out.scale >= -9;
  }
  return out;
}

const CelQuantity& Of(const Result& value) {
  return CelObject<CelQuantity>::Of(value);
}

Result ToQuantity(Values v, Meter&) {
  auto quantity = Read(v[0].AsString());
  if (!quantity.ok()) {
    return Result::Error(std::string(quantity.status().message()));
  }
  return CelObject<CelQuantity>::Make(*quantity);
}

Result IsQuantity(Values v, Meter&) {
  return Result::Bool(Read(v[0].AsString()).ok());
}

int Compared(Values v) {
  const __int128 a = Of(v[0]).nano;
  const __int128 b = Of(v[1]).nano;
  return a < b ? -1 : a > b ? 1 : 0;
}

Result Sign(Values v, Meter&) {
  const __int128 nano = Of(v[0]).nano;
  return Result::Int(nano < 0 ? -1 : nano > 0 ? 1 : 0);
}

Result IsGreater(Values v, Meter&) { return Result::Bool(Compared(v) > 0); }
Result IsLess(Values v, Meter&) { return Result::Bool(Compared(v) < 0); }
Result CompareTo(Values v, Meter&) { return Result::Int(Compared(v)); }

std::optional<int64_t> IntegerOf(const CelQuantity& quantity) {
  if (!quantity.is_small || quantity.scale < 0) return std::nullopt;
  const __int128 whole = quantity.nano / 1000000000;
  if (whole > std::numeric_limits<int64_t>::max() ||
      whole < std::numeric_limits<int64_t>::min()) {
    return std::nullopt;
  }
  return static_cast<int64_t>(whole);
}

Result IsInteger(Values v, Meter&) {
  return Result::Bool(IntegerOf(Of(v[0])).has_value());
}

Result AsInteger(Values v, Meter&) {
  const auto integer = IntegerOf(Of(v[0]));
  return integer ? Result::Int(*integer)
                 : Result::Error("cannot convert value to integer");
}

Result AsFloat(Values v, Meter&) {
  const CelQuantity& quantity = Of(v[0]);
  const int scale = quantity.is_small ? quantity.scale : -9;
  __int128 base = quantity.nano;
  for (int i = -9; i < scale; ++i) base /= 10;
  const auto number = static_cast<double>(base);
  return Result::Double(scale == 0 ? number : number * std::pow(10.0, scale));
}

Result Sum(const CelQuantity& a, const CelQuantity& b, int sign) {
  CelQuantity out;
  if (__builtin_add_overflow(a.nano, sign * b.nano, &out.nano)) {
    return Result::Error("quantity overflow");
  }
  out.is_small = a.is_small && b.is_small;
  out.scale = b.nano == 0   ? a.scale
              : a.nano == 0 ? b.scale
                            : std::min(a.scale, b.scale);
  return CelObject<CelQuantity>::Make(out);
}

CelQuantity OfInteger(const Result& value) {
  return {static_cast<__int128>(value.AsInt()) * 1000000000, true, 0};
}

Result Add(Values v, Meter&) { return Sum(Of(v[0]), Of(v[1]), 1); }
Result Sub(Values v, Meter&) { return Sum(Of(v[0]), Of(v[1]), -1); }
Result AddInt(Values v, Meter&) { return Sum(Of(v[0]), OfInteger(v[1]), 1); }
Result SubInt(Values v, Meter&) { return Sum(Of(v[0]), OfInteger(v[1]), -1); }

}  // namespace

void AddCelQuantities(CelOverloads& out) {
  constexpr auto kGlobal = cel::Overload::Style::kGlobal;
  constexpr auto kMember = cel::Overload::Style::kMember;
  const std::string quantity = "object(kubernetes.Quantity)";
  const std::string two = absl::StrCat(quantity, ", ", quantity);
  const std::string and_int = absl::StrCat(quantity, ", int");
  const cel::Overload rows[] = {
      {"quantity", "string_to_quantity", kGlobal, "string", quantity,
       ToQuantity},
      {"isQuantity", "is_quantity_string", kGlobal, "string", "bool",
       IsQuantity},
      {"sign", "quantity_sign", kGlobal, quantity, "int", Sign},
      {"isGreaterThan", "quantity_is_greater_than", kMember, two, "bool",
       IsGreater},
      {"isLessThan", "quantity_is_less_than", kMember, two, "bool", IsLess},
      {"compareTo", "quantity_compare_to", kMember, two, "int", CompareTo},
      {"asApproximateFloat", "quantity_get_float", kMember, quantity, "double",
       AsFloat},
      {"asInteger", "quantity_get_int", kMember, quantity, "int", AsInteger},
      {"isInteger", "quantity_is_integer", kMember, quantity, "bool",
       IsInteger},
      {"add", "quantity_add", kMember, two, quantity, Add},
      {"add", "quantity_add_int", kMember, and_int, quantity, AddInt},
      {"sub", "quantity_sub", kMember, two, quantity, Sub},
      {"sub", "quantity_sub_int", kMember, and_int, quantity, SubInt},
  };
  out.insert(out.end(), std::begin(rows), std::end(rows));
}

}  // namespace weir::apiserver
