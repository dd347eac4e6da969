// MergeTree holds the nodes of a strategic merge: unlike Values they have an
// identity, as one node may be in two lists at once while they are merged.
//
// Touches: nothing.
// Threads: one thread at a time.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/model/scalar.h"
#include "weir/value/value.h"

namespace weir::kustomize {

struct MergeNode {
  enum class Kind { kScalar, kMap, kList };
  using Field = std::pair<absl::string_view, MergeNode*>;

  Kind kind = Kind::kScalar;
  // What it was made from; null for lists that the merge makes. The members
  // of a map or list are nodes once it is expanded.
  const Value* value = nullptr;
  bool is_flow = false;  // Of a map or list: in brackets.
  bool is_expanded = false;
  bool is_changed = false;
  // The value's own in order, then those that were set; these are in order,
  // too, unless `is_unordered`.
  std::vector<Field> fields;
  size_t own_fields = 0;
  bool is_unordered = false;
  std::vector<MergeNode*> items;

  // To upstream only what is tagged as a null.
  bool is_null() const { return kind == Kind::kScalar && IsTaggedNull(*value); }
  // A null that is written as such.
  bool is_written_null() const {
    return is_null() && !value->is_omitted_null();
  }
};

class MergeTree {
 public:
  // The node of a value, which must outlive the tree.
  MergeNode* Make(const Value* value);
  MergeNode* MakeText(std::string text);
  MergeNode* MakeList();
  // Makes nodes of the members.
  void Expand(MergeNode* node);

  // A map's member, or null.
  MergeNode* Find(MergeNode* map, absl::string_view key);
  // Sets a member: the node that is there takes over what `value` holds. Null
  // or a null value removes it, but for `keep`.
  void Set(MergeNode* map, absl::string_view key, MergeNode* value,
           bool keep_null);
  // The same for a member that was looked up: what is to be in its place, or
  // null. The caller puts it there.
  MergeNode* Merge(MergeNode* map, MergeNode* member, MergeNode* value,
                   bool keep_null);
  // A map's members in order of their keys.
  std::vector<MergeNode::Field> Fields(MergeNode* map);
  void Erase(MergeNode* map, absl::string_view key);
  // A collection that is empty takes the style of what is merged into it.
  void TakeStyle(MergeNode* into, const MergeNode& from);
  // Adds a member that reads as a plain scalar.
  void SetKey(MergeNode* map, const std::string& key, const std::string& text);

  using Texts = std::vector<std::string>;
  // The first element that has these keys and values, or null.
  MergeNode* FindElement(MergeNode* list, const Texts& keys,
                         const Texts& values);
  // Replaces the elements that match, or appends; null removes them. Elements
  // that are empty go.
  absl::Status SetElement(MergeNode* list, MergeNode* element,
                          const Texts& keys, const Texts& values);
  // Plain scalars of a list lose their tags: what is set in their place is what
  // its text looks like.
  void Untag(MergeNode* list);
  // The values of the keys in each element; "" for none.
  std::vector<Texts> KeyValues(MergeNode* list, const Texts& keys);

  Value ToValue(MergeNode* node);

  static std::string TextOf(const MergeNode& node);

 private:
  void Replace(MergeNode* field, const MergeNode& by);
  void QuoteWhereOdd(MergeNode* node);
  // Whether a field of an element has this text; an empty text is any.
  bool HasField(MergeNode* element, const std::string& key,
                const std::string& text);
  bool IsChanged(const MergeNode& node) const;

  std::deque<MergeNode> nodes_;
  std::deque<Value> values_;
  std::deque<std::string> keys_;
};

}  // namespace weir::kustomize
