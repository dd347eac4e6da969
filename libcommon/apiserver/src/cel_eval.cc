// Walking a CEL program's tree.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cel_node.h"
#include "cel_program.h"
#include "weir/base/status.h"

namespace weir::apiserver {
namespace {

using Result = absl::StatusOr<CelValue>;

absl::Status Fail(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

// "__dash__" and the like stand for what a name may not hold.
std::string Unescape(const std::string& name) {
  if (name.find("__") == name.npos) return name;
  if (name.size() > 4 && name[0] == '_' && name[1] == '_' &&
      name[name.size() - 1] == '_' && name[name.size() - 2] == '_' &&
      name.find("__", 2) == name.size() - 2) {
    std::string inner = name.substr(2, name.size() - 4);
    if (inner != "dash" && inner != "dot" && inner != "slash" &&
        inner != "underscores") {
      return inner;  // A reserved word.
    }
  }
  return absl::StrReplaceAll(name, {{"__dot__", "."},
                                    {"__dash__", "-"},
                                    {"__slash__", "/"},
                                    {"__underscores__", "__"}});
}

class Evaluator {
 public:
  Evaluator(const CelInput& input, CelBudget& budget)
      : input_(input), budget_(budget) {}
  Result Eval(const CelNode& node);

 private:
  Result Name(const std::string& name);
  Result Select(const CelNode& node);
  Result Index(const CelNode& node);
  Result Logic(const CelNode& node, bool decisive);
  Result Macro(const CelNode& node);
  Result Quantify(const CelNode& node, const std::vector<CelValue>& items,
                  const std::vector<CelValue>& keys);
  Result Transform(const CelNode& node, const std::vector<CelValue>& items);
  Result MapLiteral(const CelNode& node);
  absl::StatusOr<bool> Bool(const CelNode& node);
  absl::StatusOr<std::vector<CelValue>> All(const CelNode& node, size_t from);

  const CelInput& input_;
  CelBudget& budget_;
  std::vector<std::pair<const std::string*, CelValue>> variables_;
};

Result Evaluator::Name(const std::string& name) {
  for (size_t i = variables_.size(); i-- > 0;) {
    if (*variables_[i].first == name) return variables_[i].second;
  }
  if (name == "self") return CelValue(*input_.self, input_.schema);
  if (name == "oldSelf") {
    std::optional<CelValue> old;
    if (input_.old_self != nullptr) {
      old = CelValue(*input_.old_self, input_.schema);
    }
    if (input_.old_self_is_optional) return CelValue::Optional(old);
    if (old.has_value()) return *old;
  }
  for (absl::string_view type : {"int", "uint", "double", "bool", "string",
                                 "bytes", "list", "map", "null_type"}) {
    if (name == type) return CelValue::Type(type);
  }
  return Fail(absl::StrCat("undeclared reference to '", name, "'"));
}

// Selecting from an optional gives an optional.
Result Evaluator::Select(const CelNode& node) {
  WEIR_ASSIGN_OR_RETURN(CelValue base, Eval(*node.args[0]));
  bool wrap = node.op == CelNode::Op::kOptSelect;
  if (base.is_optional()) {
    auto inner = base.Unwrap();
    if (node.op == CelNode::Op::kHas) {
      return CelValue(inner.has_value() &&
                      inner->Member(Unescape(node.text)).has_value());
    }
    if (!inner.has_value()) return base;
    base = *std::move(inner);
    wrap = true;
  }
  if (!base.is_map()) {
    return Fail(
        absl::StrCat("no such overload: ", base.TypeName(), ".", node.text));
  }
  auto member = base.Member(Unescape(node.text));
  if (!member.has_value() && node.text.find("__") != node.text.npos) {
    member = base.Member(node.text);
  }
  if (node.op == CelNode::Op::kHas) return CelValue(member.has_value());
  if (wrap) return CelValue::Optional(std::move(member));
  if (!member.has_value()) {
    return Fail(absl::StrCat("no such key: ", node.text));
  }
  return *std::move(member);
}

Result Evaluator::Index(const CelNode& node) {
  WEIR_ASSIGN_OR_RETURN(CelValue base, Eval(*node.args[0]));
  WEIR_ASSIGN_OR_RETURN(CelValue index, Eval(*node.args[1]));
  bool wrap = node.op == CelNode::Op::kOptIndex;
  if (base.is_optional()) {
    auto inner = base.Unwrap();
    if (!inner.has_value()) return base;
    base = *std::move(inner);
    wrap = true;
  }
  std::optional<CelValue> found;
  std::string problem;
  if (base.is_list() && index.is_number()) {
    double at = index.json().AsDouble();
    if (at >= 0 && at < static_cast<double>(base.size())) {
      found = base.At(static_cast<size_t>(at));
    }
    problem = absl::StrCat("index out of bounds: ", at);
  } else if (base.is_map() && index.is_string()) {
    found = base.Member(index.json().AsString());
    problem = absl::StrCat("no such key: ", index.json().AsString());
  } else {
    return Fail("no such overload");
  }
  if (wrap) return CelValue::Optional(std::move(found));
  if (!found.has_value()) return Fail(problem);
  return *std::move(found);
}

absl::StatusOr<bool> Evaluator::Bool(const CelNode& node) {
  WEIR_ASSIGN_OR_RETURN(CelValue value, Eval(node));
  if (!value.is_bool()) return Fail("no such overload");
  return value.json().AsBool();
}

// && and ||: an error on one side does not matter when the other decides.
Result Evaluator::Logic(const CelNode& node, bool decisive) {
  auto left = Bool(*node.args[0]);
  if (left.ok() && *left == decisive) return CelValue(decisive);
  auto right = Bool(*node.args[1]);
  if (right.ok() && *right == decisive) return CelValue(decisive);
  if (!left.ok()) return left.status();
  if (!right.ok()) return right.status();
  return CelValue(!decisive);
}

Result Evaluator::Quantify(const CelNode& node,
                           const std::vector<CelValue>& items,
                           const std::vector<CelValue>& keys) {
  const bool two = !node.second_variable.empty();
  int matches = 0;
  absl::Status problem;
  for (size_t i = 0; i < items.size(); ++i) {
    variables_.emplace_back(&node.text, two ? keys[i] : items[i]);
    if (two) variables_.emplace_back(&node.second_variable, items[i]);
    auto held = Bool(*node.args[1]);
    variables_.resize(variables_.size() - (two ? 2 : 1));
    if (!held.ok()) {
      if (absl::IsResourceExhausted(held.status())) return held.status();
      problem = held.status();
      continue;
    }
    if (*held) ++matches;
    if (node.op == CelNode::Op::kAll && !*held) return CelValue(false);
    if (node.op == CelNode::Op::kExists && *held) return CelValue(true);
  }
  WEIR_RETURN_IF_ERROR(problem);
  if (node.op == CelNode::Op::kExistsOne) return CelValue(matches == 1);
  return CelValue(node.op == CelNode::Op::kAll);
}

Result Evaluator::Transform(const CelNode& node,
                            const std::vector<CelValue>& items) {
  CelList out;
  for (const CelValue& item : items) {
    variables_.emplace_back(&node.text, item);
    absl::StatusOr<bool> held = true;
    if (node.op == CelNode::Op::kFilter || node.args.size() == 3) {
      held = Bool(*node.args[1]);
    }
    Result made = item;
    if (held.ok() && *held && node.op == CelNode::Op::kMapMacro) {
      made = Eval(*node.args.back());
    }
    variables_.pop_back();
    WEIR_RETURN_IF_ERROR(held);
    WEIR_RETURN_IF_ERROR(made);
    if (*held) out.push_back(*std::move(made));
  }
  return CelValue(std::move(out));
}

Result Evaluator::Macro(const CelNode& node) {
  WEIR_ASSIGN_OR_RETURN(CelValue range, Eval(*node.args[0]));
  std::vector<CelValue> items, keys;
  if (range.is_list()) {
    for (size_t i = 0; i < range.size(); ++i) {
      items.push_back(range.At(i));
      keys.emplace_back(Value(static_cast<int64_t>(i)));
    }
  } else if (range.is_map()) {
    for (const Value::Member& member : range.json().object()) {
      keys.emplace_back(Value(member.key));
      items.push_back(node.second_variable.empty() ? CelValue(Value(member.key))
                                                   : *range.Member(member.key));
    }
  } else {
    return Fail("no such overload");
  }
  if (node.op == CelNode::Op::kFilter || node.op == CelNode::Op::kMapMacro) {
    return Transform(node, items);
  }
  return Quantify(node, items, keys);
}

absl::StatusOr<std::vector<CelValue>> Evaluator::All(const CelNode& node,
                                                     size_t from) {
  std::vector<CelValue> out;
  for (size_t i = from; i < node.args.size(); ++i) {
    WEIR_ASSIGN_OR_RETURN(CelValue value, Eval(*node.args[i]));
    out.push_back(std::move(value));
  }
  return out;
}

Result Evaluator::MapLiteral(const CelNode& node) {
  Value out = Value::MakeObject();
  for (size_t i = 0; i + 1 < node.args.size(); i += 2) {
    WEIR_ASSIGN_OR_RETURN(CelValue key, Eval(*node.args[i]));
    WEIR_ASSIGN_OR_RETURN(CelValue value, Eval(*node.args[i + 1]));
    if (!key.is_string() || !value.is_json()) {
      return Fail("maps of this kind are not supported");
    }
    out.Set(key.json().AsString(), value.json());
  }
  return CelValue(std::move(out));
}

Result Evaluator::Eval(const CelNode& node) {
  if (--budget_.steps < 0) {
    return absl::ResourceExhaustedError(
        "validation failed due to running out of cost budget, no further "
        "validation rules will be run");
  }
  switch (node.op) {
    case CelNode::Op::kLiteral:
      return node.literal;
    case CelNode::Op::kName:
      return Name(node.text);
    case CelNode::Op::kSelect:
    case CelNode::Op::kOptSelect:
    case CelNode::Op::kHas:
      return Select(node);
    case CelNode::Op::kIndex:
    case CelNode::Op::kOptIndex:
      return Index(node);
    case CelNode::Op::kCall: {
      WEIR_ASSIGN_OR_RETURN(std::vector<CelValue> args, All(node, 0));
      return CallCelFunction(node.text, args);
    }
    case CelNode::Op::kMethod: {
      WEIR_ASSIGN_OR_RETURN(std::vector<CelValue> args, All(node, 0));
      for (const CelValue& arg : args) {
        budget_.steps -= static_cast<int64_t>(
            arg.is_string() ? arg.json().AsString().size() / 10 : arg.size());
      }
      return CallCelMethod(node.text, args);
    }
    case CelNode::Op::kList: {
      WEIR_ASSIGN_OR_RETURN(std::vector<CelValue> items, All(node, 0));
      return CelValue(CelList(std::move(items)));
    }
    case CelNode::Op::kMap:
      return MapLiteral(node);
    case CelNode::Op::kNot: {
      WEIR_ASSIGN_OR_RETURN(bool value, Bool(*node.args[0]));
      return CelValue(!value);
    }
    case CelNode::Op::kNegate: {
      WEIR_ASSIGN_OR_RETURN(CelValue value, Eval(*node.args[0]));
      return CelOperator("-", CelValue(Value(0)), value);
    }
    case CelNode::Op::kAnd:
      return Logic(node, false);
    case CelNode::Op::kOr:
      return Logic(node, true);
    case CelNode::Op::kIf: {
      WEIR_ASSIGN_OR_RETURN(bool yes, Bool(*node.args[0]));
      return Eval(*node.args[yes ? 1 : 2]);
    }
    case CelNode::Op::kBinary: {
      WEIR_ASSIGN_OR_RETURN(CelValue a, Eval(*node.args[0]));
      WEIR_ASSIGN_OR_RETURN(CelValue b, Eval(*node.args[1]));
      return CelOperator(node.text, a, b);
    }
    default:
      return Macro(node);
  }
}

bool Names(const CelNode& node, absl::string_view name) {
  if (node.op == CelNode::Op::kName && node.text == name) return true;
  for (const auto& arg : node.args) {
    if (Names(*arg, name)) return true;
  }
  return false;
}

}  // namespace

CelProgram::CelProgram() = default;
CelProgram::~CelProgram() = default;

absl::StatusOr<std::shared_ptr<const CelProgram>> CelProgram::Compile(
    absl::string_view text) {
  WEIR_ASSIGN_OR_RETURN(std::unique_ptr<CelNode> root, ParseCel(text));
  std::shared_ptr<CelProgram> out(new CelProgram);
  out->uses_old_self_ = Names(*root, "oldSelf");
  out->root_ = std::move(root);
  return out;
}

absl::StatusOr<bool> CelProgram::EvaluateBool(const CelInput& input,
                                              CelBudget& budget) const {
  WEIR_ASSIGN_OR_RETURN(CelValue value, Evaluator(input, budget).Eval(*root_));
  if (!value.is_bool()) return Fail("rule did not evaluate to a bool");
  return value.json().AsBool();
}

absl::StatusOr<std::string> CelProgram::EvaluateString(
    const CelInput& input, CelBudget& budget) const {
  WEIR_ASSIGN_OR_RETURN(CelValue value, Evaluator(input, budget).Eval(*root_));
  if (!value.is_string())
    return Fail("expression did not evaluate to a string");
  return value.json().AsString();
}

}  // namespace weir::apiserver
