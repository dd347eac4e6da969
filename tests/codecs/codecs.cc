#include "tests/codecs/codecs.h"

#include <string>

#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_node.h"

namespace weir::test {
namespace {

using Schema = YamlParseOptions::Schema;

absl::StatusOr<std::string> YamlToJson(absl::string_view text, bool strict) {
  YamlParseOptions options;
  options.reject_duplicate_keys = strict;
  const absl::StatusOr<Value> value = ParseYaml(text, options);
  if (!value.ok()) return value.status();
  return FormatJson(*value, {.escape_html = true});
}

std::string ScalarText(const Value& value) {
  if (value.written() != nullptr) return *value.written();
  if (value.is_string()) return value.AsString();
  if (value.is_array() || value.is_object()) return "";
  return value.is_omitted_null() ? "" : FormatJson(value);
}

// As the end of a build does.
void MakeAnnotationsText(Value* object) {
  Value* metadata = object->FindMutable("metadata");
  Value* annotations =
      metadata == nullptr ? nullptr : metadata->FindMutable("annotations");
  if (annotations == nullptr || !annotations->is_object()) return;
  for (Value::Member& member : annotations->MutableObject()) {
    member.value = Value(ScalarText(member.value));
  }
}

absl::StatusOr<std::string> BuildObject(absl::string_view text,
                                        bool is_resource) {
  YamlParseOptions options;
  options.schema = Schema::kYaml12;
  options.text_annotations = is_resource;
  options.keep_written = is_resource;
  absl::StatusOr<Value> value = ParseYaml(text, options);
  if (!value.ok()) return value.status();
  if (is_resource) {
    MakeAnnotationsText(&*value);
    if (!RewriteYaml(&*value).ok()) {
      // What is known of the error's place is known to the reader.
      options.keep_written = false;
      return ParseYaml(text, options).status();
    }
  }
  if (value->is_null()) return "";
  if (!value->is_object() && !value->is_array()) {
    return absl::InvalidArgumentError("no object");
  }
  return MarshalYaml(*value);
}

absl::StatusOr<std::string> NodeText(absl::string_view text) {
  const absl::StatusOr<YamlNodeDocument> document = ParseYamlNode(text);
  if (!document.ok()) return document.status();
  return FormatYamlNode(*document);
}

absl::StatusOr<std::string> JsonToKyaml(absl::string_view text) {
  const absl::StatusOr<Value> value = ParseJson(text);
  if (!value.ok()) return value.status();
  return FormatKyaml(*value);
}

absl::StatusOr<std::string> Json(absl::string_view text, bool keep_integers,
                                 const JsonFormatOptions& options) {
  const absl::StatusOr<Value> value =
      ParseJson(text, {.keep_integers = keep_integers});
  if (!value.ok()) return value.status();
  return FormatJson(*value, options);
}

absl::StatusOr<std::string> JsonToYaml(absl::string_view text) {
  const absl::StatusOr<Value> value = ParseJson(text);
  if (!value.ok()) return value.status();
  return MarshalYaml(*value);
}

}  // namespace

absl::StatusOr<std::string> RunCodec(char codec, absl::string_view text) {
  switch (codec) {
    case 'j':
    case 's':
      return YamlToJson(text, codec == 's');
    case 'k':
    case 'r':
      return BuildObject(text, codec == 'r');
    case 'n':
      return NodeText(text);
    case 'm':
      return JsonToKyaml(text);
    case 'f':
      return Json(text, false, {.escape_html = true});
    case 'e':
      return Json(text, true, {});
    case 'i':
      return Json(text, false, {.indent = 2, .escape_html = true});
    case 'y':
      return JsonToYaml(text);
    default:
      return absl::UnimplementedError("no such codec");
  }
}

}  // namespace weir::test
