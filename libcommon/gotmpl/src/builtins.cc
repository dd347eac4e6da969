// text/template's own functions.
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "rows.h"
#include "unicode.h"
#include "weir/base/status.h"
#include "weir/gotmpl/format.h"
#include "weir/value/go_url.h"

namespace weir::gotmpl {
namespace {

enum class Basic { kInvalid, kBool, kComplex, kInt, kFloat, kString, kUint };

Basic BasicKind(const Any& value) {
  if (value.is_signed()) return Basic::kInt;
  if (value.is_unsigned()) return Basic::kUint;
  switch (value.kind()) {
    case Kind::kBool:
      return Basic::kBool;
    case Kind::kComplex128:
      return Basic::kComplex;
    case Kind::kFloat64:
      return Basic::kFloat;
    case Kind::kString:
      return Basic::kString;
    default:
      return Basic::kInvalid;
  }
}

absl::Status Incompatible(const Any& a, const Any& b) {
  return GoError("incompatible types for comparison: ", a.type_name(), " and ",
                 b.type_name());
}

absl::Status BadType() { return GoError("invalid type for comparison"); }

// Two values that are of no basic kind.
absl::StatusOr<bool> CompoundsEqual(const Any& a, const Any& b) {
  if (a.kind() != b.kind() && !a.is_nothing() && !b.is_nothing()) {
    return GoError("non-comparable types ", Sprintf("%s", {a}), ": ",
                   a.type_name(), ", ", b.type_name(), ": ", FormatValue(b));
  }
  if (a.is_nil() || b.is_nil()) return a.is_nil() == b.is_nil();
  switch (b.kind()) {
    case Kind::kMap:
    case Kind::kSlice:
    case Kind::kFunc:
      return GoError("non-comparable type ", Sprintf("%s", {b}), ": ",
                     b.type_name());
    case Kind::kPtr:
      return a.identity() == b.identity();
    default:
      return DeepEqual(a, b);
  }
}

absl::StatusOr<bool> BasicsEqual(Basic kind, const Any& a, const Any& b) {
  switch (kind) {
    case Basic::kBool:
      return a.AsBool() == b.AsBool();
    case Basic::kComplex:
      return a.AsComplex() == b.AsComplex();
    case Basic::kFloat:
      return a.AsFloat() == b.AsFloat();
    case Basic::kString:
      return a.AsString() == b.AsString();
    case Basic::kInt:
    case Basic::kUint:
      return a.AsInt() == b.AsInt();
    default:
      return CompoundsEqual(a, b);
  }
}

absl::StatusOr<bool> Equal(const Any& a, const Any& b) {
  const Basic left = BasicKind(a), right = BasicKind(b);
  if (left == right) return BasicsEqual(left, a, b);
  if (left == Basic::kInt && right == Basic::kUint) {
    return a.AsInt() >= 0 && a.AsUint() == b.AsUint();
  }
  if (left == Basic::kUint && right == Basic::kInt) {
    return b.AsInt() >= 0 && a.AsUint() == b.AsUint();
  }
  if (!a.is_nothing() && !b.is_nothing()) return Incompatible(a, b);
  return false;
}

absl::StatusOr<bool> EqualToAny(absl::Span<const Any> args) {
  if (args.size() < 2) return GoError("missing argument for comparison");
  for (size_t i = 1; i < args.size(); ++i) {
    const absl::StatusOr<bool> equal = Equal(args[0], args[i]);
    if (!equal.ok() || *equal) return equal;
  }
  return false;
}

absl::StatusOr<bool> Less(const Any& a, const Any& b) {
  const Basic left = BasicKind(a), right = BasicKind(b);
  if (left == Basic::kInvalid || right == Basic::kInvalid) return BadType();
  if (left != right) {
    if (left == Basic::kInt && right == Basic::kUint) {
      return a.AsInt() < 0 || a.AsUint() < b.AsUint();
    }
    if (left == Basic::kUint && right == Basic::kInt) {
      return b.AsInt() >= 0 && a.AsUint() < b.AsUint();
    }
    return Incompatible(a, b);
  }
  switch (left) {
    case Basic::kFloat:
      return a.AsFloat() < b.AsFloat();
    case Basic::kInt:
      return a.AsInt() < b.AsInt();
    case Basic::kString:
      return a.AsString() < b.AsString();
    case Basic::kUint:
      return a.AsUint() < b.AsUint();
    default:
      return BadType();
  }
}

absl::StatusOr<bool> LessOrEqual(absl::Span<const Any> args) {
  const absl::StatusOr<bool> less = Less(args[0], args[1]);
  if (!less.ok() || *less) return less;
  return EqualToAny(args);
}

Result ToResult(const absl::StatusOr<bool>& value, bool negate = false) {
  if (!value.ok()) return value.status();
  return Any::Bool(*value != negate);
}

// The index as a number that is at most `cap`.
absl::StatusOr<size_t> IndexOf(const Any& index, size_t cap) {
  if (index.is_nothing()) {
    return GoError("cannot index slice/array with nil");
  }
  if (!index.is_signed() && !index.is_unsigned()) {
    return GoError("cannot index slice/array with type ", index.type_name());
  }
  const int64_t x = index.AsInt();
  if (x < 0 || static_cast<uint64_t>(x) > cap) {
    return GoError("index out of range: ", x);
  }
  return static_cast<size_t>(x);
}

absl::StatusOr<Any> IndexList(const Any& item, const Any& index) {
  const absl::StatusOr<size_t> i = IndexOf(index, item.size());
  if (!i.ok()) return i.status();
  if (*i == item.size()) {
    return GoError("reflect: ", item.is_string() ? "string" : "slice",
                   " index out of range");
  }
  return item.At(*i);
}

Any ZeroElement(const Type* elem) {
  switch (elem->kind) {
    case Kind::kInterface:
      return Any::BoxedNil();
    case Kind::kString:
      return Any::String(elem, "");
    case Kind::kMap:
    case Kind::kSlice:
    case Kind::kPtr:
      return Any::Nil(elem);
    default:
      return Any::Integer(elem, 0);
  }
}

absl::StatusOr<Any> IndexMap(const Any& item, const Any& index) {
  if (index.is_nothing()) {
    return GoError("value is nil; should be of type string");
  }
  if (index.type() != types::String()) {
    return GoError("value has type ", index.type_name(), "; should be string");
  }
  const Type* elem = item.type()->elem;
  const Dict* dict = item.AsDict();
  const Any* found = dict == nullptr ? nullptr : dict->Find(index.AsString());
  if (found == nullptr) return ZeroElement(elem);
  return elem->kind == Kind::kInterface ? found->Boxed() : *found;
}

// The type of what a pointer points to, of others their own.
absl::string_view PointedAtName(const Any& item) {
  absl::string_view name = item.type_name();
  if (item.kind() == Kind::kPtr) absl::ConsumePrefix(&name, "*");
  return name;
}

Result Index(Call& call) {
  Any item = call.args[0];
  if (item.is_nothing()) return GoError("index of untyped nil");
  for (size_t i = 1; i < call.args.size(); ++i) {
    if (item.is_nothing() || (item.kind() == Kind::kPtr && item.is_nil())) {
      return GoError("index of nil pointer");
    }
    Result next = GoError("can't index item of type ", PointedAtName(item));
    if (item.is_list() || item.is_string()) {
      next = IndexList(item, call.args[i]);
    } else if (item.is_dict()) {
      next = IndexMap(item, call.args[i]);
    }
    if (!next.ok()) return next;
    item = *std::move(next);
  }
  return item;
}

Result SubList(Call& call, const Any& item, size_t begin, size_t end) {
  if (item.is_string() || item.type() == types::Bytes()) {
    return Any::String(item.type(), item.AsString().substr(begin, end - begin));
  }
  WEIR_RETURN_IF_ERROR(call.execution.Charge((end - begin) * sizeof(Any)));
  std::vector<Any> items;
  for (size_t i = begin; i < end; ++i) items.push_back(item.At(i));
  return Any::List(std::move(items), item.type());
}

Result Slice(Call& call) {
  const Any& item = call.args[0];
  const absl::Span<Any> indexes = call.args.subspan(1);
  if (item.is_nothing()) return GoError("slice of untyped nil");
  if (indexes.size() > 3) {
    return GoError("too many slice indexes: ", indexes.size());
  }
  if (item.is_string() && indexes.size() == 3) {
    return GoError("cannot 3-index slice a string");
  }
  if (!item.is_string() && !item.is_list()) {
    return GoError("can't slice item of type ", item.type_name());
  }
  size_t bounds[3] = {0, item.size(), item.size()};
  for (size_t i = 0; i < indexes.size(); ++i) {
    if (indexes[i].is_boxed()) {
      return GoError("cannot index slice/array with type interface {}");
    }
    const absl::StatusOr<size_t> bound = IndexOf(indexes[i], item.size());
    if (!bound.ok()) return bound.status();
    bounds[i] = *bound;
  }
  for (size_t i = 0; i < 2; ++i) {
    if (bounds[i] > bounds[i + 1]) {
      return GoError("invalid slice index: ", bounds[i], " > ", bounds[i + 1]);
    }
  }
  return SubList(call, item, bounds[0], bounds[1]);
}

Result Length(Call& call) {
  const Any& item = call.args[0];
  if (item.is_invalid()) {
    return GoError("reflect: call of reflect.Value.Type on zero Value");
  }
  if (item.is_nothing() || (item.kind() == Kind::kPtr && item.is_nil())) {
    return GoError("len of nil pointer");
  }
  if (item.is_list() || item.is_dict() || item.is_string()) {
    return Any::Int(static_cast<int64_t>(item.size()));
  }
  return GoError("len of type ", PointedAtName(item));
}

// The text of html, js and urlquery's arguments.
std::string EscaperText(Call& call) {
  for (Any& arg : call.args) {
    if (arg.is_nothing()) arg = Any::String("<no value>");
  }
  return Sprint(call.args, MostText(call));
}

void EscapeHtml(absl::string_view text, std::string* result) {
  std::string& out = *result;
  for (const char c : text) {
    switch (c) {
      case '\0':
        out.append("\xEF\xBF\xBD");
        break;
      case '"':
        out.append("&#34;");
        break;
      case '\'':
        out.append("&#39;");
        break;
      case '&':
        out.append("&amp;");
        break;
      case '<':
        out.append("&lt;");
        break;
      case '>':
        out.append("&gt;");
        break;
      default:
        out.push_back(c);
    }
  }
}

void EscapeJs(absl::string_view text, std::string* result) {
  std::string& out = *result;
  while (!text.empty()) {
    size_t size = 1;
    const Rune rune = DecodeRune(text, &size);
    if (rune >= 0x80) {
      if (IsPrint(rune)) {
        absl::StrAppend(&out, text.substr(0, size));
      } else {
        absl::StrAppendFormat(&out, "\\u%04X", rune);
      }
    } else if (rune == '\\' || rune == '\'' || rune == '"') {
      out.push_back('\\');
      out.push_back(static_cast<char>(rune));
    } else if (rune < ' ' || rune == '<' || rune == '>' || rune == '&' ||
               rune == '=') {
      absl::StrAppendFormat(&out, "\\u%04X", rune);
    } else {
      out.push_back(static_cast<char>(rune));
    }
    text.remove_prefix(size);
  }
}

// Whether an argument may be given to a parameter, as `call` decides; it is
// converted.
absl::Status Prepare(const Type* wanted, Any* arg) {
  if (wanted == types::ReflectValue() || wanted->kind == Kind::kInterface) {
    arg->Unbox();
    return absl::OkStatus();
  }
  if (arg->is_nothing()) {
    switch (wanted->kind) {
      case Kind::kMap:
      case Kind::kSlice:
      case Kind::kPtr:
      case Kind::kFunc:
        *arg = Any::Nil(wanted);
        return absl::OkStatus();
      default:
        return GoError("value is nil; should be of type ", wanted->name);
    }
  }
  arg->Unbox();
  if (IsAssignable(arg->type(), wanted)) {
    *arg = arg->WithType(wanted);
    return absl::OkStatus();
  }
  const Any like = Any::Integer(wanted, 0);
  if ((arg->is_signed() || arg->is_unsigned()) &&
      (like.is_signed() || like.is_unsigned())) {
    *arg = Any::Integer(wanted, arg->AsInt());
    return absl::OkStatus();
  }
  return GoError("value has type ", arg->type_name(), "; should be ",
                 wanted->name);
}

Result CallValue(Call& call) {
  const std::string name(call.args[0].AsString());
  const Any& callee = call.args[1];
  absl::Span<Any> args = call.args.subspan(2);
  if (callee.is_nothing()) return GoError("call of nil");
  if (callee.kind() != Kind::kFunc) {
    return GoError("non-function ", name, " of type ", callee.type_name());
  }
  const Function& function =
      static_cast<const FunctionObject*>(callee.AsObject())->function;
  const Signature& signature = function.signature;
  const size_t wanted = signature.parameters.size();
  if (signature.is_variadic ? args.size() + 1 < wanted
                            : args.size() != wanted) {
    return GoError("wrong number of args for ", name, ": got ", args.size(),
                   signature.is_variadic ? " want at least " : " want ",
                   signature.is_variadic ? wanted - 1 : wanted);
  }
  for (size_t i = 0; i < args.size(); ++i) {
    const absl::Status status =
        Prepare(signature.parameters[std::min(i, wanted - 1)], &args[i]);
    if (!status.ok()) {
      return WrapError(absl::StrCat("arg ", i, ": ", status.message()), status);
    }
  }
  Call inner{name, args, Any(), call.execution, call.set};
  Result result = function.call(inner);
  if (result.ok() && signature.result->kind == Kind::kInterface) result->Box();
  return result;
}

Result Unreachable(Call&) { return GoError("unreachable"); }

constexpr Row kRows[] = {
    // The evaluator does these two itself.
    {"and", "func(reflect.Value, ...reflect.Value) reflect.Value", Unreachable},
    {"or", "func(reflect.Value, ...reflect.Value) reflect.Value", Unreachable},
    {"call", "func(reflect.Value, ...reflect.Value) reflect.Value", CallValue},
    {"not", "func(reflect.Value) bool",
     [](Call& call) -> Result { return Any::Bool(!IsTrue(call.args[0])); }},
    {"eq", "func(reflect.Value, ...reflect.Value) (bool, error)",
     [](Call& call) -> Result { return ToResult(EqualToAny(call.args)); }},
    {"ne", "func(reflect.Value, reflect.Value) (bool, error)",
     [](Call& call) -> Result {
       return ToResult(EqualToAny(call.args), true);
     }},
    {"lt", "func(reflect.Value, reflect.Value) (bool, error)",
     [](Call& call) -> Result {
       return ToResult(Less(call.args[0], call.args[1]));
     }},
    {"le", "func(reflect.Value, reflect.Value) (bool, error)",
     [](Call& call) -> Result { return ToResult(LessOrEqual(call.args)); }},
    {"gt", "func(reflect.Value, reflect.Value) (bool, error)",
     [](Call& call) -> Result {
       return ToResult(LessOrEqual(call.args), true);
     }},
    {"ge", "func(reflect.Value, reflect.Value) (bool, error)",
     [](Call& call) -> Result {
       return ToResult(Less(call.args[0], call.args[1]), true);
     }},
    {"len", "func(reflect.Value) (int, error)", Length},
    {"index", "func(reflect.Value, ...reflect.Value) (reflect.Value, error)",
     Index},
    {"slice", "func(reflect.Value, ...reflect.Value) (reflect.Value, error)",
     Slice},
    {"print", "func(...interface {}) string",
     [](Call& call) -> Result {
       return Text(call, Sprint(call.args, MostText(call)));
     }},
    {"println", "func(...interface {}) string",
     [](Call& call) -> Result {
       return Text(call, Sprintln(call.args, MostText(call)));
     }},
    {"printf", "func(string, ...interface {}) string",
     [](Call& call) -> Result {
       return Text(call, Sprintf(call.args[0].AsString(), call.args.subspan(1),
                                 MostText(call)));
     }},
    {"html", "func(...interface {}) string",
     [](Call& call) -> Result {
       return Expanded(call, EscaperText(call), EscapeHtml);
     }},
    {"js", "func(...interface {}) string",
     [](Call& call) -> Result {
       return Expanded(call, EscaperText(call), EscapeJs);
     }},
    {"urlquery", "func(...interface {}) string",
     [](Call& call) -> Result {
       return Expanded(call, EscaperText(call),
                       [](absl::string_view text, std::string* out) {
                         out->append(QueryEscape(text));
                       });
     }},
};

}  // namespace

FunctionTable FunctionTable::Builtins() {
  FunctionTable table;
  AddRows(kRows, table);
  return table;
}

}  // namespace weir::gotmpl
