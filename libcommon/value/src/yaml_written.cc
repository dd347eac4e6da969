// Scalars that remember how they are written.
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "src/go_number.h"
#include "src/yaml_node_writer.h"
#include "src/yaml_parser.h"
#include "src/yaml_scalar.h"
#include "src/yaml_source.h"
#include "src/yaml_text.h"
#include "src/yaml_tree.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir {
namespace {

absl::string_view NullText(const Value& null) {
  return null.is_omitted_null() ? "" : "null";
}

}  // namespace

Value KeepYamlText(Value value, absl::string_view text) {
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
    return KeepYamlText(Value(YamlTimestampToRfc3339(text)), text);
  }
  if (text == "<<") return Value::Written(Value(text), std::string(text));
  return Value(text);
}

std::string FormatYamlFloat(double number) {
  return FormatGoYamlDouble(number);
}

bool IsLostAsYamlBlock(absl::string_view text) {
  return !text.empty() && text[0] == '\t' &&
         yaml::AnalyzeText(text, true).block;
}

// The writer looks at the start of the text where it means to look ahead, and
// so doubles a line break also before a line that starts with a blank, where
// the break counts as it is.
std::string RewriteFoldedYaml(absl::string_view text) {
  yaml::Tree tree;
  yaml::Node* folded = tree.NewNode();
  folded->text = text;
  folded->style = yaml::ScalarStyle::kFolded;
  std::vector<yaml::Node*> element = {folded};
  yaml::Node* list = tree.NewNode();
  list->kind = yaml::NodeKind::kSequence;
  list->children = tree.TakeChildren(element, 0);
  const std::string written = yaml::NodeWriter().Write(*list, {});
  const yaml::Source source(written);
  yaml::Parser parser(source, {yaml::Dialect::kGoYaml3, false}, &tree);
  yaml::Document document;
  if (!parser.Next(&document) || document.root->children.size() != 1) {
    return std::string(text);
  }
  return std::string(document.root->children[0]->text);
}

void RewriteFlowNulls(Value* tree) {
  const auto holds_one = [](const auto& self, const Value& value) -> bool {
    for (const Value& item : value.array()) {
      if (self(self, item)) return true;
    }
    for (const Value::Member& member : value.object()) {
      if (self(self, member.value)) return true;
    }
    return value.is_null() && value.style() == Value::Style::kSingleQuoted;
  };
  if (!holds_one(holds_one, *tree)) return;
  if (tree->is_null()) *tree = Value("");
  if (tree->is_array()) {
    for (Value& item : tree->MutableArray()) RewriteFlowNulls(&item);
  }
  if (tree->is_object()) {
    for (Value::Member& member : tree->MutableObject()) {
      RewriteFlowNulls(&member.value);
    }
  }
}

}  // namespace weir
