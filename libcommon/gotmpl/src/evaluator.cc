#include "evaluator.h"

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "go_strconv.h"
#include "weir/gotmpl/format.h"

namespace weir::gotmpl {
namespace {

// How much of a node's text the error of a limit shows.
constexpr size_t kMostContext = 100;
constexpr size_t kMostErrorBytes = size_t{8} << 20;
// Bytes that are written in the time of a step.
constexpr size_t kBytesPerStep = 64;
constexpr size_t kFormattedPerStep = 4;

// Go's words for Go's limit, also when the stack ends before it.
std::string TooDeep(const Limits& limits) {
  return absl::StrCat("exceeded maximum template depth (", limits.max_depth,
                      ")");
}

std::string Quoted(absl::string_view text) {
  std::string out;
  AppendQuoted(text, false, &out);
  return out;
}

// The zero value of a map's element type.
Any ZeroOf(const Type* type) {
  if (type == types::ReflectValue()) return Any();
  if (type->kind == Kind::kInterface) return Any::BoxedNil();
  if (CanBeNil(type)) return Any::Nil(type);
  if (type->kind == Kind::kString) return Any::String(type, "");
  return Any::Integer(type, 0);
}

// A value as text; a pointer's is that of what it points to.
std::string PointedAt(const Any& value) {
  std::string text = FormatValue(value);
  if (value.kind() == Kind::kPtr && !value.type()->text) {
    text.erase(0, absl::StartsWith(text, "&") ? 1 : 0);
  }
  return text;
}

absl::string_view StaticTypeName(const Any& value) {
  return value.is_boxed() ? absl::string_view("interface {}")
                          : value.type_name();
}

}  // namespace

std::string Evaluator::Where(size_t most) const {
  const absl::string_view name = template_->source->name;
  if (node_ == nullptr) return absl::StrCat("template: ", template_->name);
  const absl::string_view text =
      absl::string_view(template_->source->text)
          .substr(0,
                  std::min<size_t>(node_->pos, template_->source->text.size()));
  const size_t newline = text.rfind('\n');
  const size_t column = newline == absl::string_view::npos
                            ? text.size()
                            : text.size() - newline - 1;
  const auto line = 1 + std::count(text.begin(), text.end(), '\n');
  const std::string context = node_->ToString();
  return absl::StrCat("template: ", name, ":", line, ":", column,
                      ": executing ", Quoted(template_->name), " at <",
                      absl::string_view(context).substr(0, most), ">");
}

bool Evaluator::Fail(absl::string_view message, absl::StatusCode code) {
  const size_t most = code == absl::StatusCode::kResourceExhausted
                          ? kMostContext
                          : std::string::npos;
  error_ = absl::Status(code, absl::StrCat(Where(most), ": ", message));
  return false;
}

bool Evaluator::FailCall(const Node* node, absl::string_view name,
                         const absl::Status& cause) {
  At(node);
  if (absl::IsResourceExhausted(cause) &&
      !absl::EndsWith(cause.message(), TooDeep(execution_.options_.limits))) {
    // Where it happened is enough: what led there may be very long.
    if (absl::StartsWith(cause.message(), "template: ")) {
      error_ = cause;
      return false;
    }
    return Fail(absl::StrCat("error calling ", name, ": ", cause.message()),
                cause.code());
  }
  std::string text =
      absl::StrCat(Where(), ": error calling ", name, ": ", cause.message());
  if (text.size() > kMostErrorBytes) {
    return Fail(absl::StrCat("error calling ", name, ": error of more than ",
                             kMostErrorBytes, " bytes"),
                absl::StatusCode::kResourceExhausted);
  }
  error_ = WrapError(text, cause);
  return false;
}

bool Evaluator::Step() {
  if (++execution_.steps_ <= execution_.options_.limits.max_steps) return true;
  return FailLimit(execution_.Step(0));
}

bool Evaluator::Spend(const Node* node, uint64_t steps) {
  absl::Status status = execution_.Step(steps);
  if (status.ok()) status = execution_.CheckLive(0);
  if (status.ok()) return true;
  At(node);
  return FailLimit(status);
}

bool Evaluator::CheckOutput() {
  const size_t most = execution_.options_.limits.max_output_bytes;
  if (out_.size() + execution_.output_bytes_ <= most) return true;
  return Fail(absl::StrCat("exceeded maximum output of ", most, " bytes"),
              absl::StatusCode::kResourceExhausted);
}

bool Evaluator::EnterDepth(size_t more) {
  const char here = 0;
  const Limits& limits = execution_.options_.limits;
  const auto used =
      static_cast<size_t>(std::abs(&here - execution_.stack_base_));
  if (execution_.depth_ < limits.max_depth &&
      used < limits.max_stack_bytes + more) {
    return true;
  }
  return Fail(TooDeep(limits), absl::StatusCode::kResourceExhausted);
}

absl::Status Evaluator::Run(const Template& parsed, const Any& data) {
  template_ = &parsed;
  const size_t start = out_.size();
  // The buffer of the execution that waits for this one.
  const std::string* outer = std::exchange(execution_.output_, &out_);
  const size_t waiting = outer == nullptr ? 0 : outer->size();
  execution_.output_bytes_ += waiting;
  ++execution_.depth_;
  if (EnterDepth()) {
    variables_.push_back({"$", data});
    Walk(data, parsed.root);
  }
  --execution_.depth_;
  execution_.output_ = outer;
  execution_.output_bytes_ -= waiting;
  if (outer == nullptr) execution_.output_bytes_ += out_.size() - start;
  return error_;
}

Any* Evaluator::FindVariable(absl::string_view name) {
  for (size_t i = variables_.size(); i > first_variable_; --i) {
    if (variables_[i - 1].name == name) {
      execution_.steps_ += (variables_.size() - i) / 8;
      return &variables_[i - 1].value;
    }
  }
  Fail(absl::StrCat("undefined variable: ", name));
  return nullptr;
}

bool Evaluator::SetVariable(absl::string_view name, Any value) {
  Any* variable = FindVariable(name);
  if (variable == nullptr) return false;
  *variable = std::move(value);
  return true;
}

Evaluator::Flow Evaluator::Unknown(const Node* node) {
  Fail(absl::StrCat("unknown node: ", node->ToString()));
  return Flow::kError;
}

Evaluator::Flow Evaluator::Walk(const Any& dot, const Node* node) {
  At(node);
  if (!Step()) return Flow::kError;
  switch (node->type) {
    case NodeType::kText: {
      const absl::string_view text = static_cast<const TextNode*>(node)->text;
      execution_.steps_ += text.size() / kBytesPerStep;
      out_.append(text.data(), text.size());
      break;
    }
    case NodeType::kAction: {
      const PipeNode* pipe = static_cast<const ActionNode*>(node)->pipe;
      Any value;
      if (!Pipeline(dot, pipe, &value)) return Flow::kError;
      if (pipe->declarations().empty() && !Print(node, value)) {
        return Flow::kError;
      }
      break;
    }
    case NodeType::kBreak:
      return Flow::kBreak;
    case NodeType::kContinue:
      return Flow::kContinue;
    case NodeType::kIf:
    case NodeType::kWith:
      return WalkBranch(dot, static_cast<const BranchNode*>(node));
    case NodeType::kList:
      for (const Node* child : static_cast<const ListNode*>(node)->nodes()) {
        const Flow flow = Walk(dot, child);
        if (flow != Flow::kNext) return flow;
      }
      return Flow::kNext;
    case NodeType::kRange:
      return WalkRange(dot, static_cast<const BranchNode*>(node));
    case NodeType::kTemplate:
      return WalkTemplate(dot, static_cast<const TemplateNode*>(node));
    default:
      return Unknown(node);
  }
  return CheckOutput() ? Flow::kNext : Flow::kError;
}

Evaluator::Flow Evaluator::WalkBranch(const Any& dot,
                                      const BranchNode* branch) {
  const size_t mark = variables_.size();
  Any value;
  if (!Pipeline(dot, branch->pipe, &value)) return Flow::kError;
  if (!EnterDepth()) return Flow::kError;
  Flow flow = Flow::kNext;
  if (IsTrue(value)) {
    flow = Walk(branch->type == NodeType::kWith ? value : dot, branch->list);
  } else if (branch->else_list != nullptr) {
    flow = Walk(dot, branch->else_list);
  }
  variables_.resize(mark);
  return flow;
}

Evaluator::Flow Evaluator::WalkElement(const BranchNode* range,
                                       const Any& index, const Any& element) {
  const size_t mark = variables_.size();
  const auto declared = range->pipe->declarations();
  if (range->pipe->is_assign()) {
    const bool is_set =
        declared.empty() ||
        (declared.size() == 1 ? SetVariable(declared[0]->name, element)
                              : SetVariable(declared[0]->name, index) &&
                                    SetVariable(declared[1]->name, element));
    if (!is_set) return Flow::kError;
  } else if (!declared.empty()) {
    variables_[mark - 1].value = element;
    if (declared.size() > 1) variables_[mark - 2].value = index;
  }
  if (!Step()) return Flow::kError;
  const Flow flow = Walk(element, range->list);
  variables_.resize(mark);
  return flow == Flow::kContinue ? Flow::kNext : flow;
}

Evaluator::Flow Evaluator::WalkInteger(const Any&, const BranchNode* range,
                                       const Any& count, bool* ran) {
  if (range->pipe->declarations().size() > 1) {
    Fail(absl::StrCat("can't use ", FormatValue(count),
                      " to iterate over more than one variable"));
    return Flow::kError;
  }
  if (count.is_signed() && count.AsInt() <= 0) return Flow::kNext;
  const uint64_t end = count.AsUint();
  for (uint64_t i = 0; i < end; ++i) {
    *ran = true;
    const Flow flow = WalkElement(
        range, Any(), Any::Integer(count.type(), static_cast<int64_t>(i)));
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Evaluator::Flow Evaluator::WalkItems(const Any& dot, const BranchNode* range,
                                     const Any& items, bool* ran) {
  if (items.is_signed() || items.is_unsigned()) {
    return WalkInteger(dot, range, items, ran);
  }
  switch (items.kind()) {
    case Kind::kInvalid:
      return Flow::kNext;
    case Kind::kSlice:
      for (size_t i = 0; i < items.size(); ++i) {
        *ran = true;
        const Flow flow =
            WalkElement(range, Any::Int(static_cast<int64_t>(i)), items.At(i));
        if (flow != Flow::kNext) return flow;
      }
      return Flow::kNext;
    case Kind::kMap: {
      if (items.size() == 0) return Flow::kNext;
      *ran = true;
      // What the body sets is not seen by this range.
      const Dict* dict = items.AsDict();
      const std::vector<std::pair<Dict::Key, Any>> members(dict->begin(),
                                                           dict->end());
      const bool boxes = items.type()->elem->kind == Kind::kInterface;
      for (const auto& [key, value] : members) {
        const Flow flow =
            WalkElement(range, key.ToAny(), boxes ? value.Boxed() : value);
        if (flow != Flow::kNext) return flow;
      }
      return Flow::kNext;
    }
    case Kind::kPtr:
      if (items.is_nil()) return Flow::kNext;
      [[fallthrough]];
    default:
      Fail(absl::StrCat("range can't iterate over ", PointedAt(items)));
      return Flow::kError;
  }
}

Evaluator::Flow Evaluator::WalkRange(const Any& dot, const BranchNode* range) {
  At(range);
  const size_t mark = variables_.size();
  Any items;
  if (!Pipeline(dot, range->pipe, &items)) return Flow::kError;
  if (!EnterDepth()) return Flow::kError;
  bool ran = false;
  Flow flow = WalkItems(dot, range, items, &ran);
  if (flow == Flow::kBreak) flow = Flow::kNext;
  if (flow == Flow::kNext && !ran && range->else_list != nullptr) {
    flow = Walk(dot, range->else_list);
  }
  variables_.resize(mark);
  return flow;
}

Evaluator::Flow Evaluator::WalkTemplate(const Any& dot,
                                        const TemplateNode* node) {
  At(node);
  const TemplateRef called = set_.Find(node->name);
  if (called == nullptr) {
    Fail(absl::StrCat("template ", Quoted(node->name), " not defined"));
    return Flow::kError;
  }
  if (!EnterDepth()) return Flow::kError;
  Any data;
  if (node->pipe != nullptr && !Pipeline(dot, node->pipe, &data)) {
    return Flow::kError;
  }
  const Template* caller = std::exchange(template_, called.get());
  const size_t first = std::exchange(first_variable_, variables_.size());
  const size_t mark = variables_.size();
  variables_.push_back({"$", data});
  ++execution_.depth_;
  const Flow flow = Walk(data, called->root);
  --execution_.depth_;
  if (flow == Flow::kError) return flow;
  variables_.resize(mark);
  first_variable_ = first;
  template_ = caller;
  return Flow::kNext;
}

bool Evaluator::Print(const Node* node, const Any& value) {
  At(node);
  switch (value.kind()) {
    case Kind::kInvalid:
      out_.append("<no value>");
      return true;
    case Kind::kString:
      if (!value.type()->text) {
        execution_.steps_ += value.size() / kBytesPerStep;
        const absl::string_view text = value.AsString();
        out_.append(text.data(), text.size());
        return true;
      }
      break;
    case Kind::kFunc:
      return Fail(absl::StrCat("can't print ", node->ToString(), " of type ",
                               value.type_name()));
    default:
      break;
  }
  const size_t start = out_.size();
  if (value.type()->is_text_of_pointer) {
    out_.append(value.type()->text(value));
    return true;
  }
  const size_t most = execution_.options_.limits.max_value_bytes;
  AppendFormatted(value, out_, most + 1);
  if (out_.size() - start > most) {
    return Fail(absl::StrCat("text of more than ", most, " bytes"),
                absl::StatusCode::kResourceExhausted);
  }
  execution_.steps_ += (out_.size() - start) / kFormattedPerStep;
  // A pointer is printed as what it points to.
  if (value.kind() == Kind::kPtr && !value.type()->text &&
      absl::StartsWith(absl::string_view(out_).substr(start), "&")) {
    out_.erase(start, 1);
  }
  return true;
}

bool Evaluator::Pipeline(const Any& dot, const PipeNode* pipe, Any* value) {
  At(pipe);
  Any previous;
  bool is_first = true;
  for (const CommandNode* command : pipe->commands()) {
    Any result;
    if (!Command(dot, command, is_first ? nullptr : &previous, &result)) {
      return false;
    }
    result.Unbox();
    previous = std::move(result);
    is_first = false;
  }
  for (const VariableNode* variable : pipe->declarations()) {
    if (pipe->is_assign()) {
      if (!SetVariable(variable->name, previous)) return false;
    } else {
      variables_.push_back({variable->name, previous});
    }
  }
  *value = std::move(previous);
  return true;
}

bool Evaluator::NotAFunction(const Nodes& args, const Any* final) {
  if (args.size() <= 1 && final == nullptr) return true;
  return Fail(absl::StrCat("can't give argument to non-function ",
                           args[0]->ToString()));
}

bool Evaluator::Command(const Any& dot, const CommandNode* command,
                        const Any* final, Any* value) {
  ++execution_.steps_;
  const Nodes args = command->args();
  const Node* first = args[0];
  switch (first->type) {
    case NodeType::kField:
      return FieldNodeValue(dot, static_cast<const FieldNode*>(first), &args,
                            final, value);
    case NodeType::kChain:
      return ChainNodeValue(dot, static_cast<const ChainNode*>(first), &args,
                            final, value);
    case NodeType::kIdentifier: {
      At(first);
      const Function& f = *static_cast<const IdentifierNode*>(first)->function;
      return CallFunction(dot, f, command, f.name, &args, final, Any(), value);
    }
    case NodeType::kPipe:
      return NotAFunction(args, final) && EnterDepth(kForPipelines) &&
             Pipeline(dot, static_cast<const PipeNode*>(first), value);
    case NodeType::kVariable:
      return VariableNodeValue(dot, static_cast<const VariableNode*>(first),
                               &args, final, value);
    default:
      break;
  }
  At(first);
  if (!NotAFunction(args, final)) return false;
  if (first->type == NodeType::kNil) return Fail("nil is not a command");
  return Operand(dot, first, value);
}

Any Evaluator::Text(const StringNode* node) const {
  // What is made of it may outlive the nodes, but not a text that is kept.
  const bool is_kept =
      node->unquoted == nullptr && template_->source->copy.empty();
  return is_kept ? Any::StringView(node->value()) : Any::String(node->value());
}

// A constant or the dot, where no type is asked for.
bool Evaluator::Operand(const Any& dot, const Node* node, Any* value) {
  switch (node->type) {
    case NodeType::kBool:
      *value = Any::Bool(static_cast<const BoolNode*>(node)->value);
      return true;
    case NodeType::kDot:
      *value = dot;
      return true;
    case NodeType::kNumber:
      return Constant(static_cast<const NumberNode*>(node), value);
    case NodeType::kString:
      *value = Text(static_cast<const StringNode*>(node));
      return true;
    default:
      return Fail(absl::StrCat("can't handle assignment of ", node->ToString(),
                               " to empty interface argument"));
  }
}

bool Evaluator::Constant(const NumberNode* number, Any* value) {
  At(number);
  const absl::string_view text = number->text;
  const bool is_rune = !text.empty() && text[0] == '\'';
  const bool is_hex_int =
      text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
      !absl::StrContains(text, 'p') && !absl::StrContains(text, 'P');
  if (number->is_complex) {
    *value = Any::Complex128(number->complex128);
  } else if (number->is_float && !is_hex_int && !is_rune &&
             text.find_first_of(".eEpP") != absl::string_view::npos) {
    *value = Any::Float64(number->float64);
  } else if (number->is_int) {
    *value = Any::Int(number->int64);
  } else if (number->is_uint) {
    return Fail(absl::StrCat(text, " overflows int"));
  }
  return true;
}

bool Evaluator::FieldNodeValue(const Any& dot, const FieldNode* node,
                               const Nodes* args, const Any* final,
                               Any* value) {
  At(node);
  return FieldChain(dot, dot, node, node->fields(), args, final, value);
}

bool Evaluator::ChainNodeValue(const Any& dot, const ChainNode* node,
                               const Nodes* args, const Any* final,
                               Any* value) {
  At(node);
  if (node->node->type == NodeType::kNil) {
    return Fail(
        absl::StrCat("indirection through explicit nil in ", node->ToString()));
  }
  Any receiver;
  if (!Argument(dot, nullptr, node->node, &receiver)) return false;
  return FieldChain(dot, std::move(receiver), node, node->fields(), args, final,
                    value);
}

bool Evaluator::VariableNodeValue(const Any& dot, const VariableNode* node,
                                  const Nodes* args, const Any* final,
                                  Any* value) {
  At(node);
  const Any* variable = FindVariable(node->name);
  if (variable == nullptr) return false;
  if (!node->fields().empty()) {
    return FieldChain(dot, *variable, node, node->fields(), args, final, value);
  }
  *value = *variable;
  return args == nullptr || NotAFunction(*args, final);
}

bool Evaluator::FieldChain(const Any& dot, Any receiver, const Node* node,
                           Names fields, const Nodes* args, const Any* final,
                           Any* value) {
  execution_.steps_ += fields.size();
  for (size_t i = 0; i + 1 < fields.size(); ++i) {
    Any next;
    if (!Field(dot, fields[i], node, nullptr, nullptr, receiver, &next)) {
      return false;
    }
    receiver = std::move(next);
  }
  return Field(dot, fields.back(), node, args, final, receiver, value);
}

bool Evaluator::Field(const Any& dot, absl::string_view field, const Node* node,
                      const Nodes* args, const Any* final, const Any& receiver,
                      Any* value) {
  if (receiver.is_invalid()) {
    if (execution_.options_.missing_key == MissingKey::kError) {
      return Fail(absl::StrCat("nil data; no entry for key ", Quoted(field)));
    }
    *value = Any();
    return true;
  }
  if (receiver.is_nothing()) {
    return Fail(absl::StrCat("nil pointer evaluating interface {}.", field));
  }
  const Type* type = receiver.type();
  if (!type->methods.empty()) {
    if (const Method* method = type->FindMethod(field)) {
      return CallMethod(dot, *method, node, args, final, receiver, value);
    }
  }
  const bool has_args = (args != nullptr && args->size() > 1) || final;
  if (type->kind == Kind::kMap) {
    return MapField(field, has_args, receiver, value);
  }
  if (type->kind == Kind::kStruct || type->kind == Kind::kPtr) {
    return StructField(field, has_args, receiver, value);
  }
  return Fail(absl::StrCat("can't evaluate field ", field, " in type ",
                           StaticTypeName(receiver)));
}

bool Evaluator::MapField(absl::string_view field, bool has_args,
                         const Any& receiver, Any* value) {
  if (has_args) {
    return Fail(absl::StrCat(field, " is not a method but has arguments"));
  }
  const Dict* dict = receiver.AsDict();
  const Type* elem = receiver.type()->elem;
  if (const Any* found = dict == nullptr ? nullptr : dict->Find(field)) {
    *value = *found;
    if (elem->kind == Kind::kInterface) value->Box();
    return true;
  }
  switch (execution_.options_.missing_key) {
    case MissingKey::kDefault:
      *value = Any();
      return true;
    case MissingKey::kZero:
      *value = ZeroOf(elem);
      return true;
    case MissingKey::kError:
      break;
  }
  return Fail(absl::StrCat("map has no entry for key ", Quoted(field)));
}

bool Evaluator::FailHidden(absl::string_view field, const Any& receiver) {
  return Fail(absl::StrCat(field, " is an unexported field of struct type ",
                           StaticTypeName(receiver)));
}

bool Evaluator::StructField(absl::string_view field, bool has_args,
                            const Any& receiver, Any* value) {
  const std::vector<Type::Field>& fields = receiver.type()->fields;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name != field) continue;
    if (receiver.AsObject() == nullptr) {
      return Fail(absl::StrCat("nil pointer evaluating ",
                               StaticTypeName(receiver), ".", field));
    }
    if (!absl::ascii_isupper(static_cast<unsigned char>(field[0]))) {
      return FailHidden(field, receiver);
    }
    if (has_args) {
      return Fail(absl::StrCat(
          field, " has arguments but cannot be invoked as function"));
    }
    *value = receiver.AsObject()->GetField(i);
    if (fields[i].type->kind == Kind::kInterface) value->Box();
    return true;
  }
  for (const std::string& name : receiver.type()->hidden_fields) {
    if (name == field) return FailHidden(field, receiver);
  }
  return Fail(absl::StrCat("can't evaluate field ", field, " in type ",
                           StaticTypeName(receiver)));
}

}  // namespace weir::gotmpl
