// Sprig's numeric.go, and the arithmetic of its functions.go.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cast.h"
#include "decimal.h"
#include "go_strconv.h"
#include "rows.h"
#include "weir/base/status.h"
#include "weir/gotmpl/format.h"

namespace weir::gotmpl {
namespace {

// Go's integers wrap around.
int64_t Wrap(uint64_t bits) { return static_cast<int64_t>(bits); }
uint64_t Bits(const Any& value) {
  return static_cast<uint64_t>(ToInt64(value));
}

Result Add(Call& call) {
  uint64_t sum = 0;
  for (const Any& arg : call.args) sum += Bits(arg);
  return Any::Int64(Wrap(sum));
}

Result Multiply(Call& call) {
  uint64_t product = 1;
  for (const Any& arg : call.args) product *= Bits(arg);
  return Any::Int64(Wrap(product));
}

Result Divide(Call& call, bool wants_rest) {
  const int64_t a = ToInt64(call.args[0]), b = ToInt64(call.args[1]);
  if (b == 0) return GoError("runtime error: integer divide by zero");
  if (b == -1) {
    return Any::Int64(wants_rest ? 0 : Wrap(0 - static_cast<uint64_t>(a)));
  }
  return Any::Int64(wants_rest ? a % b : a / b);
}

Result Extreme(Call& call, bool wants_max) {
  int64_t best = ToInt64(call.args[0]);
  for (const Any& arg : call.args.subspan(1)) {
    const int64_t value = ToInt64(arg);
    if (wants_max ? value > best : value < best) best = value;
  }
  return Any::Int64(best);
}

double GoExtreme(double a, double b, bool wants_max) {
  if (std::isinf(a) && (a > 0) == wants_max) return a;
  if (std::isinf(b) && (b > 0) == wants_max) return b;
  if (std::isnan(a) || std::isnan(b)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (a == 0 && b == 0) {
    return std::signbit(a) == wants_max ? b : a;
  }
  return (a > b) == wants_max ? a : b;
}

Result ExtremeFloat(Call& call, bool wants_max) {
  double best = ToFloat64(call.args[0]);
  for (const Any& arg : call.args.subspan(1)) {
    best = GoExtreme(best, ToFloat64(arg), wants_max);
  }
  return Any::Float64(best);
}

Result Decimals(Call& call, DecimalOperation operation, double first,
                absl::Span<const Any> args) {
  // Each operand may make the number longer.
  constexpr size_t kStepsEach = 44;
  WEIR_RETURN_IF_ERROR(call.execution.Step(args.size() * args.size() / 16 +
                                           args.size() * kStepsEach));
  std::vector<double> others;
  for (const Any& arg : args) others.push_back(ToFloat64(arg));
  WEIR_ASSIGN_OR_RETURN(const double result,
                        CombineDecimals(operation, first, others));
  return Any::Float64(result);
}

Result DecimalsOf(DecimalOperation operation, Call& call) {
  return Decimals(call, operation, ToFloat64(call.args[0]),
                  call.args.subspan(1));
}

// Go's math.Pow(10, n), rounding as it does.
double PowerOfTen(double n) {
  if (n == 0) return 1;
  int exponent = 0, scale = 0;
  double base = std::frexp(10.0, &exponent);
  double power = 1;
  for (auto i = static_cast<uint64_t>(std::fabs(n)); i != 0; i >>= 1) {
    if (exponent < -(1 << 12) || exponent > (1 << 12)) {
      scale += exponent;
      break;
    }
    if (i & 1) {
      power *= base;
      scale += exponent;
    }
    base *= base;
    exponent <<= 1;
    if (base < 0.5) {
      base += base;
      --exponent;
    }
  }
  if (n < 0) {
    power = 1 / power;
    scale = -scale;
  }
  return std::ldexp(power, scale);
}

Result Round(Call& call) {
  const double round_on = call.args.size() > 2 ? call.args[2].AsFloat() : 0.5;
  const double power = PowerOfTen(ToFloat64(call.args[1]));
  const double digit = power * ToFloat64(call.args[0]);
  double whole = 0;
  const double fraction = std::modf(digit, &whole);
  const double rounded =
      fraction >= round_on ? std::ceil(digit) : std::floor(digit);
  return Any::Float64(rounded / power);
}

absl::StatusOr<std::vector<int64_t>> Steps(Call& call, int64_t start,
                                           int64_t stop, int64_t step) {
  std::vector<int64_t> steps;
  if (stop < start ? step >= 0 : step <= 0) return steps;
  const double count =
      (static_cast<double>(stop) - static_cast<double>(start)) /
      static_cast<double>(step);
  const double most =
      static_cast<double>(call.execution.options().limits.max_value_bytes);
  // A size_t holds what exceeds the limit, and not every double.
  WEIR_RETURN_IF_ERROR(call.execution.Charge(
      static_cast<size_t>(std::min(count, most) * sizeof(Any))));
  WEIR_RETURN_IF_ERROR(call.execution.Step(static_cast<uint64_t>(count) / 4));
  int64_t i = start;
  while (stop < start ? i > stop : i < stop) {
    steps.push_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return steps;
}

Result StepList(Call& call, int64_t start, int64_t stop, int64_t step) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<int64_t> steps,
                        Steps(call, start, stop, step));
  std::vector<Any> items;
  items.reserve(steps.size());
  for (const int64_t i : steps) items.push_back(Any::Int(i));
  return Any::List(std::move(items), types::IntList());
}

int64_t Plus(int64_t a, int64_t b) {
  return Wrap(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

Result Sequence(Call& call) {
  const size_t count = call.args.size();
  if (count == 0 || count > 3) return Any::String("");
  const int64_t start = count == 1 ? 1 : call.args[0].AsInt();
  const int64_t end = call.args[count - 1].AsInt();
  int64_t increment = end < start ? -1 : 1;
  int64_t step = increment;
  if (count == 3) {
    step = call.args[1].AsInt();
    if (end < start && step > 0) return Any::String("");
  }
  WEIR_ASSIGN_OR_RETURN(const std::vector<int64_t> steps,
                        Steps(call, start, Plus(end, increment), step));
  return Text(call, absl::StrJoin(steps, " "));
}

Result ToDecimal(Call& call) {
  return Any::Int64(ParseInt(Sprint({call.args[0]}), 8).value_or(0));
}

constexpr absl::string_view kTwo = "func(interface {}, interface {}) int64";
constexpr absl::string_view kMore = "func(interface {}, ...interface {}) int64";
constexpr absl::string_view kMoreFloats =
    "func(interface {}, ...interface {}) float64";
constexpr absl::string_view kOneFloat = "func(interface {}) float64";

// What strconv.Atoi gives beside its error: the largest number for one that is
// too large, whatever comes behind the digits that make it so.
int64_t Atoi(absl::string_view text) {
  const bool is_negative = absl::ConsumePrefix(&text, "-");
  if (!is_negative) absl::ConsumePrefix(&text, "+");
  const uint64_t most = uint64_t{INT64_MAX} + (is_negative ? 1 : 0);
  uint64_t number = 0;
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return 0;
    const auto digit = static_cast<uint64_t>(c - '0');
    if (number > (UINT64_MAX - digit) / 10) {
      number = most;
      break;
    }
    number = number * 10 + digit;
  }
  number = std::min(number, most);
  return static_cast<int64_t>(is_negative ? 0 - number : number);
}

constexpr Row kRows[] = {
    {"atoi", "func(string) int",
     [](Call& call) -> Result {
       return Any::Int(Atoi(call.args[0].AsString()));
     }},
    {"int", "func(interface {}) int",
     [](Call& call) -> Result { return Any::Int(ToInt64(call.args[0])); }},
    {"int64", "func(interface {}) int64",
     [](Call& call) -> Result { return Any::Int64(ToInt64(call.args[0])); }},
    {"float64", kOneFloat,
     [](Call& call) -> Result {
       return Any::Float64(ToFloat64(call.args[0]));
     }},
    {"toDecimal", "func(interface {}) int64", ToDecimal},
    {"add1", "func(interface {}) int64",
     [](Call& call) -> Result {
       return Any::Int64(Wrap(Bits(call.args[0]) + 1));
     }},
    {"add", "func(...interface {}) int64", Add},
    {"sub", kTwo,
     [](Call& call) -> Result {
       return Any::Int64(Wrap(Bits(call.args[0]) - Bits(call.args[1])));
     }},
    {"div", kTwo, [](Call& call) -> Result { return Divide(call, false); }},
    {"mod", kTwo, [](Call& call) -> Result { return Divide(call, true); }},
    {"mul", kMore, Multiply},
    {"add1f", kOneFloat,
     [](Call& call) -> Result {
       return Decimals(call, DecimalOperation::kAdd, ToFloat64(call.args[0]),
                       {Any::Int(1)});
     }},
    {"addf", "func(...interface {}) float64",
     [](Call& call) -> Result {
       return Decimals(call, DecimalOperation::kAdd, 0, call.args);
     }},
    {"subf", kMoreFloats,
     [](Call& call) -> Result {
       return DecimalsOf(DecimalOperation::kSubtract, call);
     }},
    {"divf", kMoreFloats,
     [](Call& call) -> Result {
       return DecimalsOf(DecimalOperation::kDivide, call);
     }},
    {"mulf", kMoreFloats,
     [](Call& call) -> Result {
       return DecimalsOf(DecimalOperation::kMultiply, call);
     }},
    {"biggest", kMore,
     [](Call& call) -> Result { return Extreme(call, true); }},
    {"max", kMore, [](Call& call) -> Result { return Extreme(call, true); }},
    {"min", kMore, [](Call& call) -> Result { return Extreme(call, false); }},
    {"maxf", kMoreFloats,
     [](Call& call) -> Result { return ExtremeFloat(call, true); }},
    {"minf", kMoreFloats,
     [](Call& call) -> Result { return ExtremeFloat(call, false); }},
    {"ceil", kOneFloat,
     [](Call& call) -> Result {
       return Any::Float64(std::ceil(ToFloat64(call.args[0])));
     }},
    {"floor", kOneFloat,
     [](Call& call) -> Result {
       return Any::Float64(std::floor(ToFloat64(call.args[0])));
     }},
    {"round", "func(interface {}, int, ...float64) float64", Round},
    {"seq", "func(...int) string", Sequence},
    {"until", "func(int) []int",
     [](Call& call) -> Result {
       const int64_t count = call.args[0].AsInt();
       return StepList(call, 0, count, count < 0 ? -1 : 1);
     }},
    {"untilStep", "func(int, int, int) []int",
     [](Call& call) -> Result {
       return StepList(call, call.args[0].AsInt(), call.args[1].AsInt(),
                       call.args[2].AsInt());
     }},
};

}  // namespace

void AddNumbers(FunctionTable& table) { AddRows(kRows, table); }

}  // namespace weir::gotmpl
