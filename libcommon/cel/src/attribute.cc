// Variables, fields and elements.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checker.h"
#include "node.h"
#include "numbers.h"

namespace weir::cel {
namespace {

using Qualifiers = std::vector<std::shared_ptr<const Qualifier>>;

// The names that cel-go's messages have for types that are no keys.
std::string GoType(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      return "types.Null";
    case Kind::kBytes:
      return "types.Bytes";
    case Kind::kTimestamp:
      return "types.Timestamp";
    case Kind::kDuration:
      return "types.Duration";
    case Kind::kList:
      return value.AsList().is_document() ? "[]interface {}"
                                          : "*types.baseList";
    case Kind::kMap:
      return value.AsMap().is_document() ? "map[string]interface {}"
                                         : "*types.baseMap";
    case Kind::kType:
      return "*types.Type";
    case Kind::kOptional:
      return "*types.Optional";
    default:
      return value.TypeName();
  }
}

bool IsStep(const Value& key) {
  return key.Is(Kind::kString) || key.Is(Kind::kInt) || key.Is(Kind::kUint) ||
         key.Is(Kind::kBool) || key.Is(Kind::kDouble);
}

Value InList(const List& list, const Value& key, bool is_asked,
             bool& is_present) {
  is_present = false;
  const bool is_number =
      key.Is(Kind::kInt) || key.Is(Kind::kUint) || key.Is(Kind::kDouble);
  if (!is_number) {
    return Value::Error(
        absl::StrCat("unsupported index type '", key.TypeName(), "' in list"));
  }
  const auto index = LosslessInt(key);
  if (!index) {
    return Value::Error(
        absl::StrCat("unsupported index value ", MessageText(key), " in list"));
  }
  if (*index >= 0 && *index < static_cast<int64_t>(list.size())) {
    is_present = true;
    return list.At(*index);
  }
  if (is_asked) return Value();
  return Value::Error(absl::StrCat("index out of bounds: ", MessageText(key)));
}

// What an optional holds, once it led through a variable or a condition:
// cel-go has no more than the name of a type there, and no optionals.
Value Unboxed(const Value& value) {
  if (value.Is(Kind::kOptional)) {
    const Value* inner = value.AsOptional();
    return inner == nullptr ? Value() : Unboxed(*inner);
  }
  return value.Is(Kind::kType) ? Value::String(value.AsString()) : value;
}

// Takes all steps; once one is optional, so are those after it.
Value Apply(Value value, const Qualifiers& qualifiers, size_t begin,
            Frame& frame) {
  bool is_optional = value.Is(Kind::kOptional);
  if (is_optional) {
    const Value* inner = value.AsOptional();
    if (begin == qualifiers.size() || inner == nullptr) {
      const bool is_test =
          begin < qualifiers.size() && qualifiers.back()->is_test;
      if (is_test) return Value::Bool(false);
      const bool is_boxed = inner != nullptr && (inner->Is(Kind::kType) ||
                                                 inner->Is(Kind::kOptional));
      if (!is_boxed) return value;
      return Value::Some(Unboxed(*inner));
    }
    value = Unboxed(*inner);
  }
  for (size_t i = begin; i < qualifiers.size(); ++i) {
    const Qualifier& qualifier = *qualifiers[i];
    is_optional = is_optional || qualifier.is_optional;
    Value key;
    if (qualifier.constant) {
      key = *qualifier.constant;
    } else if (qualifier.is_attribute) {
      key = static_cast<const Attribute&>(*qualifier.index).Resolve(frame);
    } else {
      key = qualifier.index->Eval(frame);
    }
    if (key.is_error()) return key;
    if (!IsStep(key)) {
      return Value::Error(
          absl::StrCat("invalid qualifier type: ", GoType(key)));
    }
    if (!frame.meter.Charge(1)) return Value();
    bool is_present = false;
    value = Part(value, key, is_optional, qualifier.is_test, is_present);
    if (value.is_error() || qualifier.is_test) return value;
    if (is_optional && !is_present) return Value::None();
  }
  return is_optional ? Value::Some(std::move(value)) : value;
}

// Whether has() is at the end of these, after a missing optional.
bool EndsWithTest(const Qualifiers& qualifiers) {
  return !qualifiers.empty() && qualifiers.back()->is_test;
}

Value Tested(Value value, const Qualifiers& qualifiers) {
  if (EndsWithTest(qualifiers) && value.Is(Kind::kOptional)) {
    return Value::Bool(value.AsOptional() != nullptr);
  }
  return value;
}

class VariableAttribute : public Attribute {
 public:
  VariableAttribute(std::string name, bool is_checked)
      : is_checked_(is_checked) {
    if (absl::StartsWith(name, ".")) name.erase(0, 1);
    names_.push_back(std::move(name));
  }

  void Add(std::shared_ptr<const Qualifier> qualifier) override {
    const bool is_name = !is_checked_ && qualifier->constant &&
                         qualifier->constant->Is(Kind::kString) &&
                         names_.size() == qualifiers_.size() + 1;
    if (is_name) {
      names_.push_back(
          absl::StrCat(names_.back(), ".", qualifier->constant->AsString()));
    }
    qualifiers_.push_back(std::move(qualifier));
  }

  Value Resolve(Frame& frame) const override {
    std::optional<Value> missing;
    for (size_t i = names_.size(); i > 0; --i) {
      Value value;
      if (auto found = frame.Find(names_[i - 1])) {
        value = Tested(Apply(std::move(*found), qualifiers_, i - 1, frame),
                       qualifiers_);
      } else if (const auto type = i - 1 == qualifiers_.size()
                                       ? NamedType(names_[i - 1])
                                       : std::nullopt) {
        value = Value::Type(TypeName(**type));
      } else {
        value = Value::MissingVariable(names_[i - 1]);
      }
      if (!value.is_missing_variable()) return value;
      if (!missing) missing = std::move(value);
    }
    return *missing;
  }

 private:
  const bool is_checked_;
  std::vector<std::string> names_;
  Qualifiers qualifiers_;
};

class RelativeAttribute : public Attribute {
 public:
  explicit RelativeAttribute(NodePtr operand) : operand_(std::move(operand)) {}

  void Add(std::shared_ptr<const Qualifier> qualifier) override {
    qualifiers_.push_back(std::move(qualifier));
  }

  Value Resolve(Frame& frame) const override {
    Value value = operand_->Eval(frame);
    if (value.is_error()) return value;
    return Tested(Apply(std::move(value), qualifiers_, 0, frame), qualifiers_);
  }

 private:
  const NodePtr operand_;
  Qualifiers qualifiers_;
};

class ConditionalAttribute : public Attribute {
 public:
  ConditionalAttribute(NodePtr condition, AttributePtr then,
                       AttributePtr otherwise)
      : condition_(std::move(condition)),
        then_(std::move(then)),
        otherwise_(std::move(otherwise)) {}

  void Add(std::shared_ptr<const Qualifier> qualifier) override {
    then_->Add(qualifier);
    otherwise_->Add(std::move(qualifier));
  }

  Value Resolve(Frame& frame) const override {
    const Value condition = condition_->Eval(frame);
    if (condition.IsTrue()) return then_->Resolve(frame);
    if (condition.IsFalse()) return otherwise_->Resolve(frame);
    return condition.is_error() ? condition : Value::Error("no such overload");
  }

 private:
  const NodePtr condition_;
  const AttributePtr then_;
  const AttributePtr otherwise_;
};

}  // namespace

std::optional<Value> Frame::Find(absl::string_view name) const {
  for (size_t i = locals.size(); i > 0; --i) {
    if (locals[i - 1].name == name) return *locals[i - 1].value;
  }
  return variables(name);
}

Value Part(const Value& value, const Value& key, bool is_optional, bool is_test,
           bool& is_present) {
  is_present = false;
  const bool is_asked = is_optional || is_test;
  Value part;
  if (value.Is(Kind::kMap)) {
    if (auto found = value.AsMap().Find(key)) {
      is_present = true;
      part = std::move(*found);
    }
  } else if (value.Is(Kind::kList)) {
    part = InList(value.AsList(), key, is_asked, is_present);
    if (part.is_error()) return part;
  }
  if (part.is_error()) return part;
  if (is_test) return Value::Bool(is_present);
  if (!is_present && !is_asked) {
    return Value::Error(absl::StrCat("no such key: ", MessageText(key)));
  }
  return part;
}

AttributePtr MakeVariable(std::string name, bool is_checked) {
  return std::make_unique<VariableAttribute>(std::move(name), is_checked);
}

AttributePtr MakeRelative(NodePtr operand) {
  return std::make_unique<RelativeAttribute>(std::move(operand));
}

AttributePtr MakeConditional(NodePtr condition, AttributePtr then,
                             AttributePtr otherwise) {
  return std::make_unique<ConditionalAttribute>(
      std::move(condition), std::move(then), std::move(otherwise));
}

}  // namespace weir::cel
