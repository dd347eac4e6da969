// Operators, functions and methods of CEL and of its Kubernetes libraries.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cel_node.h"
#include "quantity.h"
#include "schema_pattern.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

using Args = std::vector<CelValue>;
using Result = absl::StatusOr<CelValue>;
using Function = std::function<Result(const Args&)>;

absl::Status NoOverload() {
  return absl::InvalidArgumentError("no such overload");
}

const std::string& Text(const CelValue& v) { return v.json().AsString(); }

bool AllStrings(const Args& args) {
  return std::all_of(args.begin(), args.end(),
                     [](const CelValue& v) { return v.is_string(); });
}

size_t CountRunes(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(),
      [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// The byte at which a rune starts; the text's size beyond the last.
size_t ByteOfRune(const std::string& text, size_t rune) {
  size_t at = 0;
  while (at < text.size()) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) {
      if (rune == 0) return at;
      --rune;
    }
    ++at;
  }
  return at;
}

// ---------------------------------------------------------------- operators

Result Divide(absl::string_view op, int64_t a, int64_t b) {
  if (b == 0) {
    return absl::InvalidArgumentError(op == "/" ? "division by zero"
                                                : "modulus by zero");
  }
  if (b == -1) {
    int64_t out = 0;
    if (op == "%") return CelValue(Value(int64_t{0}));
    if (__builtin_sub_overflow(int64_t{0}, a, &out)) {
      return absl::InvalidArgumentError("integer overflow");
    }
    return CelValue(Value(out));
  }
  return CelValue(Value(op == "/" ? a / b : a % b));
}

Result IntArithmetic(absl::string_view op, int64_t a, int64_t b) {
  int64_t out = 0;
  bool overflow = false;
  if (op == "+") overflow = __builtin_add_overflow(a, b, &out);
  if (op == "-") overflow = __builtin_sub_overflow(a, b, &out);
  if (op == "*") overflow = __builtin_mul_overflow(a, b, &out);
  if (op == "/" || op == "%") return Divide(op, a, b);
  if (overflow) return absl::InvalidArgumentError("integer overflow");
  return CelValue(Value(out));
}

Result DoubleArithmetic(absl::string_view op, double a, double b) {
  if (op == "+") return CelValue(Value(a + b));
  if (op == "-") return CelValue(Value(a - b));
  if (op == "*") return CelValue(Value(a * b));
  if (op == "/") return CelValue(Value(a / b));
  return NoOverload();
}

Result Add(const CelValue& a, const CelValue& b) {
  if (a.is_string() && b.is_string()) {
    return CelValue(Value(absl::StrCat(Text(a), Text(b))));
  }
  if (a.is_list() && b.is_list()) {
    CelList out;
    for (size_t i = 0; i < a.size(); ++i) out.push_back(a.At(i));
    bool is_set = a.schema() != nullptr &&
                  a.schema()->list_type == ListType::kSet && a.is_json();
    for (size_t i = 0; i < b.size(); ++i) {
      CelValue item = b.At(i);
      bool have =
          is_set && std::any_of(out.begin(), out.end(), [&](const CelValue& v) {
            return CelEquals(v, item);
          });
      if (!have) out.push_back(std::move(item));
    }
    return CelValue(std::move(out));
  }
  using Kind = CelValue::Kind;
  if (a.kind() == Kind::kDuration && b.kind() == Kind::kDuration) {
    return CelValue(a.duration() + b.duration());
  }
  if (a.kind() == Kind::kTimestamp && b.kind() == Kind::kDuration) {
    return CelValue(a.time() + b.duration());
  }
  if (a.kind() == Kind::kDuration && b.kind() == Kind::kTimestamp) {
    return CelValue(b.time() + a.duration());
  }
  return NoOverload();
}

Result Subtract(const CelValue& a, const CelValue& b) {
  using Kind = CelValue::Kind;
  if (a.kind() == Kind::kTimestamp && b.kind() == Kind::kTimestamp) {
    return CelValue(a.time() - b.time());
  }
  if (a.kind() == Kind::kTimestamp && b.kind() == Kind::kDuration) {
    return CelValue(a.time() - b.duration());
  }
  if (a.kind() == Kind::kDuration && b.kind() == Kind::kDuration) {
    return CelValue(a.duration() - b.duration());
  }
  return NoOverload();
}

Result In(const CelValue& a, const CelValue& b) {
  if (b.is_map()) {
    return CelValue(a.is_string() && b.Member(Text(a)).has_value());
  }
  if (!b.is_list()) return NoOverload();
  for (size_t i = 0; i < b.size(); ++i) {
    if (CelEquals(a, b.At(i))) return CelValue(true);
  }
  return CelValue(false);
}

// -------------------------------------------------------------- conversions

Result ToInt(const Args& args) {
  const CelValue& v = args[0];
  if (v.kind() == CelValue::Kind::kTimestamp) {
    return CelValue(Value(absl::ToUnixSeconds(v.time())));
  }
  if (v.is_string()) {
    int64_t out = 0;
    if (!absl::SimpleAtoi(Text(v), &out)) {
      return absl::InvalidArgumentError("type conversion error from string");
    }
    return CelValue(Value(out));
  }
  if (!v.is_number()) return NoOverload();
  if (v.is_int()) return v;
  double number = v.json().AsDouble();
  if (!(std::fabs(number) < 9.2e18)) {
    return absl::InvalidArgumentError("integer overflow");
  }
  return CelValue(Value(static_cast<int64_t>(number)));
}

Result ToDouble(const Args& args) {
  const CelValue& v = args[0];
  if (v.is_number()) return CelValue(Value(v.json().AsDouble()));
  double out = 0;
  if (!v.is_string() || !absl::SimpleAtod(Text(v), &out)) return NoOverload();
  return CelValue(Value(out));
}

Result ToString(const Args& args) {
  const CelValue& v = args[0];
  if (v.is_string()) return v;
  if (v.kind() == CelValue::Kind::kTimestamp) {
    return CelValue(Value(absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", v.time(),
                                           absl::UTCTimeZone())));
  }
  if (v.kind() == CelValue::Kind::kDuration) {
    return CelValue(
        Value(absl::StrCat(absl::ToDoubleSeconds(v.duration()), "s")));
  }
  if (v.is_number() || v.is_bool())
    return CelValue(Value(FormatJson(v.json())));
  return NoOverload();
}

Result ToBool(const Args& args) {
  const CelValue& v = args[0];
  if (v.is_bool()) return v;
  if (v.is_string() && (Text(v) == "true" || Text(v) == "false")) {
    return CelValue(Text(v) == "true");
  }
  return NoOverload();
}

Result ToDuration(const Args& args) {
  if (args[0].kind() == CelValue::Kind::kDuration) return args[0];
  absl::Duration out;
  if (!args[0].is_string() || !absl::ParseDuration(Text(args[0]), &out)) {
    return absl::InvalidArgumentError("invalid duration");
  }
  return CelValue(out);
}

Result ToTimestamp(const Args& args) {
  if (args[0].kind() == CelValue::Kind::kTimestamp) return args[0];
  absl::Time out;
  if (!args[0].is_string() ||
      !absl::ParseTime(absl::RFC3339_full, Text(args[0]), &out, nullptr)) {
    return absl::InvalidArgumentError("invalid timestamp");
  }
  return CelValue(out);
}

Result Size(const Args& args) {
  const CelValue& v = args[0];
  if (v.is_string()) {
    return CelValue(Value(static_cast<int64_t>(CountRunes(Text(v)))));
  }
  if (!v.is_list() && !v.is_map()) return NoOverload();
  return CelValue(Value(static_cast<int64_t>(v.size())));
}

// ----------------------------------------------------------------- strings

Result Matches(const Args& args) {
  WEIR_ASSIGN_OR_RETURN(auto pattern, SchemaPattern::Compile(Text(args[1])));
  return CelValue(pattern->Matches(Text(args[0])));
}

Result Substring(const Args& args) {
  if (!args[0].is_string() || !args[1].is_int()) return NoOverload();
  const std::string& text = Text(args[0]);
  int64_t from = args[1].json().AsInt();
  auto runes = static_cast<int64_t>(CountRunes(text));
  int64_t to = runes;
  if (args.size() == 3) {
    if (!args[2].is_int()) return NoOverload();
    to = args[2].json().AsInt();
  }
  if (from < 0 || to > runes || from > to) {
    return absl::InvalidArgumentError("index out of range");
  }
  size_t a = ByteOfRune(text, static_cast<size_t>(from));
  size_t b = ByteOfRune(text, static_cast<size_t>(to));
  return CelValue(Value(text.substr(a, b - a)));
}

Result Split(const Args& args) {
  std::vector<std::string> parts;
  if (Text(args[1]).empty()) {
    const std::string& text = Text(args[0]);
    for (size_t i = 0; i < CountRunes(text); ++i) {
      size_t a = ByteOfRune(text, i);
      parts.push_back(text.substr(a, ByteOfRune(text, i + 1) - a));
    }
  } else {
    parts = absl::StrSplit(Text(args[0]), absl::string_view(Text(args[1])));
  }
  CelList out;
  for (std::string& part : parts) out.emplace_back(Value(std::move(part)));
  return CelValue(std::move(out));
}

Result Join(const Args& args) {
  if (!args[0].is_list()) return NoOverload();
  std::vector<std::string> parts;
  for (size_t i = 0; i < args[0].size(); ++i) {
    CelValue item = args[0].At(i);
    if (!item.is_string()) return NoOverload();
    parts.push_back(Text(item));
  }
  return CelValue(
      Value(absl::StrJoin(parts, args.size() > 1 ? Text(args[1]) : "")));
}

Result Replace(const Args& args) {
  const std::string& text = Text(args[0]);
  const std::string& from = Text(args[1]);
  std::string out;
  size_t at = 0;
  while (!from.empty()) {
    size_t next = text.find(from, at);
    if (next == text.npos) break;
    absl::StrAppend(&out, text.substr(at, next - at), Text(args[2]));
    at = next + from.size();
  }
  return CelValue(Value(out + text.substr(at)));
}

Result IndexOf(const Args& args, bool is_last) {
  if (args[0].is_list()) {
    int64_t found = -1;
    for (size_t i = 0; i < args[0].size(); ++i) {
      if (!CelEquals(args[0].At(i), args[1])) continue;
      found = static_cast<int64_t>(i);
      if (!is_last) break;
    }
    return CelValue(Value(found));
  }
  if (!args[0].is_string() || !args[1].is_string()) return NoOverload();
  const std::string& text = Text(args[0]);
  size_t at = is_last ? text.rfind(Text(args[1])) : text.find(Text(args[1]));
  if (at == text.npos) return CelValue(Value(-1));
  return CelValue(Value(static_cast<int64_t>(CountRunes(text.substr(0, at)))));
}

// ------------------------------------------------------------------- lists

Result Extreme(const Args& args, int sign) {
  const CelValue& list = args[0];
  if (!list.is_list() || list.size() == 0) {
    return absl::InvalidArgumentError("min or max called on an empty list");
  }
  CelValue best = list.At(0);
  for (size_t i = 1; i < list.size(); ++i) {
    auto order = CelCompare(list.At(i), best);
    if (!order.has_value()) return NoOverload();
    if (*order * sign > 0) best = list.At(i);
  }
  return best;
}

Result Sum(const Args& args) {
  CelValue sum{Value(0)};
  for (size_t i = 0; i < args[0].size(); ++i) {
    CelValue item = args[0].At(i);
    if (i == 0) {
      sum = item;
      continue;
    }
    WEIR_ASSIGN_OR_RETURN(sum, CelOperator("+", sum, item));
  }
  return sum;
}

Result IsSorted(const Args& args) {
  for (size_t i = 1; i < args[0].size(); ++i) {
    auto order = CelCompare(args[0].At(i - 1), args[0].At(i));
    if (!order.has_value()) return NoOverload();
    if (*order > 0) return CelValue(false);
  }
  return CelValue(true);
}

Result IsQuantity(const Args& args) {
  return CelValue(args[0].is_string() &&
                  ParseQuantity(Text(args[0])).has_value());
}

// --------------------------------------------------------------- optionals

Result OrElse(const Args& args) {
  if (!args[0].is_optional()) return NoOverload();
  auto held = args[0].Unwrap();
  return held.has_value() ? *held : args[1];
}

Result OptionalValue(const Args& args) {
  auto held = args[0].Unwrap();
  if (!held.has_value()) {
    return absl::InvalidArgumentError("optional.none() dereference");
  }
  return *held;
}

// A method of strings only, with so many arguments.
struct Method {
  size_t least, most;
  bool wants_strings;
  Function call;
};

Function Formatted(absl::string_view format) {
  return [format = std::string(format)](const Args& args) -> Result {
    return CelValue(args[0].is_string() && HasFormat(format, Text(args[0])));
  };
}

using Methods = absl::flat_hash_map<std::string, Method>;

Methods MakeMethods() {
  auto text = [](std::string (*f)(absl::string_view)) -> Function {
    return
        [f](const Args& a) -> Result { return CelValue(Value(f(Text(a[0])))); };
  };
  auto test = [](bool (*f)(absl::string_view, absl::string_view)) -> Function {
    return [f](const Args& a) -> Result {
      return CelValue(f(Text(a[0]), Text(a[1])));
    };
  };
  auto trim = [](absl::string_view t) {
    return std::string(absl::StripAsciiWhitespace(t));
  };
  return {
      {"size", {1, 1, false, Size}},
      {"startsWith",
       {2, 2, true, test([](absl::string_view a, absl::string_view b) {
          return absl::StartsWith(a, b);
        })}},
      {"endsWith",
       {2, 2, true, test([](absl::string_view a, absl::string_view b) {
          return absl::EndsWith(a, b);
        })}},
      {"contains",
       {2, 2, true, test([](absl::string_view a, absl::string_view b) {
          return absl::StrContains(a, b);
        })}},
      {"matches", {2, 2, true, Matches}},
      {"lowerAscii", {1, 1, true, text([](absl::string_view t) {
                        return absl::AsciiStrToLower(t);
                      })}},
      {"upperAscii", {1, 1, true, text([](absl::string_view t) {
                        return absl::AsciiStrToUpper(t);
                      })}},
      {"trim", {1, 1, true, text(trim)}},
      {"substring", {2, 3, false, Substring}},
      {"split", {2, 2, true, Split}},
      {"join", {1, 2, false, Join}},
      {"replace", {3, 3, true, Replace}},
      {"indexOf",
       {2, 2, false, [](const Args& a) { return IndexOf(a, false); }}},
      {"lastIndexOf",
       {2, 2, false, [](const Args& a) { return IndexOf(a, true); }}},
      {"isSorted", {1, 1, false, IsSorted}},
      {"sum", {1, 1, false, Sum}},
      {"min", {1, 1, false, [](const Args& a) { return Extreme(a, -1); }}},
      {"max", {1, 1, false, [](const Args& a) { return Extreme(a, 1); }}},
  };
}

// Methods of optionals and durations.
void AddMoreMethods(Methods& methods) {
  const Methods more = {
      {"orValue", {2, 2, false, OrElse}},
      {"or",
       {2, 2, false,
        [](const Args& a) -> Result {
          if (!a[0].is_optional()) return NoOverload();
          return a[0].Unwrap().has_value() ? a[0] : a[1];
        }}},
      {"hasValue",
       {1, 1, false,
        [](const Args& a) -> Result {
          return CelValue(a[0].Unwrap().has_value());
        }}},
      {"value", {1, 1, false, OptionalValue}},
      {"getHours",
       {1, 1, false,
        [](const Args& a) -> Result {
          return CelValue(Value(absl::ToInt64Hours(a[0].duration())));
        }}},
      {"getMinutes",
       {1, 1, false,
        [](const Args& a) -> Result {
          return CelValue(Value(absl::ToInt64Minutes(a[0].duration())));
        }}},
      {"getSeconds",
       {1, 1, false,
        [](const Args& a) -> Result {
          return CelValue(Value(absl::ToInt64Seconds(a[0].duration())));
        }}},
      {"getMilliseconds",
       {1, 1, false,
        [](const Args& a) -> Result {
          return CelValue(Value(absl::ToInt64Milliseconds(a[0].duration())));
        }}},
  };
  methods.insert(more.begin(), more.end());
}

const Methods& AllMethods() {
  static const Methods& methods = *[] {
    auto* out = new Methods(MakeMethods());
    AddMoreMethods(*out);
    return out;
  }();
  return methods;
}

const Methods& AllFunctions() {
  static const Methods& functions = *new Methods{
      {"size", {1, 1, false, Size}},
      {"int", {1, 1, false, ToInt}},
      {"uint", {1, 1, false, ToInt}},
      {"double", {1, 1, false, ToDouble}},
      {"string", {1, 1, false, ToString}},
      {"bool", {1, 1, false, ToBool}},
      {"duration", {1, 1, false, ToDuration}},
      {"timestamp", {1, 1, false, ToTimestamp}},
      {"dyn", {1, 1, false, [](const Args& a) -> Result { return a[0]; }}},
      {"type",
       {1, 1, false,
        [](const Args& a) -> Result {
          return CelValue::Type(a[0].TypeName());
        }}},
      {"matches", {2, 2, true, Matches}},
      {"isQuantity", {1, 1, false, IsQuantity}},
      {"isURL", {1, 1, false, Formatted("uri")}},
      {"isCIDR", {1, 1, false, Formatted("cidr")}},
      {"isIP",
       {1, 1, false,
        [](const Args& a) -> Result {
          return CelValue(a[0].is_string() && (HasFormat("ipv4", Text(a[0])) ||
                                               HasFormat("ipv6", Text(a[0]))));
        }}},
      {"optional.of",
       {1, 1, false,
        [](const Args& a) -> Result { return CelValue::Optional(a[0]); }}},
      {"optional.none",
       {0, 0, false,
        [](const Args&) -> Result {
          return CelValue::Optional(std::nullopt);
        }}},
  };
  return functions;
}

Result Call(const Methods& table, absl::string_view name, const Args& args) {
  auto it = table.find(name);
  if (it == table.end() || args.size() < it->second.least ||
      args.size() > it->second.most ||
      (it->second.wants_strings && !AllStrings(args))) {
    return NoOverload();
  }
  return it->second.call(args);
}

}  // namespace

bool IsCelFunction(absl::string_view name) {
  return AllFunctions().contains(name);
}
bool IsCelMethod(absl::string_view name) { return AllMethods().contains(name); }

absl::StatusOr<CelValue> CallCelFunction(absl::string_view name,
                                         const std::vector<CelValue>& args) {
  return Call(AllFunctions(), name, args);
}
absl::StatusOr<CelValue> CallCelMethod(absl::string_view name,
                                       const std::vector<CelValue>& args) {
  return Call(AllMethods(), name, args);
}

absl::StatusOr<CelValue> CelOperator(absl::string_view op, const CelValue& a,
                                     const CelValue& b) {
  if (op == "==") return CelValue(CelEquals(a, b));
  if (op == "!=") return CelValue(!CelEquals(a, b));
  if (op == "in") return In(a, b);
  if (op[0] == '<' || op[0] == '>') {
    auto order = CelCompare(a, b);
    if (!order.has_value()) return NoOverload();
    bool held = op[0] == '<' ? *order < 0 : *order > 0;
    return CelValue(held || (op.size() == 2 && *order == 0));
  }
  if (a.is_int() && b.is_int()) {
    return IntArithmetic(op, a.json().AsInt(), b.json().AsInt());
  }
  if (a.is_number() && b.is_number()) {
    return DoubleArithmetic(op, a.json().AsDouble(), b.json().AsDouble());
  }
  if (op == "+") return Add(a, b);
  if (op == "-") return Subtract(a, b);
  return NoOverload();
}

}  // namespace weir::apiserver
