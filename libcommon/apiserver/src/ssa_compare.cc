// The half of ssa_typed.h that compares, removes and repairs.
#include <map>
#include <utility>

#include "ssa_typed.h"

namespace weir::apiserver {
namespace {

const Schema& MemberOrAny(const Schema& schema, absl::string_view key) {
  const Schema* member = schema.Member(key);
  return member == nullptr ? Schema::Any() : *member;
}

const Schema& ItemsOrAny(const Schema& schema) {
  return schema.items == nullptr ? Schema::Any() : *schema.items;
}

bool IsList(const Schema& schema, const Value* value) {
  return schema.type == SchemaType::kArray ||
         (schema.type == SchemaType::kAny && value != nullptr &&
          value->is_array());
}

bool IsMap(const Schema& schema, const Value* value) {
  return schema.type == SchemaType::kObject ||
         (schema.type == SchemaType::kAny &&
          (value == nullptr || value->is_null() || value->is_object()));
}

bool IsAtomic(const Schema& schema, bool is_list) {
  if (!is_list) return schema.is_atomic;
  return schema.type != SchemaType::kArray ||
         schema.list_type == ListType::kAtomic;
}

class Comparer {
 public:
  void Compare(const Schema& schema, const Value* before, const Value* after);
  TypedComparison Take() { return std::move(result_); }

 private:
  // Returns whether this was a leaf.
  bool Walk(const Schema& schema, const Value* shape, const Value* before,
            const Value* after);
  void Leaf(const Value* before, const Value* after);
  void WalkMap(const Schema& schema, const Value* before, const Value* after);
  void WalkList(const Schema& schema, const Value* before, const Value* after);
  using Values = std::vector<const Value*>;
  void WalkItem(const Schema& items, const Values& before, const Values& after);

  FieldPath path_;
  TypedComparison result_;
};

void Comparer::Compare(const Schema& schema, const Value* before,
                       const Value* after) {
  if (before != nullptr && after != nullptr && before->IsSame(*after)) return;
  bool is_leaf;
  if (after == nullptr) {
    is_leaf = Walk(schema, before, before, nullptr);
  } else if (before == nullptr) {
    is_leaf = Walk(schema, after, nullptr, after);
  } else if (IsList(schema, before) == IsList(schema, after) &&
             IsMap(schema, before) == IsMap(schema, after)) {
    is_leaf = Walk(schema, after, before, after);
  } else {
    Walk(schema, before, before, after);
    is_leaf = Walk(schema, after, before, after);
  }
  if (is_leaf) return;
  if (before == nullptr) {
    result_.added.Insert(path_);
  } else if (after == nullptr) {
    result_.removed.Insert(path_);
  }
}

void Comparer::Leaf(const Value* before, const Value* after) {
  if (before == nullptr) {
    result_.added.Insert(path_);
  } else if (after == nullptr) {
    result_.removed.Insert(path_);
  } else if (!SameValue(*before, *after)) {
    result_.modified.Insert(path_);
  }
}

bool Comparer::Walk(const Schema& schema, const Value* shape,
                    const Value* before, const Value* after) {
  bool is_list = IsList(schema, shape);
  if (!is_list && !IsMap(schema, shape)) {
    Leaf(before, after);
    return true;
  }
  auto deref = [&](const Value* v) {
    bool fits = v != nullptr && (is_list ? v->is_array() : v->is_object());
    return fits ? v : nullptr;
  };
  const Value* b = deref(before);
  const Value* a = deref(after);
  bool both_empty =
      (b == nullptr || b->empty()) && (a == nullptr || a->empty());
  if (IsAtomic(schema, is_list) || both_empty) {
    Leaf(before, after);
    return true;
  }
  if (is_list) {
    WalkList(schema, b, a);
  } else {
    WalkMap(schema, b, a);
  }
  return false;
}

void Comparer::WalkMap(const Schema& schema, const Value* before,
                       const Value* after) {
  static const Value::Object& none = *new Value::Object;
  const Value::Object& l = before == nullptr ? none : before->object();
  const Value::Object& r = after == nullptr ? none : after->object();
  auto a = l.begin();
  auto b = r.begin();
  while (a != l.end() || b != r.end()) {
    int c = a == l.end() ? 1 : b == r.end() ? -1 : a->key.compare(b->key);
    const std::string& key = c <= 0 ? a->key : b->key;
    path_.push_back(PathElement::Field(key));
    Compare(MemberOrAny(schema, key), c <= 0 ? &a->value : nullptr,
            c >= 0 ? &b->value : nullptr);
    path_.pop_back();
    if (c <= 0) ++a;
    if (c >= 0) ++b;
  }
}

void Comparer::WalkList(const Schema& schema, const Value* before,
                        const Value* after) {
  std::map<PathElement, std::pair<Values, Values>> items;
  if (before != nullptr) {
    for (const Value& item : before->array()) {
      auto element = ListItemElement(schema, item);
      if (element.ok()) items[*element].first.push_back(&item);
    }
  }
  if (after != nullptr) {
    for (const Value& item : after->array()) {
      auto element = ListItemElement(schema, item);
      if (element.ok()) items[*element].second.push_back(&item);
    }
  }
  for (const auto& [element, values] : items) {
    path_.push_back(element);
    WalkItem(ItemsOrAny(schema), values.first, values.second);
    path_.pop_back();
  }
}

// Items of one name; several when the list has duplicates, which count as one
// atomic thing.
void Comparer::WalkItem(const Schema& items, const Values& before,
                        const Values& after) {
  if (before.size() <= 1 && after.size() <= 1) {
    Compare(items, before.empty() ? nullptr : before[0],
            after.empty() ? nullptr : after[0]);
  } else if (before.size() >= 2 && after.size() >= 2) {
    bool same = before.size() == after.size();
    for (size_t i = 0; same && i < before.size(); ++i) {
      same = SameValue(*before[i], *after[i]);
    }
    if (!same) result_.modified.Insert(path_);
  } else if (before.size() >= 2) {
    if (!after.empty()) Compare(items, nullptr, after[0]);
    result_.removed.Insert(path_);
  } else {
    if (!before.empty()) Compare(items, before[0], nullptr);
    result_.added.Insert(path_);
  }
}

Value Remove(const Schema& schema, const Value& value, const FieldSet& fields);

Value RemoveFromList(const Schema& schema, const Value& value,
                     const FieldSet& fields) {
  Value::Array out;
  for (const Value& item : value.array()) {
    auto element = ListItemElement(schema, item);
    if (!element.ok()) {
      out.push_back(item);
      continue;
    }
    if (fields.HasMember(*element)) continue;
    const FieldSet* below = fields.Below(*element);
    out.push_back(below == nullptr ? item
                                   : Remove(ItemsOrAny(schema), item, *below));
  }
  return out.empty() ? Value() : Value(std::move(out));
}

Value RemoveFromMap(const Schema& schema, const Value& value,
                    const FieldSet& fields) {
  Value::Object out;
  for (const Value::Member& member : value.object()) {
    PathElement element = PathElement::Field(member.key);
    if (fields.HasMember(element)) continue;
    const FieldSet* below = fields.Below(element);
    if (below == nullptr) {
      out.push_back(member);
      continue;
    }
    // Upstream too leaves a null where everything below was removed.
    out.emplace_back(member.key, Remove(MemberOrAny(schema, member.key),
                                        member.value, *below));
  }
  return out.empty() ? Value() : Value::FromMembers(std::move(out));
}

Value Remove(const Schema& schema, const Value& value, const FieldSet& fields) {
  if (IsList(schema, &value)) {
    if (value.empty() || IsAtomic(schema, true)) return Value();
    return RemoveFromList(schema, value, fields);
  }
  if (IsMap(schema, &value)) {
    if (value.empty() || IsAtomic(schema, false)) return Value();
    return RemoveFromMap(schema, value, fields);
  }
  return value;
}

void Reconcile(const Schema& schema, const FieldSet& fields, FieldPath& path,
               FieldSet& collapsed) {
  if (schema.type == SchemaType::kAny) return;
  bool is_list = schema.type == SchemaType::kArray;
  if (!is_list && schema.type != SchemaType::kObject) return;
  if (!path.empty() && !fields.empty() && IsAtomic(schema, is_list)) {
    collapsed.Insert(path);
    return;
  }
  for (const FieldSet::Entry& entry : fields.entries()) {
    const Schema* next = nullptr;
    if (is_list) {
      next = schema.items;
    } else if (entry.element.kind == PathElement::Kind::kField) {
      next = schema.Member(entry.element.name);
    }
    if (next == nullptr || entry.below.empty()) continue;
    path.push_back(entry.element);
    Reconcile(*next, entry.below, path, collapsed);
    path.pop_back();
  }
}

}  // namespace

TypedComparison CompareTyped(const Schema& schema, const Value& before,
                             const Value& after) {
  Comparer comparer;
  comparer.Compare(schema, &before, &after);
  return comparer.Take();
}

Value RemoveTyped(const Schema& schema, const Value& object,
                  const FieldSet& fields) {
  if (fields.empty()) return object;
  Value out = Remove(schema, object, fields);
  return out.is_null() ? Value::MakeObject() : out;
}

FieldSet ReconcileFieldSet(const Schema& schema, const FieldSet& fields) {
  FieldSet collapsed;
  FieldPath path;
  Reconcile(schema, fields, path, collapsed);
  if (collapsed.empty()) return fields;
  return fields.RecursiveDifference(collapsed).Union(collapsed);
}

}  // namespace weir::apiserver
