// Sprig's list.go.
#include <cmath>

#include "cast.h"
#include "memory.h"
#include "rows.h"
#include "text_ops.h"
#include "weir/base/status.h"

namespace weir::gotmpl {
namespace {

absl::Status NilDereference() {
  return GoError(
      "runtime error: invalid memory address or nil pointer dereference");
}

// Whether it is a list; `what` starts the message that it is not.
absl::Status NeedList(const Any& value, absl::string_view what,
                      absl::string_view end = "") {
  if (value.is_nothing()) return NilDereference();
  if (value.is_list()) return absl::OkStatus();
  return GoError(what, KindName(value.kind()), end);
}

std::vector<Any> Items(const Any& list) {
  std::vector<Any> items;
  items.reserve(list.size() + 1);
  for (size_t i = 0; i < list.size(); ++i) items.push_back(list.At(i));
  return items;
}

absl::Status ChargeItems(Call& call, size_t count) {
  constexpr size_t kItemsPerStep = 8;
  WEIR_RETURN_IF_ERROR(call.execution.Step(count / kItemsPerStep));
  return call.execution.Charge(count * sizeof(Any));
}

Result Push(Call& call) {
  WEIR_RETURN_IF_ERROR(NeedList(call.args[0], "Cannot push on type "));
  WEIR_RETURN_IF_ERROR(ChargeItems(call, call.args[0].size() + 1));
  std::vector<Any> items = Items(call.args[0]);
  items.push_back(call.args[1]);
  return Any::List(std::move(items));
}

Result Prepend(Call& call) {
  const Any& list = call.args[0];
  WEIR_RETURN_IF_ERROR(NeedList(list, "Cannot prepend on type "));
  WEIR_RETURN_IF_ERROR(ChargeItems(call, list.size() + 1));
  std::vector<Any> items = {call.args[1]};
  for (size_t i = 0; i < list.size(); ++i) items.push_back(list.At(i));
  return Any::List(std::move(items));
}

// The length of the i-th of `count` chunks, or below 0 for Go's panic.
int64_t ChunkLength(int64_t i, int64_t count, size_t total, int64_t size) {
  if (i < count - 1) return size;
  const int64_t rest = TruncateToInt64(std::floor(
      std::fmod(static_cast<double>(total), static_cast<double>(size))));
  return rest == 0 ? size : rest;
}

Result Chunk(Call& call) {
  const int64_t size = call.args[0].AsInt();
  const Any& list = call.args[1];
  WEIR_RETURN_IF_ERROR(NeedList(list, "Cannot chunk type "));
  WEIR_RETURN_IF_ERROR(ChargeItems(call, list.size()));
  // A chunk of one item costs as much as eight items of a list.
  WEIR_RETURN_IF_ERROR(call.execution.Reserve(
      list.size() / static_cast<size_t>(std::max<int64_t>(1, size)) * 8 *
      sizeof(Any)));
  const absl::Status bad =
      GoError("runtime error: makeslice: len out of range");
  const double parts = std::floor((static_cast<double>(list.size()) - 1) /
                                  static_cast<double>(size)) +
                       1;
  const int64_t count = TruncateToInt64(parts);
  if (count < 0) return bad;
  std::vector<Any> chunks;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t length = ChunkLength(i, count, list.size(), size);
    if (length < 0) return bad;
    std::vector<Any> chunk;
    for (int64_t j = 0; j < length; ++j) {
      const auto at = static_cast<size_t>(i * size + j);
      if (at >= list.size()) {
        return GoError("reflect: slice index out of range");
      }
      chunk.push_back(list.At(at));
    }
    chunks.push_back(Any::List(std::move(chunk)));
  }
  return Any::List(std::move(chunks), types::ListList());
}

Result Last(Call& call) {
  const Any& list = call.args[0];
  WEIR_RETURN_IF_ERROR(NeedList(list, "Cannot find last on type "));
  return list.size() == 0 ? Any() : list.At(list.size() - 1);
}

Result First(Call& call) {
  const Any& list = call.args[0];
  WEIR_RETURN_IF_ERROR(NeedList(list, "Cannot find first on type "));
  return list.size() == 0 ? Any() : list.At(0);
}

Result Between(Call& call, size_t begin, size_t drop) {
  const Any& list = call.args[0];
  if (list.size() == 0) return Any::Nil(types::List());
  WEIR_RETURN_IF_ERROR(ChargeItems(call, list.size()));
  std::vector<Any> items;
  for (size_t i = begin; i + drop < list.size(); ++i) {
    items.push_back(list.At(i));
  }
  return Any::List(std::move(items));
}

Result Rest(Call& call) {
  WEIR_RETURN_IF_ERROR(NeedList(call.args[0], "Cannot find rest on type "));
  return Between(call, 1, 0);
}

Result Initial(Call& call) {
  WEIR_RETURN_IF_ERROR(NeedList(call.args[0], "Cannot find initial on type "));
  return Between(call, 0, 1);
}

Result Reverse(Call& call) {
  WEIR_RETURN_IF_ERROR(NeedList(call.args[0], "Cannot find reverse on type "));
  WEIR_RETURN_IF_ERROR(ChargeItems(call, call.args[0].size()));
  const std::vector<Any> items = Items(call.args[0]);
  return Any::List(std::vector<Any>(items.rbegin(), items.rend()));
}

Result Compact(Call& call) {
  WEIR_RETURN_IF_ERROR(NeedList(call.args[0], "Cannot compact on type "));
  WEIR_RETURN_IF_ERROR(ChargeItems(call, call.args[0].size()));
  std::vector<Any> kept;
  for (Any& item : Items(call.args[0])) {
    if (!IsEmpty(item)) kept.push_back(std::move(item));
  }
  return Any::List(std::move(kept));
}

}  // namespace

absl::StatusOr<bool> AreEqual(Call& call, const Any& a, const Any& b) {
  uint64_t comparisons = 0;
  const bool equal = DeepEqual(a, b, &comparisons);
  WEIR_RETURN_IF_ERROR(call.execution.Step(comparisons));
  return equal;
}

namespace {

absl::StatusOr<bool> IsIn(Call& call, absl::Span<const Any> haystack,
                          const Any& needle) {
  for (const Any& item : haystack) {
    WEIR_ASSIGN_OR_RETURN(const bool equal, AreEqual(call, needle, item));
    if (equal) return true;
  }
  return false;
}

Result Unique(Call& call) {
  WEIR_RETURN_IF_ERROR(NeedList(call.args[0], "Cannot find uniq on type "));
  std::vector<Any> kept;
  for (Any& item : Items(call.args[0])) {
    WEIR_ASSIGN_OR_RETURN(const bool is_in, IsIn(call, kept, item));
    if (!is_in) kept.push_back(std::move(item));
  }
  return Any::List(std::move(kept));
}

Result Without(Call& call) {
  WEIR_RETURN_IF_ERROR(NeedList(call.args[0], "Cannot find without on type "));
  std::vector<Any> kept;
  for (Any& item : Items(call.args[0])) {
    WEIR_ASSIGN_OR_RETURN(const bool is_in,
                          IsIn(call, call.args.subspan(1), item));
    if (!is_in) kept.push_back(std::move(item));
  }
  return Any::List(std::move(kept));
}

Result Has(Call& call) {
  const Any& haystack = call.args[1];
  if (haystack.is_nothing()) return Any::Bool(false);
  WEIR_RETURN_IF_ERROR(NeedList(haystack, "Cannot find has on type "));
  for (size_t i = 0; i < haystack.size(); ++i) {
    WEIR_ASSIGN_OR_RETURN(const bool equal,
                          AreEqual(call, call.args[0], haystack.At(i)));
    if (equal) return Any::Bool(true);
  }
  return Any::Bool(false);
}

Result Slice(Call& call) {
  const Any& list = call.args[0];
  WEIR_RETURN_IF_ERROR(
      NeedList(list, "list should be type of slice or array but "));
  const auto size = static_cast<int64_t>(list.size());
  if (size == 0) return Any();
  const int64_t start = call.args.size() > 1 ? ToInt64(call.args[1]) : 0;
  const int64_t end = call.args.size() > 2 ? ToInt64(call.args[2]) : size;
  if (start < 0 || end < start || end > size) {
    return GoError("reflect.Value.Slice: slice index out of bounds");
  }
  if (list.type()->elem == types::Uint8()) {
    return Any::Bytes(list.AsString().substr(static_cast<size_t>(start),
                                             static_cast<size_t>(end - start)))
        .WithType(list.type());
  }
  WEIR_RETURN_IF_ERROR(ChargeItems(call, static_cast<size_t>(end - start)));
  std::vector<Any> items;
  for (int64_t i = start; i < end; ++i) {
    items.push_back(list.At(static_cast<size_t>(i)));
  }
  return Any::List(std::move(items), list.type());
}

Result Concat(Call& call) {
  std::vector<Any> all;
  for (const Any& list : call.args) {
    WEIR_RETURN_IF_ERROR(NeedList(list, "Cannot concat type ", " as list"));
    WEIR_RETURN_IF_ERROR(ChargeItems(call, list.size()));
    for (size_t i = 0; i < list.size(); ++i) all.push_back(list.At(i));
  }
  if (all.empty()) return Any::Nil(types::List());
  return Any::List(std::move(all));
}

Result List(Call& call) {
  WEIR_RETURN_IF_ERROR(ChargeItems(call, call.args.size()));
  if (call.args.empty()) return Any::List({});
  return Any::List(std::vector<Any>(call.args.begin(), call.args.end()));
}

constexpr absl::string_view kListOf =
    "func(interface {}) ([]interface {}, error)";
constexpr absl::string_view kItemOf =
    "func(interface {}) (interface {}, error)";
constexpr absl::string_view kWithItem =
    "func(interface {}, interface {}) ([]interface {}, error)";
constexpr absl::string_view kSlice =
    "func(interface {}, ...interface {}) (interface {}, error)";

constexpr Row kRows[] = {
    {"list", "func(...interface {}) []interface {}", List},
    {"tuple", "func(...interface {}) []interface {}", List},
    {"append", kWithItem, Push},
    {"push", kWithItem, Push},
    {"mustAppend", kWithItem, Push},
    {"mustPush", kWithItem, Push},
    {"prepend", kWithItem, Prepend},
    {"mustPrepend", kWithItem, Prepend},
    {"first", kItemOf, First},
    {"mustFirst", kItemOf, First},
    {"rest", kListOf, Rest},
    {"mustRest", kListOf, Rest},
    {"last", kItemOf, Last},
    {"mustLast", kItemOf, Last},
    {"initial", kListOf, Initial},
    {"mustInitial", kListOf, Initial},
    {"reverse", kListOf, Reverse},
    {"mustReverse", kListOf, Reverse},
    {"compact", kListOf, Compact},
    {"mustCompact", kListOf, Compact},
    {"uniq", kListOf, Unique},
    {"mustUniq", kListOf, Unique},
    {"without", "func(interface {}, ...interface {}) ([]interface {}, error)",
     Without},
    {"mustWithout",
     "func(interface {}, ...interface {}) ([]interface {}, error)", Without},
    {"has", "func(interface {}, interface {}) (bool, error)", Has},
    {"mustHas", "func(interface {}, interface {}) (bool, error)", Has},
    {"slice", kSlice, Slice},
    {"mustSlice", kSlice, Slice},
    {"concat", "func(...interface {}) interface {}", Concat},
    {"chunk", "func(int, interface {}) ([][]interface {}, error)", Chunk},
    {"mustChunk", "func(int, interface {}) ([][]interface {}, error)", Chunk},
};

}  // namespace

void AddLists(FunctionTable& table) { AddRows(kRows, table); }

}  // namespace weir::gotmpl
