#include "src/model/resource.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "src/model/scalar.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

bool SameTail(const std::vector<std::string>& a,
              const std::vector<std::string>& b) {
  const std::vector<std::string>& longer = a.size() > b.size() ? a : b;
  const std::vector<std::string>& shorter = a.size() > b.size() ? b : a;
  if (shorter.empty()) return longer.empty();
  return std::equal(shorter.rbegin(), shorter.rend(), longer.rbegin());
}

using Place = std::vector<std::string>;

size_t IndexOf(const std::string& step) {
  size_t index = 0;
  return absl::SimpleAtoi(step, &index) ? index : static_cast<size_t>(-1);
}

// The scalar at a place, or null.
const Value* FindScalar(const Value& tree, const Place& place) {
  const Value* at = &tree;
  for (const std::string& step : place) {
    at = at->is_array() ? &(*at)[IndexOf(step)] : at->Find(step);
    if (at == nullptr || at->is_null()) return nullptr;
  }
  return at->is_object() || at->is_array() ? nullptr : at;
}

void SetScalarAt(Value* tree, const Place& place, const Value& value) {
  for (const std::string& step : place) {
    tree = tree->is_array() ? &tree->MutableAt(IndexOf(step))
                            : &tree->Mutable(step);
  }
  *tree = value;
}

// Whether the first list on the way is still what it was.
bool IsListUnchanged(const Value& before, const Value& now,
                     const Place& place) {
  const Value* a = &before;
  const Value* b = &now;
  for (const std::string& step : place) {
    if (a->is_array() || b->is_array()) return *a == *b;
    a = &(*a)[step];
    b = &(*b)[step];
  }
  return true;
}

// Of texts that are short: a thousand ids are looked at again and again.
bool HasComma(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c == ','; });
}

bool IsSameId(const Resource::PreviousId& a, const Resource::PreviousId& b) {
  return a.kind == b.kind && a.name == b.name && a.ns == b.ns;
}

// Upstream keeps the parts of ids in lists separated by commas, so that one
// with commas comes back as several: an object that is encrypted as a whole has
// as many commas in its kind as in its name and namespace.
std::vector<Resource::PreviousId> InPieces(Resource::PreviousId id) {
  constexpr size_t kMaxPieces = 64;
  std::vector<Resource::PreviousId> pieces;
  // Most are one piece, and some objects are renamed a thousand times.
  if (!HasComma(id.kind)) {
    pieces.push_back(std::move(id));
    return pieces;
  }
  const std::vector<std::string> kinds = absl::StrSplit(id.kind, ',');
  const std::vector<std::string> names = absl::StrSplit(id.name, ',');
  const std::vector<std::string> namespaces = absl::StrSplit(id.ns, ',');
  if (kinds.size() != names.size() || kinds.size() != namespaces.size() ||
      kinds.size() > kMaxPieces) {
    return {std::move(id)};
  }
  for (size_t i = 0; i < kinds.size(); ++i) {
    pieces.push_back({kinds[i], names[i], namespaces[i], id.times, id.after});
  }
  return pieces;
}

}  // namespace

absl::string_view NodeKindName(const Value& value) {
  if (value.is_object()) return "MappingNode";
  if (value.is_array()) return "SequenceNode";
  return "ScalarNode";
}

absl::Status BuildError(std::string message) {
  return absl::FailedPreconditionError(message);
}

absl::Status WrongKind(absl::string_view expected, const Value& value) {
  return BuildError(absl::StrCat("wrong node kind: expected ", expected,
                                 " but got ", NodeKindName(value),
                                 ": node contents:\n", FormatYaml(value)));
}

bool IsMarked(const Value& tree, absl::string_view mark) {
  const Value* text = tree["metadata"]["annotations"].Find(
      absl::StrCat("internal.config.kubernetes.io/", mark));
  return text != nullptr && ScalarText(*text) == "enabled";
}

const ResId& Resource::CurId() const {
  if (!id_.has_value() || id_generation_ != schema_->generation()) {
    id_generation_ = schema_->generation();
    ResId id;
    const Value* api_version = tree_.Find("apiVersion");
    const Value* kind = tree_.Find("kind");
    // A version that is null is what it is written as.
    id.gvk = MakeGvk(api_version == nullptr ? "" : NodeText(*api_version),
                     kind == nullptr ? "" : ScalarText(*kind));
    const Value& metadata = tree_["metadata"];
    id.name = ScalarText(metadata["name"]);
    id.ns = ScalarText(metadata["namespace"]);
    id.cluster_scoped =
        schema_->IsClusterScoped(id.gvk.ApiVersion(), id.gvk.kind);
    id_ = std::move(id);
  }
  return *id_;
}

std::vector<ResId> Resource::PreviousIds() const {
  std::vector<ResId> ids;
  ids.reserve(previous.size());
  for (const PreviousId& old : previous) {
    ResId id;
    id.gvk = {CurId().gvk.group, CurId().gvk.version, old.kind};
    id.name = old.name;
    id.ns = old.ns;
    ids.push_back(std::move(id));
  }
  return ids;
}

absl::Status Resource::CheckPreviousIds() const {
  const bool is_even =
      previous.empty() ||
      (nameless.empty() && std::none_of(previous.begin(), previous.end(),
                                        [](const PreviousId& old) {
                                          return old.kind.empty() ||
                                                 HasComma(old.kind) ||
                                                 HasComma(old.name) ||
                                                 HasComma(old.ns);
                                        }));
  if (is_even) return absl::OkStatus();
  return BuildError(
      "number of previous names, number of previous namespaces, number of "
      "previous kinds not equal");
}

ResId Resource::OrgId() const {
  if (previous.empty()) return CurId();
  ResId id;
  id.gvk = {CurId().gvk.group, CurId().gvk.version, previous[0].kind};
  id.name = previous[0].name;
  id.ns = previous[0].ns;
  return id;
}

void Resource::StorePreviousId() {
  const ResId& id = CurId();
  const bool was_nameless =
      !nameless.empty() && nameless.back().after == previous.size();
  std::vector<PreviousId>& ids = id.name.empty() ? nameless : previous;
  std::vector<PreviousId> added =
      InPieces({id.gvk.kind, id.name, std::string(id.EffectiveNamespace()), 1,
                previous.size()});
  const auto last = ids.end() - std::min(ids.size(), added.size());
  const bool is_again =
      was_nameless == id.name.empty() &&
      std::equal(last, ids.end(), added.begin(), added.end(), IsSameId);
  if (is_again) {
    std::for_each(last, ids.end(), [](PreviousId& old) { ++old.times; });
  } else {
    std::move(added.begin(), added.end(), std::back_inserter(ids));
  }
  // Upstream notes it in the annotations, which are a map from then on, and so
  // is what they are in.
  if (tree_.Has("metadata") && tree_["metadata"].is_null()) {
    MutableTree().Set("metadata", Value::MakeObject());
  }
  const Value& annotations = tree_["metadata"]["annotations"];
  if (!annotations.is_object() && !annotations.is_null()) {
    SetMetadataMap("annotations", MetadataMap("annotations"));
  }
}

void Resource::RenewAnnotations() {
  bool is_same = true;
  for (const Value::Member& member :
       tree_["metadata"]["annotations"].object()) {
    is_same = is_same && IsSameAnyhow(member.value);
  }
  if (!is_same) SetMetadataMap("annotations", MetadataMap("annotations"));
}

bool Resource::HasAnyId(const ResId& id) const {
  if (CurId().Equals(id)) return true;
  for (const PreviousId& old : previous) {
    if (old.name == id.name && old.kind == id.gvk.kind &&
        old.ns == id.EffectiveNamespace() &&
        CurId().gvk.group == id.gvk.group &&
        CurId().gvk.version == id.gvk.version) {
      return true;
    }
  }
  return false;
}

bool Resource::HasNameAndGvk(absl::string_view name,
                             const Gvk& selector) const {
  const Gvk& gvk = CurId().gvk;
  const auto is_selected = [&](absl::string_view kind) {
    return (selector.kind.empty() || selector.kind == kind) &&
           (selector.group.empty() || selector.group == gvk.group) &&
           (selector.version.empty() || selector.version == gvk.version);
  };
  if (CurId().name == name && is_selected(gvk.kind)) return true;
  for (const PreviousId& old : previous) {
    if (old.name == name && is_selected(old.kind)) return true;
  }
  return false;
}

void Resource::SetName(absl::string_view name) {
  SetUntagged(MutableTree().Mutable("metadata"), "name", name);
}

void Resource::SetNamespace(absl::string_view ns) {
  if (ns.empty()) {
    if (tree_["metadata"].Has("namespace")) {
      MutableTree().Mutable("metadata").Erase("namespace");
    }
  } else {
    SetUntagged(MutableTree().Mutable("metadata"), "namespace", ns);
  }
}

std::vector<std::pair<std::string, std::string>> Resource::MetadataMap(
    absl::string_view field) const {
  std::vector<std::pair<std::string, std::string>> out;
  // Upstream takes a list for a map, too.
  const Value::Array& list = tree_["metadata"][field].array();
  for (size_t i = 0; i + 1 < list.size(); i += 2) {
    out.emplace_back(NodeText(list[i]), NodeText(list[i + 1]));
  }
  const Value& map = tree_["metadata"][field];
  const Value* later = RepeatedKeys(map);
  for (const Value::Member& member : map.object()) {
    if (member.key == kRepeatedKeys) continue;
    const Value* last = later == nullptr ? nullptr : later->Find(member.key);
    out.emplace_back(member.key,
                     NodeText(last == nullptr ? member.value : *last));
  }
  return out;
}

void Resource::SetMetadataMap(
    absl::string_view field,
    const std::vector<std::pair<std::string, std::string>>& entries) {
  Value& tree = MutableTree();
  if (!tree["metadata"].is_object()) tree.Set("metadata", Value::MakeObject());
  Value& metadata = tree.Mutable("metadata");
  if (entries.empty()) {
    metadata.Erase(field);
    return;
  }
  Value::Object members;
  for (const auto& [key, text] : entries) members.emplace_back(key, text);
  metadata.Set(field, Value::FromMembers(std::move(members)));
}

void Resource::Share(std::vector<std::vector<std::string>> places) {
  if (places.size() < 2) return;
  std::sort(places.begin(), places.end());
  const Value* value = FindScalar(tree_, places[0]);
  if (value != nullptr) shared_.push_back({*value, std::move(places)});
}

void Resource::Sync(Shared* shared) {
  Value last = shared->value;
  std::vector<Place> kept;
  for (Place& place : shared->places) {
    const Value* value = FindScalar(tree_, place);
    if (value == nullptr) continue;
    if (!(*value == shared->value)) last = *value;
    kept.push_back(std::move(place));
  }
  shared->places = std::move(kept);
  if (last == shared->value) return;
  shared->value = last;
  is_json_steady_ = false;
  for (const Place& place : shared->places) SetScalarAt(&tree_, place, last);
}

void Resource::SyncShared() {
  for (Shared& shared : shared_) Sync(&shared);
}

void Resource::SyncShared(absl::string_view key) {
  for (Shared& shared : shared_) {
    if (!shared.places.empty() && shared.places[0].back() == key) Sync(&shared);
  }
}

void Resource::Unshare(const std::vector<std::string>& prefix) {
  for (Shared& shared : shared_) {
    shared.places.erase(
        std::remove_if(shared.places.begin(), shared.places.end(),
                       [&](const Place& place) {
                         return place.size() >= prefix.size() &&
                                std::equal(prefix.begin(), prefix.end(),
                                           place.begin());
                       }),
        shared.places.end());
  }
}

void Resource::UnshareChangedLists(const Value& before) {
  for (Shared& shared : shared_) {
    shared.places.erase(
        std::remove_if(shared.places.begin(), shared.places.end(),
                       [&](const Place& place) {
                         return !IsListUnchanged(before, tree_, place);
                       }),
        shared.places.end());
  }
}

bool Resource::HasBuildState() const {
  return !previous.empty() || !nameless.empty() || !prefixes.empty() ||
         !suffixes.empty() || is_generated || needs_hash || allow_name_change ||
         allow_kind_change || !referrers.empty() || origin.has_value() ||
         !transformations.empty();
}

std::vector<std::pair<std::string, std::string>> Resource::BuildAnnotations()
    const {
  std::vector<std::pair<std::string, std::string>> out;
  const auto add = [&out](absl::string_view name, std::string text) {
    if (text.empty()) return;
    out.emplace_back(absl::StrCat("internal.config.kubernetes.io/", name),
                     std::move(text));
  };
  add("allowKindChange", allow_kind_change ? "enabled" : "");
  add("allowNameChange", allow_name_change ? "enabled" : "");
  add("refBy", absl::StrJoin(referrers, ","));
  const auto add_ids = [&](absl::string_view name,
                           std::string PreviousId::*part, bool has_name_only) {
    std::string text;
    absl::string_view comma = "";
    const auto append = [&](const PreviousId& old) {
      for (size_t i = 0; i < old.times; ++i) {
        absl::StrAppend(&text, std::exchange(comma, ","), old.*part);
      }
    };
    auto next = nameless.begin();
    for (size_t i = 0; i <= previous.size(); ++i) {
      for (; next != nameless.end() && next->after == i; ++next) {
        if (!has_name_only) append(*next);
      }
      if (i < previous.size()) append(previous[i]);
    }
    add(name, std::move(text));
  };
  add_ids("previousKinds", &PreviousId::kind, false);
  add_ids("previousNames", &PreviousId::name, true);
  add_ids("previousNamespaces", &PreviousId::ns, false);
  add("prefixes", absl::StrJoin(prefixes, ","));
  add("suffixes", absl::StrJoin(suffixes, ","));
  if (is_generated) {
    add("generatorBehavior", behavior == Behavior::kCreate    ? "create"
                             : behavior == Behavior::kReplace ? "replace"
                             : behavior == Behavior::kMerge   ? "merge"
                                                              : "unspecified");
  }
  if (needs_hash) add("needsHashSuffix", "enabled");
  return out;
}

Value Resource::WithBuildAnnotations() const {
  Value tree = tree_;
  if (!tree["metadata"].is_object()) return tree;
  auto added = BuildAnnotations();
  if (origin.has_value()) {
    added.emplace_back(kOrigin, FormatOrigin(*origin));
  }
  if (!transformations.empty()) {
    added.emplace_back(kTransformations, FormatOrigins(transformations));
  }
  for (const auto& [key, text] : added) {
    Value& annotations = tree.Mutable("metadata").Mutable("annotations");
    if (!annotations.is_object()) annotations = Value::MakeObject();
    annotations.Set(key, text);
  }
  return tree;
}

void Resource::ForgetBuildState() {
  previous.clear();
  nameless.clear();
  prefixes.clear();
  suffixes.clear();
  behavior = Behavior::kUnset;
  is_generated = false;
  needs_hash = false;
  allow_name_change = false;
  allow_kind_change = false;
  referrers.clear();
  origin.reset();
  transformations.clear();
}

void Resource::Record(int source) {
  if (history_.empty() || !(history_.back().after == tree_)) {
    history_.push_back({source, tree_});
  }
}

bool Resource::SameContext(const Resource& other, bool allow_empty) const {
  const bool any_prefix =
      allow_empty && (prefixes.empty() || other.prefixes.empty());
  const bool any_suffix =
      allow_empty && (suffixes.empty() || other.suffixes.empty());
  return (any_prefix || SameTail(prefixes, other.prefixes)) &&
         (any_suffix || SameTail(suffixes, other.suffixes));
}

std::string ShowAll(const std::vector<const Resource*>& objects) {
  JsonFormatOptions options;
  options.escape_html = true;
  std::vector<std::string> texts;
  texts.reserve(objects.size());
  for (const Resource* object : objects) {
    Value shown = object->WithBuildAnnotations();
    const absl::Status status = WriteAndRead(&shown);
    texts.push_back(status.ok() ? FormatJson(shown, options)
                                : absl::StrCat("<", status.message(), ">"));
  }
  return absl::StrCat("[", absl::StrJoin(texts, " "), "]");
}

}  // namespace weir::kustomize
