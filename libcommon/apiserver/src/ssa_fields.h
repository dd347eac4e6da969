// Sets of field paths, the unit of ownership of server-side apply, and their
// JSON form FieldsV1.
//
// Touches: nothing.
// Threads: values and pure functions.
// Source: structured-merge-diff v6, package fieldpath.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "schema.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// Order of JSON values: numbers by value (1 equals 1.0), strings, booleans,
// arrays, objects, null.
int CompareValues(const Value& a, const Value& b);
inline bool SameValue(const Value& a, const Value& b) {
  return a.IsSame(b) || CompareValues(a, b) == 0;
}

// One step of a path: a member, or an item of a list named by its keys, its
// value or its index.
struct PathElement {
  enum class Kind : uint8_t { kField, kKey, kValue, kIndex };
  Kind kind = Kind::kField;
  std::string name;  // kField
  Value value;       // kKey: object of the keys; kValue; kIndex: an integer.

  static PathElement Field(absl::string_view name);
  static PathElement Key(Value keys);
  static PathElement Item(Value value);
  static PathElement Index(int64_t index);

  // ".spec", "[name=\"a\",x=1]", "[=\"v\"]", "[3]".
  std::string ToString() const;
};
int ComparePathElements(const PathElement& a, const PathElement& b);
inline bool operator==(const PathElement& a, const PathElement& b) {
  return ComparePathElements(a, b) == 0;
}
inline bool operator<(const PathElement& a, const PathElement& b) {
  return ComparePathElements(a, b) < 0;
}

using FieldPath = std::vector<PathElement>;
std::string FormatFieldPath(absl::Span<const PathElement> path);

class FieldSet {
 public:
  struct Entry;

  bool empty() const { return entries_.empty(); }
  // The empty path is ignored.
  void Insert(absl::Span<const PathElement> path);
  bool Has(absl::Span<const PathElement> path) const;
  bool HasMember(const PathElement& element) const;
  // The set below an element; null when empty.
  const FieldSet* Below(const PathElement& element) const;
  // In order; see Entry.
  const std::vector<Entry>& entries() const { return entries_; }

  FieldSet Union(const FieldSet& other) const;
  FieldSet Intersection(const FieldSet& other) const;
  FieldSet Difference(const FieldSet& other) const;
  // Also takes away what is below the other's members.
  FieldSet RecursiveDifference(const FieldSet& other) const;
  // With the declared fields on the way to a member as members of their own.
  FieldSet WithNamedFields(const Schema* schema) const;

  // Members of a level before what is below them.
  void ForEach(const std::function<void(const FieldPath&)>& visit) const;

  // FieldsV1.
  Value Encode() const;
  static absl::StatusOr<FieldSet> Decode(const Value& fields);

  friend bool operator==(const FieldSet& a, const FieldSet& b);

 private:
  Entry& Mutable(const PathElement& element);
  const Entry* Find(const PathElement& element) const;
  void Visit(FieldPath& path,
             const std::function<void(const FieldPath&)>& visit) const;

  std::vector<Entry> entries_;  // Sorted by element; none is useless.
};

struct FieldSet::Entry {
  PathElement element;
  bool is_member = false;
  FieldSet below;

  bool useless() const { return !is_member && below.empty(); }
};

}  // namespace weir::apiserver
