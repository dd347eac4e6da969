// Resource is one object under way, with what the build remembers about it.
//
// Touches: nothing.
// Threads: one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/model/ids.h"
#include "src/model/origin.h"
#include "src/model/schema.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// "ScalarNode", "MappingNode" or "SequenceNode".
absl::string_view NodeKindName(const Value& value);
// "wrong node kind: expected ... but got ...: node contents:\n..."
absl::Status WrongKind(absl::string_view expected, const Value& value);
// An error whose text is upstream's.
absl::Status BuildError(std::string message);

// Whether an object says by an annotation of upstream's own, which somebody
// wrote, that it needs a hash or that a patch may change names or kinds.
bool IsMarked(const Value& tree, absl::string_view mark);

// What a source (see SourceLog) made of an object.
struct Change {
  int source = 0;
  Value after;
};

class Resource {
 public:
  enum class Behavior { kUnset, kCreate, kReplace, kMerge };

  Resource(Value tree, const Schema* schema)
      : schema_(schema), tree_(std::move(tree)) {}

  const Value& tree() const { return tree_; }
  // For writing. Ids are computed afresh afterwards.
  Value& MutableTree() {
    id_.reset();
    return MutableContent();
  }
  // For writing what no id is made of.
  Value& MutableContent() {
    is_json_steady_ = false;
    return tree_;
  }
  // Whether a JSON patch left it so that the next one may rely on that, and
  // nothing was written since; see ApplyJson6902.
  bool is_json_steady() const { return is_json_steady_; }
  void SetJsonSteady() { is_json_steady_ = true; }
  // Deleted objects stay until the transformer is done.
  bool is_empty() const { return tree_.is_null() || tree_.empty(); }
  void Delete() { MutableTree() = Value(); }

  const ResId& CurId() const;
  // False once something was written that ids may be made of.
  bool knows_id() const { return id_.has_value(); }
  // The oldest id: group and version of the present object.
  ResId OrgId() const;
  std::vector<ResId> PreviousIds() const;
  // Errors: kFailedPrecondition for ids that upstream cannot keep in lists:
  // without a name beside others, and with more commas in one part.
  absl::Status CheckPreviousIds() const;
  void StorePreviousId();
  bool HasAnyId(const ResId& id) const;
  // Whether an id, now or before, has this name and is of this kind.
  bool HasNameAndGvk(absl::string_view name, const Gvk& selector) const;

  absl::string_view kind() const { return CurId().gvk.kind; }
  absl::string_view name() const { return CurId().name; }
  absl::string_view ns() const { return CurId().ns; }
  void SetName(absl::string_view name);
  void SetNamespace(absl::string_view ns);  // Empty: removes it.

  // Labels or annotations as text.
  std::vector<std::pair<std::string, std::string>> MetadataMap(
      absl::string_view field) const;
  // Replaces them; nothing left removes the field.
  void SetMetadataMap(
      absl::string_view field,
      const std::vector<std::pair<std::string, std::string>>& entries);

  // Makes new strings of annotations, as some of upstream's changes to them do.
  void RenewAnnotations();

  // Build annotations upstream: whether any is set, and forgetting them.
  bool HasBuildState() const;
  // As upstream's annotations would be now.
  std::vector<std::pair<std::string, std::string>> BuildAnnotations() const;
  // The object with them, and with its origin.
  Value WithBuildAnnotations() const;
  void ForgetBuildState();
  // Equal tails of the prefixes and suffixes that were added; with
  // `allow_empty`, none at all matches everything.
  bool SameContext(const Resource& other, bool allow_empty) const;

  // Upstream puts one node into all fields that a label is added to, so later
  // writes to one of them show in all. These remember such fields.
  //
  // `places`: paths to scalars of equal value; list indexes in decimal.
  void Share(std::vector<std::vector<std::string>> places);
  // Copies what was written to one place to those that share its node.
  void SyncShared();
  // When nothing but fields of this key was written.
  void SyncShared(absl::string_view key);
  // Forgets places that nodes were not kept for: those below `prefix`, or in
  // lists that have changed since `before`.
  void Unshare(const std::vector<std::string>& prefix);
  void UnshareChangedLists(const Value& before);
  void UnshareAll() { shared_.clear(); }
  bool is_sharing() const { return !shared_.empty(); }

  const Schema* schema() const { return schema_; }

  struct PreviousId {
    std::string kind;
    std::string name;
    std::string ns;    // Effective.
    size_t times = 1;  // In a row.
    size_t after = 0;  // Of one without a name: how many of `previous`.
  };
  std::vector<PreviousId> previous;
  // Those that had no name, which upstream cannot keep beside others.
  std::vector<PreviousId> nameless;
  std::vector<std::string> prefixes;
  std::vector<std::string> suffixes;
  bool is_generated = false;
  Behavior behavior = Behavior::kUnset;
  bool needs_hash = false;
  bool allow_name_change = false;
  bool allow_kind_change = false;
  std::vector<std::string> var_names;
  // The ids of those that name this object.
  std::vector<std::string> referrers;
  std::optional<Origin> origin;
  std::vector<Origin> transformations;
  // What it was read from, for messages; null: it was made.
  std::shared_ptr<const std::string> file;

  // For builds that are explained: notes a change by the source, if any.
  void Record(int source);
  const std::vector<Change>& history() const { return history_; }
  void TakeHistory(const Resource& other) { history_ = other.history_; }

 private:
  struct Shared {
    Value value;
    // Sorted; all end in the same key.
    std::vector<std::vector<std::string>> places;
  };

  void Sync(Shared* shared);

  const Schema* schema_;
  Value tree_;
  bool is_json_steady_ = false;
  std::vector<Shared> shared_;
  std::vector<Change> history_;
  mutable std::optional<ResId> id_;
  mutable size_t id_generation_ = 0;  // Of the schema that it was made by.
};

// Objects as upstream shows them in errors: a list of JSON.
std::string ShowAll(const std::vector<const Resource*>& objects);

}  // namespace weir::kustomize
