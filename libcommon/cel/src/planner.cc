#include "planner.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "macros.h"
#include "regular.h"

namespace weir::cel {
namespace {

bool IsConversion(absl::string_view function) {
  static constexpr std::array<absl::string_view, 10> kConversions = {
      "bool", "bytes",  "double",    "duration", "dyn",
      "int",  "string", "timestamp", "type",     "uint"};
  return std::find(kConversions.begin(), kConversions.end(), function) !=
         kConversions.end();
}

// matches() with a literal pattern, which is compiled once.
class MatchNode : public Node {
 public:
  MatchNode(NodePtr text, std::shared_ptr<const Regular> pattern)
      : text_(std::move(text)), pattern_(std::move(pattern)) {}

 protected:
  Value Compute(Frame& frame) const override {
    const Value text = text_->Eval(frame);
    if (text.is_error()) return text;
    if (!text.Is(Kind::kString)) return Value::Error("no such overload");
    frame.meter.Charge(text.AsString().size() / 4);
    return Value::Bool(pattern_->Matches(text.AsString()));
  }

 private:
  const NodePtr text_;
  const std::shared_ptr<const Regular> pattern_;
};

// A node, and the attribute that it is, if it is one.
struct Planned {
  std::unique_ptr<const Node> node;
  AttributePtr attribute;

  explicit Planned(NodePtr n) : node(std::move(n)) {}
  explicit Planned(AttributePtr a) : attribute(std::move(a)) {}

  bool is_attribute() const { return attribute != nullptr; }
  const Value* constant() const {
    return node == nullptr ? nullptr : node->constant();
  }
  NodePtr TakeNode() {
    return attribute != nullptr ? NodePtr(std::move(attribute))
                                : std::move(node);
  }
  AttributePtr TakeAttribute() {
    return attribute != nullptr ? std::move(attribute)
                                : MakeRelative(std::move(node));
  }
};

class Planner {
 public:
  Planner(const Environment& environment, const Checked* checked,
          const Limits& limits, std::string& error)
      : environment_(environment),
        checked_(checked),
        limits_(limits),
        error_(error) {}

  Planned Visit(const Expr& expr) {
    if (!error_.empty()) return Planned(MakeConstant(Value()));
    switch (expr.kind) {
      case ExprKind::kLiteral:
        return Planned(MakeConstant(expr.literal));
      case ExprKind::kIdent:
        return Ident(expr, expr.name);
      case ExprKind::kSelect:
        return Select(expr);
      case ExprKind::kCall:
        return Call(expr);
      case ExprKind::kList:
        return List(expr);
      case ExprKind::kMap:
        return Map(expr);
      case ExprKind::kFold:
        return Fold(expr);
      case ExprKind::kStruct:
        error_ = absl::StrCat("unknown type: ", expr.name);
        break;
      case ExprKind::kUnspecified:
        error_ = "unsupported expr";
        break;
    }
    return Planned(MakeConstant(Value()));
  }

 private:
  Planned Fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
    return Planned(MakeConstant(Value()));
  }

  // The value of a node that needs no variables, as a constant. Errors of
  // conversions are errors of the program.
  Planned Folded(NodePtr node, bool is_error_fatal) {
    Meter meter(limits_.cost, limits_.bytes);
    const Variables none = [](absl::string_view) { return std::nullopt; };
    Frame frame{none, meter, {}};
    Value value = node->Eval(frame);
    if (meter.is_exhausted()) return Planned(std::move(node));
    if (value.is_error() && is_error_fatal) return Fail(value.AsString());
    return Planned(MakeConstant(std::move(value)));
  }

  Planned Ident(const Expr& expr, const std::string& name) {
    if (checked_ == nullptr) return Planned(MakeVariable(name, false));
    const Type& type = checked_->TypeOf(expr);
    const std::string& known = checked_->names.at(&expr);
    const auto named = environment_.FindType(known);
    if (type.kind == TypeKind::kType) {
      // cel-go knows no variables that are types, and not all names of types.
      if (!named || TypeName(**named) != known) {
        return Fail(absl::StrCat("reference to undefined type: ", known));
      }
      return Planned(MakeConstant(Value::Type(known)));
    }
    return Planned(MakeVariable(known, true));
  }

  Planned Select(const Expr& expr) {
    if (checked_ != nullptr && checked_->names.count(&expr) > 0) {
      return Ident(expr, expr.name);
    }
    AttributePtr attribute = Visit(*expr.operand).TakeAttribute();
    auto step = std::make_shared<Qualifier>();
    step->constant = Value::String(expr.name);
    step->is_test = expr.is_test;
    attribute->Add(std::move(step));
    return Planned(std::move(attribute));
  }

  Planned Index(Planned target, Planned index, bool is_optional) {
    auto step = std::make_shared<Qualifier>();
    step->is_optional = is_optional;
    if (const Value* constant = index.constant()) {
      step->constant = *constant;
      const Kind kind = constant->kind();
      if (kind != Kind::kString && kind != Kind::kInt && kind != Kind::kUint &&
          kind != Kind::kBool && kind != Kind::kDouble) {
        // The message is the one that evaluation has.
        Meter meter(1000, 1000);
        const Variables none = [](absl::string_view) { return Value(); };
        Frame frame{none, meter, {}};
        AttributePtr probe = MakeRelative(MakeConstant(Value()));
        probe->Add(step);
        return Fail(probe->Eval(frame).AsString());
      }
    } else {
      step->is_attribute = index.is_attribute();
      step->index = index.TakeNode();
    }
    AttributePtr attribute = target.TakeAttribute();
    attribute->Add(std::move(step));
    return Planned(std::move(attribute));
  }

  // Target and arguments of a call, or arguments alone when the target is the
  // first part of a function's name.
  std::string ResolveFunction(const Expr& expr, bool& has_target) const {
    has_target = expr.operand != nullptr;
    absl::string_view name = expr.name;
    if (!has_target) {
      if (absl::StartsWith(name, ".")) name.remove_prefix(1);
      return std::string(name);
    }
    if (checked_ != nullptr) return expr.name;
    const auto prefix = QualifiedName(*expr.operand);
    if (!prefix) return expr.name;
    absl::string_view qualified = *prefix;
    if (absl::StartsWith(qualified, ".")) qualified.remove_prefix(1);
    const std::string full = absl::StrCat(qualified, ".", expr.name);
    if (environment_.Find(full) == nullptr) return expr.name;
    has_target = false;
    return full;
  }

  Planned Call(const Expr& expr) {
    bool has_target = false;
    const std::string function = ResolveFunction(expr, has_target);
    std::vector<Planned> arguments;
    if (has_target) arguments.push_back(Visit(*expr.operand));
    for (const ExprPtr& argument : expr.arguments) {
      arguments.push_back(Visit(*argument));
    }
    if (!error_.empty()) return Fail("");
    if (function == "_?_:_") {
      return Planned(MakeConditional(arguments[0].TakeNode(),
                                     arguments[1].TakeAttribute(),
                                     arguments[2].TakeAttribute()));
    }
    if (function == "_[_]" || function == "_[?_]" || function == "_?._") {
      return Index(std::move(arguments[0]), std::move(arguments[1]),
                   function != "_[_]");
    }
    const bool is_constant =
        arguments.size() == 1 && arguments[0].constant() != nullptr;
    std::vector<NodePtr> nodes;
    for (Planned& argument : arguments) nodes.push_back(argument.TakeNode());
    NodePtr call = CallNode(expr, function, std::move(nodes));
    if (call == nullptr) return Fail("");
    if (is_constant && IsConversion(function)) {
      return Folded(std::move(call), true);
    }
    return Planned(std::move(call));
  }

  NodePtr CallNode(const Expr& expr, const std::string& function,
                   std::vector<NodePtr> nodes) {
    if (function == "_&&_" || function == "_||_") {
      return MakeLogic(function == "_||_", std::move(nodes));
    }
    if (function == "_==_" || function == "_!=_") {
      return MakeEquality(function == "_==_", std::move(nodes[0]),
                          std::move(nodes[1]));
    }
    if (function == "@not_strictly_false") {
      return MakeNotStrictlyFalse(std::move(nodes[0]));
    }
    if (nodes.size() == 2 && (function == "or" || function == "orValue")) {
      return MakeOr(std::move(nodes[0]), std::move(nodes[1]),
                    function == "orValue");
    }
    if (function == "matches" && nodes.size() == 2) {
      const Value* pattern = nodes[1]->constant();
      if (pattern != nullptr && pattern->Is(Kind::kString)) {
        std::string reason;
        auto compiled = CompileRegular(pattern->AsString(), reason);
        if (compiled == nullptr) {
          error_ = reason;
          return nullptr;
        }
        return std::make_unique<MatchNode>(std::move(nodes[0]),
                                           std::move(compiled));
      }
    }
    CallTarget target{function, expr.id, nullptr, nullptr};
    if (!FindTarget(expr, nodes.size(), target)) return nullptr;
    if (target.decl != nullptr && !HasFitPattern(*target.decl, nodes)) {
      return nullptr;
    }
    return MakeCall(std::move(target), std::move(nodes));
  }

  bool HasFitPattern(const FunctionDecl& decl,
                     const std::vector<NodePtr>& nodes) {
    for (const FunctionRow& row : decl.rows) {
      if (row.pattern < 0 || row.arguments.size() != nodes.size()) continue;
      const Value* pattern = nodes[row.pattern]->constant();
      if (pattern == nullptr || !pattern->Is(Kind::kString)) continue;
      if (CompileRegular(pattern->AsString(), error_) == nullptr) return false;
    }
    return true;
  }

  bool FindTarget(const Expr& expr, size_t arity, CallTarget& target) {
    target.decl = environment_.Find(target.function);
    if (target.decl != nullptr && IsUnimplemented(*target.decl)) {
      target.decl = nullptr;
    }
    int wanted = -1;
    if (target.decl != nullptr && target.decl->shared != nullptr) {
      wanted = target.decl->shared_arity;
    } else if (target.decl != nullptr) {
      target.row = TheRow(expr, *target.decl);
      // Rows of three arguments and more take any number.
      if (target.row != nullptr && target.row->arguments.size() <= 2) {
        wanted = static_cast<int>(target.row->arguments.size());
      }
    } else if (arity == 0) {
      wanted = -2;
    }
    if (wanted == -1 || wanted == static_cast<int>(arity)) return true;
    constexpr std::array<absl::string_view, 3> kShapes = {"()", "(arg)",
                                                          "(lhs, rhs)"};
    error_ = absl::StrCat("no such overload: ", target.function,
                          arity < kShapes.size() ? kShapes[arity] : "(...)");
    return false;
  }

  static bool IsUnimplemented(const FunctionDecl& decl) {
    if (decl.shared != nullptr) return false;
    return std::none_of(
        decl.rows.begin(), decl.rows.end(),
        [](const FunctionRow& row) { return row.compute != nullptr; });
  }

  // The one row that a call can mean.
  const FunctionRow* TheRow(const Expr& expr, const FunctionDecl& decl) const {
    if (decl.rows.size() == 1) return &decl.rows[0];
    if (checked_ == nullptr) return nullptr;
    const auto found = checked_->rows.find(&expr);
    if (found == checked_->rows.end() || found->second.size() != 1) {
      return nullptr;
    }
    for (const FunctionRow& row : decl.rows) {
      if (row.id == found->second[0]) return &row;
    }
    return nullptr;
  }

  Planned List(const Expr& expr) {
    std::vector<NodePtr> nodes;
    bool is_constant = true;
    for (const ExprPtr& element : expr.arguments) {
      nodes.push_back(Visit(*element).TakeNode());
      is_constant = is_constant && nodes.back()->constant() != nullptr;
    }
    NodePtr list = MakeList(std::move(nodes), expr.is_optional);
    return is_constant ? Folded(std::move(list), false)
                       : Planned(std::move(list));
  }

  Planned Map(const Expr& expr) {
    std::vector<NodePtr> nodes;
    bool is_constant = true;
    for (const ExprPtr& part : expr.arguments) {
      nodes.push_back(Visit(*part).TakeNode());
      is_constant = is_constant && nodes.back()->constant() != nullptr;
    }
    NodePtr map = MakeMapNode(std::move(nodes), expr.is_optional);
    return is_constant ? Folded(std::move(map), false)
                       : Planned(std::move(map));
  }

  Planned Fold(const Expr& expr) {
    FoldParts parts;
    parts.variable = expr.variable;
    parts.second_variable = expr.second_variable;
    parts.accumulator = expr.accumulator;
    parts.initial = Visit(*expr.arguments[0]).TakeNode();
    parts.range = Visit(*expr.operand).TakeNode();
    const Expr* step = expr.arguments[2].get();
    const ExprKind initial = expr.arguments[0]->kind;
    const bool is_collecting =
        expr.accumulator == kAccumulator &&
        (initial == ExprKind::kList || initial == ExprKind::kMap);
    if (is_collecting) {
      if (step->name == "_?_:_") {
        parts.filter = Visit(*step->arguments[0]).TakeNode();
        step = step->arguments[1].get();
      }
      if (initial == ExprKind::kList) {
        const Expr& list = *step->arguments[1];
        parts.collected = Visit(*list.arguments[0]).TakeNode();
        return Planned(MakeFold(std::move(parts)));
      }
      // What is added to a map is a value of the first variable, or a map.
      parts.is_keyed = step->arguments.size() == 3;
      parts.collected = Visit(*step->arguments.back()).TakeNode();
      return Planned(MakeMapFold(std::move(parts)));
    }
    parts.condition = Visit(*expr.arguments[1]).TakeNode();
    parts.step = Visit(*step).TakeNode();
    parts.result = Visit(*expr.arguments[3]).TakeNode();
    return Planned(MakeFold(std::move(parts)));
  }

  const Environment& environment_;
  const Checked* checked_;
  const Limits& limits_;
  std::string& error_;
};

}  // namespace

NodePtr Plan(const Expr& root, const Environment& environment,
             const Checked* checked, const Limits& limits, std::string& error) {
  NodePtr node =
      Planner(environment, checked, limits, error).Visit(root).TakeNode();
  return error.empty() ? std::move(node) : nullptr;
}

}  // namespace weir::cel
