// Scalars that remember how they are written.
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "src/go_number.h"
#include "src/yaml_error.h"
#include "src/yaml_node_writer.h"
#include "src/yaml_parser.h"
#include "src/yaml_scalar.h"
#include "src/yaml_source.h"
#include "src/yaml_text.h"
#include "src/yaml_tree.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir {
namespace {

absl::string_view NullText(const Value& null) {
  return null.is_omitted_null() ? "" : "null";
}

}  // namespace

Value KeepYamlText(Value value, absl::string_view text) {
  if (value.written() != nullptr && *value.written() == text) return value;
  const bool is_known = value.is_null()     ? text == NullText(value)
                        : value.is_string() ? value.AsString() == text
                                            : FormatJson(value) == text;
  if (is_known) return value;
  return Value::Written(std::move(value), std::string(text));
}

Value PlainYamlScalar(absl::string_view text, YamlParseOptions::Schema schema) {
  YamlScalar found = ResolveYamlScalar(text, schema, true);
  using Type = YamlScalar::Type;
  if (found.type == Type::kNull && text.empty()) return Value::OmittedNull();
  if (found.type < Type::kString) {
    return KeepYamlText(std::move(found.value), text);
  }
  if (found.type == Type::kTimestamp &&
      schema == YamlParseOptions::Schema::kYaml12) {
    // Also where the text is the same: it is not one that is a string.
    return Value::Written(Value(YamlTimestampToRfc3339(text)),
                          std::string(text));
  }
  if (text == "<<") return Value::Written(Value(text), std::string(text));
  return Value(text);
}

std::string FormatYamlFloat(double number) {
  return FormatGoYamlDouble(number);
}

namespace {

using Style = Value::Style;

// Whether a string may be another one when it is written and read.
bool IsUnsteady(const Value& string, bool in_flow) {
  if (string.written() != nullptr) return false;
  const std::string& text = string.AsString();
  if (yaml::HasOddBreaks(text)) return true;
  if (in_flow || text.empty()) return false;
  const bool is_block =
      string.style() == Style::kLiteral || string.style() == Style::kFolded;
  const bool has_lines = text.find('\n') != std::string::npos;
  return (text[0] == '\t' && (is_block || has_lines)) ||
         (has_lines && string.style() == Style::kFolded);
}

// A date that is written with quotes, as what has a colon is in brackets.
bool IsQuotedDate(const Value& string, bool in_flow) {
  return in_flow && string.written() != nullptr &&
         string.written()->find(':') != std::string::npos &&
         PlainYamlScalar(*string.written(),
                         YamlParseOptions::Schema::kYaml12) == string;
}

bool ChangesAsWritten(const Value& value, bool in_flow) {
  if (value.is_string()) {
    return IsUnsteady(value, in_flow) || IsQuotedDate(value, in_flow);
  }
  if (value.is_null()) return in_flow && value.is_omitted_null();
  in_flow = in_flow || value.style() == Style::kFlow;
  for (const Value& item : value.array()) {
    if (ChangesAsWritten(item, in_flow)) return true;
  }
  for (const Value::Member& member : value.object()) {
    if (ChangesAsWritten(member.value, in_flow)) return true;
  }
  return false;
}

yaml::ScalarStyle ScalarStyleOf(const Value& string) {
  switch (string.style()) {
    case Style::kSingleQuoted:
      return yaml::ScalarStyle::kSingle;
    case Style::kDoubleQuoted:
      return yaml::ScalarStyle::kDouble;
    case Style::kLiteral:
      return yaml::ScalarStyle::kLiteral;
    case Style::kFolded:
      return yaml::ScalarStyle::kFolded;
    default:
      return yaml::ScalarStyle::kPlain;
  }
}

// As the element of a list: nothing around a string changes what it becomes.
absl::Status RewriteString(bool in_flow, Value* string) {
  yaml::Tree tree;
  yaml::Node* scalar = tree.NewNode();
  scalar->text = string->AsString();
  scalar->style = ScalarStyleOf(*string);
  scalar->implied = "!!str";
  std::vector<yaml::Node*> element = {scalar};
  yaml::Node* list = tree.NewNode();
  list->kind = yaml::NodeKind::kSequence;
  list->is_flow = in_flow;
  list->children = tree.TakeChildren(element, 0);
  const std::string written = yaml::NodeWriter().Write(*list, {});
  const yaml::Source source(written);
  yaml::Parser parser(source, {yaml::Dialect::kGoYaml3, false}, &tree);
  yaml::Document document;
  if (!parser.Next(&document)) {
    const std::string& problem = parser.error().problem;
    return yaml::MakeError({}, absl::StatusCode::kInvalidArgument, yaml::Mark(),
                           problem, absl::StrCat("yaml: ", problem));
  }
  if (document.root->children.size() != 1) return absl::OkStatus();
  Value read(document.root->children[0]->text);
  read.set_style(string->style());
  *string = std::move(read);
  return absl::OkStatus();
}

absl::Status Rewrite(bool in_flow, Value* value) {
  if (!ChangesAsWritten(*value, in_flow)) return absl::OkStatus();
  if (value->is_string() && value->written() != nullptr) {
    Value quoted(*value->written());
    quoted.set_style(Style::kSingleQuoted);
    *value = std::move(quoted);
    return absl::OkStatus();
  }
  if (value->is_string()) return RewriteString(in_flow, value);
  if (value->is_null()) {
    *value = Value("");
    return absl::OkStatus();
  }
  in_flow = in_flow || value->style() == Style::kFlow;
  if (value->is_array()) {
    for (Value& item : value->MutableArray()) {
      WEIR_RETURN_IF_ERROR(Rewrite(in_flow, &item));
    }
  } else {
    for (Value::Member& member : value->MutableObject()) {
      WEIR_RETURN_IF_ERROR(Rewrite(in_flow, &member.value));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RewriteYaml(Value* tree) { return Rewrite(false, tree); }

}  // namespace weir
