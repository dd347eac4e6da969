// Checks the types of an expression, and finds the rows that its calls may
// mean.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "ast.h"
#include "functions.h"
#include "source.h"
#include "type.h"
#include "weir/cel/cel.h"

namespace weir::cel {

struct Checked {
  // No type parameters are left in these.
  std::unordered_map<const Expr*, TypePtr> types;
  // Of calls: the ids of all rows that fit.
  std::unordered_map<const Expr*, std::vector<std::string>> rows;
  // Identifiers and selects that name a variable or a type.
  std::unordered_map<const Expr*, std::string> names;

  const Type& TypeOf(const Expr& expr) const { return *types.at(&expr); }
};

// "a.b.c" of identifiers and selects; nothing of other expressions.
std::optional<std::string> QualifiedName(const Expr& expr);

// Adds to `errors` what is wrong.
Checked Check(Expr& root, const Environment& environment,
              const std::vector<Variable>& variables,
              const ObjectTypes* objects, Errors& errors);

// What cel-go's validators look for in a checked expression: lists and maps of
// mixed types, format() with literals that do not fit, and what else the
// environment has checked of literals.
void Validate(const Expr& root, const Checked& checked,
              const Environment& environment, Errors& errors);

}  // namespace weir::cel
