// The lists and regex libraries.
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kubernetes_functions.h"
#include "weir/text/go_regexp.h"

namespace weir::apiserver {
namespace {

using cel::Kind;
using cel::List;
using cel::Meter;
using Values = absl::Span<const cel::Value>;
using Result = cel::Value;

constexpr auto kMember = cel::Overload::Style::kMember;

Result IsSorted(Values v, Meter& meter) {
  const List& list = v[0].AsList();
  for (size_t i = 1; i < list.size() && meter.Charge(1); ++i) {
    const Result order = Compare(list.At(i - 1), list.At(i));
    if (order.Is(Kind::kInt) && order.AsInt() > 0) return Result::Bool(false);
  }
  return Result::Bool(true);
}

// `sign`: which order makes the next element the better one.
template <int sign>
Result Extreme(Values v, Meter& meter) {
  const List& list = v[0].AsList();
  if (list.size() == 0) {
    return Result::Error(sign > 0 ? "min called on empty list"
                                  : "max called on empty list");
  }
  Result best = list.At(0);
  for (size_t i = 1; i < list.size() && meter.Charge(1); ++i) {
    Result next = list.At(i);
    const Result order = Compare(best, next);
    if (order.Is(Kind::kInt) && order.AsInt() == sign) best = std::move(next);
  }
  return best;
}

Result NoOverload() { return Result::Error("no such overload"); }

template <Kind kind>
Result Sum(Values v, Meter& meter) {
  const List& list = v[0].AsList();
  int64_t whole = 0;
  uint64_t natural = 0;
  double real = 0;
  for (size_t i = 0; i < list.size() && meter.Charge(1); ++i) {
    const Result next = list.At(i);
    if (!next.Is(kind)) return NoOverload();
    if (kind == Kind::kDouble) {
      real += next.AsDouble();
    } else if (kind == Kind::kUint) {
      if (__builtin_add_overflow(natural, next.AsUint(), &natural)) {
        return Result::Error("unsigned integer overflow");
      }
    } else if (__builtin_add_overflow(whole, next.AsInt(), &whole)) {
      return Result::Error("integer overflow");
    }
  }
  if (kind == Kind::kDouble) return Result::Double(real);
  if (kind == Kind::kUint) return Result::Uint(natural);
  return kind == Kind::kInt ? Result::Int(whole) : Result::Duration(whole);
}

Result IndexOf(Values v, Meter& meter) {
  const List& list = v[0].AsList();
  for (size_t i = 0; i < list.size() && !meter.is_exhausted(); ++i) {
    if (Equal(list.At(i), v[1], meter)) {
      return Result::Int(static_cast<int64_t>(i));
    }
  }
  return Result::Int(-1);
}

Result LastIndexOf(Values v, Meter& meter) {
  const List& list = v[0].AsList();
  for (size_t i = list.size(); i > 0 && !meter.is_exhausted(); --i) {
    if (Equal(list.At(i - 1), v[1], meter)) {
      return Result::Int(static_cast<int64_t>(i - 1));
    }
  }
  return Result::Int(-1);
}

Result Find(Values v, Meter& meter, size_t most, bool is_list) {
  const std::string& text = v[0].AsString();
  const std::string& pattern = v[1].AsString();
  meter.Charge(pattern.size() + text.size() / 4);
  const auto compiled = text::GoRegexp::Compile(pattern);
  if (!compiled.ok()) {
    return Result::Error(
        absl::StrCat("Illegal regex: ", compiled.status().message()));
  }
  std::vector<Result> found;
  if (most > 0) {
    (*compiled)->ForEach(
        text, 1, [&] { return !meter.is_exhausted(); },
        [&](const text::GoRegexp::Parts& parts) {
          if (!meter.ChargeBytes(sizeof(Result) + parts[0].size())) {
            return false;
          }
          found.push_back(Result::String(std::string(parts[0])));
          return found.size() < most;
        });
  }
  if (is_list) return Result::OfElements(std::move(found));
  return found.empty() ? Result::String("") : found[0];
}

Result FindFirst(Values v, Meter& meter) { return Find(v, meter, 1, false); }

Result FindAll(Values v, Meter& meter) {
  const int64_t most = v.size() > 2 ? v[2].AsInt() : -1;
  return Find(
      v, meter,
      most < 0 ? std::numeric_limits<size_t>::max() : static_cast<size_t>(most),
      true);
}

}  // namespace

void AddCelLists(CelOverloads& out) {
  const auto add = [&](const char* function, std::string id, std::string type,
                       std::string result, cel::Function compute) {
    out.push_back({function, std::move(id), kMember,
                   absl::StrCat("list(", type, ")"), std::move(result),
                   compute});
  };
  for (const std::string type : {"int", "uint", "double", "bool", "duration",
                                 "timestamp", "string", "bytes"}) {
    add("isSorted", absl::StrCat("list_", type, "_is_sorted_bool"), type,
        "bool", IsSorted);
    add("min", absl::StrCat("list_", type, "_min_", type), type, type,
        Extreme<1>);
    add("max", absl::StrCat("list_", type, "_max_", type), type, type,
        Extreme<-1>);
  }
  add("sum", "list_int_sum_int", "int", "int", Sum<Kind::kInt>);
  add("sum", "list_uint_sum_uint", "uint", "uint", Sum<Kind::kUint>);
  add("sum", "list_double_sum_double", "double", "double", Sum<Kind::kDouble>);
  add("sum", "list_duration_sum_duration", "duration", "duration",
      Sum<Kind::kDuration>);
  out.push_back({"indexOf", "list_a_index_of_int", kMember, "list(A), A", "int",
                 IndexOf});
  out.push_back({"lastIndexOf", "list_a_last_index_of_int", kMember,
                 "list(A), A", "int", LastIndexOf});
}

void AddCelRegex(CelOverloads& out) {
  out.push_back({"find", "string_find_string", kMember, "string, string",
                 "string", FindFirst, 1});
  out.push_back({"findAll", "string_find_all_string", kMember, "string, string",
                 "list(string)", FindAll, 1});
  out.push_back({"findAll", "string_find_all_string_int", kMember,
                 "string, string, int", "list(string)", FindAll, 1});
}

}  // namespace weir::apiserver
