// Objects seen through their schema, as server-side apply sees them: checked,
// merged, compared, turned into field sets, and with fields taken away.
//
// Touches: nothing.
// Threads: pure functions.
// Source: structured-merge-diff v6, package typed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "schema.h"
#include "ssa_fields.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// The name of a list's item. Errors: kInvalidArgument when it has none.
absl::StatusOr<PathElement> ListItemElement(const Schema& list,
                                            const Value& item);

// What keeps an object from being typed, as "<path>: <reason>".
std::vector<std::string> CheckTyped(const Schema& schema, const Value& object,
                                    bool allow_duplicates);

// Every field an object sets.
FieldSet FieldSetOf(const Schema& schema, const Value& object);

// `left` overlaid by `right`.
// Errors: kInvalidArgument when list items cannot be told apart.
absl::StatusOr<Value> MergeTyped(const Schema& schema, const Value& left,
                                 const Value& right);

struct TypedComparison {
  FieldSet added, modified, removed;
};
TypedComparison CompareTyped(const Schema& schema, const Value& before,
                             const Value& after);

// The object without these fields and list items.
Value RemoveTyped(const Schema& schema, const Value& object,
                  const FieldSet& fields);

// Sets written before a list or map became atomic.
FieldSet ReconcileFieldSet(const Schema& schema, const FieldSet& fields);

}  // namespace weir::apiserver
