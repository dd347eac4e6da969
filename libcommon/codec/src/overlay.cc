// Overlay: a message's fields over the JSON they were read from.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/util/message_differencer.h"
#include "src/schema.h"
#include "src/write.h"
#include "weir/codec/codec.h"

namespace weir::codec {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::MessageDifferencer;

// A new message of the same type that holds what `value` says, or nothing
// where it says nonsense.
std::unique_ptr<Message> Decode(const Value& value, const Message& like) {
  std::unique_ptr<Message> decoded(like.New());
  if (value.is_object() && !FromValue(value, decoded.get()).ok()) {
    decoded->Clear();
  }
  return decoded;
}

bool IsMessage(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

// Whether both say the same in one field, perhaps spelled differently.
bool FieldsAreEqual(const Message& a, const Message& b,
                    const FieldDescriptor* field) {
  const Reflection* r = a.GetReflection();
  if (field->has_presence() && r->HasField(a, field) != r->HasField(b, field)) {
    return false;
  }
  MessageDifferencer differencer;
  if (differencer.CompareWithFields(a, b, {field}, {field})) return true;
  const schema::v1::Format format = SchemaOf(field).format();
  return format != schema::v1::FORMAT_NONE && !field->is_repeated() &&
         Normalize(format, r->GetString(a, field)) ==
             Normalize(format, r->GetString(b, field));
}

Value OverlayMessage(Value original, const Message& old, const Message& now);

// Whether two elements of a list are the same one, by the schema's keys.
bool HaveSameKeys(const Message& a, const Message& b,
                  const schema::v1::Field& schema) {
  for (const std::string& name : schema.list_map_keys()) {
    const FieldDescriptor* key =
        a.GetDescriptor()->FindFieldByCamelcaseName(name);
    if (key == nullptr || !FieldsAreEqual(a, b, key)) return false;
  }
  return true;
}

// Pairs each element of `now` with one of `old` (-1: it is new). The same
// contents go first, so that an element that was not touched keeps all of its
// own.
std::vector<int> PairElements(const std::vector<const Message*>& old,
                              const std::vector<const Message*>& now,
                              const schema::v1::Field& schema) {
  std::vector<int> pairs(now.size(), -1);
  std::vector<bool> is_taken(old.size(), false);
  const auto take = [&](size_t at, size_t from) {
    pairs[at] = static_cast<int>(from);
    is_taken[from] = true;
  };
  // Lists mostly change little: the same index is looked at before others.
  for (size_t i = 0; i < now.size(); ++i) {
    if (i < old.size() && MessageDifferencer::Equals(*old[i], *now[i])) {
      take(i, i);
    }
  }
  for (size_t i = 0; i < now.size(); ++i) {
    for (size_t j = 0; j < old.size() && pairs[i] < 0; ++j) {
      if (!is_taken[j] && MessageDifferencer::Equals(*old[j], *now[i])) {
        take(i, j);
      }
    }
  }
  for (size_t i = 0; i < now.size(); ++i) {
    if (schema.list_map_keys().empty()) {
      if (pairs[i] < 0 && i < old.size() && !is_taken[i]) take(i, i);
      continue;
    }
    for (size_t j = 0; j < old.size() && pairs[i] < 0; ++j) {
      if (!is_taken[j] && HaveSameKeys(*old[j], *now[i], schema)) take(i, j);
    }
  }
  return pairs;
}

Value OverlayList(const Value& original, const Message& now,
                  const FieldDescriptor* field) {
  const Reflection* reflection = now.GetReflection();
  std::vector<std::unique_ptr<Message>> decoded;
  std::vector<const Message*> old_elements;
  std::vector<const Message*> new_elements;
  for (int i = 0; i < reflection->FieldSize(now, field); ++i) {
    new_elements.push_back(&reflection->GetRepeatedMessage(now, field, i));
  }
  const Message* prototype =
      reflection->GetMessageFactory()->GetPrototype(field->message_type());
  for (const Value& element : original.array()) {
    decoded.push_back(Decode(element, *prototype));
    old_elements.push_back(decoded.back().get());
  }
  const std::vector<int> pairs =
      PairElements(old_elements, new_elements, SchemaOf(field));
  Value::Array array;
  array.reserve(new_elements.size());
  for (size_t i = 0; i < new_elements.size(); ++i) {
    if (pairs[i] < 0) {
      array.push_back(ToValue(*new_elements[i]));
    } else {
      const auto from = static_cast<size_t>(pairs[i]);
      array.push_back(OverlayMessage(original[from], *old_elements[from],
                                     *new_elements[i]));
    }
  }
  return Value(std::move(array));
}

// Maps of messages: entries are told apart by their keys.
Value OverlayMap(const Value& original, const Message& now,
                 const FieldDescriptor* field) {
  const Reflection* reflection = now.GetReflection();
  Value::Object members;
  for (int i = 0; i < reflection->FieldSize(now, field); ++i) {
    const Message& entry = reflection->GetRepeatedMessage(now, field, i);
    const Message& value = entry.GetReflection()->GetMessage(
        entry, entry.GetDescriptor()->map_value());
    const std::string key = MapKey(entry);
    members.emplace_back(
        key,
        OverlayMessage(original[key], *Decode(original[key], value), value));
  }
  return Value::FromMembers(std::move(members));
}

Value OverlayField(const Value& original, const Message& old,
                   const Message& now, const FieldDescriptor* field) {
  const Reflection* reflection = now.GetReflection();
  if (field->is_map() && IsMessage(field->message_type()->map_value())) {
    return OverlayMap(original, now, field);
  }
  if (field->is_repeated() && IsMessage(field) && !field->is_map()) {
    return OverlayList(original, now, field);
  }
  // Where a null was, absence was meant; in a list it is an element.
  if (!field->is_repeated() && IsMessage(field) && !original.is_null()) {
    return OverlayMessage(original, reflection->GetMessage(old, field),
                          reflection->GetMessage(now, field));
  }
  return *FieldToValue(now, field);
}

// `old` is what `original` decodes to.
Value OverlayMessage(Value original, const Message& old, const Message& now) {
  const auto* type = now.GetDescriptor();
  if (!original.is_object()) {
    // A null element of a list says as much as an empty message.
    if (original.is_null() && MessageDifferencer::Equals(old, now)) {
      return original;
    }
    return ToValue(now);
  }
  if (SchemaOf(type).is_wrapper()) {
    return OverlayMap(original, now, type->field(0));
  }
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (FieldsAreEqual(old, now, field)) continue;
    if (!HasMember(now, field)) {
      original.Erase(field->json_name());
      continue;
    }
    // By value: writing un-shares what a reference would point into.
    const Value before = original[field->json_name()];
    original.Set(field->json_name(), OverlayField(before, old, now, field));
  }
  return original;
}

}  // namespace

Value Overlay(Value original, const Message& message) {
  if (!original.is_object()) return ToValue(message);
  const std::unique_ptr<Message> old = Decode(original, message);
  return OverlayMessage(std::move(original), *old, message);
}

}  // namespace weir::codec
