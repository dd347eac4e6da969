// Sprig's defaults.go, reflect.go and `fail`.
#include "rows.h"
#include "text_ops.h"
#include "weir/base/status.h"
#include "weir/gotmpl/format.h"

namespace weir::gotmpl {

bool IsEmpty(const Any& value) {
  switch (value.kind()) {
    case Kind::kInvalid:
      return true;
    case Kind::kStruct:
      return false;
    default:
      return !IsTrue(value);
  }
}

namespace {

Result Default(Call& call) {
  const bool is_given = call.args.size() > 1 && !IsEmpty(call.args[1]);
  return call.args[is_given ? 1 : 0];
}

Result Coalesce(Call& call) {
  for (const Any& arg : call.args) {
    if (!IsEmpty(arg)) return arg;
  }
  return Any();
}

Result CountNonEmpty(Call& call, bool all) {
  for (const Any& arg : call.args) {
    if (IsEmpty(arg) == all) return Any::Bool(!all);
  }
  return Any::Bool(all);
}

Result TypeIsLike(Call& call) {
  const absl::string_view target = call.args[0].AsString();
  const absl::string_view type = call.args[1].type_name();
  return Any::Bool(target == type || absl::StrCat("*", target) == type);
}

Result Equal(Call& call) {
  WEIR_ASSIGN_OR_RETURN(const bool equal,
                        AreEqual(call, call.args[0], call.args[1]));
  return Any::Bool(equal);
}

constexpr absl::string_view kCheck = "func(string, interface {}) bool";

constexpr Row kRows[] = {
    {"default", "func(interface {}, ...interface {}) interface {}", Default},
    {"empty", "func(interface {}) bool",
     [](Call& call) -> Result { return Any::Bool(IsEmpty(call.args[0])); }},
    {"coalesce", "func(...interface {}) interface {}", Coalesce},
    {"all", "func(...interface {}) bool",
     [](Call& call) -> Result { return CountNonEmpty(call, true); }},
    {"any", "func(...interface {}) bool",
     [](Call& call) -> Result { return CountNonEmpty(call, false); }},
    {"ternary", "func(interface {}, interface {}, bool) interface {}",
     [](Call& call) -> Result {
       return call.args[call.args[2].AsBool() ? 0 : 1];
     }},
    {"fail", "func(string) (string, error)",
     [](Call& call) -> Result { return GoError(call.args[0].AsString()); }},
    {"typeOf", "func(interface {}) string",
     [](Call& call) -> Result {
       return Any::String(call.args[0].type_name());
     }},
    {"typeIs", kCheck,
     [](Call& call) -> Result {
       return Any::Bool(call.args[0].AsString() == call.args[1].type_name());
     }},
    {"typeIsLike", kCheck, TypeIsLike},
    {"kindOf", "func(interface {}) string",
     [](Call& call) -> Result {
       return Any::String(KindName(call.args[0].kind()));
     }},
    {"kindIs", kCheck,
     [](Call& call) -> Result {
       return Any::Bool(call.args[0].AsString() ==
                        KindName(call.args[1].kind()));
     }},
    {"deepEqual", "func(interface {}, interface {}) bool", Equal},
};

}  // namespace

void AddFlow(FunctionTable& table) { AddRows(kRows, table); }

}  // namespace weir::gotmpl
