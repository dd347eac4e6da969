// Between Any and Value, the JSON tree.
#include <algorithm>
#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/gotmpl/format.h"
#include "weir/gotmpl/template.h"
#include "weir/gotmpl/value.h"

namespace weir::gotmpl {
namespace {

constexpr int kMaxDepth = 1000;
// Shared parts are written as often as they are held.
constexpr size_t kMaxNodes = 1'500'000;
constexpr size_t kMaxTextBytes = size_t{32} << 20;

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
  explicit Writer(size_t max_nodes) : max_nodes_(max_nodes) {}

  absl::StatusOr<Value> Write(const Any& value, int depth);
  size_t nodes() const { return nodes_; }

 private:
  absl::Status Count(size_t text_bytes);
  absl::StatusOr<Value> WriteList(const Any& value, int depth);
  absl::StatusOr<Value> WriteDict(const Any& value, int depth);
  absl::StatusOr<Value> WriteStruct(const Any& value, int depth);

  const size_t max_nodes_;
  size_t nodes_ = 0;
  size_t text_bytes_ = 0;
};

absl::Status Writer::Count(size_t text_bytes) {
  text_bytes_ += text_bytes;
  if (++nodes_ > max_nodes_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("json: more than ", max_nodes_, " values"));
  }
  if (text_bytes_ > kMaxTextBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("json: more than ", kMaxTextBytes, " bytes of text"));
  }
  return absl::OkStatus();
}

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
    text_bytes_ += key.view().size();
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
  WEIR_RETURN_IF_ERROR(
      Count(value.is_string() || value.is_list() ? value.size() : 0));
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
  return Writer(kMaxNodes).Write(value, 0);
}

absl::StatusOr<Value> ToValue(Call& call, const Any& value) {
  constexpr uint64_t kStepsPerNode = 3;
  WEIR_RETURN_IF_ERROR(call.execution.Step(0));
  const uint64_t steps_left =
      call.execution.options().limits.max_steps - call.execution.steps();
  Writer writer(std::min<size_t>(kMaxNodes, steps_left / kStepsPerNode + 1));
  absl::StatusOr<Value> tree = writer.Write(value, 0);
  WEIR_RETURN_IF_ERROR(call.execution.Step(writer.nodes() * kStepsPerNode));
  return tree;
}

absl::Status ReserveForParsing(Call& call, absl::string_view text) {
  // A value with its place among the others.
  constexpr size_t kBytesPerNode = 100;
  size_t nodes = 1;
  for (const char c : text) {
    nodes += c == ',' || c == ':' || c == '[' || c == '{' || c == '\n';
  }
  WEIR_RETURN_IF_ERROR(call.execution.Step(nodes * 3));
  return call.execution.Reserve(nodes * kBytesPerNode + text.size());
}

}  // namespace weir::gotmpl
