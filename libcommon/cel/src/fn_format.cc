// format(), as the newest version of cel-go's strings extension has it.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "format_string.h"
#include "functions.h"
#include "numbers.h"
#include "times.h"

namespace weir::cel {
namespace {

using Values = absl::Span<const Value>;

constexpr int kDefaultPrecision = 6;
constexpr int kMaxPrecision = 10'000;

std::string NumberText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return FormatPlain(value);
}

std::string InBase(bool is_negative, uint64_t value, int base, bool is_upper) {
  std::string digits;
  do {
    const char* all = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
    digits += all[value % base];
    value /= base;
  } while (value != 0);
  if (is_negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

bool AppendInBase(const Value& value, int base, bool is_upper,
                  std::string& out) {
  if (value.Is(Kind::kInt)) {
    const bool is_negative = value.AsInt() < 0;
    const uint64_t bits = static_cast<uint64_t>(value.AsInt());
    out += InBase(is_negative, is_negative ? uint64_t{0} - bits : bits, base,
                  is_upper);
    return true;
  }
  if (!value.Is(Kind::kUint)) return false;
  out += InBase(false, value.AsUint(), base, is_upper);
  return true;
}

bool AppendHex(const Value& value, bool is_upper, std::string& out) {
  if (!value.Is(Kind::kString) && !value.Is(Kind::kBytes)) {
    return AppendInBase(value, 16, is_upper, out);
  }
  std::string hex = absl::BytesToHexString(value.AsString());
  if (is_upper) absl::AsciiStrToUpper(&hex);
  out += hex;
  return true;
}

// %f and %e. Go's library has no such verbs for integers, and says so.
bool AppendFloat(const Value& value, char verb, int precision,
                 std::string& out) {
  if (value.Is(Kind::kInt) || value.Is(Kind::kUint)) {
    const bool is_int = value.Is(Kind::kInt);
    std::string digits =
        is_int ? absl::StrCat(value.AsInt()) : absl::StrCat(value.AsUint());
    const bool is_negative = digits[0] == '-';
    if (is_negative) digits.erase(0, 1);
    if (digits.size() < static_cast<size_t>(precision)) {
      digits.insert(0, precision - digits.size(), '0');
    }
    if (precision == 0 && digits == "0") digits.clear();
    absl::StrAppend(&out, "%!", std::string(1, verb),
                    is_int ? "(int64=" : "(uint64=", is_negative ? "-" : "",
                    digits, ")");
    return true;
  }
  if (!value.Is(Kind::kDouble)) return false;
  if (!std::isfinite(value.AsDouble())) {
    out += NumberText(value.AsDouble());
  } else if (verb == 'f') {
    absl::StrAppendFormat(&out, "%.*f", precision, value.AsDouble());
  } else {
    absl::StrAppendFormat(&out, "%.*e", precision, value.AsDouble());
  }
  return true;
}

// What %s prints. False for an optional, with its type's name in `out`.
bool AppendText(const Value& value, Meter& meter, std::string& out);

bool AppendMap(const Map& map, Meter& meter, std::string& out) {
  std::vector<std::pair<std::string, std::string>> entries(map.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    for (const auto& [part, text] :
         {std::pair(map.KeyAt(i), &entries[i].first),
          std::pair(map.ValueAt(i), &entries[i].second)}) {
      if (AppendText(part, meter, *text)) continue;
      out = *text;
      return false;
    }
  }
  std::stable_sort(
      entries.begin(), entries.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
  out += '{';
  for (size_t i = 0; i < entries.size(); ++i) {
    absl::StrAppend(&out, i == 0 ? "" : ", ", entries[i].first, ": ",
                    entries[i].second);
  }
  out += '}';
  return true;
}

bool AppendList(const List& list, Meter& meter, std::string& out) {
  out += '[';
  for (size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ", ";
    if (!AppendText(list.At(i), meter, out)) return false;
  }
  out += ']';
  return true;
}

bool AppendText(const Value& value, Meter& meter, std::string& out) {
  if (!meter.ChargeBytes(8) || !meter.Charge(1)) return true;
  switch (value.kind()) {
    case Kind::kNull:
      out += "null";
      return true;
    case Kind::kBool:
      out += value.AsBool() ? "true" : "false";
      return true;
    case Kind::kInt:
      absl::StrAppend(&out, value.AsInt());
      return true;
    case Kind::kUint:
      absl::StrAppend(&out, value.AsUint());
      return true;
    case Kind::kDouble:
      out += NumberText(value.AsDouble());
      return true;
    case Kind::kString:
    case Kind::kBytes:
      if (meter.ChargeBytes(value.AsString().size())) out += value.AsString();
      return true;
    case Kind::kType:
      out += value.AsString();
      return true;
    case Kind::kTimestamp:
      out += FormatTimestamp(InUtc(value.AsTime()));
      return true;
    case Kind::kDuration:
      out += FormatSeconds(value.AsNanoseconds());
      return true;
    case Kind::kList:
      return AppendList(value.AsList(), meter, out);
    case Kind::kMap:
      return AppendMap(value.AsMap(), meter, out);
    default:
      out = value.TypeName();
      return false;
  }
}

bool AppendDecimal(const Value& value, std::string& out) {
  if (value.Is(Kind::kDouble)) {
    out += NumberText(value.AsDouble());
    return true;
  }
  return AppendInBase(value, 10, false, out);
}

std::string AppendClause(const FormatClause& clause, const Value& value,
                         Meter& meter, std::string& out) {
  bool is_fine = false;
  switch (clause.verb) {
    case 's': {
      std::string text;
      if (!AppendText(value, meter, text)) {
        return WrongFormatArgument('s', text);
      }
      out += text;
      return "";
    }
    case 'd':
      is_fine = AppendDecimal(value, out);
      break;
    case 'f':
    case 'e':
      if (!meter.ChargeBytes(clause.precision)) return "";
      is_fine = AppendFloat(value, clause.verb, clause.precision, out);
      break;
    case 'b':
      is_fine = AppendInBase(value, 2, false, out);
      if (value.Is(Kind::kBool)) {
        out += value.AsBool() ? '1' : '0';
        is_fine = true;
      }
      break;
    case 'o':
      is_fine = AppendInBase(value, 8, false, out);
      break;
    default:
      is_fine = AppendHex(value, clause.verb == 'X', out);
  }
  return is_fine ? "" : WrongFormatArgument(clause.verb, value.TypeName());
}

Value FormatFunction(Values v, Meter& meter) {
  const List& arguments = v[1].AsList();
  std::string out;
  const std::string error = Format(
      v[0].AsString(), arguments.size(), out, [&](const FormatClause& clause) {
        return AppendClause(clause, arguments.At(clause.argument), meter, out);
      });
  if (!error.empty()) return Value::Error(error);
  if (!meter.ChargeBytes(out.size())) return Value();
  return Value::String(std::move(out));
}

// From the dot on; what is wrong, or nothing.
std::string ParsePrecision(absl::string_view format, size_t& at,
                           int& precision) {
  precision = kDefaultPrecision;
  if (format[at] != '.') return "";
  const size_t begin = ++at;
  while (at < format.size() && absl::ascii_isdigit(format[at])) ++at;
  if (at == format.size()) {
    return "could not find end of precision specifier";
  }
  const absl::string_view digits = format.substr(begin, at - begin);
  if (!absl::SimpleAtoi(digits, &precision)) {
    return absl::StrCat(
        "error while converting precision to integer: strconv.Atoi: parsing \"",
        digits,
        "\": ", digits.empty() ? "invalid syntax" : "value out of range");
  }
  if (precision > kMaxPrecision) {
    return absl::StrCat("precision ", precision, " is above ", kMaxPrecision);
  }
  return "";
}

constexpr auto kMember = Overload::Style::kMember;

constexpr Row kRows[] = {
    {"format", "string_format", kMember, "string, list(dyn)", "string",
     FormatFunction},
};

}  // namespace

std::string WrongFormatArgument(char verb, absl::string_view type_name) {
  absl::string_view rule;
  switch (verb) {
    case 's':
      rule =
          "string clause can only be used on strings, bools, bytes, ints, "
          "doubles, maps, lists, types, durations, and timestamps";
      break;
    case 'd':
      rule = "decimal clause can only be used on ints, uints, and doubles";
      break;
    case 'f':
      rule = "fixed-point clause can only be used on ints, uints, and doubles";
      break;
    case 'e':
      rule = "scientific clause can only be used on ints, uints, and doubles";
      break;
    case 'b':
      rule = "only ints, uints, and bools can be formatted as binary";
      break;
    case 'o':
      rule = "octal clause can only be used on ints and uints";
      break;
    default:
      rule = "only ints, uints, bytes, and strings can be formatted as hex";
  }
  return absl::StrCat(rule, ", was given ", type_name);
}

std::string Format(
    absl::string_view format, size_t argument_count, std::string& out,
    const std::function<std::string(const FormatClause&)>& write) {
  size_t argument = 0;
  for (size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') {
      out += format[at];
      continue;
    }
    ++at;
    if (at < format.size() && format[at] == '%') {
      out += '%';
      continue;
    }
    if (argument >= argument_count) {
      return absl::StrCat("index ", argument, " out of range");
    }
    if (at == format.size()) return "unexpected end of string";
    FormatClause clause{0, 0, argument++};
    std::string error = ParsePrecision(format, at, clause.precision);
    if (!error.empty()) {
      return absl::StrCat(
          "could not parse formatting clause: error while "
          "parsing precision: ",
          error);
    }
    clause.verb = format[at];
    if (absl::string_view("sdfebxXo").find(clause.verb) ==
        absl::string_view::npos) {
      return absl::StrCat(
          "could not parse formatting clause: unrecognized formatting clause "
          "\"",
          std::string(1, clause.verb), "\"");
    }
    error = write(clause);
    if (!error.empty()) {
      return absl::StrCat("error during formatting: ", error);
    }
  }
  return "";
}

absl::Span<const Row> FormatRows() { return kRows; }

}  // namespace weir::cel
