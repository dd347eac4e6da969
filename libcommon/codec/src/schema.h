// What the options of a field say, as codec and CRD generator read them.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "weir/schema/v1/options.pb.h"

namespace weir::codec {

inline const schema::v1::Field& SchemaOf(
    const google::protobuf::FieldDescriptor* field) {
  return field->options().GetExtension(schema::v1::field);
}
inline const schema::v1::Type& SchemaOf(
    const google::protobuf::Descriptor* type) {
  return type->options().GetExtension(schema::v1::type);
}

// The same moment or duration, as the field's format prints it. Text that is
// not in the format is returned as it is.
std::string Normalize(schema::v1::Format format, absl::string_view text);
// What is wrong with the text, if anything.
std::optional<std::string> FormatProblem(schema::v1::Format format,
                                         absl::string_view text);

// Steps from the root to a member: "spec", then "patches", then 0.
class Path {
 public:
  void Push(absl::string_view name) { steps_.push_back({name, -1}); }
  void Push(int index) { steps_.push_back({{}, index}); }
  void Pop() { steps_.pop_back(); }
  // "spec.patches[0]"; keys that are no names: metadata["a/b"].
  std::string ToString() const;

 private:
  struct Step {
    absl::string_view name;
    int index;
  };
  std::vector<Step> steps_;
};

}  // namespace weir::codec
