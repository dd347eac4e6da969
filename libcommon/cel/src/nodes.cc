// Constants, logic, calls, lists, maps and folds.
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "node.h"
#include "numbers.h"

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
    // Embedders' types say so when they cannot be compared.
    if (is_equal_ && left.Is(Kind::kOpaque) &&
        left.TypeName() != right.TypeName()) {
      return Value::Error("no such overload");
    }
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

// The variables of one turn of a loop, for as long as this is there.
class Iteration {
 public:
  Iteration(const FoldParts& parts, const Value& range, size_t index,
            Frame& frame)
      : frame_(frame), depth_(frame.locals.size()) {
    const bool has_two = !parts.second_variable.empty();
    if (range.Is(Kind::kMap)) {
      first_ = range.AsMap().KeyAt(index);
      if (has_two) second_ = range.AsMap().ValueAt(index);
    } else if (has_two) {
      first_ = Value::Int(static_cast<int64_t>(index));
      second_ = range.AsList().At(index);
    } else {
      first_ = range.AsList().At(index);
    }
    frame.locals.push_back({parts.variable, &first_});
    if (has_two) frame.locals.push_back({parts.second_variable, &second_});
  }
  ~Iteration() { frame_.locals.resize(depth_); }
  Iteration(const Iteration&) = delete;
  Iteration& operator=(const Iteration&) = delete;

  const Value& first() const { return first_; }

 private:
  Frame& frame_;
  const size_t depth_;
  Value first_;
  Value second_;
};

// The name that Go has for the type of what is no range.
std::string GoName(const Value& value) {
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

// An error, or what a loop runs over, with how long it is.
Value RangeOf(const FoldParts& parts, Frame& frame, size_t& size) {
  Value range = parts.range->Eval(frame);
  if (range.is_error()) return range;
  if (range.Is(Kind::kList)) {
    size = range.AsList().size();
  } else if (range.Is(Kind::kMap)) {
    size = range.AsMap().size();
  } else {
    return Value::Error(
        absl::StrCat("got '", GoName(range), "', expected iterable type"));
  }
  return range;
}

// Whether the filter takes this turn. An error of it replaces others.
bool IsWanted(const FoldParts& parts, Frame& frame,
              std::optional<Value>& error) {
  if (parts.filter == nullptr) return true;
  Value wanted = parts.filter->Eval(frame);
  if (!wanted.Is(Kind::kBool)) {
    error = wanted.is_error() ? std::move(wanted)
                              : Value::Error("no such overload");
  }
  return wanted.IsTrue();
}

class Fold : public Node {
 public:
  explicit Fold(FoldParts parts) : parts_(std::move(parts)) {}

 protected:
  Value Compute(Frame& frame) const override {
    size_t size = 0;
    const Value range = RangeOf(parts_, frame, size);
    if (range.is_error()) return range;
    if (parts_.collected != nullptr) return Collect(range, size, frame);
    Value accumulator = parts_.initial->Eval(frame);
    const size_t depth = frame.locals.size();
    frame.locals.push_back({parts_.accumulator, &accumulator});
    for (size_t i = 0; i < size && !frame.meter.is_exhausted(); ++i) {
      const Iteration iteration(parts_, range, i, frame);
      const Value condition = parts_.condition->Eval(frame);
      if (condition.IsFalse()) break;
      accumulator = parts_.step->Eval(frame);
    }
    Value result = parts_.result->Eval(frame);
    frame.locals.resize(depth);
    return result;
  }

 private:
  // map() and filter(): one list grows, where a fold would copy it each time.
  // An error stays, however the elements after it turn out.
  Value Collect(const Value& range, size_t size, Frame& frame) const {
    std::vector<Value> values;
    std::optional<Value> error;
    for (size_t i = 0; i < size && !frame.meter.is_exhausted(); ++i) {
      const Iteration iteration(parts_, range, i, frame);
      if (IsWanted(parts_, frame, error) && !error) {
        Value value = parts_.collected->Eval(frame);
        if (value.is_error()) {
          error = std::move(value);
        } else if (frame.meter.ChargeBytes(sizeof(Value))) {
          values.push_back(std::move(value));
        }
      }
    }
    if (error) return *error;
    return Value::OfElements(std::move(values));
  }

  const FoldParts parts_;
};

// transformMap() and transformMapEntry(), of which no key may come twice.
class MapFold : public Node {
 public:
  explicit MapFold(FoldParts parts) : parts_(std::move(parts)) {}

 protected:
  Value Compute(Frame& frame) const override {
    size_t size = 0;
    const Value range = RangeOf(parts_, frame, size);
    if (range.is_error()) return range;
    Entries entries;
    std::optional<Value> error;
    for (size_t i = 0; i < size && !frame.meter.is_exhausted(); ++i) {
      const Iteration iteration(parts_, range, i, frame);
      if (!IsWanted(parts_, frame, error) || error) continue;
      Value value = parts_.collected->Eval(frame);
      if (value.is_error()) {
        error = std::move(value);
      } else if (parts_.is_keyed) {
        Insert(iteration.first(), std::move(value), frame, entries, error);
      } else if (value.Is(Kind::kMap)) {
        const Map& map = value.AsMap();
        for (size_t j = 0; j < map.size(); ++j) {
          Insert(map.KeyAt(j), map.ValueAt(j), frame, entries, error);
        }
      } else {
        error = Value::Error("no such overload");
      }
    }
    return error ? *error : MakeMap(std::move(entries.all));
  }

 private:
  struct Entries {
    std::vector<std::pair<Value, Value>> all;
    std::set<std::string> keys;
  };

  static void Insert(const Value& key, Value value, Frame& frame,
                     Entries& entries, std::optional<Value>& error) {
    if (error || !frame.meter.ChargeBytes(2 * sizeof(Value))) return;
    // Numbers that are equal are one key.
    const auto number = LosslessInt(key);
    if (!entries.keys.insert(number ? absl::StrCat(*number) : DebugText(key))
             .second) {
      error = Value::Error(absl::StrCat("insert failed: key ", MessageText(key),
                                        " already exists"));
      return;
    }
    entries.all.emplace_back(key, std::move(value));
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

NodePtr MakeMapFold(FoldParts parts) {
  return std::make_unique<MapFold>(std::move(parts));
}

NodePtr MakeCall(CallTarget target, std::vector<NodePtr> arguments) {
  return std::make_unique<Call>(std::move(target), std::move(arguments));
}

}  // namespace weir::cel
