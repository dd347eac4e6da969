// JsonDecoder turns a Value into structs with the rules and the error texts
// of Go's encoding/json: names in any case, null leaves a field alone, the
// first error is the one reported.
//
// Touches: nothing.
// Threads: a decoder is used by one thread.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir {

// As errors name it: "object", "array", "string", "bool" or "number".
absl::string_view JsonKindName(const Value& value);

struct JsonDecoderOptions {
  // Unknown fields are errors.
  bool strict = false;
  // The package of structs that are named without one.
  absl::string_view package;
  // What sigs.k8s.io/yaml makes of a number in a text field, which then takes
  // booleans too; null: text fields take text only.
  std::string (*number_text)(const Value& number) = nullptr;
  absl::StatusCode code = absl::StatusCode::kInvalidArgument;  // Of errors.
};

class JsonDecoder {
 public:
  explicit JsonDecoder(const JsonDecoderOptions& options = {})
      : options_(options) {}

  using Setter = std::function<void(const Value&)>;
  struct Field {
    absl::string_view name;
    Setter set;
    // The embedded structs that Go names in errors before the field.
    absl::string_view embedded_in = "";
  };
  // Decodes a map whose Go type is `struct_name`: "v2.Metadata". One without
  // a name of its own, "struct {...}", has none in errors.
  void Struct(const Value& value, absl::string_view struct_name,
              std::initializer_list<Field> fields) {
    StructOf(value, struct_name, std::vector<Field>(fields));
  }
  void StructOf(const Value& value, absl::string_view struct_name,
                const std::vector<Field>& fields);

  // `type` is how Go names it.
  void String(const Value& value, std::string* out,
              absl::string_view type = "string");
  void Bool(const Value& value, bool* out);
  void Int(const Value& value, int64_t* out, absl::string_view type = "int64");
  void Strings(const Value& value, std::vector<std::string>* out,
               absl::string_view type = "string");
  void StringMap(const Value& value, std::map<std::string, std::string>* out);
  // A map of anything.
  void Map(const Value& value, Value* out);
  // False, with an error unless it is null, when it is no list.
  bool IsList(const Value& value, absl::string_view type) {
    return Expect(value, Value::Kind::kArray, type);
  }
  template <typename T, typename DecodeOne>
  void List(const Value& value, absl::string_view type, std::vector<T>* out,
            DecodeOne decode) {
    if (!IsList(value, type)) return;
    for (const Value& item : value.array()) {
      out->emplace_back();
      place_.push_back(absl::StrCat(out->size() - 1));
      decode(item, &out->back());
      place_.pop_back();
    }
  }

  // Setters for Field.
  Setter To(std::string* out) {
    return [this, out](const Value& v) { String(v, out); };
  }
  Setter To(bool* out) {
    return [this, out](const Value& v) { Bool(v, out); };
  }
  Setter To(int64_t* out) {
    return [this, out](const Value& v) { Int(v, out); };
  }
  Setter To(std::vector<std::string>* out) {
    return [this, out](const Value& v) { Strings(v, out); };
  }
  Setter To(std::map<std::string, std::string>* out) {
    return [this, out](const Value& v) { StringMap(v, out); };
  }

  const absl::Status& status() const { return status_; }
  // Keys and list indexes that lead to what is wrong.
  const std::vector<std::string>& wrong_place() const { return wrong_place_; }

 private:
  // False, with an error unless the value is null, when the kind is another.
  bool Expect(const Value& value, Value::Kind kind, absl::string_view type);
  void Fail(std::string message);

  const JsonDecoderOptions options_;
  std::string struct_name_;
  std::vector<std::string> path_;   // As Go names the fields.
  std::vector<std::string> place_;  // As the text does.
  absl::Status status_;
  std::vector<std::string> wrong_place_;
};

}  // namespace weir
