// Calls: counting, converting and checking arguments as reflection does.
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "evaluator.h"

namespace weir::gotmpl {
namespace {

bool IsUntyped(const Type* type) {
  return type == types::ReflectValue() || type->kind == Kind::kInterface;
}

// An argument that is nil.
Any NilArgument(const Type* type) {
  return IsUntyped(type) ? Any() : Any::Nil(type);
}

uint64_t TextBytes(const Any& value) {
  return value.is_string() || value.type() == types::Bytes() ? value.size() : 0;
}

// The type that the i-th argument must have.
const Type* ParameterType(const Signature& signature, size_t i) {
  const std::vector<const Type*>& parameters = signature.parameters;
  return parameters[std::min(i, parameters.size() - 1)];
}

}  // namespace

bool CanBeNil(const Type* type) {
  switch (type->kind) {
    case Kind::kFunc:
    case Kind::kInterface:
    case Kind::kMap:
    case Kind::kPtr:
    case Kind::kSlice:
      return true;
    default:
      return type == types::ReflectValue();
  }
}

bool Evaluator::CallMethod(const Any& dot, const Method& method,
                           const Node* node, const Nodes* args,
                           const Any* final, const Any& receiver, Any* value) {
  std::shared_ptr<const Function>& known = execution_.methods_[&method];
  if (known == nullptr) {
    absl::StatusOr<Signature> signature = Signature::Parse(method.signature);
    if (!signature.ok()) return Fail(signature.status().message());
    auto function = std::make_shared<Function>();
    function->name = method.name;
    function->signature = *std::move(signature);
    function->call = method.call;
    known = std::move(function);
  }
  // The map may grow while the arguments are evaluated.
  const std::shared_ptr<const Function> function = known;
  return CallFunction(dot, *function, node, method.name, args, final, receiver,
                      value);
}

bool Evaluator::CheckCount(const Signature& signature, absl::string_view name,
                           size_t arguments, bool has_final) {
  const size_t given = arguments + (has_final ? 1 : 0);
  const size_t wanted = signature.parameters.size();
  if (signature.is_variadic) {
    if (given >= wanted - 1) return true;
    return Fail(absl::StrCat("wrong number of args for ", name,
                             ": want at least ", wanted - 1, " got ",
                             arguments));
  }
  if (given == wanted) return true;
  return Fail(absl::StrCat("wrong number of args for ", name, ": want ", wanted,
                           " got ", given));
}

bool Evaluator::CallFunction(const Any& dot, const Function& function,
                             const Node* node, absl::string_view name,
                             const Nodes* args, const Any* final,
                             const Any& receiver, Any* value) {
  const Signature& signature = function.signature;
  const size_t count = args == nullptr || args->empty() ? 0 : args->size() - 1;
  if (!CheckCount(signature, name, count, final != nullptr)) return false;
  if (function.special == Function::Special::kAnd ||
      function.special == Function::Special::kOr) {
    return ShortCircuit(dot, function, args, final, value);
  }
  absl::InlinedVector<Any, 6> values;
  values.reserve(count + 2);
  for (size_t i = 0; i < count; ++i) {
    values.emplace_back();
    if (!Argument(dot, ParameterType(signature, i), (*args)[i + 1],
                  &values.back())) {
      return false;
    }
  }
  if (final != nullptr) {
    values.push_back(*final);
    if (!Validate(ParameterType(signature, count), &values.back())) {
      return false;
    }
  }
  if (function.special == Function::Special::kCall) {
    const std::string callee =
        count > 0            ? (*args)[1]->ToString()
        : final->is_string() ? std::string(final->AsString())
                             : absl::StrCat("<", final->type_name(), " Value>");
    values.insert(values.begin(), Any::String(callee));
  }
  return Invoke(function, node, name, absl::MakeSpan(values), receiver, value);
}

bool Evaluator::Invoke(const Function& function, const Node* node,
                       absl::string_view name, absl::Span<Any> args,
                       const Any& receiver, Any* value) {
  Call call{name, args, receiver, execution_, set_};
  uint64_t bytes = 0;
  for (const Any& arg : args) bytes += TextBytes(arg);
  absl::StatusOr<Any> result = function.call(call);
  if (!result.ok()) return FailCall(node, name, result.status());
  *value = *std::move(result);
  bytes += TextBytes(*value);
  if (!Spend(node, function.steps + bytes / function.bytes_per_step))
    return false;
  if (function.signature.result->kind == Kind::kInterface) value->Box();
  return true;
}

bool Evaluator::ShortCircuit(const Any& dot, const Function& function,
                             const Nodes* args, const Any* final, Any* value) {
  const bool stops_at = function.special == Function::Special::kOr;
  Any last;
  for (size_t i = 1; args != nullptr && i < args->size(); ++i) {
    Any argument;
    if (!Argument(dot, types::ReflectValue(), (*args)[i], &argument)) {
      return false;
    }
    last = std::move(argument);
    if (IsTrue(last) == stops_at) {
      *value = std::move(last);
      return true;
    }
  }
  *value = final != nullptr ? *final : std::move(last);
  return true;
}

bool Evaluator::Validate(const Type* type, Any* value) {
  if (type == nullptr || type == types::ReflectValue()) return true;
  if (value->is_invalid()) {
    if (!CanBeNil(type)) {
      return Fail(absl::StrCat("invalid value; expected ", type->name));
    }
    *value = NilArgument(type);
    return true;
  }
  if (type->kind == Kind::kInterface) {
    value->Unbox();
    const Type* given = value->type();
    if (given != nullptr && given->in_interface != nullptr) {
      *value = value->WithType(given->in_interface);
    }
    return true;
  }
  if (value->is_nothing()) {
    return Fail(absl::StrCat("wrong type for value; expected ", type->name,
                             "; got interface {}"));
  }
  value->Unbox();
  if (value->type() == type) return true;
  if (IsAssignable(value->type(), type)) {
    *value = value->WithType(type);
    return true;
  }
  return Fail(absl::StrCat("wrong type for value; expected ", type->name,
                           "; got ", value->type_name()));
}

bool Evaluator::Argument(const Any& dot, const Type* type, const Node* node,
                         Any* value) {
  At(node);
  ++execution_.steps_;
  switch (node->type) {
    case NodeType::kDot:
      *value = dot;
      return Validate(type, value);
    case NodeType::kNil:
      if (type != nullptr && CanBeNil(type)) {
        *value = NilArgument(type);
        return true;
      }
      return Fail(
          absl::StrCat("cannot assign nil to ", type ? type->name : "<nil>"));
    case NodeType::kField:
      return FieldNodeValue(dot, static_cast<const FieldNode*>(node), nullptr,
                            nullptr, value) &&
             Validate(type, value);
    case NodeType::kVariable:
      return VariableNodeValue(dot, static_cast<const VariableNode*>(node),
                               nullptr, nullptr, value) &&
             Validate(type, value);
    case NodeType::kPipe:
      return EnterDepth(kForPipelines) &&
             Pipeline(dot, static_cast<const PipeNode*>(node), value) &&
             Validate(type, value);
    case NodeType::kIdentifier: {
      const Function& f = *static_cast<const IdentifierNode*>(node)->function;
      return CallFunction(dot, f, node, f.name, nullptr, nullptr, Any(),
                          value) &&
             Validate(type, value);
    }
    case NodeType::kChain:
      return ChainNodeValue(dot, static_cast<const ChainNode*>(node), nullptr,
                            nullptr, value) &&
             Validate(type, value);
    default:
      break;
  }
  if (type == nullptr || IsUntyped(type)) return Operand(dot, node, value);
  return Literal(type, node, value);
}

bool Evaluator::Literal(const Type* type, const Node* node, Any* value) {
  const auto expected = [&](absl::string_view what) {
    return Fail(absl::StrCat("expected ", what, "; found ", node->ToString()));
  };
  switch (type->kind) {
    case Kind::kBool:
      if (node->type != NodeType::kBool) return expected("bool");
      *value = Any::Bool(static_cast<const BoolNode*>(node)->value);
      return true;
    case Kind::kString:
      if (node->type != NodeType::kString) return expected("string");
      *value = Text(static_cast<const StringNode*>(node));
      if (type != types::String()) *value = value->WithType(type);
      return true;
    case Kind::kFunc:
    case Kind::kMap:
    case Kind::kPtr:
    case Kind::kSlice:
    case Kind::kStruct:
      return Fail(absl::StrCat("can't handle ", node->ToString(),
                               " for arg of type ", type->name));
    default:
      return LiteralNumber(type, node, value);
  }
}

bool Evaluator::LiteralNumber(const Type* type, const Node* node, Any* value) {
  const NumberNode* number = node->type == NodeType::kNumber
                                 ? static_cast<const NumberNode*>(node)
                                 : nullptr;
  const auto expected = [&](absl::string_view what) {
    return Fail(absl::StrCat("expected ", what, "; found ", node->ToString()));
  };
  switch (type->kind) {
    case Kind::kFloat64:
      if (number == nullptr || !number->is_float) return expected("float");
      *value = Any::Float64(number->float64);
      return true;
    case Kind::kComplex128:
      if (number == nullptr || !number->is_complex) return expected("complex");
      *value = Any::Complex128(number->complex128);
      return true;
    case Kind::kUint:
    case Kind::kUint64:
    case Kind::kUint32:
    case Kind::kUint8: {
      if (number == nullptr || !number->is_uint) {
        return expected("unsigned integer");
      }
      uint64_t bits = number->uint64;
      if (type->kind == Kind::kUint32) bits = static_cast<uint32_t>(bits);
      if (type->kind == Kind::kUint8) bits = static_cast<uint8_t>(bits);
      *value = Any::Integer(type, static_cast<int64_t>(bits));
      return true;
    }
    default:
      if (number == nullptr || !number->is_int) return expected("integer");
      *value = Any::Integer(type, type->kind == Kind::kInt32
                                      ? static_cast<int32_t>(number->int64)
                                      : number->int64);
      return true;
  }
}

}  // namespace weir::gotmpl
