// The codec between protobuf messages of api/ and Kubernetes JSON.
//
// Members are named by the fields' JSON names. Integers stay integers; a field
// with presence that is not set is no member, one that is set to zero is. A
// field that the schema requires is always written. null reads as absent, as
// Go has it.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "weir/value/value.h"

namespace weir::codec {

// Replaces what `message` holds by what `value` says. Members that the message
// has no field for are ignored; that required ones are there is the API
// server's business and not checked.
//
// Errors: kInvalidArgument when a member is of another type, out of range or
// not in its format, with its path: "spec.images[2].newTag: must be a string,
// not a number". The message then holds what was read before.
absl::Status FromValue(const Value& value, google::protobuf::Message* message);

// Times are written with whole seconds in UTC; status durations as Go prints
// them; durations of a spec as the user wrote them.
Value ToValue(const google::protobuf::Message& message);

// What `message` says, written over `original`: members that the message has
// no field for survive, and so does the spelling of what did not change. What
// the message does not have is removed. Elements of lists are told apart by
// the keys of the schema, else by their contents, else by their index.
//
// Overlay(v, m) is v when m was read from v.
Value Overlay(Value original, const google::protobuf::Message& message);

}  // namespace weir::codec
