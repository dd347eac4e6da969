#include "weir/codec/unsupported.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "src/schema.h"
#include "src/write.h"

namespace weir::codec {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Whether the field holds anything but its type's zero.
bool IsSet(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  if (field->is_repeated()) return reflection->FieldSize(message, field) > 0;
  if (!reflection->HasField(message, field)) return false;
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return true;
  const Value value = ScalarToValue(message, field, -1);
  return !(value == Value(false) || value == Value(int64_t{0}) ||
           value == Value("") || value == Value(0.0));
}

bool AsksForMore(const Message& message, const FieldDescriptor* field) {
  const schema::v1::Field& schema = SchemaOf(field);
  if (schema.not_built()) return IsSet(message, field);
  if (schema.built_values().empty() || !IsSet(message, field)) return false;
  const auto& built = schema.built_values();
  const Reflection* reflection = message.GetReflection();
  if (!field->is_repeated()) {
    return std::find(built.begin(), built.end(),
                     reflection->GetString(message, field)) == built.end();
  }
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    const std::string value = reflection->GetRepeatedString(message, field, i);
    if (std::find(built.begin(), built.end(), value) == built.end()) {
      return true;
    }
  }
  return false;
}

void Walk(const Message& message, Path& path, std::vector<std::string>& found) {
  const Reflection* reflection = message.GetReflection();
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    path.Push(field->json_name());
    if (AsksForMore(message, field)) {
      found.push_back(path.ToString());
    } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
               field->is_map()) {
      // Maps of the API hold strings only.
    } else if (!field->is_repeated()) {
      if (reflection->HasField(message, field)) {
        Walk(reflection->GetMessage(message, field), path, found);
      }
    } else {
      for (int j = 0; j < reflection->FieldSize(message, field); ++j) {
        path.Push(j);
        Walk(reflection->GetRepeatedMessage(message, field, j), path, found);
        path.Pop();
      }
    }
    path.Pop();
  }
}

}  // namespace

std::vector<std::string> FindUnsupported(const Message& message) {
  std::vector<std::string> found;
  Path path;
  Walk(message, path, found);
  return found;
}

std::string DescribeUnsupported(const std::vector<std::string>& paths) {
  return absl::StrCat(paths.size() == 1 ? "field is" : "fields are",
                      " not supported yet: ", absl::StrJoin(paths, ", "));
}

}  // namespace weir::codec
