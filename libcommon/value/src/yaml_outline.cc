#include "weir/value/yaml_outline.h"

#include <utility>

#include "src/yaml_error.h"
#include "src/yaml_parser.h"
#include "src/yaml_source.h"
#include "src/yaml_tree.h"

namespace weir {
namespace {

using yaml::Node;
using yaml::NodeKind;

YamlOutline OutlineOf(const Node& node) {
  YamlOutline out;
  out.line = node.start.line + 1;
  switch (node.kind) {
    case NodeKind::kScalar:
      out.text = std::string(node.text);
      break;
    case NodeKind::kAlias:
      break;
    case NodeKind::kSequence:
      out.kind = YamlOutline::Kind::kList;
      for (const Node* child : node.children) {
        out.children.push_back({"", OutlineOf(*child)});
      }
      break;
    case NodeKind::kMapping:
      out.kind = YamlOutline::Kind::kMap;
      for (size_t i = 0; i < node.children.size(); i += 2) {
        YamlOutline key = OutlineOf(*node.children[i]);
        YamlOutline value = OutlineOf(*node.children[i + 1]);
        value.line = key.line;
        out.children.push_back({std::move(key.text), std::move(value)});
      }
      break;
  }
  return out;
}

}  // namespace

const YamlOutline* YamlOutline::Find(absl::string_view key) const {
  if (kind != Kind::kMap) return nullptr;
  for (const auto& [name, child] : children) {
    if (name == key) return &child;
  }
  return nullptr;
}

absl::StatusOr<std::vector<YamlOutline>> OutlineYaml(absl::string_view text) {
  const YamlParseOptions options;
  if (text.size() > options.max_bytes) return yaml::TooLarge(options);
  const yaml::Source source(text);
  yaml::Tree tree;
  constexpr yaml::Dialect kDialect = yaml::Dialect::kGoYaml3;
  yaml::Parser parser(source,
                      {kDialect, false, options.max_depth,
                       options.max_document_nodes, options.max_nodes},
                      &tree);
  std::vector<YamlOutline> documents;
  for (yaml::Document document; parser.Next(&document);) {
    documents.push_back(OutlineOf(*document.root));
    document = yaml::Document();
    tree.ClearNodes();
  }
  if (parser.error().problem.empty()) return documents;
  return yaml::MakeError(options, parser.error(), kDialect);
}

}  // namespace weir
