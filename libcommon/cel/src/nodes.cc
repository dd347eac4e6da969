// Constants, logic, calls, lists, maps and folds.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "node.h"

namespace weir::cel {
namespace {

class Constant : public Node {
 public:
  explicit Constant(Value value) : value_(std::move(value)) {}
  const Value* constant() const override { return &value_; }

 protected:
  Value Compute(Frame&) const override { return value_; }

 private:
  const Value value_;
};

class Logic : public Node {
 public:
  Logic(bool is_or, std::vector<NodePtr> terms)
      : is_or_(is_or), terms_(std::move(terms)) {}

 protected:
  // A term that decides makes up for errors of others.
  Value Compute(Frame& frame) const override {
    std::optional<Value> error;
    for (const NodePtr& term : terms_) {
      Value value = term->Eval(frame);
      if (value.Is(Kind::kBool)) {
        if (value.AsBool() == is_or_) return value;
      } else if (!error) {
        error = value.is_error() ? std::move(value)
                                 : Value::Error("no such overload");
      }
    }
    return error ? *error : Value::Bool(!is_or_);
  }

 private:
  const bool is_or_;
  const std::vector<NodePtr> terms_;
};

class Equality : public Node {
 public:
  Equality(bool is_equal, NodePtr left, NodePtr right)
      : is_equal_(is_equal), left_(std::move(left)), right_(std::move(right)) {}

 protected:
  Value Compute(Frame& frame) const override {
    const Value left = left_->Eval(frame);
    const Value right = right_->Eval(frame);
    if (left.is_error()) return left;
    if (right.is_error()) return right;
    return Value::Bool(Equal(left, right, frame.meter) == is_equal_);
  }

 private:
  const bool is_equal_;
  const NodePtr left_;
  const NodePtr right_;
};

// or() and orValue().
class Otherwise : public Node {
 public:
  Otherwise(NodePtr optional, NodePtr otherwise, bool is_value)
      : optional_(std::move(optional)),
        otherwise_(std::move(otherwise)),
        is_value_(is_value) {}

 protected:
  Value Compute(Frame& frame) const override {
    Value optional = optional_->Eval(frame);
    if (!optional.Is(Kind::kOptional)) return optional;
    if (optional.AsOptional() == nullptr) return otherwise_->Eval(frame);
    return is_value_ ? *optional.AsOptional() : optional;
  }

 private:
  const NodePtr optional_;
  const NodePtr otherwise_;
  const bool is_value_;
};

class NotStrictlyFalse : public Node {
 public:
  explicit NotStrictlyFalse(NodePtr operand) : operand_(std::move(operand)) {}

 protected:
  Value Compute(Frame& frame) const override {
    const Value value = operand_->Eval(frame);
    return Value::Bool(!value.IsFalse());
  }

 private:
  const NodePtr operand_;
};

class ListNode : public Node {
 public:
  ListNode(std::vector<NodePtr> elements, std::vector<bool> optional)
      : elements_(std::move(elements)), optional_(std::move(optional)) {}

 protected:
  Value Compute(Frame& frame) const override {
    std::vector<Value> values;
    values.reserve(elements_.size());
    if (!frame.meter.ChargeBytes(elements_.size() * sizeof(Value))) {
      return Value();
    }
    for (size_t i = 0; i < elements_.size(); ++i) {
      Value value = elements_[i]->Eval(frame);
      if (value.is_error()) return value;
      if (optional_[i]) {
        if (!value.Is(Kind::kOptional)) {
          return Value::Error(absl::StrCat(
              "cannot initialize optional list element from non-optional "
              "value ",
              MessageText(value)));
        }
        if (value.AsOptional() == nullptr) continue;
        value = Value(*value.AsOptional());
      }
      values.push_back(std::move(value));
    }
    return Value::OfElements(std::move(values));
  }

 private:
  const std::vector<NodePtr> elements_;
  const std::vector<bool> optional_;
};

class MapNode : public Node {
 public:
  MapNode(std::vector<NodePtr> parts, std::vector<bool> optional)
      : parts_(std::move(parts)), optional_(std::move(optional)) {}

 protected:
  Value Compute(Frame& frame) const override {
    std::vector<std::pair<Value, Value>> entries;
    if (!frame.meter.ChargeBytes(parts_.size() * sizeof(Value))) {
      return Value();
    }
    for (size_t i = 0; i < parts_.size(); i += 2) {
      Value key = parts_[i]->Eval(frame);
      if (key.is_error()) return key;
      Value value = parts_[i + 1]->Eval(frame);
      if (value.is_error()) return value;
      if (optional_[i / 2]) {
        if (!value.Is(Kind::kOptional)) {
          return Value::Error(absl::StrCat(
              "cannot initialize optional entry '", MessageText(key),
              "' from non-optional value ", MessageText(value)));
        }
        if (value.AsOptional() == nullptr) {
          Remove(key, entries, frame.meter);
          continue;
        }
        value = Value(*value.AsOptional());
      }
      entries.emplace_back(std::move(key), std::move(value));
    }
    return MakeMap(std::move(entries));
  }

 private:
  static void Remove(const Value& key,
                     std::vector<std::pair<Value, Value>>& entries,
                     Meter& meter) {
    for (size_t i = entries.size(); i > 0; --i) {
      const Value& other = entries[i - 1].first;
      if (other.kind() == key.kind() && Equal(other, key, meter)) {
        entries.erase(entries.begin() + static_cast<ptrdiff_t>(i - 1));
      }
    }
  }

  const std::vector<NodePtr> parts_;
  const std::vector<bool> optional_;
};

class Fold : public Node {
 public:
  explicit Fold(FoldParts parts) : parts_(std::move(parts)) {}

 protected:
  Value Compute(Frame& frame) const override {
    const Value range = parts_.range->Eval(frame);
    if (range.is_error()) return range;
    if (!range.Is(Kind::kList) && !range.Is(Kind::kMap)) {
      return Value::Error(
          absl::StrCat("got '", GoName(range), "', expected iterable type"));
    }
    const size_t size =
        range.Is(Kind::kList) ? range.AsList().size() : range.AsMap().size();
    if (parts_.collected != nullptr) return Collect(range, size, frame);
    Value accumulator = parts_.initial->Eval(frame);
    const size_t depth = frame.locals.size();
    frame.locals.push_back({parts_.accumulator, &accumulator});
    for (size_t i = 0; i < size && !frame.meter.is_exhausted(); ++i) {
      const Value element = ElementAt(range, i);
      frame.locals.push_back({parts_.variable, &element});
      const Value condition = parts_.condition->Eval(frame);
      const bool is_done = condition.IsFalse();
      if (!is_done) accumulator = parts_.step->Eval(frame);
      frame.locals.pop_back();
      if (is_done) break;
    }
    Value result = parts_.result->Eval(frame);
    frame.locals.resize(depth);
    return result;
  }

 private:
  static std::string GoName(const Value& value) {
    std::string name = value.TypeName();
    switch (value.kind()) {
      case Kind::kTimestamp:
        return "types.Timestamp";
      case Kind::kDuration:
        return "types.Duration";
      case Kind::kNull:
        return "types.Null";
      case Kind::kType:
        return "*types.Type";
      case Kind::kOptional:
        return "*types.Optional";
      default:
        name[0] = static_cast<char>(name[0] & ~0x20);
        return absl::StrCat("types.", name);
    }
  }

  static Value ElementAt(const Value& range, size_t index) {
    return range.Is(Kind::kList) ? range.AsList().At(index)
                                 : range.AsMap().KeyAt(index);
  }

  // map() and filter(): one list grows, where a fold would copy it each time.
  // An error stays, however the elements after it turn out.
  Value Collect(const Value& range, size_t size, Frame& frame) const {
    std::vector<Value> values;
    std::optional<Value> error;
    for (size_t i = 0; i < size && !frame.meter.is_exhausted(); ++i) {
      const Value element = ElementAt(range, i);
      frame.locals.push_back({parts_.variable, &element});
      bool is_wanted = true;
      if (parts_.filter != nullptr) {
        Value wanted = parts_.filter->Eval(frame);
        is_wanted = wanted.IsTrue();
        if (!wanted.Is(Kind::kBool)) {
          error = wanted.is_error() ? std::move(wanted)
                                    : Value::Error("no such overload");
        }
      }
      if (is_wanted && !error) {
        Value value = parts_.collected->Eval(frame);
        if (value.is_error()) {
          error = std::move(value);
        } else if (frame.meter.ChargeBytes(sizeof(Value))) {
          values.push_back(std::move(value));
        }
      }
      frame.locals.pop_back();
    }
    if (error) return *error;
    return Value::OfElements(std::move(values));
  }

  const FoldParts parts_;
};

using Arguments = absl::InlinedVector<Value, 4>;

class Call : public Node {
 public:
  Call(CallTarget target, std::vector<NodePtr> arguments)
      : target_(std::move(target)), arguments_(std::move(arguments)) {}

 protected:
  Value Compute(Frame& frame) const override {
    Arguments values;
    // Calls with two operands evaluate both before they look for errors.
    for (const NodePtr& argument : arguments_) {
      values.push_back(argument->Eval(frame));
      if (arguments_.size() > 2 && values.back().is_error()) {
        return values.back();
      }
    }
    for (Value& value : values) {
      if (value.is_error()) return std::move(value);
    }
    if (target_.decl == nullptr) return NoSuchFunction(values);
    if (target_.decl->shared != nullptr) return Shared(values, frame);
    if (target_.row != nullptr) return Guarded(*target_.row, values, frame);
    for (const FunctionRow& row : target_.decl->rows) {
      if (row.compute != nullptr && TakesValues(row, values)) {
        return row.compute(values, frame.meter);
      }
    }
    return NoSuchOverload(values);
  }

 private:
  Value Guarded(const FunctionRow& row, const Arguments& values,
                Frame& frame) const {
    if (row.compute == nullptr) return NoSuchFunction(values);
    if (!target_.decl->is_unguarded && !TakesValues(row, values)) {
      return NoSuchOverload(values);
    }
    return row.compute(values, frame.meter);
  }

  Value Shared(const Arguments& values, Frame& frame) const {
    const uint32_t trait = target_.decl->trait;
    if (trait != 0 && (TraitsOf(values[0]) & trait) == 0) {
      return NoSuchFunction(values);
    }
    return target_.decl->shared(values, frame.meter);
  }

  Value NoSuchOverload(const Arguments& values) const {
    std::vector<std::string> types;
    for (const Value& value : values) types.push_back(value.TypeName());
    return Value::Error(absl::StrCat("no such overload: ", target_.function,
                                     "(", absl::StrJoin(types, ", "), ")"));
  }

  // Nothing computes it for such a first argument; strings and times have
  // members of their own, which say less when they have none of that name.
  Value NoSuchFunction(const Arguments& values) const {
    if ((TraitsOf(values[0]) & kReceiver) != 0) {
      return Value::Error("no such overload");
    }
    std::string message = absl::StrCat("no such overload: ", target_.function);
    if (values.size() > 2) absl::StrAppend(&message, " ", target_.id);
    return Value::Error(message);
  }

  const CallTarget target_;
  const std::vector<NodePtr> arguments_;
};

}  // namespace

NodePtr MakeConstant(Value value) {
  return std::make_unique<Constant>(std::move(value));
}

NodePtr MakeLogic(bool is_or, std::vector<NodePtr> terms) {
  return std::make_unique<Logic>(is_or, std::move(terms));
}

NodePtr MakeEquality(bool is_equal, NodePtr left, NodePtr right) {
  return std::make_unique<Equality>(is_equal, std::move(left),
                                    std::move(right));
}

NodePtr MakeOr(NodePtr optional, NodePtr otherwise, bool is_value) {
  return std::make_unique<Otherwise>(std::move(optional), std::move(otherwise),
                                     is_value);
}

NodePtr MakeNotStrictlyFalse(NodePtr operand) {
  return std::make_unique<NotStrictlyFalse>(std::move(operand));
}

NodePtr MakeList(std::vector<NodePtr> elements, std::vector<bool> optional) {
  return std::make_unique<ListNode>(std::move(elements), std::move(optional));
}

NodePtr MakeMapNode(std::vector<NodePtr> parts, std::vector<bool> optional) {
  return std::make_unique<MapNode>(std::move(parts), std::move(optional));
}

NodePtr MakeFold(FoldParts parts) {
  return std::make_unique<Fold>(std::move(parts));
}

NodePtr MakeCall(CallTarget target, std::vector<NodePtr> arguments) {
  return std::make_unique<Call>(std::move(target), std::move(arguments));
}

}  // namespace weir::cel
