#include "ssa_fields.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

int Rank(const Value& v) {
  if (v.is_number()) return 0;
  if (v.is_string()) return 1;
  if (v.is_bool()) return 2;
  if (v.is_array()) return 3;
  return v.is_object() ? 4 : 5;
}

template <typename T>
int Order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int CompareNumbers(const Value& a, const Value& b) {
  if (a.is_int() && b.is_int()) return Order(a.AsInt(), b.AsInt());
  return Order(a.AsDouble(), b.AsDouble());
}

int CompareObjects(const Value::Object& a, const Value::Object& b) {
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (int c = a[i].key.compare(b[i].key); c != 0) return c < 0 ? -1 : 1;
    if (int c = CompareValues(a[i].value, b[i].value); c != 0) return c;
  }
  return Order(a.size(), b.size());
}

int CompareArrays(const Value::Array& a, const Value::Array& b) {
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (int c = CompareValues(a[i], b[i]); c != 0) return c;
  }
  return Order(a.size(), b.size());
}

std::string EncodeElement(const PathElement& element) {
  switch (element.kind) {
    case PathElement::Kind::kField:
      return absl::StrCat("f:", element.name);
    case PathElement::Kind::kKey:
      return absl::StrCat("k:", FormatJson(element.value));
    case PathElement::Kind::kValue:
      return absl::StrCat("v:", FormatJson(element.value));
    case PathElement::Kind::kIndex:
      return absl::StrCat("i:", element.value.AsInt());
  }
  return "";
}

absl::StatusOr<PathElement> DecodeElement(absl::string_view key) {
  if (key.size() < 2 || key[1] != ':') {
    return absl::InvalidArgumentError(
        absl::StrCat("missing colon in path element '", key, "'"));
  }
  absl::string_view rest = key.substr(2);
  switch (key[0]) {
    case 'f':
      return PathElement::Field(rest);
    case 'i': {
      int64_t index = 0;
      if (!absl::SimpleAtoi(rest, &index)) {
        return absl::InvalidArgumentError(
            absl::StrCat("bad index in path element '", key, "'"));
      }
      return PathElement::Index(index);
    }
    case 'v': {
      WEIR_ASSIGN_OR_RETURN(Value value, ParseJson(rest), "path element");
      return PathElement::Item(std::move(value));
    }
    case 'k': {
      WEIR_ASSIGN_OR_RETURN(Value keys, ParseJson(rest), "path element");
      if (!keys.is_object()) {
        return absl::InvalidArgumentError(
            absl::StrCat("no object in path element '", key, "'"));
      }
      return PathElement::Key(std::move(keys));
    }
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("unknown kind of path element '", key, "'"));
  }
}

}  // namespace

int CompareValues(const Value& a, const Value& b) {
  if (int c = Order(Rank(a), Rank(b)); c != 0) return c;
  if (a.IsSame(b)) return 0;
  switch (Rank(a)) {
    case 0:
      return CompareNumbers(a, b);
    case 1:
      return Order(a.AsString(), b.AsString());
    case 2:
      return Order(a.AsBool(), b.AsBool());
    case 3:
      return CompareArrays(a.array(), b.array());
    case 4:
      return CompareObjects(a.object(), b.object());
    default:
      return 0;
  }
}

PathElement PathElement::Field(absl::string_view name) {
  return {Kind::kField, std::string(name), Value()};
}
PathElement PathElement::Key(Value keys) {
  return {Kind::kKey, "", std::move(keys)};
}
PathElement PathElement::Item(Value value) {
  return {Kind::kValue, "", std::move(value)};
}
PathElement PathElement::Index(int64_t index) {
  return {Kind::kIndex, "", Value(index)};
}

std::string PathElement::ToString() const {
  switch (kind) {
    case Kind::kField:
      return absl::StrCat(".", name);
    case Kind::kKey: {
      std::string out = "[";
      for (const Value::Member& member : value.object()) {
        if (out.size() > 1) out += ',';
        absl::StrAppend(&out, member.key, "=", FormatJson(member.value));
      }
      return out + "]";
    }
    case Kind::kValue:
      return absl::StrCat("[=", FormatJson(value), "]");
    case Kind::kIndex:
      return absl::StrCat("[", value.AsInt(), "]");
  }
  return "";
}

int ComparePathElements(const PathElement& a, const PathElement& b) {
  if (a.kind != b.kind) return a.kind < b.kind ? -1 : 1;
  if (a.kind == PathElement::Kind::kField) return Order(a.name, b.name);
  return CompareValues(a.value, b.value);
}

std::string FormatFieldPath(absl::Span<const PathElement> path) {
  std::string out;
  for (const PathElement& element : path) out += element.ToString();
  return out;
}

FieldSet::Entry& FieldSet::Mutable(const PathElement& element) {
  auto it = std::lower_bound(
      entries_.begin(), entries_.end(), element,
      [](const Entry& e, const PathElement& p) { return e.element < p; });
  if (it == entries_.end() || !(it->element == element)) {
    it = entries_.insert(it, Entry{element, false, {}});
  }
  return *it;
}

const FieldSet::Entry* FieldSet::Find(const PathElement& element) const {
  auto it = std::lower_bound(
      entries_.begin(), entries_.end(), element,
      [](const Entry& e, const PathElement& p) { return e.element < p; });
  return it != entries_.end() && it->element == element ? &*it : nullptr;
}

void FieldSet::Insert(absl::Span<const PathElement> path) {
  FieldSet* set = this;
  for (size_t i = 0; i < path.size(); ++i) {
    Entry& entry = set->Mutable(path[i]);
    if (i + 1 == path.size()) entry.is_member = true;
    set = &entry.below;
  }
}

bool FieldSet::Has(absl::Span<const PathElement> path) const {
  const FieldSet* set = this;
  for (size_t i = 0; i < path.size(); ++i) {
    const Entry* entry = set->Find(path[i]);
    if (entry == nullptr) return false;
    if (i + 1 == path.size()) return entry->is_member;
    set = &entry->below;
  }
  return false;
}

bool FieldSet::HasMember(const PathElement& element) const {
  const Entry* entry = Find(element);
  return entry != nullptr && entry->is_member;
}

const FieldSet* FieldSet::Below(const PathElement& element) const {
  const Entry* entry = Find(element);
  return entry == nullptr || entry->below.empty() ? nullptr : &entry->below;
}

FieldSet FieldSet::Union(const FieldSet& other) const {
  FieldSet out;
  auto a = entries_.begin();
  auto b = other.entries_.begin();
  while (a != entries_.end() || b != other.entries_.end()) {
    int c = a == entries_.end() ? 1
            : b == other.entries_.end()
                ? -1
                : ComparePathElements(a->element, b->element);
    if (c < 0) {
      out.entries_.push_back(*a++);
    } else if (c > 0) {
      out.entries_.push_back(*b++);
    } else {
      out.entries_.push_back(
          {a->element, a->is_member || b->is_member, a->below.Union(b->below)});
      ++a, ++b;
    }
  }
  return out;
}

FieldSet FieldSet::Intersection(const FieldSet& other) const {
  FieldSet out;
  for (const Entry& entry : entries_) {
    const Entry* match = other.Find(entry.element);
    if (match == nullptr) continue;
    Entry both{entry.element, entry.is_member && match->is_member,
               entry.below.Intersection(match->below)};
    if (!both.useless()) out.entries_.push_back(std::move(both));
  }
  return out;
}

FieldSet FieldSet::Difference(const FieldSet& other) const {
  FieldSet out;
  for (const Entry& entry : entries_) {
    const Entry* match = other.Find(entry.element);
    if (match == nullptr) {
      out.entries_.push_back(entry);
      continue;
    }
    Entry rest{entry.element, entry.is_member && !match->is_member,
               entry.below.Difference(match->below)};
    if (!rest.useless()) out.entries_.push_back(std::move(rest));
  }
  return out;
}

FieldSet FieldSet::RecursiveDifference(const FieldSet& other) const {
  FieldSet out;
  for (const Entry& entry : entries_) {
    const Entry* match = other.Find(entry.element);
    if (match == nullptr) {
      out.entries_.push_back(entry);
      continue;
    }
    if (match->is_member) continue;
    Entry rest{entry.element, entry.is_member,
               entry.below.RecursiveDifference(match->below)};
    if (!rest.useless()) out.entries_.push_back(std::move(rest));
  }
  return out;
}

FieldSet FieldSet::WithNamedFields(const Schema* schema) const {
  FieldSet out;
  for (const Entry& entry : entries_) {
    Entry copy{entry.element, entry.is_member, {}};
    const Schema* next = nullptr;
    if (schema != nullptr) {
      if (entry.element.kind == PathElement::Kind::kField &&
          schema->type != SchemaType::kArray) {
        next = schema->Member(entry.element.name);
        if (!entry.below.empty() &&
            schema->FindField(entry.element.name) != nullptr) {
          copy.is_member = true;
        }
      } else if (entry.element.kind == PathElement::Kind::kKey &&
                 schema->type == SchemaType::kArray) {
        next = schema->items;
      }
    }
    copy.below = entry.below.WithNamedFields(next);
    out.entries_.push_back(std::move(copy));
  }
  return out;
}

void FieldSet::ForEach(
    const std::function<void(const FieldPath&)>& visit) const {
  FieldPath path;
  Visit(path, visit);
}

void FieldSet::Visit(FieldPath& path,
                     const std::function<void(const FieldPath&)>& visit) const {
  for (const Entry& entry : entries_) {
    if (!entry.is_member) continue;
    path.push_back(entry.element);
    visit(path);
    path.pop_back();
  }
  for (const Entry& entry : entries_) {
    if (entry.below.empty()) continue;
    path.push_back(entry.element);
    entry.below.Visit(path, visit);
    path.pop_back();
  }
}

Value FieldSet::Encode() const {
  Value::Object members;
  members.reserve(entries_.size() + 1);
  for (const Entry& entry : entries_) {
    Value child =
        entry.below.empty() ? Value::MakeObject() : entry.below.Encode();
    if (entry.is_member && !entry.below.empty()) {
      child.Set(".", Value::MakeObject());
    }
    members.push_back({EncodeElement(entry.element), std::move(child)});
  }
  return Value::FromMembers(std::move(members));
}

absl::StatusOr<FieldSet> FieldSet::Decode(const Value& fields) {
  FieldSet out;
  if (!fields.is_object() && !fields.is_null()) {
    return absl::InvalidArgumentError("fieldsV1 is not an object");
  }
  for (const Value::Member& member : fields.object()) {
    if (member.key == ".") continue;
    WEIR_ASSIGN_OR_RETURN(PathElement element, DecodeElement(member.key));
    WEIR_ASSIGN_OR_RETURN(FieldSet below, Decode(member.value));
    Entry& entry = out.Mutable(element);
    entry.is_member = entry.is_member || below.empty() || member.value.Has(".");
    entry.below = entry.below.Union(below);
  }
  return out;
}

bool operator==(const FieldSet& a, const FieldSet& b) {
  return std::equal(a.entries_.begin(), a.entries_.end(), b.entries_.begin(),
                    b.entries_.end(),
                    [](const FieldSet::Entry& x, const FieldSet::Entry& y) {
                      return x.element == y.element &&
                             x.is_member == y.is_member && x.below == y.below;
                    });
}

}  // namespace weir::apiserver
