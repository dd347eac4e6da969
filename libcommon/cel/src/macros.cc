#include "macros.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

namespace weir::cel {
namespace {

class Expander {
 public:
  explicit Expander(MacroCall& call) : call_(call) {}

  ExprPtr New(ExprKind kind) {
    return MakeExpr(kind, call_.next_id(), call_.offset);
  }
  ExprPtr Literal(Value value) {
    ExprPtr expr = New(ExprKind::kLiteral);
    expr->literal = std::move(value);
    return expr;
  }
  ExprPtr Ident(absl::string_view name) {
    ExprPtr expr = New(ExprKind::kIdent);
    expr->name = std::string(name);
    return expr;
  }
  ExprPtr Accumulator() { return Ident(kAccumulator); }
  ExprPtr List(ExprPtr element) {
    ExprPtr expr = New(ExprKind::kList);
    if (element != nullptr) {
      expr->height = element->height;
      expr->arguments.push_back(std::move(element));
      expr->is_optional.push_back(false);
    }
    return expr;
  }
  template <typename... Exprs>
  ExprPtr Call(absl::string_view function, Exprs... arguments) {
    ExprPtr expr = New(ExprKind::kCall);
    expr->name = std::string(function);
    (expr->arguments.push_back(std::move(arguments)), ...);
    for (const ExprPtr& argument : expr->arguments) {
      expr->height = std::max(expr->height, argument->height);
    }
    return expr;
  }
  ExprPtr MemberCall(absl::string_view function, ExprPtr target) {
    ExprPtr expr = New(ExprKind::kCall);
    expr->name = std::string(function);
    expr->height = target->height;
    expr->operand = std::move(target);
    return expr;
  }
  ExprPtr Fold(ExprPtr range, std::string variable, std::string accumulator,
               ExprPtr initial, ExprPtr condition, ExprPtr step,
               ExprPtr result) {
    ExprPtr expr = New(ExprKind::kFold);
    expr->height = std::max(range->height, step->height);
    expr->operand = std::move(range);
    expr->variable = std::move(variable);
    expr->accumulator = std::move(accumulator);
    expr->arguments.push_back(std::move(initial));
    expr->arguments.push_back(std::move(condition));
    expr->arguments.push_back(std::move(step));
    expr->arguments.push_back(std::move(result));
    return expr;
  }

  // With new numbers throughout.
  ExprPtr Copy(const Expr& from) {
    const int64_t id = call_.next_id();
    if (id < 0) return MakeExpr(ExprKind::kUnspecified, id, from.offset);
    ExprPtr expr = MakeExpr(from.kind, id, from.offset);
    expr->height = from.height;
    expr->literal = from.literal;
    expr->name = from.name;
    expr->is_test = from.is_test;
    expr->is_optional = from.is_optional;
    expr->fields = from.fields;
    expr->variable = from.variable;
    expr->second_variable = from.second_variable;
    expr->accumulator = from.accumulator;
    if (from.operand != nullptr) expr->operand = Copy(*from.operand);
    for (const ExprPtr& argument : from.arguments) {
      expr->arguments.push_back(Copy(*argument));
    }
    return expr;
  }

 private:
  MacroCall& call_;
};

MacroError VariableError(const Expr& variable, absl::string_view message) {
  MacroError error;
  if (variable.kind != ExprKind::kIdent) {
    return {variable.offset, std::string(message)};
  }
  if (variable.name == kAccumulator || variable.name == "__result__") {
    return {variable.offset,
            "iteration variable overwrites accumulator variable"};
  }
  return error;
}

ExprPtr Has(MacroCall& call, MacroError& error) {
  Expr& argument = *call.arguments[0];
  if (argument.kind != ExprKind::kSelect) {
    error = {argument.offset, "invalid argument to has() macro"};
    return nullptr;
  }
  ExprPtr test = Expander(call).New(ExprKind::kSelect);
  test->is_test = true;
  test->name = argument.name;
  test->height = argument.height;
  test->operand = std::move(argument.operand);
  return test;
}

// Of macros with two variables.
MacroError VariablesError(const MacroCall& call) {
  const Expr& first = *call.arguments[0];
  const Expr& second = *call.arguments[1];
  constexpr absl::string_view kSimple = "argument must be a simple name";
  for (const Expr* variable : {&first, &second}) {
    if (variable->kind != ExprKind::kIdent) {
      return {variable->offset, std::string(kSimple)};
    }
  }
  if (first.name == second.name) {
    return {second.offset,
            absl::StrCat("duplicate variable name: ", first.name)};
  }
  MacroError error = VariableError(first, kSimple);
  return error.message.empty() ? VariableError(second, kSimple) : error;
}

ExprPtr Quantifier(MacroCall& call, MacroError& error) {
  const bool has_two = call.arguments.size() == 3;
  error = has_two ? VariablesError(call)
                  : VariableError(*call.arguments[0],
                                  "argument must be a simple name");
  if (!error.message.empty()) return nullptr;
  Expander e(call);
  std::string variable = call.arguments[0]->name;
  const std::string second = has_two ? call.arguments[1]->name : "";
  ExprPtr predicate = std::move(call.arguments.back());
  ExprPtr initial, condition, step, result;
  if (call.function == "all") {
    initial = e.Literal(Value::Bool(true));
    condition = e.Call("@not_strictly_false", e.Accumulator());
    step = e.Call("_&&_", e.Accumulator(), std::move(predicate));
    result = e.Accumulator();
  } else if (call.function == "exists") {
    initial = e.Literal(Value::Bool(false));
    condition = e.Call("@not_strictly_false", e.Call("!_", e.Accumulator()));
    step = e.Call("_||_", e.Accumulator(), std::move(predicate));
    result = e.Accumulator();
  } else {
    initial = e.Literal(Value::Int(0));
    condition = e.Literal(Value::Bool(true));
    ExprPtr more = e.Call("_+_", e.Accumulator(), e.Literal(Value::Int(1)));
    step =
        e.Call("_?_:_", std::move(predicate), std::move(more), e.Accumulator());
    result = e.Call("_==_", e.Accumulator(), e.Literal(Value::Int(1)));
  }
  ExprPtr fold =
      e.Fold(std::move(call.target), std::move(variable),
             std::string(kAccumulator), std::move(initial),
             std::move(condition), std::move(step), std::move(result));
  fold->second_variable = second;
  return fold;
}

// map(x, f), map(x, p, f) and filter(x, p), which collect in a list.
ExprPtr Collect(MacroCall& call, MacroError& error) {
  error = VariableError(*call.arguments[0], "argument is not an identifier");
  if (!error.message.empty()) return nullptr;
  Expander e(call);
  std::string variable = call.arguments[0]->name;
  ExprPtr filter, element;
  if (call.function == "filter") {
    filter = std::move(call.arguments[1]);
    element = std::move(call.arguments[0]);
  } else {
    if (call.arguments.size() == 3) filter = std::move(call.arguments[1]);
    element = std::move(call.arguments.back());
  }
  ExprPtr initial = e.List(nullptr);
  ExprPtr condition = e.Literal(Value::Bool(true));
  ExprPtr step = e.Call("_+_", e.Accumulator(), e.List(std::move(element)));
  if (filter != nullptr) {
    step = e.Call("_?_:_", std::move(filter), std::move(step), e.Accumulator());
  }
  return e.Fold(std::move(call.target), std::move(variable),
                std::string(kAccumulator), std::move(initial),
                std::move(condition), std::move(step), e.Accumulator());
}

ExprPtr Optional(MacroCall& call, MacroError& error) {
  if (call.arguments[0]->kind != ExprKind::kIdent) {
    error = {call.arguments[0]->offset,
             absl::StrCat(call.function,
                          "() variable name must be a simple identifier")};
    return nullptr;
  }
  Expander e(call);
  const std::string variable = call.arguments[0]->name;
  ExprPtr copy = e.Copy(*call.target);
  ExprPtr has_value = e.MemberCall("hasValue", std::move(call.target));
  ExprPtr value = e.MemberCall("value", std::move(copy));
  ExprPtr mapped = std::move(call.arguments[1]);
  ExprPtr bound = e.Fold(e.List(nullptr), "#unused", variable, std::move(value),
                         e.Literal(Value::Bool(false)), e.Ident(variable),
                         std::move(mapped));
  bound->height = std::max(bound->height, bound->arguments.back()->height);
  if (call.function == "optMap") {
    bound = e.Call("optional.of", std::move(bound));
  }
  return e.Call("_?_:_", std::move(has_value), std::move(bound),
                e.Call("optional.none"));
}

// transformList, transformMap and transformMapEntry.
ExprPtr Transform(MacroCall& call, MacroError& error) {
  error = VariablesError(call);
  if (!error.message.empty()) return nullptr;
  Expander e(call);
  std::string variable = call.arguments[0]->name;
  ExprPtr filter;
  if (call.arguments.size() == 4) filter = std::move(call.arguments[2]);
  ExprPtr element = std::move(call.arguments.back());
  ExprPtr initial, step;
  if (call.function == "transformList") {
    initial = e.List(nullptr);
    step = e.Call("_+_", e.Accumulator(), e.List(std::move(element)));
  } else {
    initial = e.New(ExprKind::kMap);
    step = call.function == "transformMap"
               ? e.Call(kMapInsert, e.Accumulator(), e.Ident(variable),
                        std::move(element))
               : e.Call(kMapInsert, e.Accumulator(), std::move(element));
  }
  if (filter != nullptr) {
    step = e.Call("_?_:_", std::move(filter), std::move(step), e.Accumulator());
  }
  ExprPtr fold =
      e.Fold(std::move(call.target), std::move(variable),
             std::string(kAccumulator), std::move(initial),
             e.Literal(Value::Bool(true)), std::move(step), e.Accumulator());
  fold->second_variable = call.arguments[1]->name;
  return fold;
}

// sortBy(x, key): the list is a variable, sorted by what map(x, key) makes of
// it.
ExprPtr SortBy(MacroCall& call, MacroError& error) {
  constexpr absl::string_view kInput = "@__sortBy_input__";
  const ExprKind kind = call.target->kind;
  if (kind == ExprKind::kLiteral || kind == ExprKind::kMap ||
      kind == ExprKind::kStruct) {
    error = {call.target->offset,
             "sortBy can only be applied to a list, identifier, "
             "comprehension, call or select expression"};
    return nullptr;
  }
  Expander e(call);
  ExprPtr input = e.Ident(kInput);
  ExprPtr range = e.Ident(kInput);
  MacroCall map{call.offset, "map", range, call.arguments, call.next_id};
  ExprPtr keys = Collect(map, error);
  if (keys == nullptr) return nullptr;
  ExprPtr sorted = e.MemberCall("@sortByAssociatedKeys", e.Ident(kInput));
  sorted->height = std::max(sorted->height, keys->height);
  sorted->arguments.push_back(std::move(keys));
  ExprPtr bound = e.Fold(e.List(nullptr), "#unused", std::string(kInput),
                         std::move(call.target), e.Literal(Value::Bool(false)),
                         std::move(input), std::move(sorted));
  bound->height = std::max(bound->height, bound->arguments.back()->height);
  return bound;
}

struct Macro {
  absl::string_view name;
  size_t arguments;
  bool is_member;
  ExprPtr (*expand)(MacroCall& call, MacroError& error);
};

constexpr Macro kMacros[] = {
    {"has", 1, false, Has},
    {"all", 2, true, Quantifier},
    {"exists", 2, true, Quantifier},
    {"exists_one", 2, true, Quantifier},
    {"map", 2, true, Collect},
    {"map", 3, true, Collect},
    {"filter", 2, true, Collect},
    {"optMap", 2, true, Optional},
    {"optFlatMap", 2, true, Optional},
};

constexpr Macro kListMacros[] = {{"sortBy", 2, true, SortBy}};

constexpr Macro kTwoVariableMacros[] = {
    {"all", 3, true, Quantifier},
    {"exists", 3, true, Quantifier},
    {"existsOne", 3, true, Quantifier},
    {"exists_one", 3, true, Quantifier},
    {"transformList", 3, true, Transform},
    {"transformList", 4, true, Transform},
    {"transformMap", 3, true, Transform},
    {"transformMap", 4, true, Transform},
    {"transformMapEntry", 3, true, Transform},
    {"transformMapEntry", 4, true, Transform},
};

const Macro* Find(absl::Span<const Macro> macros, const MacroCall& call) {
  for (const Macro& macro : macros) {
    if (macro.name == call.function &&
        macro.arguments == call.arguments.size() &&
        macro.is_member == (call.target != nullptr)) {
      return &macro;
    }
  }
  return nullptr;
}

}  // namespace

ExprPtr ExpandMacro(const MacroSet& macros, MacroCall& call,
                    MacroError& error) {
  const Macro* found = Find(kMacros, call);
  if (found == nullptr && macros.has_lists) found = Find(kListMacros, call);
  if (found == nullptr && macros.has_two_variables) {
    found = Find(kTwoVariableMacros, call);
  }
  return found == nullptr ? nullptr : found->expand(call, error);
}

}  // namespace weir::cel
