// The syntax tree of an expression, macros already expanded.
//
// Touches: nothing.
// Threads: plain data.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weir/cel/value.h"

namespace weir::cel {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

enum class ExprKind : uint8_t {
  kUnspecified,  // Of a text with errors.
  kLiteral,
  kIdent,
  kSelect,
  kCall,
  kList,
  kMap,
  kStruct,
  kFold,  // A comprehension.
};

struct Expr {
  ExprKind kind = ExprKind::kUnspecified;
  // Numbered as cel-go does: some of its messages tell them.
  int64_t id = 0;
  int32_t offset = -1;
  // Of nested operators and members, as cel-go counts them.
  int32_t height = 0;

  Value literal;
  // An identifier, a field, a function, a type.
  std::string name;
  // Of a select, and of a call of a member; of a fold, what it runs over.
  ExprPtr operand;
  bool is_test = false;  // A select within has().
  // Of a call; of a list; of a map, keys and values in turn; of a struct, the
  // values. Of a fold: initial value, condition, step, result.
  std::vector<ExprPtr> arguments;
  // Of a list's element, a map's or struct's entry: whether "?" precedes it.
  std::vector<bool> is_optional;
  std::vector<std::string> fields;  // Of a struct.
  // Of a fold.
  std::string variable;
  std::string second_variable;  // Usually empty.
  std::string accumulator;
};

inline ExprPtr MakeExpr(ExprKind kind, int64_t id, int32_t offset) {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->id = id;
  expr->offset = offset;
  return expr;
}

}  // namespace weir::cel
