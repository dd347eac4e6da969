#include "checker.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "unifier.h"

namespace weir::cel {
namespace {

std::string Named(const Type& type) {
  return absl::StrCat("'", CheckerText(type), "'");
}

class Checker {
 public:
  Checker(const Environment& environment,
          const std::vector<Variable>& variables, const ObjectTypes* objects,
          Errors& errors)
      : environment_(environment), objects_(objects), errors_(errors) {
    for (const Variable& variable : variables) {
      scope_.emplace_back(variable.name, ParseType(variable.type));
    }
  }

  Checked Run(Expr& root) {
    Visit(root);
    for (auto& [expr, type] : checked_.types) {
      type = unifier_.Substitute(type, true);
    }
    if (unifier_.is_exhausted()) {
      errors_.Add(-1, "the expression's types are too large");
    }
    return std::move(checked_);
  }

 private:
  void Wrong(const Expr& at, std::string message) {
    errors_.Add(at.offset, std::move(message));
  }
  void Mismatch(const Expr& at, const Type& expected, const Type& found) {
    Wrong(at, absl::StrCat("expected type ", Named(expected), " but found ",
                           Named(found)));
  }
  void Undeclared(const Expr& at, absl::string_view name) {
    Wrong(at, absl::StrCat("undeclared reference to '", name,
                           "' (in container '')"));
    SetType(at, SimpleType(TypeKind::kError));
  }

  void SetType(const Expr& expr, TypePtr type) {
    checked_.types[&expr] = std::move(type);
  }
  const TypePtr& TypeOf(const Expr& expr) const {
    return checked_.types.at(&expr);
  }

  void Visit(Expr& expr) {
    if (unifier_.is_exhausted()) {
      return SetType(expr, SimpleType(TypeKind::kError));
    }
    switch (expr.kind) {
      case ExprKind::kLiteral:
        return SetType(expr, LiteralType(expr.literal));
      case ExprKind::kIdent:
        return VisitIdent(expr);
      case ExprKind::kSelect:
        return VisitSelect(expr);
      case ExprKind::kCall:
        return VisitCall(expr);
      case ExprKind::kList:
        return VisitList(expr);
      case ExprKind::kMap:
        return VisitMap(expr);
      case ExprKind::kFold:
        return VisitFold(expr);
      case ExprKind::kStruct:
        return VisitStruct(expr);
      case ExprKind::kUnspecified:
        return SetType(expr, SimpleType(TypeKind::kError));
    }
  }

  static TypePtr LiteralType(const Value& literal) {
    switch (literal.kind()) {
      case Kind::kBool:
        return SimpleType(TypeKind::kBool);
      case Kind::kInt:
        return SimpleType(TypeKind::kInt);
      case Kind::kUint:
        return SimpleType(TypeKind::kUint);
      case Kind::kDouble:
        return SimpleType(TypeKind::kDouble);
      case Kind::kString:
        return SimpleType(TypeKind::kString);
      case Kind::kBytes:
        return SimpleType(TypeKind::kBytes);
      default:
        return SimpleType(TypeKind::kNull);
    }
  }

  // The innermost of that name; then the types.
  std::optional<TypePtr> Lookup(absl::string_view name) const {
    if (!name.empty() && name[0] == '.') name.remove_prefix(1);
    for (size_t i = scope_.size(); i > 0; --i) {
      if (scope_[i - 1].first == name) return scope_[i - 1].second;
    }
    if (const auto type = environment_.FindType(name)) return TypeType(*type);
    return std::nullopt;
  }

  bool SetName(const Expr& expr, absl::string_view name) {
    const auto type = Lookup(name);
    if (!type) return false;
    SetType(expr, *type);
    if (name[0] == '.') name.remove_prefix(1);
    checked_.names[&expr] = std::string(name);
    return true;
  }

  void VisitIdent(Expr& expr) {
    if (!SetName(expr, expr.name)) Undeclared(expr, expr.name);
  }

  void VisitSelect(Expr& expr) {
    if (!expr.is_test) {
      const auto name = QualifiedName(expr);
      if (name && SetName(expr, *name)) return;
    }
    TypePtr type = FieldType(expr, *expr.operand, false);
    if (expr.is_test) type = SimpleType(TypeKind::kBool);
    SetType(expr, unifier_.Substitute(type, false));
  }

  TypePtr FieldType(const Expr& expr, Expr& operand, bool is_optional) {
    Visit(operand);
    TypePtr target = unifier_.Substitute(TypeOf(operand), false);
    if (IsOptional(*target)) {
      is_optional = true;
      target = target->parameters[0];
    }
    TypePtr result = SimpleType(TypeKind::kDyn);
    if (target->kind == TypeKind::kMap) {
      result = target->parameters[1];
    } else if (target->kind == TypeKind::kObject) {
      result = ObjectField(expr, *target);
    } else if (target->kind == TypeKind::kParameter) {
      unifier_.IsAssignable(result, target);
    } else if (!IsDynOrError(*target)) {
      Wrong(expr, absl::StrCat("type ", Named(*target),
                               " does not support field selection"));
    }
    return is_optional ? OptionalType(result) : result;
  }

  // The field's name is that of a select, or a literal.
  TypePtr ObjectField(const Expr& expr, const Type& object) {
    const std::string& name = expr.kind == ExprKind::kSelect
                                  ? expr.name
                                  : expr.arguments[1]->literal.AsString();
    if (objects_ == nullptr || !objects_->Has(object.name)) {
      Wrong(expr, absl::StrCat("unexpected failed resolution of '", object.name,
                               "'"));
      return SimpleType(TypeKind::kError);
    }
    if (const auto type = objects_->FieldType(object.name, name)) {
      return ParseType(*type);
    }
    Wrong(expr, absl::StrCat("undefined field '", name, "'"));
    return SimpleType(TypeKind::kError);
  }

  void VisitCall(Expr& expr) {
    if (expr.name == "_?._") {
      SetType(expr, unifier_.Substitute(
                        FieldType(expr, *expr.arguments[0], true), false));
      SetType(*expr.arguments[1], SimpleType(TypeKind::kString));
      checked_.rows[&expr] = {"select_optional_field"};
      return;
    }
    for (const ExprPtr& argument : expr.arguments) Visit(*argument);
    if (expr.operand == nullptr) {
      absl::string_view name = expr.name;
      if (name[0] == '.') name.remove_prefix(1);
      const FunctionDecl* function = environment_.Find(name);
      if (function == nullptr) return Undeclared(expr, expr.name);
      expr.name = std::string(name);
      return Resolve(expr, *function);
    }
    if (const auto prefix = QualifiedName(*expr.operand)) {
      absl::string_view qualified = *prefix;
      if (qualified[0] == '.') qualified.remove_prefix(1);
      const std::string name = absl::StrCat(qualified, ".", expr.name);
      if (const FunctionDecl* function = environment_.Find(name)) {
        expr.name = name;
        expr.operand = nullptr;
        return Resolve(expr, *function);
      }
    }
    Visit(*expr.operand);
    const FunctionDecl* function = environment_.Find(expr.name);
    if (function == nullptr) return Undeclared(expr, expr.name);
    Resolve(expr, *function);
  }

  void Resolve(Expr& expr, const FunctionDecl& function) {
    if (expr.name == "_&&_" || expr.name == "_||_") return ResolveLogic(expr);
    std::vector<TypePtr> types;
    if (expr.operand != nullptr) types.push_back(TypeOf(*expr.operand));
    for (const ExprPtr& argument : expr.arguments) {
      types.push_back(TypeOf(*argument));
    }
    TypePtr result;
    std::vector<std::string>& rows = checked_.rows[&expr];
    for (const FunctionRow& row : function.rows) {
      if (row.is_member != (expr.operand != nullptr)) continue;
      if (row.arguments.size() != types.size()) continue;
      Unifier::Renaming renaming;
      for (const std::string& parameter : row.parameters) {
        renaming.emplace_back(parameter, unifier_.NewParameter());
      }
      std::vector<TypePtr> wanted;
      for (const TypePtr& argument : row.arguments) {
        wanted.push_back(Unifier::Rename(argument, renaming));
      }
      if (!unifier_.AreAssignable(types, wanted)) continue;
      rows.push_back(row.id);
      const TypePtr type =
          unifier_.Substitute(Unifier::Rename(row.result, renaming), false);
      if (result == nullptr) {
        result = type;
      } else if (!IsDyn(*result) && !IsSameType(*type, *result)) {
        result = SimpleType(TypeKind::kDyn);
      }
    }
    if (result == nullptr) {
      NoOverload(expr, types);
      result = SimpleType(TypeKind::kError);
    }
    SetType(expr, result);
  }

  void NoOverload(const Expr& expr, const std::vector<TypePtr>& types) {
    std::vector<std::string> texts;
    for (const TypePtr& type : types) {
      texts.push_back(CheckerText(*unifier_.Substitute(type, true)));
    }
    std::string target;
    if (expr.operand != nullptr) {
      target = texts.front() + ".";
      texts.erase(texts.begin());
    }
    Wrong(expr, absl::StrCat("found no matching overload for '", expr.name,
                             "' applied to '", target, "(",
                             absl::StrJoin(texts, ", "), ")'"));
  }

  void ResolveLogic(Expr& expr) {
    bool is_fine = true;
    const TypePtr boolean = SimpleType(TypeKind::kBool);
    for (const ExprPtr& argument : expr.arguments) {
      if (unifier_.IsAssignable(TypeOf(*argument), boolean)) continue;
      is_fine = false;
      Mismatch(*argument, *boolean, *TypeOf(*argument));
    }
    checked_.rows[&expr] = {"logic"};
    SetType(expr, is_fine ? boolean : SimpleType(TypeKind::kError));
  }

  // The type of an entry after "?".
  TypePtr Unwrapped(const Expr& expr, bool is_optional) {
    const TypePtr type = TypeOf(expr);
    if (!is_optional) return type;
    if (IsOptional(*type)) return type->parameters[0];
    if (!IsDyn(*type)) Mismatch(expr, *OptionalType(type), *type);
    return type;
  }

  TypePtr Joined(const TypePtr& before, const TypePtr& type) {
    if (before == nullptr) return type;
    if (unifier_.IsAssignable(before, type)) {
      return Unifier::MostGeneral(before, type);
    }
    return SimpleType(TypeKind::kDyn);
  }

  void VisitList(Expr& expr) {
    TypePtr element;
    for (size_t i = 0; i < expr.arguments.size(); ++i) {
      Visit(*expr.arguments[i]);
      element =
          Joined(element, Unwrapped(*expr.arguments[i], expr.is_optional[i]));
    }
    if (element == nullptr) element = unifier_.NewParameter();
    SetType(expr, ListType(element));
  }

  void VisitMap(Expr& expr) {
    TypePtr key;
    TypePtr value;
    for (size_t i = 0; i < expr.arguments.size(); i += 2) {
      Visit(*expr.arguments[i]);
      key = Joined(key, TypeOf(*expr.arguments[i]));
      Visit(*expr.arguments[i + 1]);
      value = Joined(
          value, Unwrapped(*expr.arguments[i + 1], expr.is_optional[i / 2]));
    }
    if (key == nullptr) {
      key = unifier_.NewParameter();
      value = unifier_.NewParameter();
    }
    SetType(expr, MapType(key, value));
  }

  // No message types are known but those of types that have names of their
  // own; none of them can be made by fields here.
  void VisitStruct(Expr& expr) {
    if (const auto type = NamedType(expr.name)) {
      Wrong(expr,
            absl::StrCat("'", TypeText(**type), "' is not a message type"));
      SetType(expr, SimpleType(TypeKind::kError));
    } else {
      Undeclared(expr, expr.name);
    }
    for (const ExprPtr& value : expr.arguments) Visit(*value);
  }

  // Of a loop's variable, or of both.
  using IterationTypes = std::pair<TypePtr, TypePtr>;
  IterationTypes TypesOfIteration(const Expr& range, bool has_two) {
    const TypePtr type = unifier_.Substitute(TypeOf(range), false);
    const TypePtr dyn = SimpleType(TypeKind::kDyn);
    const TypePtr error = SimpleType(TypeKind::kError);
    switch (type->kind) {
      case TypeKind::kList:
        if (!has_two) return {type->parameters[0], nullptr};
        return {SimpleType(TypeKind::kInt), type->parameters[0]};
      case TypeKind::kMap:
        return {type->parameters[0], type->parameters[1]};
      case TypeKind::kDyn:
      case TypeKind::kError:
      case TypeKind::kParameter:
        unifier_.IsAssignable(dyn, type);
        return {dyn, dyn};
      default:
        Wrong(range,
              absl::StrCat("expression of type ", Named(*type),
                           " cannot be range of a comprehension (must be "
                           "list, map, or dynamic)"));
        return {error, error};
    }
  }

  void Expect(const Expr& expr, const TypePtr& type) {
    if (unifier_.IsAssignable(type, TypeOf(expr))) return;
    Mismatch(expr, *type, *TypeOf(expr));
  }

  void VisitFold(Expr& expr) {
    Expr& initial = *expr.arguments[0];
    Expr& condition = *expr.arguments[1];
    Expr& step = *expr.arguments[2];
    Expr& result = *expr.arguments[3];
    Visit(*expr.operand);
    Visit(initial);
    const bool has_two = !expr.second_variable.empty();
    const auto [first, second] = TypesOfIteration(*expr.operand, has_two);
    const TypePtr accumulator = TypeOf(initial);
    scope_.emplace_back(expr.accumulator, accumulator);
    scope_.emplace_back(expr.variable, first);
    if (has_two) scope_.emplace_back(expr.second_variable, second);
    Visit(condition);
    Expect(condition, SimpleType(TypeKind::kBool));
    Visit(step);
    Expect(step, accumulator);
    scope_.resize(scope_.size() - (has_two ? 2 : 1));
    Visit(result);
    scope_.pop_back();
    SetType(expr, unifier_.Substitute(TypeOf(result), false));
  }

  const Environment& environment_;
  const ObjectTypes* const objects_;
  Errors& errors_;
  std::vector<std::pair<std::string, TypePtr>> scope_;
  Unifier unifier_;
  Checked checked_;
};

}  // namespace

std::optional<std::string> QualifiedName(const Expr& expr) {
  std::vector<absl::string_view> parts;
  const Expr* at = &expr;
  for (; at->kind == ExprKind::kSelect; at = at->operand.get()) {
    if (at->is_test) return std::nullopt;
    parts.push_back(at->name);
  }
  if (at->kind != ExprKind::kIdent) return std::nullopt;
  parts.push_back(at->name);
  std::reverse(parts.begin(), parts.end());
  return absl::StrJoin(parts, ".");
}

Checked Check(Expr& root, const Environment& environment,
              const std::vector<Variable>& variables,
              const ObjectTypes* objects, Errors& errors) {
  return Checker(environment, variables, objects, errors).Run(root);
}

}  // namespace weir::cel
