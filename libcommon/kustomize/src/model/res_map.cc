#include "src/model/res_map.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "src/model/scalar.h"
#include "weir/base/status.h"
#include "weir/value/go_quote.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

// Of all that names an object.
constexpr size_t kMaxId = 64 * 1024;

using Entries = std::vector<std::pair<std::string, std::string>>;

// Those of `over` win.
Entries Overlay(Entries base, const Entries& over) {
  for (const auto& [key, text] : over) {
    auto same =
        std::find_if(base.begin(), base.end(),
                     [&k = key](const auto& e) { return e.first == k; });
    if (same == base.end()) {
      base.emplace_back(key, text);
    } else {
      same->second = text;
    }
  }
  return base;
}

Value OverlayText(const Value& base, const Value& over) {
  Value::Object members;
  for (const Value* map : {&base, &over}) {
    for (const Value::Member& member : map->object()) {
      // Upstream makes one of keys that are there twice.
      if (member.key == kRepeatedKeys) continue;
      members.emplace_back(member.key, ScalarText(member.value));
    }
  }
  return Value::FromMembers(std::move(members));
}

// Upstream prints ids in such messages as Go prints a struct.
std::string GoStruct(const ResId& id) {
  return absl::StrCat(
      "resid.ResId{Gvk:resid.Gvk{Group:", GoQuote(id.gvk.group),
      ", Version:", GoQuote(id.gvk.version), ", Kind:", GoQuote(id.gvk.kind),
      ", isClusterScoped:", id.cluster_scoped ? "true" : "false",
      "}, Name:", GoQuote(id.name), ", Namespace:", GoQuote(id.ns), "}");
}

// Makes `fresh` the successor of `old`: its metadata under fresh's, its name,
// namespace and build state.
void TakeMetadata(const Resource& old, Resource* fresh) {
  constexpr char kNeedsHash[] = "needsHashSuffix";
  const bool asks = fresh->needs_hash || IsMarked(fresh->tree(), kNeedsHash);
  const bool needs_hash =
      asks && (old.needs_hash || IsMarked(old.tree(), kNeedsHash));
  fresh->SetMetadataMap("labels", Overlay(old.MetadataMap("labels"),
                                          fresh->MetadataMap("labels")));
  Entries annotations = Overlay(old.MetadataMap("annotations"),
                                fresh->MetadataMap("annotations"));
  // It stays as `needs_hash`.
  const std::string mark =
      absl::StrCat("internal.config.kubernetes.io/", kNeedsHash);
  annotations.erase(
      std::remove_if(annotations.begin(), annotations.end(),
                     [&](const auto& entry) { return entry.first == mark; }),
      annotations.end());
  fresh->SetMetadataMap("annotations", annotations);
  fresh->previous = old.previous;
  fresh->nameless = old.nameless;
  fresh->allow_name_change = old.allow_name_change;
  fresh->allow_kind_change = old.allow_kind_change;
  fresh->referrers = old.referrers;
  fresh->prefixes = old.prefixes;
  fresh->suffixes = old.suffixes;
  fresh->is_generated = old.is_generated;
  fresh->behavior = old.behavior;
  fresh->needs_hash = needs_hash;
  fresh->var_names = old.var_names;
  fresh->file = old.file;
  fresh->transformations = old.transformations;
  fresh->TakeHistory(old);
  if (!fresh->origin.has_value()) fresh->origin = old.origin;
  fresh->SetName(old.name());
  fresh->SetNamespace(old.ns());
}

void MergeData(const Resource& old, Resource* fresh) {
  for (absl::string_view field : {"data", "binaryData"}) {
    Value merged = OverlayText(old.tree()[field], fresh->tree()[field]);
    if (merged.empty()) {
      fresh->MutableTree().Erase(field);
    } else {
      fresh->MutableTree().Set(field, std::move(merged));
    }
  }
}

}  // namespace

void ResMap::Reindex(Resource* resource) {
  std::vector<Resource*>& at = by_id_[resource->CurId().Key()];
  if (std::find(at.begin(), at.end(), resource) == at.end()) {
    at.push_back(resource);
    may_repeat_ = may_repeat_ || at.size() > 1;
  }
}

void ResMap::Refresh() {
  if (list_.empty() || list_[0]->schema()->generation() == generation_) return;
  generation_ = list_[0]->schema()->generation();
  for (const std::unique_ptr<Resource>& resource : list_) {
    Reindex(resource.get());
  }
}

absl::Status ResMap::Append(std::unique_ptr<Resource> resource) {
  Refresh();
  const ResId& id = resource->CurId();
  if (id.Key().size() > kMaxId) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the kind, name and namespace of an object are longer "
                     "than ",
                     kMaxId, " bytes"));
  }
  if (!FindCurrent(id).empty()) {
    return BuildError(absl::StrCat(
        "may not add resource with an already registered id: ", id.ToString()));
  }
  Resource* added = resource.get();
  list_.push_back(std::move(resource));
  Reindex(added);
  for (const ResId& old : added->PreviousIds()) {
    std::vector<Resource*>& at = by_id_[old.Key()];
    if (std::find(at.begin(), at.end(), added) == at.end()) {
      at.push_back(added);
    }
  }
  return absl::OkStatus();
}

absl::Status ResMap::AppendAll(ResMap&& other) {
  list_.reserve(list_.size() + other.list_.size());
  for (std::unique_ptr<Resource>& resource : other.list_) {
    WEIR_RETURN_IF_ERROR(Append(std::move(resource)));
  }
  other.list_.clear();
  return absl::OkStatus();
}

absl::StatusOr<Resource*> ResMap::Absorb(std::unique_ptr<Resource> resource) {
  Refresh();
  const ResId id = resource->CurId();
  const std::vector<Resource*> matches = FindAny(id);
  using Behavior = Resource::Behavior;
  const Behavior behavior = resource->behavior;
  const bool onto =
      behavior == Behavior::kMerge || behavior == Behavior::kReplace;
  if (matches.empty()) {
    if (onto) {
      return BuildError(absl::StrCat("id ", GoStruct(id),
                                     " does not exist; cannot merge or "
                                     "replace"));
    }
    Resource* added = resource.get();
    WEIR_RETURN_IF_ERROR(Append(std::move(resource)));
    return added;
  }
  if (matches.size() > 1) {
    return BuildError(absl::StrCat(
        "found multiple objects ", ShowAll({matches.begin(), matches.end()}),
        " that could accept merge of ", id.ToString()));
  }
  Resource* old = matches[0];
  if (!onto) {
    return BuildError(
        absl::StrCat("id ", GoStruct(id), " exists; can not use behavior: '",
                     behavior == Behavior::kCreate ? "create" : "unspecified",
                     "', behavior must be merge or replace"));
  }
  const std::optional<Origin> origin = old->origin;
  TakeMetadata(*old, resource.get());
  if (behavior == Behavior::kMerge) {
    MergeData(*old, resource.get());
    if (origin.has_value()) resource->origin = origin;
  }
  *old = std::move(*resource);
  old->MutableTree();
  Reindex(old);
  return old;
}

std::vector<Resource*> ResMap::FindCurrent(const ResId& id) const {
  std::vector<Resource*> found;
  auto entry = by_id_.find(id.Key());
  if (entry == by_id_.end()) return found;
  for (Resource* resource : entry->second) {
    if (!resource->is_empty() && resource->CurId().Equals(id)) {
      found.push_back(resource);
    }
  }
  return found;
}

std::vector<Resource*> ResMap::FindAny(const ResId& id) const {
  std::vector<Resource*> found;
  auto entry = by_id_.find(id.Key());
  if (entry == by_id_.end()) return found;
  for (Resource* resource : entry->second) {
    if (!resource->is_empty() && resource->HasAnyId(id)) {
      found.push_back(resource);
    }
  }
  return found;
}

absl::StatusOr<Resource*> ResMap::FindPatchTarget(const ResId& id) const {
  const std::vector<Resource*> found = FindAny(id);
  if (found.size() == 1) return found[0];
  return BuildError(absl::StrCat(
      found.empty() ? "no matches for Id " : "multiple matches for Id ",
      id.ToString(), "; failed to find unique target for patch ",
      id.ToString()));
}

absl::StatusOr<std::vector<Resource*>> ResMap::Select(
    const SelectorSpec& spec) {
  WEIR_ASSIGN_OR_RETURN(const Selector selector, Selector::Compile(spec));
  WEIR_RETURN_IF_ERROR(budget().Spend(selector.cost() * list_.size()));
  std::vector<Resource*> selected;
  for (const std::unique_ptr<Resource>& resource : list_) {
    WEIR_RETURN_IF_ERROR(resource->CheckPreviousIds());
    WEIR_ASSIGN_OR_RETURN(const bool matches, selector.Matches(*resource));
    if (matches) selected.push_back(resource.get());
  }
  return selected;
}

void ResMap::DropEmpties() {
  size_t kept = 0;
  for (std::unique_ptr<Resource>& resource : list_) {
    if (resource->is_empty()) {
      dropped_.push_back(std::move(resource));
    } else {
      if (&list_[kept] != &resource) list_[kept] = std::move(resource);
      ++kept;
    }
  }
  list_.resize(kept);
}

absl::Status ResMap::CheckUnique() const {
  absl::flat_hash_set<std::string> seen;
  for (const std::unique_ptr<Resource>& resource : list_) {
    if (resource->is_empty()) continue;
    if (!seen.insert(resource->CurId().Key()).second) {
      return BuildError(
          absl::StrCat("may not add resource with an already registered id: ",
                       resource->CurId().ToString()));
    }
  }
  return absl::OkStatus();
}

absl::Status ResMap::CheckPreviousIds() const {
  for (const std::unique_ptr<Resource>& resource : list_) {
    if (resource->is_empty()) continue;
    WEIR_RETURN_IF_ERROR(resource->CheckPreviousIds());
  }
  return absl::OkStatus();
}

absl::Status ResMap::SpendOnEach(size_t steps, size_t bytes) {
  WEIR_RETURN_IF_ERROR(budget().Spend(list_.size() * steps));
  return budget().Hold(list_.size() * bytes);
}

void ResMap::Reorder(const std::vector<size_t>& order) {
  std::vector<std::unique_ptr<Resource>> sorted;
  sorted.reserve(order.size());
  for (size_t index : order) sorted.push_back(std::move(list_[index]));
  list_ = std::move(sorted);
}

}  // namespace weir::kustomize
