#include "weir/value/yaml_node.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "src/go_base64.h"
#include "src/go_number.h"
#include "src/natural_order.h"
#include "src/utf8.h"
#include "src/yaml_error.h"
#include "src/yaml_node_writer.h"
#include "src/yaml_parser.h"
#include "src/yaml_scalar.h"
#include "src/yaml_source.h"
#include "src/yaml_tree.h"

namespace weir {
namespace {

using yaml::Node;
using yaml::NodeKind;
using yaml::ScalarStyle;
using yaml::Tree;

// Both enumerations list the same things in the same order.
static_assert(static_cast<int>(YamlNode::Kind::kAlias) ==
              static_cast<int>(NodeKind::kAlias));
static_assert(static_cast<int>(YamlNode::Style::kFolded) ==
              static_cast<int>(ScalarStyle::kFolded));

YamlNode FromTree(const Node& node) {
  YamlNode out;
  out.kind = static_cast<YamlNode::Kind>(node.kind);
  out.style = static_cast<YamlNode::Style>(node.style);
  out.is_flow = node.is_flow;
  out.text = std::string(node.text);
  if (node.tag != "!") out.tag = std::string(node.tag);
  if (node.kind == NodeKind::kScalar && out.tag.empty()) {
    out.implied_tag = std::string(yaml::ImpliedTag(node));
  }
  out.anchor = std::string(node.anchor);
  if (node.comments != nullptr) {
    out.head_comment = node.comments->head;
    out.line_comment = node.comments->line;
    out.foot_comment = node.comments->foot;
  }
  out.children.reserve(node.children.size());
  for (const Node* child : node.children) {
    out.children.push_back(FromTree(*child));
  }
  return out;
}

// The tree views `node`.
Node* ToTree(const YamlNode& node, Tree* tree) {
  Node* out = tree->NewNode();
  out->kind = static_cast<NodeKind>(node.kind);
  out->style = static_cast<ScalarStyle>(node.style);
  out->is_flow = node.is_flow;
  out->text = node.text;
  out->tag = node.tag;
  out->implied = node.implied_tag;
  out->anchor = node.anchor;
  out->comments = tree->NewComments(
      {node.head_comment, node.line_comment, node.foot_comment});
  std::vector<Node*> children;
  for (const YamlNode& child : node.children) {
    children.push_back(ToTree(child, tree));
  }
  out->children = tree->TakeChildren(children, 0);
  return out;
}

void SetString(const std::string& text, Tree* tree, Node* out) {
  if (!IsValidUtf8(text)) {
    out->text = tree->texts().emplace_back(EncodeYamlBase64(text));
    out->tag = "tag:yaml.org,2002:binary";
    return;
  }
  out->text = text;
  out->implied = "!!str";
  if (text.find('\n') != std::string::npos) {
    out->style = ScalarStyle::kLiteral;
  } else if (LooksLikeOtherThanString(text) ||
             ResolveYamlScalar(text, YamlParseOptions::Schema::kYaml12, true)
                     .type != YamlScalar::Type::kString) {
    out->style = ScalarStyle::kDouble;
  }
}

std::string ScalarText(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kBool:
      return value.AsBool() ? "true" : "false";
    case Value::Kind::kInt:
      return absl::StrCat(value.AsInt());
    case Value::Kind::kUint:
      return absl::StrCat(value.AsUint());
    case Value::Kind::kDouble:
      return FormatGoYamlDouble(value.AsDouble());
    default:
      return "null";
  }
}

// The tree views `value`.
Node* ToTree(const Value& value, Tree* tree) {
  Node* out = tree->NewNode();
  std::vector<Node*> children;
  if (value.is_array()) {
    out->kind = NodeKind::kSequence;
    for (const Value& element : value.array()) {
      children.push_back(ToTree(element, tree));
    }
  } else if (value.is_object()) {
    out->kind = NodeKind::kMapping;
    std::vector<const Value::Member*> members;
    for (const Value::Member& member : value.object()) {
      members.push_back(&member);
    }
    SortAsGo(members, [](const Value::Member* a, const Value::Member* b) {
      return NaturalLess(a->key, b->key, NaturalOrder::kGoYaml3);
    });
    for (const Value::Member* member : members) {
      Node* key = tree->NewNode();
      SetString(member->key, tree, key);
      children.push_back(key);
      children.push_back(ToTree(member->value, tree));
    }
  } else if (value.is_string()) {
    SetString(value.AsString(), tree, out);
  } else {
    out->text = tree->texts().emplace_back(ScalarText(value));
  }
  out->children = tree->TakeChildren(children, 0);
  return out;
}

}  // namespace

absl::StatusOr<YamlNodeDocument> ParseYamlNode(
    absl::string_view text, const YamlParseOptions& options) {
  if (text.size() > options.max_bytes) return yaml::TooLarge(options);
  const yaml::Source source(text);
  Tree tree;
  constexpr yaml::Dialect kDialect = yaml::Dialect::kGoYaml3;
  yaml::Parser parser(source,
                      {kDialect, true, options.max_depth,
                       options.max_document_nodes, options.max_nodes},
                      &tree);
  yaml::Document document;
  YamlNodeDocument out;
  if (!parser.Next(&document)) {
    if (parser.error().problem.empty()) return out;
    return yaml::MakeError(options, parser.error(), kDialect);
  }
  out.root = FromTree(*document.root);
  out.head_comment = document.comments.head;
  out.foot_comment = document.comments.foot;
  return out;
}

std::string FormatYamlNode(const YamlNodeDocument& document) {
  Tree tree;
  return yaml::NodeWriter().Write(
      *ToTree(document.root, &tree),
      {document.head_comment, "", document.foot_comment});
}

std::string FormatKyaml(const Value& value) {
  Tree tree;
  return yaml::NodeWriter().Write(*ToTree(value, &tree), {});
}

}  // namespace weir
