#include "src/model/yaml_nodes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "src/model/scalar.h"

namespace weir::kustomize {
namespace {

using Kind = YamlNode::Kind;

YamlNode::Style StyleOf(const Value& scalar) {
  switch (scalar.style()) {
    case Value::Style::kSingleQuoted:
      return YamlNode::Style::kSingleQuoted;
    case Value::Style::kDoubleQuoted:
      return YamlNode::Style::kDoubleQuoted;
    case Value::Style::kLiteral:
      return YamlNode::Style::kLiteral;
    case Value::Style::kFolded:
      return YamlNode::Style::kFolded;
    default:
      return YamlNode::Style::kPlain;
  }
}

}  // namespace

YamlNode NodeOf(const Value& value) {
  YamlNode node;
  node.is_flow = value.style() == Value::Style::kFlow;
  if (value.is_array()) {
    node.kind = Kind::kSequence;
    for (const Value& item : value.array()) {
      node.children.push_back(NodeOf(item));
    }
  } else if (value.is_object()) {
    node.kind = Kind::kMapping;
    for (const Value::Member& member : value.object()) {
      YamlNode key;
      key.text = member.key;
      node.children.push_back(std::move(key));
      node.children.push_back(NodeOf(member.value));
    }
  } else {
    node.text = NodeText(value);
    node.style = StyleOf(value);
    if (value.is_string() && value.written() == nullptr &&
        value.style() != Value::Style::kUntagged) {
      node.implied_tag = "!!str";
    }
  }
  return node;
}

std::string ShownText(const Value& value) {
  const bool is_plain = value.style() == Value::Style::kPlain ||
                        value.style() == Value::Style::kUntagged;
  if (is_plain && !value.is_object() && !value.is_array()) {
    std::string text = NodeText(value);
    const bool is_simple =
        !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
          return absl::ascii_isalnum(static_cast<unsigned char>(c));
        });
    if (is_simple && UntaggedScalar(text).kind() == value.kind()) return text;
  }
  YamlNodeDocument document;
  document.root = NodeOf(value);
  return std::string(absl::StripAsciiWhitespace(FormatYamlNode(document)));
}

}  // namespace weir::kustomize
