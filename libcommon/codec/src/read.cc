// FromValue.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "src/schema.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/value/json.h"

namespace weir::codec {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::string_view KindName(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kBool:
      return "a boolean";
    case Value::Kind::kInt:
    case Value::Kind::kUint:
    case Value::Kind::kDouble:
      return "a number";
    case Value::Kind::kString:
      return "a string";
    case Value::Kind::kArray:
      return "an array";
    case Value::Kind::kObject:
      return "an object";
  }
  return "";
}

class Reader {
 public:
  absl::Status ReadMessage(const Value& value, Message* message) {
    const auto* type = message->GetDescriptor();
    if (SchemaOf(type).is_wrapper()) {
      return ReadMap(value, type->field(0), message);
    }
    if (!value.is_object()) return Mismatch("an object", value);
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      const Value* member = value.Find(field->json_name());
      if (member == nullptr || member->is_null()) continue;
      path_.Push(field->json_name());
      WEIR_RETURN_IF_ERROR(ReadField(*member, field, message));
      path_.Pop();
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Problem(absl::string_view what) const {
    const std::string path = path_.ToString();
    return absl::InvalidArgumentError(
        path.empty() ? std::string(what) : absl::StrCat(path, ": ", what));
  }
  absl::Status Mismatch(absl::string_view want, const Value& value) const {
    return Problem(absl::StrCat("must be ", want, ", not ", KindName(value)));
  }

  absl::Status ReadField(const Value& value, const FieldDescriptor* field,
                         Message* message) {
    if (field->is_map()) return ReadMap(value, field, message);
    if (field->is_repeated()) return ReadList(value, field, message);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return ReadMessage(
          value, message->GetReflection()->MutableMessage(message, field));
    }
    return ReadScalar(value, field, message);
  }

  absl::Status ReadList(const Value& value, const FieldDescriptor* field,
                        Message* message) {
    if (!value.is_array()) return Mismatch("an array", value);
    int index = 0;
    for (const Value& element : value.array()) {
      path_.Push(index++);
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Message* added = message->GetReflection()->AddMessage(message, field);
        if (!element.is_null()) {
          WEIR_RETURN_IF_ERROR(ReadMessage(element, added));
        }
      } else {
        WEIR_RETURN_IF_ERROR(ReadScalar(element, field, message));
      }
      path_.Pop();
    }
    return absl::OkStatus();
  }

  absl::Status ReadMap(const Value& value, const FieldDescriptor* field,
                       Message* message) {
    if (!value.is_object()) return Mismatch("an object", value);
    for (const Value::Member& member : value.object()) {
      Message* entry = message->GetReflection()->AddMessage(message, field);
      entry->GetReflection()->SetString(
          entry, entry->GetDescriptor()->map_key(), member.key);
      if (member.value.is_null()) continue;
      path_.Push(member.key);
      WEIR_RETURN_IF_ERROR(
          ReadField(member.value, entry->GetDescriptor()->map_value(), entry));
      path_.Pop();
    }
    return absl::OkStatus();
  }

  // A list's null element is its type's zero, as Go has it.
  absl::Status ReadScalar(const Value& value, const FieldDescriptor* field,
                          Message* message) {
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return ReadText(value, field, message);
      case FieldDescriptor::CPPTYPE_BOOL:
        if (!value.is_bool() && !value.is_null()) {
          return Mismatch("a boolean", value);
        }
        return Store(&Reflection::SetBool, &Reflection::AddBool,
                     value.is_bool() && value.AsBool(), field, message);
      case FieldDescriptor::CPPTYPE_INT32:
        return ReadInteger<int32_t>(value, &Reflection::SetInt32,
                                    &Reflection::AddInt32, field, message);
      case FieldDescriptor::CPPTYPE_INT64:
        return ReadInteger<int64_t>(value, &Reflection::SetInt64,
                                    &Reflection::AddInt64, field, message);
      case FieldDescriptor::CPPTYPE_UINT32:
        return ReadInteger<uint32_t>(value, &Reflection::SetUInt32,
                                     &Reflection::AddUInt32, field, message);
      case FieldDescriptor::CPPTYPE_UINT64:
        return ReadInteger<uint64_t>(value, &Reflection::SetUInt64,
                                     &Reflection::AddUInt64, field, message);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        if (!value.is_number() && !value.is_null()) {
          return Mismatch("a number", value);
        }
        return Store(&Reflection::SetDouble, &Reflection::AddDouble,
                     value.is_number() ? value.AsDouble() : 0, field, message);
      default:
        return absl::UnimplementedError(
            absl::StrCat(field->full_name(), ": no Kubernetes type"));
    }
  }

  template <typename Setter, typename Adder, typename T>
  absl::Status Store(Setter set, Adder add, T value,
                     const FieldDescriptor* field, Message* message) {
    const Reflection* reflection = message->GetReflection();
    if (field->is_repeated()) {
      (reflection->*add)(message, field, std::move(value));
    } else {
      (reflection->*set)(message, field, std::move(value));
    }
    return absl::OkStatus();
  }

  template <typename T, typename Setter, typename Adder>
  absl::Status ReadInteger(const Value& value, Setter set, Adder add,
                           const FieldDescriptor* field, Message* message) {
    T number = 0;
    if (value.is_int()) {
      if (!std::in_range<T>(value.AsInt())) return Problem("is out of range");
      number = static_cast<T>(value.AsInt());
    } else if (value.kind() == Value::Kind::kUint) {
      if (!std::in_range<T>(value.AsUint())) return Problem("is out of range");
      number = static_cast<T>(value.AsUint());
    } else if (value.is_number()) {
      return Problem("must be an integer");
    } else if (!value.is_null()) {
      return Mismatch("an integer", value);
    }
    return Store(set, add, number, field, message);
  }

  absl::Status ReadText(const Value& value, const FieldDescriptor* field,
                        Message* message) {
    const schema::v1::Field& schema = SchemaOf(field);
    std::string text;
    if (schema.raw_json()) {
      text = FormatJson(value);
    } else if (value.is_string()) {
      text = value.AsString();
      if (field->type() == FieldDescriptor::TYPE_BYTES) {
        std::string bytes;
        if (!absl::Base64Unescape(text, &bytes)) {
          return Problem("must be base64");
        }
        text = std::move(bytes);
      } else if (const auto problem = FormatProblem(schema.format(), text)) {
        return Problem(*problem);
      }
    } else if (!value.is_null()) {
      return Mismatch("a string", value);
    }
    return Store(&Reflection::SetString, &Reflection::AddString,
                 std::move(text), field, message);
  }

  Path path_;
};

}  // namespace

absl::Status FromValue(const Value& value, Message* message) {
  message->Clear();
  return Reader().ReadMessage(value, message);
}

}  // namespace weir::codec
