// JsonReader fills structs with the rules and the error texts of Go's
// encoding/json behind sigs.k8s.io/yaml: names in any case, null leaves a
// field alone, scalars in text fields are text, and the first error counts.
//
// Touches: nothing.
// Threads: an object belongs to one thread.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::helm {

// "object", "array", "string", "bool" or "number".
absl::string_view JsonKindName(const Value& value);

class JsonReader {
 public:
  struct Field {
    absl::string_view name;
    std::function<void(const Value&)> read;
  };
  // `go_type` is the struct's type with its package: "v2.Metadata".
  void Struct(const Value& value, absl::string_view go_type,
              std::initializer_list<Field> fields);
  void Text(const Value& value, std::string* out);
  void Bool(const Value& value, bool* out);
  void Texts(const Value& value, std::vector<std::string>* out);
  void TextMap(const Value& value, std::map<std::string, std::string>* out);
  // False, with an error unless it is null, when it is no list.
  bool IsList(const Value& value, absl::string_view go_type);

  // "json: cannot unmarshal ...".
  const absl::Status& status() const { return status_; }

 private:
  bool Expect(const Value& value, Value::Kind kind, absl::string_view go_type);

  std::string struct_name_;
  std::vector<std::string> path_;
  absl::Status status_;
};

}  // namespace weir::helm
