// Writing single fields, for ToValue and Overlay.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <optional>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "weir/value/value.h"

namespace weir::codec {

// The field's member, or nothing when it has none.
std::optional<Value> FieldToValue(
    const google::protobuf::Message& message,
    const google::protobuf::FieldDescriptor* field);

// A scalar; `index` is its place in a repeated field, else -1.
Value ScalarToValue(const google::protobuf::Message& message,
                    const google::protobuf::FieldDescriptor* field, int index);

// The key of an entry of a map field.
std::string MapKey(const google::protobuf::Message& entry);

// True when Kubernetes has a member for it: it is set, not empty, or
// required.
bool HasMember(const google::protobuf::Message& message,
               const google::protobuf::FieldDescriptor* field);

}  // namespace weir::codec
