#include "weir/kustomize/three_way_merge.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/model/schema.h"
#include "weir/value/patch.h"

namespace weir::kustomize {
namespace {

using Keys = std::vector<std::string>;

// Of fields with the patch strategy "retainKeys": a map that changes keeps
// nothing that the manifest does not say.
bool RetainsKeys(absl::string_view field) {
  return field == "strategy" || field == "volumes";
}

// Whether two elements are the same one. Servers fill in further keys.
bool IsSame(const Value& a, const Value& b, const Keys& keys) {
  if (keys.empty()) return a == b;
  for (size_t i = 0; i < keys.size(); ++i) {
    const Value* x = a.Find(keys[i]);
    const Value* y = b.Find(keys[i]);
    if (i > 0 && (x == nullptr || y == nullptr)) continue;
    if (x == nullptr || y == nullptr || !(*x == *y)) return false;
  }
  return true;
}

std::optional<size_t> IndexOf(const Value::Array& list, const Value& element,
                              const Keys& keys) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (IsSame(list[i], element, keys)) return i;
  }
  return std::nullopt;
}

bool HaveKey(const Value::Array& list, const Keys& keys) {
  return std::all_of(list.begin(), list.end(), [&](const Value& element) {
    return keys.empty() ? !element.is_object() && !element.is_array()
                        : element.is_object() && element.Has(keys[0]);
  });
}

Value MergeObjects(const SchemaType* type, const Value& original,
                   const Value& modified, const Value& live, bool retains);

// The manifest's elements in its order, and between them those that others
// added, where they were.
Value::Array Arrange(Value::Array wanted, const Value::Array& others,
                     const Value::Array& live, const Keys& keys) {
  Value::Array out;
  size_t next = 0;
  for (Value& element : wanted) {
    const std::optional<size_t> place = IndexOf(live, element, keys);
    while (place.has_value() && next < others.size() &&
           *IndexOf(live, others[next], keys) < *place) {
      out.push_back(others[next++]);
    }
    out.push_back(std::move(element));
  }
  out.insert(out.end(), others.begin() + static_cast<ptrdiff_t>(next),
             others.end());
  return out;
}

Value MergeLists(const SchemaField& field, const Value::Array& original,
                 const Value::Array& modified, const Value::Array& live,
                 bool retains) {
  const Keys& keys = field.keys;
  Value::Array others;
  for (const Value& element : live) {
    if (!IndexOf(modified, element, keys).has_value() &&
        !IndexOf(original, element, keys).has_value()) {
      others.push_back(element);
    }
  }
  Value::Array wanted;
  for (const Value& element : modified) {
    const std::optional<size_t> there = IndexOf(live, element, keys);
    if (!there.has_value() || keys.empty()) {
      wanted.push_back(element);
      continue;
    }
    const std::optional<size_t> before = IndexOf(original, element, keys);
    wanted.push_back(MergeObjects(
        field.type, before.has_value() ? original[*before] : Value(), element,
        live[*there], retains));
  }
  return Value(Arrange(std::move(wanted), others, live, keys));
}

const SchemaField* FieldOf(const SchemaType* type, absl::string_view key,
                           SchemaField* free) {
  if (type == nullptr) return nullptr;
  if (const SchemaField* field = type->Find(key); field != nullptr) {
    return field;
  }
  free->type = type->values;
  return type->values == nullptr ? nullptr : free;
}

Value MergeField(const SchemaType* type, absl::string_view key,
                 const Value& original, const Value& modified,
                 const Value& live) {
  SchemaField free;
  const SchemaField* field = FieldOf(type, key, &free);
  const bool retains = field != nullptr && RetainsKeys(key);
  if (modified.is_object() && live.is_object()) {
    return MergeObjects(field == nullptr ? nullptr : field->type, original,
                        modified, live, retains);
  }
  const bool merges = field != nullptr && field->merges &&
                      modified.is_array() && live.is_array() &&
                      HaveKey(modified.array(), field->keys) &&
                      HaveKey(live.array(), field->keys);
  if (!merges) return modified;
  return MergeLists(*field, original.array(), modified.array(), live.array(),
                    retains);
}

Value MergeObjects(const SchemaType* type, const Value& original,
                   const Value& modified, const Value& live, bool retains) {
  Value out = live;
  if (original.is_object()) {
    for (const auto& [key, value] : original.object()) {
      if (!modified.Has(key)) out.Erase(key);
    }
  }
  for (const auto& [key, value] : modified.object()) {
    const Value* there = live.Find(key);
    if (value.is_null()) {
      out.Erase(key);
    } else if (there == nullptr) {
      out.Set(key, value);
    } else {
      out.Set(key, MergeField(type, key, original[key], value, *there));
    }
  }
  if (retains && !(out == live)) {
    for (const auto& [key, value] : live.object()) {
      if (!modified.Has(key)) out.Erase(key);
    }
  }
  return out;
}

}  // namespace

Value MergeThreeWay(const Value& original, const Value& modified,
                    const Value& live, const ThreeWayMergeOptions& options) {
  const SchemaType* type = Schema::Builtin().Find(
      modified.GetString("apiVersion"), modified.GetString("kind"));
  if (type == nullptr && !options.looks_at_custom_objects) {
    const std::optional<Value> patch = ComputeMergePatch(original, modified);
    return patch.has_value() ? ApplyMergePatch(live, *patch) : live;
  }
  return MergeObjects(type, original, modified, live, /*retains=*/false);
}

}  // namespace weir::kustomize
