#include "src/refer/name_references.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/model/go_quote.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

using Candidates = std::vector<Resource*>;

// All objects, by what references look for, so that no reference looks at all
// of them.
class ReferralIndex {
 public:
  explicit ReferralIndex(const ResMap& objects) {
    size_t position = 0;
    for (const std::unique_ptr<Resource>& resource : objects.list()) {
      const Entry entry{position++, resource.get()};
      const ResId& id = resource->CurId();
      for (const Resource::PreviousId& old : resource->previous) {
        Named& named = by_name_[old.name];
        Add(entry, &named.all);
        Add(entry,
            id.cluster_scoped
                ? &named.cluster_scoped
                : &named.by_namespace[std::string(id.EffectiveNamespace())]);
      }
      const ResId original = resource->OrgId();
      if (original.EffectiveNamespace() == kNoNamespace) continue;
      Moves& moves = by_original_namespace_[original.EffectiveNamespace()];
      moves.to_cluster |= id.cluster_scoped;
      moves.to.emplace(id.EffectiveNamespace());
      moves.written.insert(id.ns);
    }
  }

  bool Knows(const std::string& name) const { return by_name_.contains(name); }

  // Those that once had this name and are in reach of a referrer, in order:
  // anything of a referrer without namespace; else what has no namespace, is
  // in the referrer's, or in one that its subjects name.
  Candidates InReach(const std::string& name, const ResId& referrer,
                     const absl::flat_hash_set<std::string>& subjects) const {
    auto found = by_name_.find(name);
    if (found == by_name_.end()) return {};
    const Named& named = found->second;
    if (referrer.cluster_scoped) return Objects(named.all);
    Entries entries = named.cluster_scoped;
    const auto take = [&](absl::string_view ns, bool as_written) {
      auto there = named.by_namespace.find(ns);
      if (there == named.by_namespace.end()) return;
      for (const Entry& entry : there->second) {
        if (!as_written || entry.object->ns() == ns) entries.push_back(entry);
      }
    };
    take(referrer.EffectiveNamespace(), false);
    for (const std::string& ns : subjects) {
      if (ns != referrer.EffectiveNamespace()) take(ns, true);
    }
    std::sort(
        entries.begin(), entries.end(),
        [](const Entry& a, const Entry& b) { return a.position < b.position; });
    return Objects(entries);
  }

  // Whether anything in reach was in this namespace at first.
  bool HasInReachFrom(const std::string& ns, const ResId& referrer,
                      const absl::flat_hash_set<std::string>& subjects) const {
    auto found = by_original_namespace_.find(ns);
    if (found == by_original_namespace_.end()) return false;
    const Moves& moves = found->second;
    if (referrer.cluster_scoped || moves.to_cluster ||
        moves.to.contains(referrer.EffectiveNamespace())) {
      return true;
    }
    for (const std::string& subject : subjects) {
      if (moves.written.contains(subject)) return true;
    }
    return false;
  }

 private:
  struct Entry {
    size_t position;
    Resource* object;
  };
  using Entries = std::vector<Entry>;
  struct Named {
    Entries all;
    Entries cluster_scoped;
    absl::flat_hash_map<std::string, Entries> by_namespace;  // Effective.
  };
  // Where the objects of a namespace are now.
  struct Moves {
    bool to_cluster = false;
    absl::flat_hash_set<std::string> to;       // Effective namespaces.
    absl::flat_hash_set<std::string> written;  // As in the objects.
  };

  static void Add(const Entry& entry, Entries* entries) {
    if (entries->empty() || entries->back().object != entry.object) {
      entries->push_back(entry);
    }
  }
  static Candidates Objects(const Entries& entries) {
    Candidates objects;
    objects.reserve(entries.size());
    for (const Entry& entry : entries) objects.push_back(entry.object);
    return objects;
  }

  absl::flat_hash_map<std::string, Named> by_name_;
  absl::flat_hash_map<std::string, Moves> by_original_namespace_;
};

bool HadKind(const Resource& resource, const Gvk& selector) {
  const Gvk& gvk = resource.CurId().gvk;
  for (const Resource::PreviousId& old : resource.previous) {
    if ((selector.kind.empty() || selector.kind == old.kind) &&
        (selector.group.empty() || selector.group == gvk.group) &&
        (selector.version.empty() || selector.version == gvk.version)) {
      return true;
    }
  }
  return false;
}

template <typename Keep>
Candidates Sieve(const Candidates& from, Keep keep) {
  Candidates kept;
  for (Resource* candidate : from) {
    if (keep(*candidate)) kept.push_back(candidate);
  }
  return kept;
}

// Fixes the references of one object.
class Referrer {
 public:
  Referrer(const ReferralIndex& index, Resource* resource)
      : index_(index), resource_(*resource) {}

  // To be called first. Errors: kFailedPrecondition for subjects of a
  // RoleBinding that are none.
  absl::Status ReadSubjects() {
    const ResId& own = resource_.CurId();
    if (own.gvk.kind != "RoleBinding" || own.cluster_scoped) {
      return absl::OkStatus();
    }
    for (const Value& subject : resource_.tree()["subjects"].array()) {
      const Value* kind = subject.Find("kind");
      const bool counts = subject.Has("namespace") && kind != nullptr;
      if (!subject.is_object() || (counts && !kind->is_string())) {
        return BuildError(absl::StrCat("the subjects of ", own.ToString(),
                                       " must be maps with a kind"));
      }
      if (!counts || kind->AsString() != "ServiceAccount") continue;
      if (!subject["namespace"].is_string()) {
        return BuildError(
            absl::StrCat("Invalid Input: namespace is blank for resource ",
                         GoQuote(own.ToString())));
      }
      subject_namespaces_.insert(subject["namespace"].AsString());
    }
    return absl::OkStatus();
  }

  absl::Status Fix(const FieldSpec& spec, const Gvk& target) {
    if (!AnyField(resource_, spec,
                  [this](const Value& node) { return MayChange(node); })) {
      return absl::OkStatus();
    }
    spec_ = &spec;
    target_ = &target;
    WEIR_RETURN_IF_ERROR(
        VisitPath(&resource_, spec, CreateKind::kNone,
                  [this](Value& node) { return FixNode(node); }),
        "updating name reference in '", spec.path, "' field of '",
        resource_.CurId().ToString(), "'");
    return absl::OkStatus();
  }

 private:
  // Whether a field holds the former name of anything, or is wrong.
  bool MayChange(const Value& node) const {
    if (IsTaggedNull(node)) return false;
    if (node.is_object()) {
      const Value* name = node.Find("name");
      return name == nullptr || index_.Knows(ScalarText(*name));
    }
    for (const Value& item : node.array()) {
      if (item.is_array() || MayChange(item)) return true;
    }
    return !node.is_array() && index_.Knows(ScalarText(node));
  }

  absl::Status FixNode(Value& node) {
    if (IsTaggedNull(node)) return absl::OkStatus();
    if (node.is_object()) return FixMap(node);
    if (!node.is_array()) return FixScalar(node);
    for (size_t i = 0; i < node.size(); ++i) {
      if (IsTaggedNull(node[i])) continue;
      if (node[i].is_array()) {
        return BuildError(
            "a list is expected to be either a string or a map of string");
      }
      Value& item = node.MutableAt(i);
      WEIR_RETURN_IF_ERROR(item.is_object() ? FixMap(item) : FixScalar(item));
    }
    return absl::OkStatus();
  }

  absl::Status FixScalar(Value& node) {
    const std::string old_name = ScalarText(node);
    WEIR_ASSIGN_OR_RETURN(Resource * referral,
                          Select(InReach(old_name), false));
    if (referral == nullptr) return absl::OkStatus();
    referral->referrers.push_back(resource_.CurId().ToString());
    if (referral->name() == old_name) return absl::OkStatus();
    node = UntaggedInPlaceOf(node, referral->name());
    return absl::OkStatus();
  }

  absl::Status FixMap(Value& node) {
    const Value* name = node.Find("name");
    if (name == nullptr) {
      return BuildError("path config error; no 'name' field in node");
    }
    const std::string old_name = ScalarText(*name);
    WEIR_ASSIGN_OR_RETURN(Resource * referral,
                          Select(InNamespace(node, InReach(old_name)), true));
    if (referral == nullptr) return absl::OkStatus();
    referral->referrers.push_back(resource_.CurId().ToString());
    if (referral->name() == old_name && referral->ns().empty()) {
      return absl::OkStatus();
    }
    const std::string new_name(referral->name());
    SetUntagged(node, "name", new_name);
    // No namespace means any, so it is not written.
    if (!referral->ns().empty()) {
      SetUntagged(node, "namespace", std::string(referral->ns()));
    }
    return absl::OkStatus();
  }

  Candidates InReach(const std::string& name) const {
    return index_.InReach(name, resource_.CurId(), subject_namespaces_);
  }

  // Those that are, or were, in the namespace that a map names.
  Candidates InNamespace(const Value& node, Candidates reachable) const {
    const Value* field = node.Find("namespace");
    if (field == nullptr || reachable.empty()) return reachable;
    const std::string ns = ScalarText(*field);
    const bool was_used =
        index_.HasInReachFrom(ns, resource_.CurId(), subject_namespaces_);
    return Sieve(reachable, [&](const Resource& candidate) {
      const ResId id = was_used ? candidate.OrgId() : candidate.CurId();
      return id.EffectiveNamespace() == ns && ns != kNoNamespace;
    });
  }

  bool MatchesRoleRef(const Resource& candidate) const {
    if (!absl::EndsWith(spec_->path, "roleRef/name")) return true;
    const Value& role = resource_.tree()["roleRef"];
    if (!role.Has("apiGroup") || !role.Has("kind")) return true;
    return HadKind(candidate, {ScalarText(role["apiGroup"]), "",
                               ScalarText(role["kind"])});
  }

  bool IsNear(const Resource& candidate) const {
    const ResId& own = resource_.CurId();
    const ResId& id = candidate.CurId();
    return own.cluster_scoped || id.cluster_scoped ||
           id.gvk.kind == "ServiceAccount" ||
           id.EffectiveNamespace() == own.EffectiveNamespace();
  }

  // The one object that is meant, or null. `with_namespace`: candidates are
  // the same only when their namespaces are.
  absl::StatusOr<Resource*> Select(const Candidates& from,
                                   bool with_namespace) const {
    Candidates left = Sieve(from, [this](const Resource& candidate) {
      return HadKind(candidate, *target_) && MatchesRoleRef(candidate) &&
             IsNear(candidate);
    });
    if (left.size() == 1) return left[0];
    left = Sieve(left, [this](const Resource& candidate) {
      return candidate.SameContext(resource_, true);
    });
    if (left.size() > 1) {
      left = Sieve(left, [this](const Resource& candidate) {
        return candidate.SameContext(resource_, false);
      });
    }
    if (left.empty()) return nullptr;
    for (const Resource* candidate : left) {
      if (candidate->name() != left[0]->name() ||
          (with_namespace && candidate->ns() != left[0]->ns())) {
        return Ambiguous(left);
      }
    }
    return left[0];
  }

  static std::string Shown(const Resource& resource) {
    Value tree = resource.WithBuildAnnotations();
    (void)RewriteYaml(&tree);
    return FormatYaml(tree);
  }

  absl::Status Ambiguous(const Candidates& left) const {
    std::vector<std::string> ids;
    std::string details =
        absl::StrCat("\n**** Too many possible referral targets to referrer:\n",
                     Shown(resource_), "\n");
    for (size_t i = 0; i < left.size(); ++i) {
      ids.push_back(left[i]->CurId().ToString());
      absl::StrAppend(&details, "--- possible referral ", i, ":\n",
                      Shown(*left[i]), "\n");
    }
    return BuildError(absl::StrCat("found multiple possible referrals: ",
                                   absl::StrJoin(ids, ", "), "\n", details));
  }

  const ReferralIndex& index_;
  Resource& resource_;
  const FieldSpec* spec_ = nullptr;
  const Gvk* target_ = nullptr;
  absl::flat_hash_set<std::string> subject_namespaces_;
};

// The fields to look at, by the kind of object that has them.
class SpecsByKind {
 public:
  struct Entry {
    const FieldSpec* spec;
    const Gvk* target;
  };

  explicit SpecsByKind(const std::vector<NameReference>& references)
      : references_(references) {}

  // In the order of the table.
  const std::vector<Entry>& Of(const std::string& kind) {
    auto [slot, added] = by_kind_.try_emplace(kind);
    if (!added) return slot->second;
    for (const NameReference& reference : references_) {
      for (const FieldSpec& spec : reference.referrers) {
        if (spec.gvk.kind.empty() || spec.gvk.kind == kind) {
          slot->second.push_back({&spec, &reference.target});
        }
      }
    }
    return slot->second;
  }

 private:
  const std::vector<NameReference>& references_;
  absl::flat_hash_map<std::string, std::vector<Entry>> by_kind_;
};

}  // namespace

absl::Status FixNameReferences(const std::vector<NameReference>& references,
                               ResMap* objects) {
  const ReferralIndex index(*objects);
  SpecsByKind specs(references);
  for (const std::unique_ptr<Resource>& resource : objects->list()) {
    const ResId original = resource->OrgId();
    Referrer referrer(index, resource.get());
    WEIR_RETURN_IF_ERROR(referrer.ReadSubjects());
    for (const SpecsByKind::Entry& entry : specs.Of(original.gvk.kind)) {
      if (!original.gvk.IsSelected(entry.spec->gvk)) continue;
      WEIR_RETURN_IF_ERROR(referrer.Fix(*entry.spec, *entry.target));
    }
  }
  return absl::OkStatus();
}

}  // namespace weir::kustomize
