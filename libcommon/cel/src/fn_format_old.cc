// format(), as the strings extension had it before its version 4: lists and
// maps print as expressions, and numbers as in American English.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "format_string.h"
#include "functions.h"
#include "numbers.h"
#include "source.h"
#include "times.h"
#include "weir/value/go_quote.h"

namespace weir::cel {
namespace {

using Values = absl::Span<const Value>;

// Each appends to `out` and returns what is wrong, or nothing.
std::string AppendList(const List& list, Meter& meter, std::string& out);
std::string AppendMap(const Map& map, Meter& meter, std::string& out);

// What string() makes of a value.
std::string AppendText(const Value& value, Meter& meter, std::string& out) {
  switch (value.kind()) {
    case Kind::kNull:
      out += "null";
      return "";
    case Kind::kBool:
      out += value.AsBool() ? "true" : "false";
      return "";
    case Kind::kInt:
      absl::StrAppend(&out, value.AsInt());
      return "";
    case Kind::kUint:
      absl::StrAppend(&out, value.AsUint());
      return "";
    case Kind::kDouble:
      out += FormatShortest(value.AsDouble());
      return "";
    case Kind::kBytes:
      if (ToUtf8(ToPoints(value.AsString())) != value.AsString()) {
        return "could not convert argument \"invalid UTF-8 in bytes, cannot "
               "convert to string\" to string";
      }
      [[fallthrough]];
    case Kind::kString:
      if (meter.ChargeBytes(value.AsString().size())) out += value.AsString();
      return "";
    case Kind::kType:
      out += value.AsString();
      return "";
    case Kind::kTimestamp:
      out += FormatTimestamp(value.AsTime());
      return "";
    case Kind::kDuration:
      out += FormatSeconds(value.AsNanoseconds());
      return "";
    case Kind::kList:
      return AppendList(value.AsList(), meter, out);
    case Kind::kMap:
      return AppendMap(value.AsMap(), meter, out);
    default:
      return WrongOldFormatArgument('s', value.TypeName());
  }
}

// A value within a list or a map.
std::string AppendLiteral(const Value& value, Meter& meter, std::string& out) {
  if (!meter.Charge(1) || !meter.ChargeBytes(8)) return "";
  std::string text;
  switch (value.kind()) {
    case Kind::kString:
    case Kind::kBytes: {
      const std::string error = AppendText(value, meter, text);
      absl::StrAppend(&out, value.Is(Kind::kBytes) ? "b" : "", GoQuote(text));
      return error;
    }
    case Kind::kTimestamp:
    case Kind::kDuration: {
      const std::string error = AppendText(value, meter, text);
      absl::StrAppend(&out,
                      value.Is(Kind::kTimestamp) ? "timestamp(" : "duration(",
                      GoQuote(text), ")");
      return error;
    }
    case Kind::kDouble:
      if (std::isfinite(value.AsDouble())) {
        absl::StrAppendFormat(&out, "%.6f", value.AsDouble());
      } else {
        absl::StrAppend(&out, "\"", FormatShortest(value.AsDouble()), "\"");
      }
      return "";
    case Kind::kOptional:
    case Kind::kOpaque:
    case Kind::kError:
      return absl::StrCat("no formatting function for ", value.TypeName());
    default:
      return AppendText(value, meter, out);
  }
}

std::string AppendList(const List& list, Meter& meter, std::string& out) {
  out += '[';
  for (size_t i = 0; i < list.size() && !meter.is_exhausted(); ++i) {
    if (i > 0) out += ", ";
    std::string error = AppendLiteral(list.At(i), meter, out);
    if (!error.empty()) return error;
  }
  out += ']';
  return "";
}

std::string AppendMap(const Map& map, Meter& meter, std::string& out) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (size_t i = 0; i < map.size() && !meter.is_exhausted(); ++i) {
    const Value key = map.KeyAt(i);
    if (!key.Is(Kind::kString) && !key.Is(Kind::kBool) && !key.Is(Kind::kInt) &&
        !key.Is(Kind::kUint)) {
      return absl::StrCat("no formatting function for map key of type ",
                          key.TypeName());
    }
    auto& [name, text] = entries.emplace_back();
    AppendLiteral(key, meter, name);
    std::string error = AppendLiteral(map.ValueAt(i), meter, text);
    if (!error.empty()) return error;
  }
  std::stable_sort(
      entries.begin(), entries.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
  out += '{';
  for (size_t i = 0; i < entries.size(); ++i) {
    absl::StrAppend(&out, i == 0 ? "" : ", ", entries[i].first, ":",
                    entries[i].second);
  }
  out += '}';
  return "";
}

// "1,234.50"
std::string Grouped(double value, int precision) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-∞" : "∞";
  // There is no negative zero.
  std::string text = absl::StrFormat("%.*f", precision, value + 0.0);
  const size_t first = text[0] == '-' ? 1 : 0;
  const size_t point = std::min(text.find('.'), text.size());
  for (size_t at = point; at > first + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

// "1.234500×10⁰³"; a precision is only a width.
std::string Scientific(double value, int precision) {
  static constexpr absl::string_view kDigits[] = {"⁰", "¹", "²", "³", "⁴",
                                                  "⁵", "⁶", "⁷", "⁸", "⁹"};
  if (!std::isfinite(value)) {
    std::string text = Grouped(value, 0);
    const size_t width = ToPoints(text).size();
    if (width < static_cast<size_t>(precision)) {
      text.insert(0, precision - width, ' ');
    }
    return text;
  }
  const std::string text = absl::StrFormat("%.6e", value + 0.0);
  const size_t mark = text.find('e');
  std::string out = absl::StrCat(text.substr(0, mark), "×10");
  for (const char c : text.substr(mark + 1)) {
    if (c == '-') out += "⁻";
    if (c >= '0' && c <= '9') absl::StrAppend(&out, kDigits[c - '0']);
  }
  return out;
}

bool AppendInteger(const Value& value, char verb, std::string& out) {
  if (!value.Is(Kind::kInt) && !value.Is(Kind::kUint)) return false;
  const bool is_negative = value.Is(Kind::kInt) && value.AsInt() < 0;
  uint64_t rest = value.AsUint();
  if (is_negative) rest = uint64_t{0} - rest;
  const uint64_t base = verb == 'b'   ? 2
                        : verb == 'o' ? 8
                        : verb == 'd' ? 10
                                      : 16;
  const char* all = verb == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string digits;
  do {
    digits += all[rest % base];
    rest /= base;
  } while (rest != 0);
  if (is_negative) digits += '-';
  out.append(digits.rbegin(), digits.rend());
  return true;
}

bool AppendFloat(const FormatClause& clause, const Value& value,
                 std::string& out) {
  double number = 0;
  if (value.Is(Kind::kDouble)) {
    number = value.AsDouble();
  } else if (value.Is(Kind::kString) &&
             (value.AsString() == "NaN" || value.AsString() == "Infinity" ||
              value.AsString() == "-Infinity")) {
    number = *ParseGoFloat(value.AsString());
  } else {
    return false;
  }
  out += clause.verb == 'f' ? Grouped(number, clause.precision)
                            : Scientific(number, clause.precision);
  return true;
}

std::string AppendClause(const FormatClause& clause, const Value& value,
                         Meter& meter, std::string& out) {
  bool is_fine = false;
  switch (clause.verb) {
    case 's':
      return AppendText(value, meter, out);
    case 'f':
    case 'e':
      if (!meter.ChargeBytes(2 * clause.precision)) return "";
      is_fine = AppendFloat(clause, value, out);
      break;
    case 'b':
      is_fine = value.Is(Kind::kBool);
      if (is_fine) {
        out += value.AsBool() ? '1' : '0';
        break;
      }
      [[fallthrough]];
    case 'd':
    case 'o':
      is_fine = AppendInteger(value, clause.verb, out);
      break;
    default:
      is_fine = value.Is(Kind::kString) || value.Is(Kind::kBytes);
      if (is_fine) {
        std::string hex = absl::BytesToHexString(value.AsString());
        if (clause.verb == 'X') absl::AsciiStrToUpper(&hex);
        out += hex;
        break;
      }
      is_fine = AppendInteger(value, clause.verb, out);
  }
  return is_fine ? "" : WrongOldFormatArgument(clause.verb, value.TypeName());
}

Value OldFormat(Values v, Meter& meter) {
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

constexpr Row kRows[] = {
    {"format", "string_format", Overload::Style::kMember, "string, list(dyn)",
     "string", OldFormat},
};

}  // namespace

std::string WrongOldFormatArgument(char verb, absl::string_view type_name) {
  absl::string_view rule;
  switch (verb) {
    case 's':
      return WrongFormatArgument(verb, type_name);
    case 'd':
      rule = "decimal clause can only be used on integers";
      break;
    case 'f':
      rule = "fixed-point clause can only be used on doubles";
      break;
    case 'e':
      rule = "scientific clause can only be used on doubles";
      break;
    case 'b':
      rule = "only integers and bools can be formatted as binary";
      break;
    case 'o':
      rule = "octal clause can only be used on integers";
      break;
    default:
      rule = "only integers, byte buffers, and strings can be formatted as hex";
  }
  return absl::StrCat(rule, ", was given ", type_name);
}

absl::Span<const Row> OldFormatRows() { return kRows; }

}  // namespace weir::cel
