#include "src/refer/name_references.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "weir/base/status.h"
#include "weir/value/go_quote.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

using Candidates = std::vector<Resource*>;

// Of an id in what is known of another object, and in errors.
constexpr size_t kCopies = 3;

// All objects, by what references look for, so that no reference looks at all
// of them.
class ReferralIndex {
 public:
  explicit ReferralIndex(const ResMap& objects) {
    size_t position = 0;
    for (const std::unique_ptr<Resource>& resource : objects.list()) {
      const Entry entry{position++, resource.get()};
      const ResId& id = resource->CurId();
      const ResId original = resource->OrgId();
      for (const Resource::PreviousId& old : resource->previous) {
        Named& named = by_name_[old.name];
        Add(entry, &named.all);
        Add(entry, &named.by_original_namespace[std::string(
                       original.EffectiveNamespace())]);
        Add(entry,
            id.cluster_scoped
                ? &named.cluster_scoped
                : &named.by_namespace[std::string(id.EffectiveNamespace())]);
      }
      if (original.EffectiveNamespace() == kNoNamespace) continue;
      Moves& moves = by_original_namespace_[original.EffectiveNamespace()];
      moves.to_cluster |= id.cluster_scoped;
      moves.to.emplace(id.EffectiveNamespace());
      moves.written.insert(id.ns);
    }
  }

  bool Knows(const std::string& name) const { return by_name_.contains(name); }
  // Whether so many had this name that nobody should look at them all again.
  bool HadMany(const std::string& name) const {
    constexpr size_t kMany = 16;
    auto found = by_name_.find(name);
    return found != by_name_.end() && found->second.all.size() > kMany;
  }

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

  // Of those, the ones that are in a namespace, or were there at first when
  // anything in reach was.
  Candidates InReachOf(const std::string& name, const std::string& ns,
                       const ResId& referrer,
                       const absl::flat_hash_set<std::string>& subjects) const {
    auto found = by_name_.find(name);
    if (found == by_name_.end() || ns == kNoNamespace) return {};
    const Named& named = found->second;
    const auto& by_namespace = HasInReachFrom(ns, referrer, subjects)
                                   ? named.by_original_namespace
                                   : named.by_namespace;
    auto there = by_namespace.find(ns);
    if (there == by_namespace.end()) return {};
    Candidates objects;
    for (const Entry& entry : there->second) {
      const ResId& id = entry.object->CurId();
      if (referrer.cluster_scoped || id.cluster_scoped ||
          id.EffectiveNamespace() == referrer.EffectiveNamespace() ||
          (!id.ns.empty() && subjects.contains(id.ns))) {
        objects.push_back(entry.object);
      }
    }
    return objects;
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
    // Effective ones; what is cluster-scoped now is not in the first.
    absl::flat_hash_map<std::string, Entries> by_namespace;
    absl::flat_hash_map<std::string, Entries> by_original_namespace;
  };
  // Where the objects of a namespace are now.
  struct Moves {
    bool to_cluster = false;
    absl::flat_hash_set<std::string> to;       // Effective namespaces.
    absl::flat_hash_set<std::string> written;  // As in the objects.
  };

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
    const bool fewer_subjects = subjects.size() < moves.written.size();
    const auto& few = fewer_subjects ? subjects : moves.written;
    const auto& many = fewer_subjects ? moves.written : subjects;
    return std::any_of(few.begin(), few.end(), [&](const std::string& one) {
      return many.contains(one);
    });
  }

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

// All that decides what a name means to an object without subjects.
class Question {
 public:
  Question(std::string name, std::optional<std::string> ns, bool is_map,
           const Gvk* target, const Resource& referrer)
      : name_(std::move(name)),
        ns_(std::move(ns)),
        is_map_(is_map),
        target_(target),
        scope_(referrer.CurId().EffectiveNamespace()),
        prefixes_(referrer.prefixes),
        suffixes_(referrer.suffixes) {}
  void set_role(std::string group, std::string kind) {
    role_ = {std::move(group), std::move(kind)};
  }

 private:
  auto Parts() const {
    return std::tie(name_, ns_, is_map_, target_, scope_, prefixes_, suffixes_,
                    role_);
  }
  friend bool operator==(const Question& a, const Question& b) {
    return a.Parts() == b.Parts();
  }
  template <typename H>
  friend H AbslHashValue(H state, const Question& question) {
    return H::combine(std::move(state), question.Parts());
  }

  std::string name_;
  std::optional<std::string> ns_;  // That a map names.
  bool is_map_;
  const Gvk* target_;
  std::string scope_;  // Of the referrer, as are the next two.
  std::vector<std::string> prefixes_, suffixes_;
  std::pair<std::string, std::string> role_;  // Empty: any.
};
using Answers = absl::flat_hash_map<Question, Resource*>;

// Fixes the references of one object.
class Referrer {
 public:
  // `answers`: of questions about names that many had, as long as no object
  // changes its name or namespace.
  Referrer(const ReferralIndex& index, Resource* resource, Answers* answers,
           Budget* budget)
      : index_(index),
        resource_(*resource),
        answers_(*answers),
        budget_(*budget) {}

  // To be called first. Errors: kFailedPrecondition for subjects of a
  // RoleBinding that are none.
  absl::Status ReadSubjects() {
    const ResId& own = resource_.CurId();
    if (own.gvk.kind != "RoleBinding" || own.cluster_scoped) {
      return absl::OkStatus();
    }
    const Value& subjects = resource_.tree()["subjects"];
    // Those that cannot be written are noticed when they are.
    if (!CheckScalars(subjects).ok()) return absl::OkStatus();
    for (const Value& subject : subjects.array()) {
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
                          Find(old_name, std::nullopt, false));
    if (referral == nullptr) return absl::OkStatus();
    WEIR_RETURN_IF_ERROR(NoteIn(referral));
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
    const Value* field = node.Find("namespace");
    std::optional<std::string> ns;
    if (field != nullptr) ns = ScalarText(*field);
    WEIR_ASSIGN_OR_RETURN(Resource * referral, Find(old_name, ns, true));
    if (referral == nullptr) return absl::OkStatus();
    WEIR_RETURN_IF_ERROR(NoteIn(referral));
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

  // Tells an object that this one names it.
  absl::Status NoteIn(Resource* referral) {
    std::string id = resource_.CurId().ToString();
    WEIR_RETURN_IF_ERROR(budget_.Hold(kCopies * (sizeof(id) + id.size())));
    referral->referrers.push_back(std::move(id));
    return absl::OkStatus();
  }

  // What a name means, in a map with the namespace that the map names; null:
  // nothing.
  absl::StatusOr<Resource*> Find(const std::string& name,
                                 const std::optional<std::string>& ns,
                                 bool is_map) {
    const ResId& own = resource_.CurId();
    const auto find = [&] {
      return Select(ns.has_value()
                        ? index_.InReachOf(name, *ns, own, subject_namespaces_)
                        : index_.InReach(name, own, subject_namespaces_),
                    is_map);
    };
    if (!index_.HadMany(name) || !subject_namespaces_.empty()) return find();
    Question question(name, ns, is_map, target_, resource_);
    if (const std::optional<Gvk> role = RoleRef(); role.has_value()) {
      question.set_role(role->group, role->kind);
    }
    auto known = answers_.find(question);
    if (known != answers_.end()) return known->second;
    WEIR_ASSIGN_OR_RETURN(Resource * found, find());
    answers_.emplace(std::move(question), found);
    return found;
  }

  // What a candidate must have been, if this is the reference to a role.
  std::optional<Gvk> RoleRef() const {
    if (!absl::EndsWith(spec_->path, "roleRef/name")) return std::nullopt;
    const Value& role = resource_.tree()["roleRef"];
    if (!role.Has("apiGroup") || !role.Has("kind")) return std::nullopt;
    return Gvk{ScalarText(role["apiGroup"]), "", ScalarText(role["kind"])};
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
    const std::optional<Gvk> role = RoleRef();
    Candidates left = Sieve(from, [&](const Resource& candidate) {
      return HadKind(candidate, *target_) &&
             (!role.has_value() || HadKind(candidate, *role)) &&
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
  Answers& answers_;
  Budget& budget_;
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

// Upstream looks at no object whose version it would write otherwise: "/v1".
absl::Status CheckVersion(const Resource& resource) {
  const std::string written = ScalarText(resource.tree()["apiVersion"]);
  const std::string own = resource.CurId().gvk.ApiVersion();
  if (written == own) return absl::OkStatus();
  return BuildError(
      absl::StrCat("node-referrerOriginal 'APIVersion' mismatch '", written,
                   "' != '", own, "'"));
}

}  // namespace

absl::Status FixNameReferences(const std::vector<NameReference>& references,
                               ResMap* objects) {
  const ReferralIndex index(*objects);
  SpecsByKind specs(references);
  Answers answers;
  for (const std::unique_ptr<Resource>& resource : objects->list()) {
    const ResId original = resource->OrgId();
    const std::string key = resource->CurId().Key();
    Referrer referrer(index, resource.get(), &answers, &objects->budget());
    WEIR_RETURN_IF_ERROR(referrer.ReadSubjects());
    const std::vector<SpecsByKind::Entry>& own = specs.Of(original.gvk.kind);
    WEIR_RETURN_IF_ERROR(objects->budget().Spend(own.size()));
    for (const SpecsByKind::Entry& entry : own) {
      if (!original.gvk.IsSelected(entry.spec->gvk)) continue;
      WEIR_RETURN_IF_ERROR(CheckVersion(*resource));
      WEIR_RETURN_IF_ERROR(referrer.Fix(*entry.spec, *entry.target));
    }
    if (resource->CurId().Key() != key) answers.clear();
  }
  return absl::OkStatus();
}

}  // namespace weir::kustomize
