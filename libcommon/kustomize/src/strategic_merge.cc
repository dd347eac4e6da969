#include "src/strategic_merge.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "src/resource.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

constexpr absl::string_view kDirective = "$patch";
constexpr int kMaxDepth = 250;

enum class Directive { kMerge, kReplace, kDelete };

using Texts = std::vector<std::string>;
// Nothing: the field or element goes away.
using Result = absl::StatusOr<std::optional<Value>>;

absl::StatusOr<Directive> ParseDirective(const Value& value) {
  const std::string text = ScalarText(value);
  if (text == "merge") return Directive::kMerge;
  if (text == "replace") return Directive::kReplace;
  if (text == "delete") return Directive::kDelete;
  return BuildError(absl::StrCat("unknown patch strategy '", text, "'"));
}

// Takes the directive out of a map.
absl::StatusOr<Directive> TakeMapDirective(Value* map) {
  const Value* found = map->Find(kDirective);
  if (found == nullptr) return Directive::kMerge;
  WEIR_ASSIGN_OR_RETURN(const Directive directive, ParseDirective(*found));
  map->Erase(kDirective);
  return directive;
}

std::string KeyText(const Value& element, const std::string& key) {
  if (key.empty()) return ScalarText(element);
  const Value& field = element[key];
  return field.is_object() || field.is_array() ? "" : ScalarText(field);
}

// A key taken over from another element, which reads as a plain scalar.
Value PlainScalar(const std::string& text) {
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return Value(number);
  return Value(text);
}

bool HasKey(const Value& element, const std::string& key) {
  return key.empty() ? !element.is_object() : element.Has(key);
}

bool IsEmptyElement(const Value& value) {
  return value.is_null() || (value.is_object() && value.empty());
}

// A list whose elements live in a pool, so that a merged element is the same
// one in every list that holds it.
using Ids = std::vector<size_t>;

class Merger {
 public:
  explicit Merger(const Schema& schema) : schema_(schema) {}

  // Lays `patch` over `target`; either may be absent (null pointer).
  Result Merge(Value* target, const Value* patch, const SchemaType* type,
               const SchemaField* field, int depth) {
    if (depth > kMaxDepth)
      return absl::ResourceExhaustedError("patch is nested too deep");
    const bool has_target = target != nullptr && !target->is_null();
    const bool has_patch = patch != nullptr && !patch->is_null();
    if (!has_target && !has_patch) {
      // A null that the patch does not mention stays; one that it sets goes.
      if (patch == nullptr && target != nullptr) return {Value()};
      return {std::nullopt};
    }
    if (patch == nullptr) return {std::move(*target)};
    const Value& first = has_target ? *target : *patch;
    type = TypeOf(first, patch, type);
    if (has_target && has_patch &&
        NodeKindName(*target) != NodeKindName(*patch)) {
      return WrongKind(NodeKindName(*target), *patch);
    }
    if (first.is_object()) return MergeMap(target, patch, type, depth);
    if (first.is_array()) {
      if (field == nullptr || !field->merges) {
        return patch->is_null() ? Result(std::nullopt) : Result(*patch);
      }
      return MergeList(target, patch, *field, depth);
    }
    if (patch->is_null()) return {std::nullopt};
    return {*patch};
  }

 private:
  // The schema of a map that has none from its parent but names its kind.
  const SchemaType* TypeOf(const Value& value, const Value* patch,
                           const SchemaType* type) const {
    if (type != nullptr) return type;
    for (const Value* source : {&value, patch}) {
      if (source == nullptr || !source->is_object()) continue;
      const std::string kind = ScalarText((*source)["kind"]);
      const std::string version = ScalarText((*source)["apiVersion"]);
      if (kind.empty() || version.empty()) continue;
      const SchemaType* found = schema_.Find(version, kind);
      if (found != nullptr) return found;
    }
    return nullptr;
  }

  static const SchemaField* FieldOf(const SchemaType* type,
                                    const std::string& name) {
    return type == nullptr ? nullptr : type->Find(name);
  }
  static const SchemaType* TypeOfField(const SchemaType* type,
                                       const SchemaField* field) {
    if (field != nullptr) return field->merges ? nullptr : field->type;
    return type == nullptr ? nullptr : type->values;
  }

  Result MergeMap(Value* target, const Value* patch, const SchemaType* type,
                  int depth) {
    if (patch->is_null()) return {std::nullopt};
    Value over = *patch;
    if (target == nullptr || target->is_null()) {
      const absl::StatusOr<Directive> directive = TakeMapDirective(&over);
      if (directive.ok() && *directive == Directive::kDelete) {
        return {std::nullopt};
      }
      return FreshMap(std::move(over), type, depth);
    }
    WEIR_ASSIGN_OR_RETURN(const Directive directive, TakeMapDirective(&over));
    if (directive == Directive::kDelete) return {std::nullopt};
    if (directive == Directive::kReplace) {
      return FreshMap(std::move(over), type, depth);
    }
    Value& merged = *target;
    for (const Value::Member& member : over.object()) {
      const SchemaField* field = FieldOf(type, member.key);
      Value* old = merged.FindMutable(member.key);
      WEIR_ASSIGN_OR_RETURN(std::optional<Value> value,
                            Merge(old, &member.value, TypeOfField(type, field),
                                  field, depth + 1));
      if (!value.has_value() || value->is_null()) {
        merged.Erase(member.key);
      } else {
        merged.Set(member.key, *std::move(value));
      }
    }
    return {std::move(merged)};
  }

  // What a patch's map becomes where the target has none: nulls and nested
  // directives are gone.
  Result FreshMap(Value map, const SchemaType* type, int depth) {
    std::vector<std::string> names;
    for (const Value::Member& member : map.object()) {
      names.push_back(member.key);
    }
    for (const std::string& name : names) {
      const SchemaField* field = FieldOf(type, name);
      WEIR_ASSIGN_OR_RETURN(
          std::optional<Value> value,
          Fresh(map[name], TypeOfField(type, field), field, depth + 1));
      if (!value.has_value() || value->is_null()) {
        map.Erase(name);
      } else if (!value->IsSame(map[name])) {
        map.Set(name, *std::move(value));
      }
    }
    return {std::move(map)};
  }

  Result Fresh(const Value& value, const SchemaType* type,
               const SchemaField* field, int depth) {
    if (depth > kMaxDepth) {
      return absl::ResourceExhaustedError("patch is nested too deep");
    }
    if (value.is_null()) return {std::nullopt};
    if (value.is_object()) {
      Value map = value;
      WEIR_ASSIGN_OR_RETURN(const Directive directive, TakeMapDirective(&map));
      if (directive == Directive::kDelete) return {std::nullopt};
      return FreshMap(std::move(map), TypeOf(map, nullptr, type), depth);
    }
    if (value.is_array() && field != nullptr && field->merges) {
      return MergeList(nullptr, &value, *field, depth);
    }
    return {value};
  }

  // ---- Lists ----

  struct List {
    std::vector<Value> pool;
    Ids target;
    Ids patch;
    bool same = false;  // Both are one list.
  };

  Result MergeList(Value* target, const Value* patch, const SchemaField& field,
                   int depth) {
    if (patch->is_null()) return {std::nullopt};
    List list;
    for (const Value& element : patch->array()) {
      list.patch.push_back(list.pool.size());
      list.pool.push_back(element);
    }
    const bool has_target = target != nullptr && !target->is_null();
    if (has_target) {
      WEIR_ASSIGN_OR_RETURN(const Directive directive,
                            TakeListDirective(&list));
      if (directive == Directive::kDelete) return {std::nullopt};
      list.same = directive == Directive::kReplace;
      if (!list.same) {
        for (Value& element : target->MutableArray()) {
          list.target.push_back(list.pool.size());
          list.pool.push_back(std::move(element));
        }
      }
    } else {
      list.same = true;
    }
    if (list.same) list.target = list.patch;
    if (field.keys.empty()) return Take(&list, MergeScalars(list));
    WEIR_ASSIGN_OR_RETURN(const Ids merged, MergeByKeys(&list, field, depth));
    return Take(&list, merged);
  }

  static Result Take(List* list, const Ids& ids) {
    std::vector<Value> elements;
    elements.reserve(ids.size());
    for (size_t id : ids) elements.push_back(list->pool[id]);
    return {Value(std::move(elements))};
  }

  // An element that is nothing but a directive is about the list.
  static absl::StatusOr<Directive> TakeListDirective(List* list) {
    const Value* found = nullptr;
    for (size_t id : list->patch) {
      if (list->pool[id].Has(kDirective)) {
        found = &list->pool[id];
        break;
      }
    }
    if (found == nullptr || found->size() > 1) return Directive::kMerge;
    const std::string text = ScalarText((*found)[kDirective]);
    WEIR_ASSIGN_OR_RETURN(const Directive directive,
                          ParseDirective((*found)[kDirective]));
    Erase(*list, {std::string(kDirective)}, {text}, &list->patch);
    return directive;
  }

  static Ids MergeScalars(const List& list) {
    Ids merged;
    absl::flat_hash_map<std::string, bool> seen;
    for (const Ids* ids : {&list.patch, &list.target}) {
      for (size_t id : *ids) {
        if (IsEmptyElement(list.pool[id])) continue;
        if (seen.emplace(ScalarText(list.pool[id]), true).second) {
          merged.push_back(id);
        }
      }
    }
    return merged;
  }

  static bool Matches(const Value& element, const Texts& keys,
                      const Texts& values) {
    bool any = false;
    for (size_t i = 0; i < keys.size(); ++i) {
      if (i < values.size()) {
        any = HasKey(element, keys[i]) &&
              (values[i].empty() || KeyText(element, keys[i]) == values[i]);
      }
      if (!any) return false;
    }
    return true;
  }

  // Removes the elements that match, and those that are empty.
  static void Erase(const List& list, const Texts& keys, const Texts& values,
                    Ids* ids) {
    Ids kept;
    for (size_t id : *ids) {
      const Value& element = list.pool[id];
      if (IsEmptyElement(element)) continue;
      if (!element.is_object() || !Matches(element, keys, values)) {
        if (!element.is_object() || !values.empty()) kept.push_back(id);
      }
    }
    *ids = std::move(kept);
  }

  // Replaces the elements that match by `element`, or appends it.
  static void Put(const List& list, const Texts& keys, const Texts& values,
                  size_t element, Ids* ids) {
    Ids kept;
    bool found = false;
    for (size_t id : *ids) {
      const Value& old = list.pool[id];
      if (IsEmptyElement(old)) continue;
      if (!old.is_object()) {
        kept.push_back(id);
      } else if (!Matches(old, keys, values)) {
        if (!values.empty()) kept.push_back(id);
      } else {
        found = true;
        kept.push_back(element);
      }
    }
    if (!found) kept.push_back(element);
    *ids = std::move(kept);
  }

  // The distinct keys of all elements, the patch's first.
  static std::vector<Texts> KeyValues(const List& list, const Texts& keys) {
    std::vector<Texts> values;
    absl::flat_hash_map<Texts, bool> seen;
    for (const Ids* ids : {&list.patch, &list.target}) {
      if (list.same && ids == &list.target) break;
      for (size_t id : *ids) {
        Texts of_element;
        for (const std::string& key : keys) {
          of_element.push_back(KeyText(list.pool[id], key));
        }
        if (seen.emplace(of_element, true).second) {
          values.push_back(std::move(of_element));
        }
      }
    }
    return values;
  }

  // Two match when one part is equal and no part is set to different values.
  static std::optional<Texts> Unify(const Texts& a, const Texts& b) {
    Texts unified;
    bool common = false;
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i] == b[i]) {
        common = true;
      } else if (!a[i].empty() && !b[i].empty()) {
        return std::nullopt;
      }
      unified.push_back(a[i].empty() ? b[i] : a[i]);
    }
    if (!common) return std::nullopt;
    return unified;
  }

  static void UnifyAll(std::vector<Texts>* values) {
    for (Texts& a : *values) {
      for (Texts& b : *values) {
        std::optional<Texts> unified = Unify(a, b);
        if (!unified.has_value()) continue;
        a = *unified;
        b = *std::move(unified);
      }
    }
  }

  struct Selection {
    Texts keys;
    Texts values;
  };
  // The keys that some element has; all when none has any.
  static Selection ValidKeys(const std::vector<Texts>& all, const Texts& values,
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

  static std::optional<size_t> FindElement(const List& list, const Ids& ids,
                                           const Selection& selection) {
    for (size_t id : ids) {
      if (list.pool[id].is_object() &&
          Matches(list.pool[id], selection.keys, selection.values)) {
        return id;
      }
    }
    return std::nullopt;
  }

  // Merges the elements of one key; nothing when the result is empty.
  absl::StatusOr<std::optional<size_t>> MergeElement(List* list,
                                                     const Selection& selection,
                                                     const SchemaField& field,
                                                     int depth) {
    const std::optional<size_t> in_patch =
        FindElement(*list, list->patch, selection);
    const std::optional<size_t> in_target =
        list->same ? in_patch : FindElement(*list, list->target, selection);
    if (!in_patch.has_value() && !in_target.has_value()) {
      return std::optional<size_t>();
    }
    if (!in_patch.has_value()) return in_target;
    size_t id = in_target.value_or(*in_patch);
    std::optional<Value> merged;
    if (in_target.has_value() && !list->same) {
      // A replacement is the patch's own element, which the target's takes
      // the place of again when the lists are joined.
      const Value& over = list->pool[*in_patch];
      if (ScalarText(over[kDirective]) == "replace") id = *in_patch;
      WEIR_ASSIGN_OR_RETURN(merged, Merge(&list->pool[*in_target], &over,
                                          field.type, nullptr, depth + 1));
    } else {
      WEIR_ASSIGN_OR_RETURN(
          merged, Fresh(list->pool[id], field.type, nullptr, depth + 1));
    }
    if (!merged.has_value() || IsEmptyElement(*merged)) {
      return std::optional<size_t>();
    }
    list->pool[id] = *std::move(merged);
    return std::optional<size_t>(id);
  }

  absl::StatusOr<Ids> MergeByKeys(List* list, const SchemaField& field,
                                  int depth) {
    std::vector<Texts> all = KeyValues(*list, field.keys);
    if (field.keys.size() > 1) UnifyAll(&all);
    Ids merged;
    Selection selection;
    for (const Texts& values : all) {
      selection = ValidKeys(all, values, field.keys);
      const Selection own =
          ValidKeys({selection.values}, selection.values, selection.keys);
      WEIR_ASSIGN_OR_RETURN(std::optional<size_t> id,
                            MergeElement(list, own, field, depth));
      if (!id.has_value()) {
        Erase(*list, selection.keys, selection.values, &list->target);
        continue;
      }
      Value& element = list->pool[*id];
      for (size_t i = 0; i < selection.keys.size(); ++i) {
        if (element.is_object() && !element.Has(selection.keys[i]) &&
            !selection.values[i].empty()) {
          element.Set(selection.keys[i], PlainScalar(selection.values[i]));
        }
      }
      Put(*list, selection.keys, selection.values, *id, &merged);
    }
    if (!all.empty()) AppendTarget(*list, selection.keys, &merged);
    return merged;
  }

  // Appends the target's elements to the merged ones, each taking the place
  // of those with its key.
  static void AppendTarget(const List& list, const Texts& keys, Ids* merged) {
    for (size_t id : list.target) {
      const Value& element = list.pool[id];
      Texts values;
      for (const std::string& key : keys) {
        if (!element.Has(key)) {
          merged->push_back(id);
        } else {
          values.push_back(KeyText(element, key));
        }
      }
      if (keys.size() > 1) Erase(list, keys, values, merged);
      Put(list, keys, values, id, merged);
    }
  }

  const Schema& schema_;
};

}  // namespace

absl::Status StrategicMerge(const Value& patch, const Schema& schema,
                            Value* target) {
  WEIR_ASSIGN_OR_RETURN(
      std::optional<Value> merged,
      Merger(schema).Merge(target, &patch, nullptr, nullptr, 0));
  *target = merged.has_value() ? *std::move(merged) : Value();
  return absl::OkStatus();
}

}  // namespace weir::kustomize
