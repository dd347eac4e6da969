#include "src/merge/strategic_merge.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/merge/merge_tree.h"
#include "src/model/resource.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

using Kind = MergeNode::Kind;
using Texts = MergeTree::Texts;

constexpr absl::string_view kDirective = "$patch";
constexpr int kMaxDepth = 250;
// Merging by keys takes quadratic time, and more where elements may match in
// some of several keys.
constexpr size_t kMaxElements = 5000;
constexpr size_t kMaxElementsOfManyKeys = 1000;

enum class Directive { kMerge, kReplace, kDelete };

bool IsMissing(const MergeNode* node) {
  return node == nullptr || node->is_null();
}

absl::StatusOr<Directive> ParseDirective(const std::string& text) {
  if (text == "merge") return Directive::kMerge;
  if (text == "replace") return Directive::kReplace;
  if (text == "delete") return Directive::kDelete;
  return BuildError(absl::StrCat("unknown patch strategy '", text, "'"));
}

// Two match when one part is equal and no part is set to different values.
bool Unify(Texts* a, Texts* b) {
  Texts unified;
  bool common = false;
  for (size_t i = 0; i < a->size(); ++i) {
    const std::string& x = (*a)[i];
    const std::string& y = (*b)[i];
    if (x == y) {
      common = true;
    } else if (!x.empty() && !y.empty()) {
      return false;
    }
    unified.push_back(x.empty() ? y : x);
  }
  if (common) *a = *b = unified;
  return common;
}

struct Selection {
  Texts keys;
  Texts values;
};

// The keys that some element has; all when none has any.
Selection ValidKeys(const std::vector<Texts>& all, const Texts& values,
                    const Texts& keys) {
  std::vector<bool> valid(keys.size(), false);
  bool any = false;
  for (const Texts& of_element : all) {
    for (size_t i = 0; i < of_element.size(); ++i) {
      if (!of_element[i].empty()) valid[i] = any = true;
    }
  }
  if (!any) return {keys, values};
  Selection selection;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!valid[i]) continue;
    selection.keys.push_back(keys[i]);
    selection.values.push_back(values[i]);
  }
  return selection;
}

bool HasOmittedNull(const Value& value) {
  if (value.is_omitted_null()) return true;
  for (const Value& item : value.array()) {
    if (HasOmittedNull(item)) return true;
  }
  for (const Value::Member& member : value.object()) {
    if (HasOmittedNull(member.value)) return true;
  }
  return false;
}

// Whether walking the target changes nothing.
bool IsInert(const SchemaType& type, const MergeNode& target) {
  return type.fields.empty() && type.values == nullptr && !target.is_expanded &&
         target.value != nullptr && !HasOmittedNull(*target.value);
}

// Walks a target and a patch together, as upstream does: all of the target,
// also where the patch says nothing, with the effects that this has there.
class Walker {
 public:
  Walker(const Schema& schema, MergeTree* tree)
      : schema_(schema), tree_(*tree) {}

  using Result = absl::StatusOr<MergeNode*>;

  // Null: the node goes away.
  Result Walk(MergeNode* target, MergeNode* patch, const SchemaType* type,
              const SchemaField* field, int depth) {
    if (depth > kMaxDepth) {
      return absl::ResourceExhaustedError("a patch is nested too deep");
    }
    if (patch == nullptr && target != nullptr && type != nullptr &&
        IsInert(*type, *target)) {
      return target;
    }
    const MergeNode* first = IsMissing(target) ? patch : target;
    if (IsMissing(first)) return VisitMap(target, patch);
    if (!IsMissing(target) && !IsMissing(patch)) {
      if (target->kind != patch->kind) {
        return WrongKind(NodeKindName(tree_.ToValue(target)),
                         tree_.ToValue(patch));
      }
      tree_.TakeStyle(target, *patch);
    }
    switch (first->kind) {
      case Kind::kMap:
        return WalkMap(target, patch, TypeOf(target, patch, type), depth);
      case Kind::kList:
        if (field != nullptr && field->merges) {
          return WalkList(target, patch, *field, depth);
        }
        break;
      case Kind::kScalar:
        break;
    }
    return patch != nullptr ? patch : target;
  }

 private:
  // The schema of a map that has none from its parent but names its kind.
  const SchemaType* TypeOf(MergeNode* target, MergeNode* patch,
                           const SchemaType* type) {
    if (type != nullptr) return type;
    for (MergeNode* source : {target, patch}) {
      const MergeNode* kind = tree_.Find(source, "kind");
      const MergeNode* version = tree_.Find(source, "apiVersion");
      if (IsMissing(kind) || IsMissing(version)) continue;
      const SchemaType* found =
          schema_.Find(MergeTree::TextOf(*version), MergeTree::TextOf(*kind));
      if (found != nullptr) return found;
    }
    return nullptr;
  }

  // Takes the directive out of a map.
  absl::StatusOr<Directive> TakeDirective(MergeNode* map) {
    const MergeNode* found = tree_.Find(map, kDirective);
    if (found == nullptr) return Directive::kMerge;
    WEIR_ASSIGN_OR_RETURN(const Directive directive,
                          ParseDirective(MergeTree::TextOf(*found)));
    tree_.Erase(map, kDirective);
    return directive;
  }

  // An element that is nothing but a directive is about the list.
  absl::StatusOr<Directive> TakeListDirective(MergeNode* list) {
    if (list == nullptr) return Directive::kMerge;
    tree_.Expand(list);
    for (MergeNode* item : list->items) {
      const MergeNode* found = tree_.Find(item, kDirective);
      if (found == nullptr) continue;
      if (item->fields.size() > 1) break;
      const std::string text = MergeTree::TextOf(*found);
      WEIR_ASSIGN_OR_RETURN(const Directive directive, ParseDirective(text));
      WEIR_RETURN_IF_ERROR(
          tree_.SetElement(list, nullptr, {std::string(kDirective)}, {text}));
      return directive;
    }
    return Directive::kMerge;
  }

  // The map to go on with.
  Result VisitMap(MergeNode* target, MergeNode* patch) {
    if (IsMissing(target)) {
      const absl::StatusOr<Directive> directive = TakeDirective(patch);
      if (directive.ok() && *directive == Directive::kDelete) return nullptr;
      // A null that is written in the target stays.
      if (patch == nullptr && target != nullptr && target->is_written_null()) {
        return target;
      }
      return patch;
    }
    if (patch != nullptr && patch->is_null()) return nullptr;
    WEIR_ASSIGN_OR_RETURN(const Directive directive, TakeDirective(patch));
    if (directive == Directive::kDelete) return nullptr;
    return directive == Directive::kReplace ? patch : target;
  }

  Result WalkMap(MergeNode* target, MergeNode* patch, const SchemaType* type,
                 int depth) {
    WEIR_ASSIGN_OR_RETURN(MergeNode * map, VisitMap(target, patch));
    if (map == nullptr || map->is_null()) return map;
    // Both are in upstream's order, which is that of their keys.
    const std::vector<MergeNode::Field> own = tree_.Fields(map);
    std::vector<MergeNode::Field> others;
    if (patch != nullptr) others = tree_.Fields(patch);
    std::vector<MergeNode::Field> fields;
    fields.reserve(own.size());
    for (size_t i = 0, j = 0; i < own.size() || j < others.size();) {
      // Keys that a patch has twice are set one after the other.
      if (j < others.size() && map == target &&
          others[j].first == kRepeatedKeys) {
        ++j;
        continue;
      }
      const bool is_own = i < own.size() && (j == others.size() ||
                                             !(others[j].first < own[i].first));
      const absl::string_view name = is_own ? own[i].first : others[j].first;
      const SchemaField* field = type == nullptr ? nullptr : type->Find(name);
      const SchemaType* inner = nullptr;
      if (field != nullptr) {
        inner = field->merges ? nullptr : field->type;
      } else if (type != nullptr) {
        inner = type->values;
      }
      MergeNode* old = is_own ? own[i++].second : nullptr;
      MergeNode* over = nullptr;
      if (j < others.size() && others[j].first == name) {
        over = others[j++].second;
      }
      WEIR_ASSIGN_OR_RETURN(MergeNode * merged,
                            Walk(old, over, inner, field, depth + 1));
      const bool stays = over == nullptr && merged == old;
      merged = tree_.Merge(map, old, merged, stays);
      if (merged != nullptr) fields.emplace_back(name, merged);
    }
    map->own_fields = fields.size();
    map->is_unordered = false;
    map->fields = std::move(fields);
    return map;
  }

  Result WalkList(MergeNode* target, MergeNode* patch, const SchemaField& field,
                  int depth) {
    MergeNode* list = target;
    if (IsMissing(target)) {
      list = patch;
    } else {
      if (patch != nullptr && patch->is_null()) return nullptr;
      WEIR_ASSIGN_OR_RETURN(const Directive directive,
                            TakeListDirective(patch));
      if (directive == Directive::kDelete) return nullptr;
      if (directive == Directive::kReplace) list = patch;
    }
    if (!field.keys.empty()) {
      return MergeElements(list, patch, KeyValues(list, patch, field.keys),
                           field.keys, field.type, depth);
    }
    WEIR_ASSIGN_OR_RETURN(
        MergeNode * merged,
        MergeElements(list, patch, Scalars(list, patch), {""}, nullptr, depth));
    tree_.Untag(merged);
    return merged;
  }

  // The distinct keys of all elements, the patch's first.
  std::vector<Texts> KeyValues(MergeNode* list, MergeNode* patch,
                               const Texts& keys) {
    std::vector<Texts> all;
    absl::flat_hash_set<Texts> seen;
    for (MergeNode* source : {patch, list}) {
      for (Texts& values : tree_.KeyValues(source, keys)) {
        if (seen.insert(values).second) all.push_back(std::move(values));
      }
    }
    return all;
  }

  std::vector<Texts> Scalars(MergeNode* list, MergeNode* patch) {
    std::vector<Texts> all;
    absl::flat_hash_set<std::string> seen;
    for (MergeNode* source : {patch, list}) {
      if (IsMissing(source)) continue;
      tree_.Expand(source);
      for (const MergeNode* item : source->items) {
        std::string text = MergeTree::TextOf(*item);
        if (seen.insert(text).second) all.push_back({std::move(text)});
      }
    }
    return all;
  }

  Result MergeElements(MergeNode* list, MergeNode* patch,
                       std::vector<Texts> all, const Texts& keys,
                       const SchemaType* type, int depth) {
    if (all.empty()) return list;
    const size_t limit =
        keys.size() > 1 ? kMaxElementsOfManyKeys : kMaxElements;
    if (all.size() > limit) {
      return absl::ResourceExhaustedError(
          absl::StrCat("a list that merges by ", absl::StrJoin(keys, ", "),
                       " has more than ", limit, " elements"));
    }
    if (keys.size() > 1) {
      for (Texts& a : all) {
        for (Texts& b : all) Unify(&a, &b);
      }
    }
    MergeNode* merged = tree_.MakeList();
    Selection selection;
    for (const Texts& values : all) {
      selection = ValidKeys(all, values, keys);
      WEIR_RETURN_IF_ERROR(
          MergeElement(list, patch, selection, type, merged, depth));
    }
    WEIR_RETURN_IF_ERROR(AppendRest(list, selection.keys, merged));
    return merged;
  }

  absl::Status MergeElement(MergeNode* list, MergeNode* patch,
                            const Selection& selection, const SchemaType* type,
                            MergeNode* merged, int depth) {
    const Selection own =
        ValidKeys({selection.values}, selection.values, selection.keys);
    WEIR_ASSIGN_OR_RETURN(MergeNode * element,
                          Walk(tree_.FindElement(list, own.keys, own.values),
                               tree_.FindElement(patch, own.keys, own.values),
                               type, nullptr, depth + 1));
    const bool is_empty =
        IsMissing(element) || (element->kind == Kind::kMap &&
                               element->is_expanded && element->fields.empty());
    if (is_empty) {
      return tree_.SetElement(list, nullptr, selection.keys, selection.values);
    }
    for (size_t i = 0; i < selection.keys.size(); ++i) {
      if (element->kind == Kind::kMap && !selection.values[i].empty() &&
          tree_.Find(element, selection.keys[i]) == nullptr) {
        tree_.SetKey(element, selection.keys[i], selection.values[i]);
      }
    }
    return tree_.SetElement(merged, element, selection.keys, selection.values);
  }

  // Appends a list's elements to the merged ones, each taking the place of
  // those with its key.
  absl::Status AppendRest(MergeNode* list, const Texts& keys,
                          MergeNode* merged) {
    const std::vector<MergeNode*> rest = list->items;
    for (MergeNode* item : rest) {
      if (keys[0].empty()) {
        WEIR_RETURN_IF_ERROR(
            tree_.SetElement(merged, item, {""}, {MergeTree::TextOf(*item)}));
        continue;
      }
      Texts values;
      for (const std::string& key : keys) {
        if (item->kind != Kind::kMap && !item->is_null()) {
          return WrongKind("MappingNode", tree_.ToValue(item));
        }
        const MergeNode* field = tree_.Find(item, key);
        if (field == nullptr) {
          merged->items.push_back(item);
        } else {
          values.push_back(MergeTree::TextOf(*field));
        }
      }
      if (keys.size() > 1) {
        WEIR_RETURN_IF_ERROR(tree_.SetElement(merged, nullptr, keys, values));
      }
      WEIR_RETURN_IF_ERROR(tree_.SetElement(merged, item, keys, values));
    }
    return absl::OkStatus();
  }

  const Schema& schema_;
  MergeTree& tree_;
};

}  // namespace

absl::Status StrategicMerge(const Value& patch, const Schema& schema,
                            Value* target) {
  const Value before = *target;
  MergeTree tree;
  WEIR_ASSIGN_OR_RETURN(
      MergeNode * merged,
      Walker(schema, &tree)
          .Walk(tree.Make(&before), tree.Make(&patch), nullptr, nullptr, 0));
  *target = merged == nullptr ? Value() : tree.ToValue(merged);
  return absl::OkStatus();
}

}  // namespace weir::kustomize
