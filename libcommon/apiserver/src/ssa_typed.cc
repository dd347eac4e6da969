#include "ssa_typed.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

enum class Shape { kMap, kList, kScalar };

// How a value is walked. Null and absent values take whatever the schema says.
Shape ShapeOf(const Schema& schema, const Value* value) {
  switch (schema.type) {
    case SchemaType::kObject:
      return Shape::kMap;
    case SchemaType::kArray:
      return Shape::kList;
    case SchemaType::kAny:
      if (value == nullptr || value->is_null() || value->is_object()) {
        return Shape::kMap;
      }
      return value->is_array() ? Shape::kList : Shape::kScalar;
    default:
      return Shape::kScalar;
  }
}

// Whether a list is one leaf of ownership.
bool IsAtomicList(const Schema& schema) {
  return schema.type != SchemaType::kArray ||
         schema.list_type == ListType::kAtomic;
}

const Schema& MemberOrAny(const Schema& schema, absl::string_view key) {
  const Schema* member = schema.Member(key);
  return member == nullptr ? Schema::Any() : *member;
}

const Schema& ItemsOrAny(const Schema& schema) {
  return schema.items == nullptr ? Schema::Any() : *schema.items;
}

// ---------------------------------------------------------------- checking

class Checker {
 public:
  explicit Checker(bool allow_duplicates)
      : allow_duplicates_(allow_duplicates) {}
  void Check(const Schema& schema, const Value& value);
  std::vector<std::string> Take() { return std::move(errors_); }

 private:
  void Add(absl::string_view reason) {
    errors_.push_back(path_.empty()
                          ? std::string(reason)
                          : absl::StrCat(FormatFieldPath(path_), ": ", reason));
  }
  void CheckScalar(const Schema& schema, const Value& value);
  void CheckList(const Schema& schema, const Value& value);
  void CheckMap(const Schema& schema, const Value& value);

  const bool allow_duplicates_;
  FieldPath path_;
  std::vector<std::string> errors_;
};

void Checker::Check(const Schema& schema, const Value& value) {
  switch (ShapeOf(schema, &value)) {
    case Shape::kScalar:
      return CheckScalar(schema, value);
    case Shape::kList:
      return CheckList(schema, value);
    case Shape::kMap:
      return CheckMap(schema, value);
  }
}

std::string GoTypeName(const Value& value) {
  if (value.is_string()) return "string";
  if (value.is_bool()) return "bool";
  if (value.is_array()) return "[]interface {}";
  return "map[string]interface {}";
}

void Checker::CheckScalar(const Schema& schema, const Value& value) {
  if (value.is_null()) return;
  auto got = [&] { return absl::StrCat("&{", FormatJson(value), "}"); };
  switch (schema.type) {
    case SchemaType::kInteger:
    case SchemaType::kNumber:
      if (!value.is_number()) {
        Add(absl::StrCat("expected numeric (int or float), got ",
                         GoTypeName(value)));
      }
      return;
    case SchemaType::kString:
      if (schema.is_date_time || value.is_string()) return;
      return Add(
          absl::StrCat("expected string, got &value.valueUnstructured{Value:",
                       FormatJson(value), "}"));
    case SchemaType::kBoolean:
      if (value.is_bool()) return;
      return Add(absl::StrCat("expected boolean, got ", got()));
    default:
      if (value.is_array() || value.is_object()) {
        Add(absl::StrCat("expected any scalar, got ", got()));
      }
  }
}

void Checker::CheckList(const Schema& schema, const Value& value) {
  if (value.is_null()) return;
  if (!value.is_array()) {
    return Add(absl::StrCat("expected list, got &{", FormatJson(value), "}"));
  }
  std::vector<PathElement> seen;
  for (size_t i = 0; i < value.size(); ++i) {
    PathElement element = PathElement::Index(static_cast<int64_t>(i));
    if (!IsAtomicList(schema)) {
      auto named = ListItemElement(schema, value[i]);
      if (!named.ok()) {
        Add(absl::StrCat("element ", i, ": ", named.status().message()));
        return;
      }
      element = *std::move(named);
      auto at = std::lower_bound(seen.begin(), seen.end(), element);
      if (at != seen.end() && *at == element) {
        if (!allow_duplicates_) {
          Add(absl::StrCat("duplicate entries for key ", element.ToString()));
        }
      } else {
        seen.insert(at, element);
      }
    }
    path_.push_back(std::move(element));
    Check(ItemsOrAny(schema), value[i]);
    path_.pop_back();
  }
}

void Checker::CheckMap(const Schema& schema, const Value& value) {
  if (value.is_null()) return;
  if (!value.is_object()) {
    return Add(absl::StrCat("expected map, got &{", FormatJson(value), "}"));
  }
  for (const Value::Member& member : value.object()) {
    const Schema* child = schema.Member(member.key);
    path_.push_back(PathElement::Field(member.key));
    if (child == nullptr) {
      Add("field not declared in schema");
    } else {
      Check(*child, member.value);
    }
    path_.pop_back();
  }
}

// --------------------------------------------------------------- field sets

class SetMaker {
 public:
  void Walk(const Schema& schema, const Value& value);
  FieldSet Take() { return std::move(set_); }

 private:
  void WalkList(const Schema& schema, const Value& value);
  void WalkMap(const Schema& schema, const Value& value);

  FieldPath path_;
  FieldSet set_;
};

void SetMaker::Walk(const Schema& schema, const Value& value) {
  switch (ShapeOf(schema, &value)) {
    case Shape::kScalar:
      return set_.Insert(path_);
    case Shape::kList:
      if (IsAtomicList(schema)) return set_.Insert(path_);
      return WalkList(schema, value);
    case Shape::kMap:
      if (schema.is_atomic) return set_.Insert(path_);
      return WalkMap(schema, value);
  }
}

void SetMaker::WalkList(const Schema& schema, const Value& value) {
  std::vector<std::pair<PathElement, const Value*>> items;
  std::map<PathElement, int> counts;
  for (const Value& item : value.array()) {
    auto element = ListItemElement(schema, item);
    if (!element.ok()) continue;
    ++counts[*element];
    items.emplace_back(*std::move(element), &item);
  }
  for (const auto& [element, item] : items) {
    path_.push_back(element);
    // Of items that occur more than once only the fact is recorded.
    if (counts[element] == 1) Walk(ItemsOrAny(schema), *item);
    set_.Insert(path_);
    path_.pop_back();
  }
}

void SetMaker::WalkMap(const Schema& schema, const Value& value) {
  for (const Value::Member& member : value.object()) {
    path_.push_back(PathElement::Field(member.key));
    Walk(MemberOrAny(schema, member.key), member.value);
    if (member.value.is_null() ||
        (member.value.is_object() && member.value.empty()) ||
        schema.FindField(member.key) == nullptr) {
      set_.Insert(path_);
    }
    path_.pop_back();
  }
}

// ------------------------------------------------------------------ merging

using Result = absl::StatusOr<std::optional<Value>>;
Result Merge(const Schema& schema, const Value* left, const Value* right);

// A list's items by name, in order; null for items that occur again.
struct IndexedList {
  std::vector<PathElement> order;
  std::map<PathElement, const Value*> items;

  const Value* Find(const PathElement& element) const {
    auto it = items.find(element);
    return it == items.end() ? nullptr : it->second;
  }
};

absl::StatusOr<IndexedList> IndexList(const Schema& schema, const Value* list,
                                      bool allow_duplicates) {
  static const Value& repeated = *new Value;
  IndexedList out;
  if (list == nullptr) return out;
  for (const Value& item : list->array()) {
    WEIR_ASSIGN_OR_RETURN(PathElement element, ListItemElement(schema, item));
    auto [it, is_new] = out.items.emplace(element, &item);
    if (!is_new) {
      if (!allow_duplicates) {
        return absl::InvalidArgumentError(
            absl::StrCat("duplicate entries for key ", element.ToString()));
      }
      it->second = &repeated;
    }
    out.order.push_back(std::move(element));
  }
  return out;
}

// Walks both lists at once: right items keep their order, items of the left
// alone stay ahead of the next shared item.
class ListMerger {
 public:
  ListMerger(const Schema& schema, const Value* left, IndexedList l,
             IndexedList r)
      : schema_(schema), left_(left), l_(std::move(l)), r_(std::move(r)) {
    for (const PathElement& element : r_.order) {
      if (l_.items.count(element) != 0) shared_.push_back(&element);
    }
  }
  Result Run();

 private:
  bool SkipOrMergeShared(absl::Status& status);
  absl::Status Emit(const Value* left, const Value* right) {
    auto merged = Merge(ItemsOrAny(schema_), left, right);
    if (!merged.ok()) return merged.status();
    if (merged->has_value()) out_.push_back(**std::move(merged));
    return absl::OkStatus();
  }
  const PathElement* NextShared() const {
    return next_ < shared_.size() ? shared_[next_] : nullptr;
  }

  const Schema& schema_;
  const Value* left_;
  IndexedList l_, r_;
  std::vector<const PathElement*> shared_;
  size_t next_ = 0, li_ = 0, ri_ = 0;
  std::map<PathElement, bool> merged_;
  Value::Array out_;
};

// Both sides have items left. True when a step was made.
bool ListMerger::SkipOrMergeShared(absl::Status& status) {
  const PathElement& element = l_.order[li_];
  if (element == r_.order[ri_]) {
    merged_[element] = true;
    status = Emit(l_.Find(element), r_.Find(element));
    ++li_, ++ri_;
    if (next_ < shared_.size()) ++next_;
    return true;
  }
  const PathElement* next = NextShared();
  if (r_.items.count(element) != 0 && next != nullptr && !(*next == element)) {
    ++li_;  // Shared, but its turn comes later.
    return true;
  }
  return false;
}

Result ListMerger::Run() {
  while (li_ < l_.order.size() || ri_ < r_.order.size()) {
    absl::Status status;
    if (li_ < l_.order.size() && ri_ < r_.order.size() &&
        SkipOrMergeShared(status)) {
      WEIR_RETURN_IF_ERROR(status);
      continue;
    }
    if (li_ < l_.order.size()) {
      const PathElement& element = l_.order[li_];
      if (r_.items.count(element) == 0) {
        WEIR_RETURN_IF_ERROR(Emit(&(*left_)[li_], nullptr));
        ++li_;
        continue;
      }
      if (merged_.count(element) != 0) ++li_;
    }
    if (ri_ < r_.order.size()) {
      const PathElement& element = r_.order[ri_];
      merged_[element] = true;
      WEIR_RETURN_IF_ERROR(Emit(l_.Find(element), r_.Find(element)));
      ++ri_;
      const PathElement* next = NextShared();
      if (next != nullptr && *next == element) ++next_;
    }
  }
  if (out_.empty()) return std::optional<Value>();
  return std::optional<Value>(Value(std::move(out_)));
}

Result KeepRight(const Value* left, const Value* right) {
  return std::optional<Value>(right != nullptr ? *right : *left);
}

Result MergeMaps(const Schema& schema, const Value* left, const Value* right) {
  Value::Object out;
  static const Value::Object& none = *new Value::Object;
  const Value::Object& l = left == nullptr ? none : left->object();
  const Value::Object& r = right == nullptr ? none : right->object();
  auto a = l.begin();
  auto b = r.begin();
  while (a != l.end() || b != r.end()) {
    int c = a == l.end() ? 1 : b == r.end() ? -1 : a->key.compare(b->key);
    const std::string& key = c <= 0 ? a->key : b->key;
    WEIR_ASSIGN_OR_RETURN(
        std::optional<Value> merged,
        Merge(MemberOrAny(schema, key), c <= 0 ? &a->value : nullptr,
              c >= 0 ? &b->value : nullptr));
    if (merged.has_value()) out.emplace_back(key, *std::move(merged));
    if (c <= 0) ++a;
    if (c >= 0) ++b;
  }
  if (out.empty()) return std::optional<Value>();
  return std::optional<Value>(Value::FromMembers(std::move(out)));
}

Result Merge(const Schema& schema, const Value* left, const Value* right) {
  if (left != nullptr && right != nullptr && left->IsSame(*right)) {
    return std::optional<Value>(*left);
  }
  Shape shape = ShapeOf(schema, right == nullptr ? left : right);
  if (shape == Shape::kScalar) return KeepRight(left, right);
  bool (Value::*is_kind)() const =
      shape == Shape::kList ? &Value::is_array : &Value::is_object;
  bool atomic = shape == Shape::kList ? IsAtomicList(schema) : schema.is_atomic;
  const Value* l = left != nullptr && (left->*is_kind)() ? left : nullptr;
  const Value* r = right != nullptr && (right->*is_kind)() ? right : nullptr;
  bool both_empty =
      (l == nullptr || l->empty()) && (r == nullptr || r->empty());
  if (atomic || both_empty) return KeepRight(left, right);
  if (shape == Shape::kMap) return MergeMaps(schema, l, r);
  WEIR_ASSIGN_OR_RETURN(IndexedList right_items, IndexList(schema, r, false));
  WEIR_ASSIGN_OR_RETURN(IndexedList left_items, IndexList(schema, l, true));
  return ListMerger(schema, l, std::move(left_items), std::move(right_items))
      .Run();
}

}  // namespace

absl::StatusOr<PathElement> ListItemElement(const Schema& list,
                                            const Value& item) {
  if (list.list_type == ListType::kSet) {
    if (item.is_object()) {
      return absl::InvalidArgumentError(
          "associative list without keys has an element that's a map type");
    }
    if (item.is_array()) {
      return absl::InvalidArgumentError(
          "not supported: associative list with lists as elements");
    }
    if (item.is_null()) {
      return absl::InvalidArgumentError(
          "associative list without keys has an element that's an explicit "
          "null");
    }
    return PathElement::Item(item);
  }
  if (!item.is_object()) {
    return absl::InvalidArgumentError(
        item.is_null()
            ? "associative list with keys may not have a null element"
            : "associative list with keys may not have non-map elements");
  }
  Value keys = Value::MakeObject();
  for (absl::string_view key : list.ListKeys()) {
    if (const Value* value = item.Find(key); value != nullptr) {
      keys.Set(key, *value);
      continue;
    }
    const Schema::Field* field =
        list.items == nullptr ? nullptr : list.items->FindField(key);
    if (field != nullptr && field->schema->Default() != nullptr) {
      keys.Set(key, *field->schema->Default());
    }
  }
  if (keys.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "associative list with keys has an element that omits all key fields "
        "[\"",
        absl::StrJoin(list.ListKeys(), "\" \""),
        "\"] (and doesn't have default values for any key fields)"));
  }
  return PathElement::Key(std::move(keys));
}

std::vector<std::string> CheckTyped(const Schema& schema, const Value& object,
                                    bool allow_duplicates) {
  Checker checker(allow_duplicates);
  checker.Check(schema, object);
  return checker.Take();
}

FieldSet FieldSetOf(const Schema& schema, const Value& object) {
  SetMaker maker;
  maker.Walk(schema, object);
  return maker.Take();
}

absl::StatusOr<Value> MergeTyped(const Schema& schema, const Value& left,
                                 const Value& right) {
  WEIR_ASSIGN_OR_RETURN(std::optional<Value> out, Merge(schema, &left, &right));
  return out.has_value() ? *std::move(out) : Value::MakeObject();
}

}  // namespace weir::apiserver
