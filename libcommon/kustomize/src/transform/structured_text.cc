#include "src/transform/structured_text.h"

#include <utility>

#include "absl/strings/match.h"
#include "src/model/go_space.h"
#include "src/model/scalar.h"
#include "src/model/yaml_nodes.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_node.h"

namespace weir::kustomize {
namespace {

using Kind = YamlNode::Kind;

// Brings what changed in a value into the nodes that it was read from.
class NodeUpdate {
 public:
  explicit NodeUpdate(const Value& source) : source_(source) {}

  // False where an alias or a merge key is in the way.
  bool Run(const Value& before, const Value& after, YamlNode* node) {
    if (before.IsSame(after)) return true;
    if (node->kind == Kind::kAlias) return false;
    const bool is_scalar = IsScalar(after);
    if (is_scalar && node->kind == Kind::kScalar) {
      node->text = NodeText(after);
      return true;
    }
    const bool is_replaced = !is_scalar && after.IsSame(source_);
    if (after.is_object() && node->kind == Kind::kMapping && !is_replaced) {
      return UpdateMap(before, after, node);
    }
    if (after.is_array() && node->kind == Kind::kSequence && !is_replaced) {
      return UpdateList(before, after, node);
    }
    *node = NodeOf(after);
    return true;
  }

 private:
  bool UpdateMap(const Value& before, const Value& after, YamlNode* node) {
    for (const Value::Member& member : after.object()) {
      const Value* old = before.Find(member.key);
      if (old == nullptr) {
        YamlNode key;
        key.text = member.key;
        node->children.push_back(std::move(key));
        node->children.push_back(NodeOf(member.value));
        continue;
      }
      size_t i = 0;
      while (i < node->children.size() &&
             node->children[i].text != member.key) {
        i += 2;
      }
      const bool is_own = i < node->children.size();
      if (is_own ? !Run(*old, member.value, &node->children[i + 1])
                 : !old->IsSame(member.value)) {
        return false;
      }
    }
    return true;
  }

  bool UpdateList(const Value& before, const Value& after, YamlNode* node) {
    for (size_t i = 0; i < after.size(); ++i) {
      if (i >= node->children.size()) {
        node->children.push_back(NodeOf(after[i]));
      } else if (!Run(before[i], after[i], &node->children[i])) {
        return false;
      }
    }
    return true;
  }

  const Value& source_;
};

std::optional<std::string> FormatAsJson(Value data, const std::string& text) {
  if (!WriteAndRead(&data).ok()) return std::nullopt;
  JsonFormatOptions options;
  options.escape_html = true;
  if (absl::StrContains(text, "\n") && absl::StrContains(text, "  ")) {
    options.indent = 2;
  }
  return FormatJson(data, options);
}

}  // namespace

void CopyValue(const Value& source, Value& node) {
  node = IsScalar(node) && IsScalar(source) ? WithText(node, NodeText(source))
         : IsScalar(node)                   ? WithText(node, "")
                                            : source;
}

EditedText EditStructuredText(const std::string& text,
                              const std::vector<std::string>& path,
                              CreateField create, const Value& source) {
  YamlParseOptions options;
  options.schema = YamlParseOptions::Schema::kYaml12;
  options.keep_written = true;
  const absl::StatusOr<YamlDocument> read =
      ParseFirstYamlDocument(text, options);
  absl::StatusOr<YamlNodeDocument> document = ParseYamlNode(text);
  EditedText edited;
  edited.is_structured = document.ok();
  if (!read.ok() || !document.ok() || IsScalar(read->value)) return edited;
  const Value& before = read->value;
  Value after = before;
  const absl::StatusOr<int> count =
      VisitFieldPath(after, path, create, [&](Value& node) {
        CopyValue(source, node);
        return absl::OkStatus();
      });
  if (!count.ok() || *count == 0) return edited;
  edited.is_found = true;
  const char first = TrimSpace(text)[0];
  if (first == '{' || first == '[') {
    edited.text = FormatAsJson(std::move(after), text);
  } else if (NodeUpdate(source).Run(before, after, &document->root)) {
    edited.text = std::string(TrimSpace(FormatYamlNode(*document)));
  } else {
    edited.is_found = false;
  }
  return edited;
}

}  // namespace weir::kustomize
