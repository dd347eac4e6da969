#include "src/write.h"

#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "src/schema.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/value/json.h"

namespace weir::codec {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

Value TextToValue(const FieldDescriptor* field, const std::string& text) {
  const schema::v1::Field& schema = SchemaOf(field);
  if (schema.raw_json()) {
    // What somebody put there by hand may be no JSON; then it is a string.
    absl::StatusOr<Value> value = ParseJson(text);
    return value.ok() ? *std::move(value) : Value(text);
  }
  if (field->type() == FieldDescriptor::TYPE_BYTES) {
    return Value(absl::Base64Escape(text));
  }
  switch (schema.format()) {
    case schema::v1::FORMAT_TIME:
      // metav1.Time's zero.
      if (text.empty()) return Value();
      return Value(Normalize(schema.format(), text));
    case schema::v1::FORMAT_DURATION:
      return Value(text.empty() ? "0s" : text);
    case schema::v1::FORMAT_GO_DURATION:
      return Value(text.empty() ? "0s" : Normalize(schema.format(), text));
    default:
      return Value(text);
  }
}

Value ListToValue(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  const int size = reflection->FieldSize(message, field);
  Value::Array array;
  array.reserve(static_cast<size_t>(size));
  for (int i = 0; i < size; ++i) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      array.push_back(
          ToValue(reflection->GetRepeatedMessage(message, field, i)));
    } else {
      array.push_back(ScalarToValue(message, field, i));
    }
  }
  return Value(std::move(array));
}

Value MapToValue(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  Value::Object members;
  const int size = reflection->FieldSize(message, field);
  for (int i = 0; i < size; ++i) {
    const Message& entry = reflection->GetRepeatedMessage(message, field, i);
    const FieldDescriptor* value = entry.GetDescriptor()->map_value();
    members.emplace_back(
        MapKey(entry),
        value->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE
            ? ToValue(entry.GetReflection()->GetMessage(entry, value))
            : ScalarToValue(entry, value, -1));
  }
  return Value::FromMembers(std::move(members));
}

}  // namespace

std::string MapKey(const Message& entry) {
  return entry.GetReflection()->GetString(entry,
                                          entry.GetDescriptor()->map_key());
}

bool HasMember(const Message& message, const FieldDescriptor* field) {
  const bool is_required = SchemaOf(field).required();
  const Reflection* reflection = message.GetReflection();
  if (field->is_repeated()) {
    return is_required || reflection->FieldSize(message, field) > 0;
  }
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return reflection->HasField(message, field);
  }
  return is_required || reflection->HasField(message, field);
}

Value ScalarToValue(const Message& message, const FieldDescriptor* field,
                    int index) {
  const Reflection* r = message.GetReflection();
  const bool is_one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      return TextToValue(
          field, is_one ? r->GetStringReference(message, field, &scratch)
                        : r->GetRepeatedStringReference(message, field, index,
                                                        &scratch));
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      return Value(is_one ? r->GetBool(message, field)
                          : r->GetRepeatedBool(message, field, index));
    case FieldDescriptor::CPPTYPE_INT32:
      return Value(int64_t{is_one
                               ? r->GetInt32(message, field)
                               : r->GetRepeatedInt32(message, field, index)});
    case FieldDescriptor::CPPTYPE_INT64:
      return Value(is_one ? r->GetInt64(message, field)
                          : r->GetRepeatedInt64(message, field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return Value(int64_t{is_one
                               ? r->GetUInt32(message, field)
                               : r->GetRepeatedUInt32(message, field, index)});
    case FieldDescriptor::CPPTYPE_UINT64:
      return Value(is_one ? r->GetUInt64(message, field)
                          : r->GetRepeatedUInt64(message, field, index));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Value(is_one ? r->GetDouble(message, field)
                          : r->GetRepeatedDouble(message, field, index));
    default:
      // api/ has no other types; a test looks at every message.
      return Value();
  }
}

std::optional<Value> FieldToValue(const Message& message,
                                  const FieldDescriptor* field) {
  if (!HasMember(message, field)) return std::nullopt;
  if (field->is_map()) return MapToValue(message, field);
  if (field->is_repeated()) return ListToValue(message, field);
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return ToValue(message.GetReflection()->GetMessage(message, field));
  }
  return ScalarToValue(message, field, -1);
}

Value ToValue(const Message& message) {
  const auto* type = message.GetDescriptor();
  if (SchemaOf(type).is_wrapper()) return MapToValue(message, type->field(0));
  Value::Object members;
  members.reserve(static_cast<size_t>(type->field_count()));
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (std::optional<Value> value = FieldToValue(message, field)) {
      members.emplace_back(field->json_name(), *std::move(value));
    }
  }
  return Value::FromMembers(std::move(members));
}

}  // namespace weir::codec
