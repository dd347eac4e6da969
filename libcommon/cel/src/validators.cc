#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checker.h"
#include "format_string.h"
#include "regular.h"

namespace weir::cel {
namespace {

class Validator {
 public:
  Validator(const Checked& checked, const Environment& environment,
            Errors& errors)
      : checked_(checked), environment_(environment), errors_(errors) {}

  void Visit(const Expr& expr, bool is_formatted) {
    if (expr.kind == ExprKind::kCall && expr.name == "format") {
      is_formatted = true;
      CheckFormat(expr);
    }
    if (environment_.has_literal_checks() && expr.kind == ExprKind::kCall) {
      CheckLiteral(expr);
    }
    if (!is_formatted && expr.kind == ExprKind::kList) CheckList(expr);
    if (!is_formatted && expr.kind == ExprKind::kMap) CheckMap(expr);
    if (expr.operand != nullptr && checked_.names.count(&expr) == 0) {
      Visit(*expr.operand, is_formatted);
    }
    for (const ExprPtr& argument : expr.arguments) {
      Visit(*argument, is_formatted);
    }
  }

 private:
  const Type& Of(const Expr& expr, bool is_optional) const {
    const Type& type = checked_.TypeOf(expr);
    return is_optional && IsOptional(type) ? *type.parameters[0] : type;
  }

  bool Mixed(const Expr& at, const Type& expected, const Type& found) {
    if (IsSameType(expected, found)) return false;
    errors_.Add(at.offset,
                absl::StrCat("expected type '", CheckerText(expected),
                             "' but found '", CheckerText(found), "'"));
    return true;
  }

  void CheckList(const Expr& list) {
    for (size_t i = 1; i < list.arguments.size(); ++i) {
      if (Mixed(*list.arguments[i], Of(*list.arguments[0], list.is_optional[0]),
                Of(*list.arguments[i], list.is_optional[i]))) {
        return;
      }
    }
  }

  void CheckMap(const Expr& map) {
    for (size_t i = 2; i < map.arguments.size(); i += 2) {
      Mixed(*map.arguments[i], Of(*map.arguments[0], false),
            Of(*map.arguments[i], false));
      Mixed(*map.arguments[i + 1], Of(*map.arguments[1], map.is_optional[0]),
            Of(*map.arguments[i + 1], map.is_optional[i / 2]));
    }
  }

  void CheckLiteral(const Expr& call) {
    if (call.arguments.empty() ||
        call.arguments[0]->kind != ExprKind::kLiteral) {
      return;
    }
    const Expr& argument = *call.arguments[0];
    bool is_fit = true;
    if (call.name == "matches") {
      std::string ignored;
      is_fit = !argument.literal.Is(Kind::kString) ||
               CompileRegular(argument.literal.AsString(), ignored) != nullptr;
    } else if (call.name == "duration" || call.name == "timestamp") {
      Meter meter(1000, 1000);
      for (const FunctionRow& row : environment_.Find(call.name)->rows) {
        if (!TakesValue(*row.arguments[0], argument.literal)) continue;
        is_fit = !row.compute({&argument.literal, 1}, meter).is_error();
      }
    }
    if (is_fit) return;
    errors_.Add(argument.offset,
                absl::StrCat("invalid ", call.name, " argument"));
  }

  void CheckFormat(const Expr& call) {
    if (call.operand == nullptr || call.arguments.size() != 1 ||
        call.operand->kind != ExprKind::kLiteral ||
        !call.operand->literal.Is(Kind::kString) ||
        call.arguments[0]->kind != ExprKind::kList) {
      return;
    }
    const std::vector<ExprPtr>& arguments = call.arguments[0]->arguments;
    const Expr* wrong = &call;
    size_t used = 0;
    std::string ignored;
    const std::string error = Format(
        call.operand->literal.AsString(), arguments.size(), ignored,
        [&](const FormatClause& clause) -> std::string {
          used = clause.argument + 1;
          const Expr* bad = Misfit(clause.verb, *arguments[clause.argument]);
          if (bad == nullptr) return "";
          wrong = bad;
          const std::string type = TypeName(checked_.TypeOf(*bad));
          return environment_.has_old_format()
                     ? WrongOldFormatArgument(clause.verb, type)
                     : WrongFormatArgument(clause.verb, type);
        });
    if (!error.empty()) {
      errors_.Add(wrong->offset, error);
    } else if (arguments.size() > used) {
      errors_.Add(call.offset,
                  absl::StrCat("too many arguments supplied to string.format "
                               "(expected ",
                               used, ", got ", arguments.size(), ")"));
    }
  }

  // The part that this clause cannot print; null when it can.
  const Expr* Misfit(char verb, const Expr& expr) const {
    const Type& type = checked_.TypeOf(expr);
    if (!IsDyn(type) && !Takes(verb, type.kind)) return &expr;
    if (verb != 's' ||
        (expr.kind != ExprKind::kList && expr.kind != ExprKind::kMap)) {
      return nullptr;
    }
    for (const ExprPtr& part : expr.arguments) {
      if (const Expr* bad = Misfit(verb, *part)) return bad;
    }
    return nullptr;
  }

  bool Takes(char verb, TypeKind kind) const {
    const bool is_integer = kind == TypeKind::kInt || kind == TypeKind::kUint;
    const bool is_old = environment_.has_old_format();
    switch (verb) {
      case 's':
        return kind != TypeKind::kOpaque && kind != TypeKind::kObject &&
               kind != TypeKind::kError;
      case 'd':
        if (is_old) return is_integer;
        return is_integer || kind == TypeKind::kDouble;
      case 'f':
      case 'e':
        if (is_old) {
          return kind == TypeKind::kDouble || kind == TypeKind::kString;
        }
        return is_integer || kind == TypeKind::kDouble;
      case 'b':
        return is_integer || kind == TypeKind::kBool;
      case 'o':
        return is_integer;
      default:
        return is_integer || kind == TypeKind::kString ||
               kind == TypeKind::kBytes;
    }
  }

  const Checked& checked_;
  const Environment& environment_;
  Errors& errors_;
};

}  // namespace

void Validate(const Expr& root, const Checked& checked,
              const Environment& environment, Errors& errors) {
  Validator(checked, environment, errors).Visit(root, false);
}

}  // namespace weir::cel
