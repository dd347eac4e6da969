// Between Any and Value, the JSON tree.
#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/gotmpl/format.h"
#include "weir/gotmpl/value.h"

namespace weir::gotmpl {
namespace {

constexpr int kMaxDepth = 1000;
// Shared parts are written as often as they are held.
constexpr size_t kMaxNodes = 4'000'000;

Any FromNumber(const Value& value, Numbers numbers) {
  if (numbers == Numbers::kExact) {
    if (value.kind() == Value::Kind::kInt) return Any::Int64(value.AsInt());
    if (value.kind() == Value::Kind::kUint) {
      return Any::Integer(types::Uint64(),
                          static_cast<int64_t>(value.AsUint()));
    }
  }
  return Any::Float64(value.AsDouble());
}

class Writer {
 public:
  absl::StatusOr<Value> Write(const Any& value, int depth);

 private:
  absl::StatusOr<Value> WriteList(const Any& value, int depth);
  absl::StatusOr<Value> WriteDict(const Any& value, int depth);
  absl::StatusOr<Value> WriteStruct(const Any& value, int depth);

  size_t nodes_ = 0;
};

absl::StatusOr<Value> Writer::WriteList(const Any& value, int depth) {
  if (value.is_nil()) return Value();
  if (value.type()->elem == types::Uint8()) {
    return Value(absl::Base64Escape(value.AsString()));
  }
  Value::Array array;
  array.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    WEIR_ASSIGN_OR_RETURN(Value item, Write(value.At(i), depth + 1));
    array.push_back(std::move(item));
  }
  return Value(std::move(array));
}

absl::StatusOr<Value> Writer::WriteDict(const Any& value, int depth) {
  if (value.is_nil()) return Value();
  Value::Object members;
  members.reserve(value.size());
  for (const auto& [key, member] : *value.AsDict()) {
    WEIR_ASSIGN_OR_RETURN(Value item, Write(member, depth + 1));
    members.emplace_back(std::string(key.view()), std::move(item));
  }
  return Value::FromMembers(std::move(members));
}

absl::StatusOr<Value> Writer::WriteStruct(const Any& value, int depth) {
  if (value.is_nil()) return Value();
  Value::Object members;
  const std::vector<Type::Field>& fields = value.type()->fields;
  for (size_t i = 0; i < fields.size(); ++i) {
    WEIR_ASSIGN_OR_RETURN(Value item,
                          Write(value.AsObject()->GetField(i), depth + 1));
    members.emplace_back(fields[i].name, std::move(item));
  }
  return Value::FromMembers(std::move(members));
}

absl::StatusOr<Value> Writer::Write(const Any& value, int depth) {
  if (++nodes_ > kMaxNodes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("json: more than ", kMaxNodes, " values"));
  }
  if (depth > kMaxDepth) {
    return absl::InvalidArgumentError(
        absl::StrCat("json: unsupported value: encountered a cycle via ",
                     value.type_name()));
  }
  if (value.is_nothing()) return Value();
  if (value.type()->json) return value.type()->json(value);
  if (value.is_signed()) return Value(value.AsInt());
  if (value.is_unsigned()) return Value(value.AsUint());
  switch (value.kind()) {
    case Kind::kBool:
      return Value(value.AsBool());
    case Kind::kFloat64:
      if (!std::isfinite(value.AsFloat())) break;
      return Value(value.AsFloat());
    case Kind::kString:
      return Value(value.AsString());
    case Kind::kSlice:
      return WriteList(value, depth);
    case Kind::kMap:
      return WriteDict(value, depth);
    case Kind::kStruct:
    case Kind::kPtr:
      return WriteStruct(value, depth);
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("json: unsupported type: ", value.type_name()));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("json: unsupported value: ", FormatValue(value)));
}

}  // namespace

Any FromValue(const Value& value, Numbers numbers) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return Any();
    case Value::Kind::kBool:
      return Any::Bool(value.AsBool());
    case Value::Kind::kInt:
    case Value::Kind::kUint:
    case Value::Kind::kDouble:
      return FromNumber(value, numbers);
    case Value::Kind::kString:
      return Any::String(value.AsString());
    case Value::Kind::kArray: {
      std::vector<Any> items;
      items.reserve(value.size());
      for (const Value& item : value.array()) {
        items.push_back(FromValue(item, numbers));
      }
      return Any::List(std::move(items));
    }
    case Value::Kind::kObject:
      break;
  }
  Any dict = Any::NewDict();
  for (const Value::Member& member : value.object()) {
    dict.AsDict()->Set(member.key, FromValue(member.value, numbers));
  }
  return dict;
}

absl::StatusOr<Value> ToValue(const Any& value) {
  return Writer().Write(value, 0);
}

}  // namespace weir::gotmpl
