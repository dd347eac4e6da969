// ResMap is the ordered list of a build's objects, indexed by their ids.
//
// Touches: nothing.
// Threads: one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/model/budget.h"
#include "src/model/resource.h"
#include "src/model/selector.h"

namespace weir::kustomize {

class ResMap {
 public:
  ResMap() = default;
  ResMap(ResMap&&) = default;
  ResMap& operator=(ResMap&&) = default;

  const std::vector<std::unique_ptr<Resource>>& list() const { return list_; }
  size_t size() const { return list_.size(); }

  // Errors: kFailedPrecondition when the id is taken; kResourceExhausted when
  // it is longer than any name may be.
  absl::Status Append(std::unique_ptr<Resource> resource);
  absl::Status AppendAll(ResMap&& other);
  // A generator's object: added, or merged into the one it names. Returns the
  // one that is there now.
  absl::StatusOr<Resource*> Absorb(std::unique_ptr<Resource> resource);

  // Objects with this id now; with this id now or before.
  std::vector<Resource*> FindCurrent(const ResId& id) const;
  std::vector<Resource*> FindAny(const ResId& id) const;
  // Exactly one, for a patch.
  absl::StatusOr<Resource*> FindPatchTarget(const ResId& id) const;
  // Errors: kResourceExhausted above the budget.
  absl::StatusOr<std::vector<Resource*>> Select(const SelectorSpec& spec);

  // To be called when an object's id may have changed.
  void Reindex(Resource* resource);
  // Reindexes all once the schema has changed, which says what has a namespace.
  void Refresh();
  // Removes deleted objects.
  void DropEmpties();
  // Errors: kFailedPrecondition when two objects now have one id.
  absl::Status CheckUnique() const;
  // Errors: those of Resource::CheckPreviousIds. To be called before an object
  // is looked for by ids, as upstream then looks at those of all.
  absl::Status CheckPreviousIds() const;
  // False when no two objects can have one id.
  bool may_repeat() const { return may_repeat_; }
  // The budget of the build that changes them, which outlives this; before
  // that nothing is bounded.
  void UseBudget(Budget* budget) { budget_ = budget; }
  Budget& budget() { return budget_ != nullptr ? *budget_ : unbounded_; }
  // What it takes to change each object in `steps`, and to write so many bytes
  // into it. Errors: kResourceExhausted above the budget.
  absl::Status SpendOnEach(size_t steps, size_t bytes);
  // Takes the objects in a new order.
  void Reorder(const std::vector<size_t>& order);

 private:
  std::vector<std::unique_ptr<Resource>> list_;
  bool may_repeat_ = false;
  size_t generation_ = 0;  // Of the schema that the index was made by.
  Budget* budget_ = nullptr;
  Budget unbounded_;
  std::vector<std::unique_ptr<Resource>> dropped_;  // Kept for the index.
  // By current and previous ids; entries may be out of date.
  absl::flat_hash_map<std::string, std::vector<Resource*>> by_id_;
};

}  // namespace weir::kustomize
