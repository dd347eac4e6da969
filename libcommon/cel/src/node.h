// Node is an expression made ready to evaluate.
//
// Touches: nothing.
// Threads: immutable; safe to share. A Frame is of one evaluation.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "functions.h"
#include "weir/cel/cel.h"
#include "weir/cel/value.h"

namespace weir::cel {

// Variables of the folds around, the innermost last.
struct Frame {
  const Variables& variables;
  Meter& meter;
  struct Local {
    absl::string_view name;
    const Value* value;
  };
  std::vector<Local> locals;

  std::optional<Value> Find(absl::string_view name) const;
};

class Node {
 public:
  virtual ~Node() = default;
  // Charges for itself.
  Value Eval(Frame& frame) const {
    if (!frame.meter.Charge(1)) {
      return Value::Error("operation cancelled: actual cost limit exceeded");
    }
    return Compute(frame);
  }
  // The value, when it is always the same.
  virtual const Value* constant() const { return nullptr; }

 protected:
  virtual Value Compute(Frame& frame) const = 0;
};
using NodePtr = std::unique_ptr<const Node>;

// A step from a value to a part of it.
struct Qualifier {
  std::optional<Value> constant;
  NodePtr index;  // When there is no constant.
  // Whether `index` resolves to what is in the data, errors marked.
  bool is_attribute = false;
  bool is_optional = false;
  bool is_test = false;  // has().
};

// A value that steps lead on from. They are added as they are planned, so
// that an optional one makes all that follow optional.
class Attribute : public Node {
 public:
  virtual void Add(std::shared_ptr<const Qualifier> qualifier) = 0;
  // As Eval, with errors of missing variables marked.
  virtual Value Resolve(Frame& frame) const = 0;

 protected:
  Value Compute(Frame& frame) const override {
    return Resolve(frame).WithoutMark();
  }
};
using AttributePtr = std::unique_ptr<Attribute>;

// A variable. Unless the checker knows it, "a.b" may be a variable, or a
// field of one; the longest name that there is wins.
AttributePtr MakeVariable(std::string name, bool is_checked);
// Steps from any value.
AttributePtr MakeRelative(NodePtr operand);
// Steps from one of two.
AttributePtr MakeConditional(NodePtr condition, AttributePtr then,
                             AttributePtr otherwise);

NodePtr MakeConstant(Value value);
NodePtr MakeLogic(bool is_or, std::vector<NodePtr> terms);
NodePtr MakeEquality(bool is_equal, NodePtr left, NodePtr right);
NodePtr MakeOr(NodePtr optional, NodePtr otherwise, bool is_value);
NodePtr MakeList(std::vector<NodePtr> elements, std::vector<bool> optional);
// Keys and values in turn.
NodePtr MakeMapNode(std::vector<NodePtr> parts, std::vector<bool> optional);

struct FoldParts {
  NodePtr range, initial, condition, step, result;
  std::string variable;
  std::string second_variable;  // Usually empty.
  std::string accumulator;
  // What is added to the accumulator, when the step does nothing else, with
  // the condition under which it is; null for always.
  NodePtr collected;
  NodePtr filter;
  // Of a map: whether what is added has the first variable as its key, or is
  // a map of entries.
  bool is_keyed = false;
};
NodePtr MakeFold(FoldParts parts);
// Collects in a map.
NodePtr MakeMapFold(FoldParts parts);

// How a call finds what computes it.
struct CallTarget {
  std::string function;
  int64_t id = 0;
  const FunctionDecl* decl = nullptr;  // Null for an unknown function.
  const FunctionRow* row = nullptr;    // When it can only be this one.
};
NodePtr MakeCall(CallTarget target, std::vector<NodePtr> arguments);
NodePtr MakeNotStrictlyFalse(NodePtr operand);

// The part of `value` that `key` names, as a step of an expression takes it:
// an optional when `is_optional`, a bool when `is_test`.
Value Part(const Value& value, const Value& key, bool is_optional, bool is_test,
           bool& is_present);

}  // namespace weir::cel
