#include "src/merge/merge_tree.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

using Kind = MergeNode::Kind;

bool IsMissing(const MergeNode* node) {
  return node == nullptr || node->is_null();
}

using FieldIterator = std::vector<MergeNode::Field>::const_iterator;

// The node of a key among fields that are in order, or null.
MergeNode* FindIn(FieldIterator begin, FieldIterator end,
                  absl::string_view key) {
  const auto found = std::lower_bound(
      begin, end, key,
      [](const MergeNode::Field& field, absl::string_view wanted) {
        return field.first < wanted;
      });
  return found != end && found->first == key ? found->second : nullptr;
}

}  // namespace

MergeNode* MergeTree::Make(const Value* value) {
  nodes_.emplace_back();
  MergeNode& node = nodes_.back();
  node.kind = value->is_object()  ? Kind::kMap
              : value->is_array() ? Kind::kList
                                  : Kind::kScalar;
  node.value = value;
  node.is_flow = value->style() == Value::Style::kFlow;
  return &node;
}

MergeNode* MergeTree::MakeText(std::string text) {
  values_.emplace_back(std::move(text));
  return Make(&values_.back());
}

MergeNode* MergeTree::MakeList() {
  nodes_.emplace_back();
  MergeNode& node = nodes_.back();
  node.kind = Kind::kList;
  node.is_expanded = true;
  node.is_changed = true;
  return &node;
}

void MergeTree::Expand(MergeNode* node) {
  if (node->is_expanded) return;
  node->is_expanded = true;
  node->fields.reserve(node->value->object().size());
  for (const Value::Member& member : node->value->object()) {
    node->fields.emplace_back(member.key, Make(&member.value));
  }
  node->own_fields = node->fields.size();
  node->items.reserve(node->value->array().size());
  for (const Value& item : node->value->array()) {
    node->items.push_back(Make(&item));
  }
}

MergeNode* MergeTree::Find(MergeNode* map, absl::string_view key) {
  if (map == nullptr || map->kind != Kind::kMap) return nullptr;
  Expand(map);
  const auto own_end =
      map->fields.begin() + static_cast<ptrdiff_t>(map->own_fields);
  if (MergeNode* own = FindIn(map->fields.begin(), own_end, key)) return own;
  if (!map->is_unordered) return FindIn(own_end, map->fields.end(), key);
  for (auto field = own_end; field != map->fields.end(); ++field) {
    if (field->first == key) return field->second;
  }
  return nullptr;
}

void MergeTree::Erase(MergeNode* map, absl::string_view key) {
  Expand(map);
  for (auto field = map->fields.begin(); field != map->fields.end(); ++field) {
    if (field->first == key) {
      const auto index = static_cast<size_t>(field - map->fields.begin());
      if (index < map->own_fields) --map->own_fields;
      map->fields.erase(field);
      map->is_changed = true;
      return;
    }
  }
}

void MergeTree::Set(MergeNode* map, absl::string_view key, MergeNode* value,
                    bool keep_null) {
  MergeNode* field = Find(map, key);
  MergeNode* merged = Merge(map, field, value, keep_null);
  if (merged == field) return;
  if (merged == nullptr) {
    Erase(map, key);
    return;
  }
  map->is_unordered |=
      map->fields.size() > map->own_fields && !(map->fields.back().first < key);
  map->fields.emplace_back(key, merged);
}

MergeNode* MergeTree::Merge(MergeNode* map, MergeNode* member, MergeNode* value,
                            bool keep_null) {
  if (value == nullptr || (value->is_null() && !keep_null)) {
    if (member != nullptr) map->is_changed = true;
    return nullptr;
  }
  if (member == value) {
    QuoteWhereOdd(member);
    return member;
  }
  map->is_changed = true;
  if (member != nullptr) {
    Replace(member, *value);
    return member;
  }
  QuoteWhereOdd(value);
  return value;
}

std::vector<MergeNode::Field> MergeTree::Fields(MergeNode* map) {
  Expand(map);
  std::vector<MergeNode::Field> fields = map->fields;
  if (map->own_fields < fields.size()) std::sort(fields.begin(), fields.end());
  return fields;
}

void MergeTree::QuoteWhereOdd(MergeNode* node) {
  if (node->kind != Kind::kScalar) return;
  Value quoted = QuotedWhereOdd(*node->value);
  if (quoted.style() == node->value->style()) return;
  values_.push_back(std::move(quoted));
  node->value = &values_.back();
  node->is_changed = true;
}

// The style is that of what was there.
void MergeTree::Replace(MergeNode* field, const MergeNode& by) {
  const bool was_flow = field->is_flow;
  const bool was_quoted =
      field->kind == Kind::kScalar && IsQuoted(*field->value);
  if (by.kind != Kind::kScalar) {
    *field = by;
    field->is_flow = was_flow;
  } else if (was_quoted && !by.is_null()) {
    values_.push_back(InQuotes(*by.value, field->value->style()));
    *field = *Make(&values_.back());
  } else if (IsQuoted(*by.value)) {
    values_.push_back(StringInPlaceOf(Value(), ScalarText(*by.value)));
    *field = *Make(&values_.back());
  } else {
    *field = by;
  }
  field->is_changed = true;
}

void MergeTree::TakeStyle(MergeNode* into, const MergeNode& from) {
  if (into->kind == Kind::kScalar || into->is_flow == from.is_flow) return;
  const bool is_empty = into->is_expanded
                            ? into->fields.empty() && into->items.empty()
                            : into->value->empty();
  if (!is_empty) return;
  into->is_flow = from.is_flow;
  into->is_changed = true;
}

void MergeTree::SetKey(MergeNode* map, const std::string& key,
                       const std::string& text) {
  Value member = Value::MakeObject();
  SetUntagged(member, key, text);
  values_.push_back(member[key]);
  keys_.push_back(key);
  Set(map, keys_.back(), Make(&values_.back()), false);
}

std::string MergeTree::TextOf(const MergeNode& node) {
  if (node.kind != Kind::kScalar) return "";
  return NodeText(*node.value);
}

bool MergeTree::HasField(MergeNode* element, const std::string& key,
                         const std::string& text) {
  MergeNode* field = Find(element, key);
  return field != nullptr && (text.empty() || TextOf(*field) == text);
}

MergeNode* MergeTree::FindElement(MergeNode* list, const Texts& keys,
                                  const Texts& values) {
  if (list == nullptr || list->kind != Kind::kList) return nullptr;
  Expand(list);
  if (keys.empty() || keys[0].empty()) {
    for (MergeNode* item : list->items) {
      if (TextOf(*item) == (values.empty() ? "" : values[0])) return item;
    }
    return nullptr;
  }
  if (keys.size() != values.size()) return nullptr;
  for (MergeNode* item : list->items) {
    bool matches = item->kind == Kind::kMap;
    for (size_t i = 0; matches && i < keys.size(); ++i) {
      const MergeNode* field = Find(item, keys[i]);
      // Here an empty text must be equal, too.
      matches = field != nullptr && TextOf(*field) == values[i];
    }
    if (matches) return item;
  }
  return nullptr;
}

absl::Status MergeTree::SetElement(MergeNode* list, MergeNode* element,
                                   const Texts& keys, const Texts& values) {
  Expand(list);
  const bool wants_maps = !keys.empty() && !keys[0].empty() &&
                          !values.empty() && !values[0].empty();
  std::vector<MergeNode*> kept;
  bool found_any = false;
  for (MergeNode* item : list->items) {
    Expand(item);
    const bool is_map = item->kind == Kind::kMap;
    if (item->is_null() || (is_map && item->fields.empty())) continue;
    if (!is_map && wants_maps) {
      kept.push_back(item);
      continue;
    }
    bool found = !keys.empty();
    bool matched = false;  // Stays for keys that have no value.
    for (size_t i = 0; found && i < keys.size(); ++i) {
      if (i < values.size()) {
        if (keys[i].empty()) {
          if (item->kind != Kind::kScalar) {
            return WrongKind("ScalarNode", ToValue(item));
          }
          matched = TextOf(*item) == values[i];
        } else if (!is_map) {
          return WrongKind("MappingNode", ToValue(item));
        } else {
          matched = HasField(item, keys[i], values[i]);
        }
      }
      found = matched;
    }
    if (!found) {
      if (!values.empty()) kept.push_back(item);
      continue;
    }
    found_any = true;
    if (element != nullptr) kept.push_back(element);
  }
  if (!IsMissing(element) && !found_any) kept.push_back(element);
  if (kept != list->items) list->is_changed = true;
  list->items = std::move(kept);
  return absl::OkStatus();
}

void MergeTree::Untag(MergeNode* list) {
  if (list == nullptr || list->kind != Kind::kList) return;
  for (MergeNode*& item : list->items) {
    if (item->kind != Kind::kScalar || item->is_null() ||
        IsQuoted(*item->value)) {
      continue;
    }
    values_.push_back(UntaggedScalar(NodeText(*item->value)));
    item = Make(&values_.back());
  }
}

std::vector<MergeTree::Texts> MergeTree::KeyValues(MergeNode* list,
                                                   const Texts& keys) {
  std::vector<Texts> all;
  if (list == nullptr || list->kind != Kind::kList) return all;
  Expand(list);
  for (MergeNode* item : list->items) {
    Texts values;
    for (const std::string& key : keys) {
      const MergeNode* field = Find(item, key);
      values.push_back(field == nullptr || field->is_null() ? ""
                                                            : TextOf(*field));
    }
    all.push_back(std::move(values));
  }
  return all;
}

bool MergeTree::IsChanged(const MergeNode& node) const {
  if (node.is_changed) return true;
  if (!node.is_expanded) return false;
  for (const MergeNode::Field& field : node.fields) {
    if (IsChanged(*field.second)) return true;
  }
  for (const MergeNode* item : node.items) {
    if (IsChanged(*item)) return true;
  }
  return false;
}

Value MergeTree::ToValue(MergeNode* node) {
  if (node->kind == Kind::kScalar || !IsChanged(*node)) return *node->value;
  Value made;
  if (!node->is_expanded) {
    made = *node->value;
  } else if (node->kind == Kind::kList) {
    Value::Array items;
    items.reserve(node->items.size());
    for (MergeNode* item : node->items) items.push_back(ToValue(item));
    made = Value(std::move(items));
  } else {
    Value::Object members;
    members.reserve(node->fields.size());
    for (const MergeNode::Field& field : node->fields) {
      members.emplace_back(std::string(field.first), ToValue(field.second));
    }
    made = Value::FromMembers(std::move(members));
  }
  made.set_style(node->is_flow ? Value::Style::kFlow : Value::Style::kPlain);
  return made;
}

}  // namespace weir::kustomize
