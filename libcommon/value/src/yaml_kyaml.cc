#include "src/yaml_kyaml.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/yaml_scalar.h"
#include "src/yaml_tag.h"
#include "src/yaml_text.h"
#include "weir/value/yaml.h"

namespace weir::yaml {
namespace {

bool HasTag(const Node& node) { return !node.tag.empty() && node.tag != "!"; }

bool IsTaggedMerge(const Node& node) {
  if (HasTag(node)) return IsCommonTag(node.tag, "merge");
  return node.kind == NodeKind::kScalar && node.style == ScalarStyle::kPlain &&
         node.text == "<<";
}

bool IsTaggedNull(const Node& node) {
  if (HasTag(node)) return IsCommonTag(node.tag, "null");
  return node.kind == NodeKind::kScalar && node.style == ScalarStyle::kPlain &&
         ResolveYamlScalar(node.text, YamlParseOptions::Schema::kYaml12, true)
                 .type == YamlScalar::Type::kNull;
}

}  // namespace

bool Deanchorer::Fail(const Node* node, std::string problem) {
  problem_ = std::move(problem);
  problem_mark_ = node->start;
  return false;
}

Node* Deanchorer::Copy(const Node* node, bool counts) {
  if (counts) {
    if (copies_left_ == 0) {
      is_limit_ = true;
      Fail(node, "yaml: document contains excessive aliasing");
      return nullptr;
    }
    --copies_left_;
  }
  Node* copy = tree_->NewNode();
  *copy = *node;
  copy->owned = nullptr;
  copy->has_target = false;
  std::vector<Node*> children;
  children.reserve(node->children.size());
  for (const Node* child : node->children) {
    Node* copied = Copy(child, counts);
    if (copied == nullptr) return nullptr;
    children.push_back(copied);
  }
  copy->children = tree_->TakeChildren(children, 0);
  return copy;
}

Node* Deanchorer::Run(Node* root) {
  if (!CheckSelfReference(root)) return nullptr;
  MarkTargets(root);
  FindTargets(root);
  return Visit(root);
}

void Deanchorer::MarkTargets(Node* node) {
  if (node->kind == NodeKind::kAlias) node->target->has_target = true;
  for (Node* child : node->children) MarkTargets(child);
}

bool Deanchorer::FindTargets(Node* node) {
  for (Node* child : node->children) {
    if (FindTargets(child)) node->has_target = true;
  }
  return node->has_target;
}

// kyaml overflows its stack there.
bool Deanchorer::CheckSelfReference(Node* node) {
  if (node->kind == NodeKind::kAlias) {
    return !node->target->is_open ||
           Fail(node, absl::StrCat("yaml: anchor '", node->text,
                                   "' value contains itself"));
  }
  node->is_open = true;
  for (Node* child : node->children) {
    if (!CheckSelfReference(child)) return false;
  }
  node->is_open = false;
  return true;
}

Node* Deanchorer::Visit(Node* node) {
  node->anchor = "";
  if (node->kind == NodeKind::kScalar) return node;
  if (node->kind == NodeKind::kAlias) {
    const Node* target = Visit(node->target);
    return target == nullptr ? nullptr : Copy(target, true);
  }
  if (node->kind == NodeKind::kMapping && !MergeAll(node)) return nullptr;
  for (Node*& child : node->children) {
    child = Visit(child);
    if (child == nullptr) return nullptr;
  }
  return node;
}

bool Deanchorer::FindMergeValue(const Node* node, Node** value) {
  *value = nullptr;
  for (size_t i = 0; i < node->children.size(); i += 2) {
    if (!IsTaggedMerge(*node->children[i])) continue;
    if (*value != nullptr) {
      return Fail(node->children[i], "duplicate merge key");
    }
    *value = node->children[i + 1];
  }
  return true;
}

// In the order in which they are laid over each other.
bool Deanchorer::CollectSources(Node* value, std::vector<Node*>* sources) {
  switch (value->kind) {
    case NodeKind::kMapping:
      sources->push_back(value);
      return true;
    case NodeKind::kAlias:
      if (value->target->kind != NodeKind::kMapping) {
        return Fail(value,
                    "invalid map merge: received alias for a non-map value");
      }
      sources->push_back(value->target);
      return true;
    case NodeKind::kSequence:
      for (Node* child : value->children) {
        if (child->kind == NodeKind::kSequence) {
          return Fail(child, "invalid map merge: received a nested sequence");
        }
        if (!CollectSources(child, sources)) return false;
      }
      std::reverse(sources->begin(), sources->end());
      return true;
    case NodeKind::kScalar:
      break;
  }
  return Fail(value, "map merge requires map or sequence of maps as the value");
}

bool Deanchorer::SetEntry(Node* key, Node* value, bool copies,
                          Entries* entries) {
  // A null has no name, so it is never found and comes twice.
  const absl::string_view name = IsTaggedNull(*key) ? "" : key->text;
  std::vector<Node*>& list = entries->list;
  const auto found = entries->places.find(name);
  // kyaml copies all; it shows where the same node would be twice in the tree,
  // or where aliases want it as it was.
  const bool is_new = found == entries->places.end();
  for (Node** node : {&key, &value}) {
    if (!copies && !is_new && !(*node)->has_target) continue;
    *node = Copy(*node, copies);
    if (*node == nullptr) return false;
  }
  if (!is_new) {
    list[found->second] = key;
    list[found->second + 1] = value;
    if (key->text != name) entries->places.erase(found);
    return true;
  }
  entries->places.emplace(key->text, list.size());
  list.push_back(key);
  list.push_back(value);
  return true;
}

bool Deanchorer::SetEntries(absl::Span<Node* const> from, bool copies,
                            Entries* entries) {
  // Of equal keys the first one's value counts.
  absl::flat_hash_map<absl::string_view, size_t> firsts;
  firsts.reserve(from.size() / 2);
  for (size_t i = 0; i < from.size(); i += 2) {
    const size_t first = firsts.emplace(from[i]->text, i).first->second;
    if (!SetEntry(from[first], from[first + 1], copies, entries)) return false;
  }
  return true;
}

bool Deanchorer::MergeAll(Node* node) {
  Node* value = nullptr;
  if (!FindMergeValue(node, &value)) return false;
  std::vector<Node*> sources;
  if (value != nullptr && !CollectSources(value, &sources)) return false;
  // The first key of that text goes, whether it merges or not.
  std::vector<Node*> own(node->children.begin(), node->children.end());
  for (size_t i = 0; i < own.size(); i += 2) {
    if (own[i]->text != "<<") continue;
    own.erase(own.begin() + static_cast<ptrdiff_t>(i),
              own.begin() + static_cast<ptrdiff_t>(i) + 2);
    break;
  }
  Entries entries;
  entries.list = own;
  entries.places.reserve(own.size() / 2);
  for (size_t i = 0; i < own.size(); i += 2) {
    entries.places.emplace(own[i]->text, i);
  }
  for (Node* source : sources) {
    if (!SetEntries(source->children, true, &entries)) return false;
  }
  if (!SetEntries(own, false, &entries)) return false;
  node->children = tree_->TakeChildren(entries.list, 0);
  return true;
}

namespace {

// Whether go-yaml 2 reads the text, as a whole document, as something else.
bool IsOtherThanString(absl::string_view text) {
  const absl::StatusOr<Value> read = ParseYaml(text);
  if (read.ok()) return !read->is_string();
  return !absl::StartsWith(GoError(read.status()), "yaml: ");
}

// The index of the first key of that text, or the number of children.
size_t FindKey(const Node& node, absl::string_view key) {
  size_t i = 0;
  while (i < node.children.size() && node.children[i]->text != key) i += 2;
  return i;
}

}  // namespace

void RenewAnnotations(Node* root, Tree* tree) {
  if (root->kind != NodeKind::kMapping) return;
  const size_t of_metadata = FindKey(*root, "metadata");
  if (of_metadata >= root->children.size()) return;
  Node* metadata = root->children[of_metadata + 1];
  if (metadata->kind != NodeKind::kMapping) return;
  const size_t at = FindKey(*metadata, "annotations");
  if (at >= metadata->children.size()) return;
  const Node* old = metadata->children[at + 1];
  if (old->kind != NodeKind::kMapping || old->children.empty()) return;
  std::map<absl::string_view, absl::string_view> texts;
  for (size_t i = 0; i < old->children.size(); i += 2) {
    texts[old->children[i]->text] = old->children[i + 1]->text;
  }
  std::vector<Node*> entries;
  for (const auto& [name, text] : texts) {
    Node* key = tree->NewNode();
    key->text = name;
    Node* value = tree->NewNode();
    value->text = text;
    value->implied = "!!str";
    if (text.find('\n') != absl::string_view::npos) {
      value->style = ScalarStyle::kLiteral;
    } else if (!text.empty() && IsOtherThanString(text)) {
      value->style = ScalarStyle::kDouble;
    }
    entries.push_back(key);
    entries.push_back(value);
  }
  Node* renewed = tree->NewNode();
  renewed->kind = NodeKind::kMapping;
  renewed->children = tree->TakeChildren(entries, 0);
  Node* key = tree->NewNode();
  key->text = "annotations";
  std::vector<Node*> fields(metadata->children.begin(),
                            metadata->children.end());
  fields.erase(fields.begin() + static_cast<ptrdiff_t>(at),
               fields.begin() + static_cast<ptrdiff_t>(at) + 2);
  fields.push_back(key);
  fields.push_back(renewed);
  metadata->children = tree->TakeChildren(fields, 0);
}

namespace {

bool HoldsEntries(const Node& node) {
  return node.kind == NodeKind::kMapping && !node.children.empty();
}

// Whether annotations that are there more than once come to be one map. Three
// times a build takes out the first ones and puts them back, which adds them to
// the next; once only if there are any.
bool AreJoined(const std::vector<const Node*>& all) {
  constexpr size_t kMost = 4;
  if (all.size() == 2) {
    return all[0]->kind != NodeKind::kSequence &&
           (all[1]->kind == NodeKind::kMapping || IsTaggedNull(*all[1]));
  }
  return all.size() <= kMost &&
         std::all_of(all.begin(), all.end(),
                     [](const Node* one) { return HoldsEntries(*one); });
}

}  // namespace

void JoinAnnotations(Node* root, Tree* tree) {
  if (root->kind != NodeKind::kMapping) return;
  const size_t of_metadata = FindKey(*root, "metadata");
  if (of_metadata >= root->children.size()) return;
  Node* metadata = root->children[of_metadata + 1];
  if (metadata->kind != NodeKind::kMapping) return;
  constexpr absl::string_view kField = "annotations";
  const size_t at = FindKey(*metadata, kField);
  std::vector<const Node*> all;
  std::vector<Node*> fields;
  for (size_t i = 0; i < metadata->children.size(); i += 2) {
    Node* value = metadata->children[i + 1];
    const bool is_one = metadata->children[i]->text == kField;
    if (is_one) all.push_back(value);
    if (is_one && i != at) continue;
    fields.insert(fields.end(), {metadata->children[i], value});
  }
  if (all.size() < 2 || !AreJoined(all)) return;
  // Of equal keys, those of the first map count.
  std::map<absl::string_view, std::pair<Node*, Node*>> entries;
  for (size_t i = all.size(); i-- > 0;) {
    if (all[i]->kind != NodeKind::kMapping) continue;
    for (size_t j = 0; j < all[i]->children.size(); j += 2) {
      Node* key = all[i]->children[j];
      entries[key->text] = {key, all[i]->children[j + 1]};
    }
  }
  std::vector<Node*> joined;
  for (const auto& [text, entry] : entries) {
    joined.insert(joined.end(), {entry.first, entry.second});
  }
  Node* map = tree->NewNode();
  map->kind = NodeKind::kMapping;
  map->children = tree->TakeChildren(joined, 0);
  fields[at + 1] = map;
  metadata->children = tree->TakeChildren(fields, 0);
}

namespace {

bool IsBlockStyle(const Node& node) {
  return node.style == ScalarStyle::kLiteral ||
         node.style == ScalarStyle::kFolded;
}

// Looks for what changes when a tree is written and read again.
class SteadinessCheck {
 public:
  bool Run(const Document& document) {
    has_comments_ = !document.comments.empty();
    return Check(*document.root, false) && !(has_comments_ && has_kept_breaks_);
  }

 private:
  bool Check(const Node& node, bool in_flow) {
    if (node.kind == NodeKind::kAlias || HasTag(node) ||
        !CheckComments(node, in_flow || node.is_flow)) {
      return false;
    }
    if (node.kind == NodeKind::kScalar) return CheckScalar(node);
    const bool is_mapping = node.kind == NodeKind::kMapping;
    for (size_t i = 0; i < node.children.size(); ++i) {
      const Node& child = *node.children[i];
      if (!Check(child, node.is_flow)) return false;
      if (is_mapping && i % 2 == 0 && !CheckKey(child, *node.children[i + 1])) {
        return false;
      }
    }
    return true;
  }

  // A comment of several lines behind something, or one that waits for a later
  // value, can end up inside of a block scalar.
  bool CheckComments(const Node& node, bool in_flow) {
    if (node.comments == nullptr) return true;
    has_comments_ = true;
    return !in_flow && node.comments->line.find('\n') == std::string::npos;
  }

  bool CheckKey(const Node& key, const Node& value) const {
    if (key.kind != NodeKind::kScalar || key.text == "<<" ||
        IsBlockStyle(key) || IsTaggedNull(key)) {
      return false;
    }
    return key.comments == nullptr || key.comments->line.empty() ||
           (value.kind != NodeKind::kScalar && !value.is_flow);
  }

  bool CheckScalar(const Node& node) {
    const absl::string_view text = node.text;
    if (HasOddBreaks(text)) return false;
    if (!IsBlockStyle(node) || text.empty()) return true;
    if (text.back() == '\n' &&
        (text.size() == 1 || text[text.size() - 2] == '\n')) {
      has_kept_breaks_ = true;
    }
    return text[0] != '\t';
  }

  bool has_comments_ = false;
  bool has_kept_breaks_ = false;
};

}  // namespace

bool IsSteady(const Document& document) {
  return SteadinessCheck().Run(document);
}

bool IsEmptyDocument(const Node& root) { return IsTaggedNull(root); }

}  // namespace weir::yaml
