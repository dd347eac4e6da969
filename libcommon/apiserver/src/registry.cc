#include "registry.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "conversion.h"

namespace weir::apiserver {
namespace {

std::string ResourceKey(absl::string_view group, absl::string_view version,
                        absl::string_view name) {
  return absl::StrCat(group, "/", version, "/", name);
}

std::string StorageOf(const kube::Resource& resource) {
  // Both groups of events share one storage.
  if (resource.plural == "events" && resource.gvk.group == "events.k8s.io") {
    return "events";
  }
  return resource.gvk.group.empty()
             ? resource.plural
             : absl::StrCat(resource.plural, ".", resource.gvk.group);
}

// (class, major, minor): class 0 stable, 1 beta, 2 alpha, 3 no version.
std::tuple<int, int, int> RankVersion(absl::string_view text) {
  constexpr std::tuple<int, int, int> kOther{3, 0, 0};
  if (text.empty() || text[0] != 'v') return kOther;
  text.remove_prefix(1);
  const size_t digits =
      std::min(text.find_first_not_of("0123456789"), text.size());
  int major = 0, minor = 0;
  if (!absl::SimpleAtoi(text.substr(0, digits), &major)) return kOther;
  text.remove_prefix(digits);
  if (text.empty()) return {0, -major, 0};
  for (int i = 1; i <= 2; ++i) {
    const absl::string_view word = i == 1 ? "beta" : "alpha";
    if (!absl::StartsWith(text, word)) continue;
    if (!absl::SimpleAtoi(text.substr(word.size()), &minor)) return kOther;
    return {i, -major, -minor};
  }
  return kOther;
}

}  // namespace

bool IsVersionBefore(absl::string_view a, absl::string_view b) {
  const auto left = RankVersion(a), right = RankVersion(b);
  return left != right ? left < right : a < b;
}

// ---------------------------------------------------------------- KindTable

const Served* KindTable::Find(absl::string_view group,
                              absl::string_view version,
                              absl::string_view plural) const {
  auto it = by_resource_.find(ResourceKey(group, version, plural));
  return it == by_resource_.end() ? nullptr : &kinds_[it->second];
}

const Served* KindTable::FindKind(const kube::GroupVersionKind& gvk) const {
  auto it = by_kind_.find(ResourceKey(gvk.group, gvk.version, gvk.kind));
  return it == by_kind_.end() ? nullptr : &kinds_[it->second];
}

const Served* KindTable::FindKind(absl::string_view group,
                                  absl::string_view kind) const {
  for (const Served& served : kinds_) {
    const kube::GroupVersionKind& gvk = served.kind->resource.gvk;
    if (gvk.group == group && gvk.kind == kind) return &served;
  }
  return nullptr;
}

const Served* KindTable::FindStorage(absl::string_view storage) const {
  for (const Served& served : kinds_) {
    if (served.storage == storage) return &served;
  }
  return nullptr;
}

bool KindTable::HasGroupVersion(absl::string_view group,
                                absl::string_view version) const {
  return std::any_of(kinds_.begin(), kinds_.end(), [&](const Served& served) {
    return served.kind->resource.gvk.group == group &&
           served.kind->resource.gvk.version == version;
  });
}

void KindTable::Add(Served served) {
  const kube::Resource& resource = served.kind->resource;
  const kube::GroupVersionKind& gvk = resource.gvk;
  by_resource_.emplace(ResourceKey(gvk.group, gvk.version, resource.plural),
                       kinds_.size());
  by_kind_.emplace(ResourceKey(gvk.group, gvk.version, gvk.kind),
                   kinds_.size());
  kinds_.push_back(std::move(served));
}

// ----------------------------------------------------------------- Registry

Registry::Registry() {
  MutexLock lock(mu_);
  Rebuild();
}

KindTablePtr Registry::table() const {
  MutexLock lock(mu_);
  return table_;
}

void Registry::SetCrd(const std::string& crd_name, std::vector<KindPtr> kinds,
                      bool is_terminating) {
  {
    MutexLock lock(mu_);
    if (kinds.empty()) {
      crds_.erase(crd_name);
    } else {
      crds_[crd_name] = {std::move(kinds), is_terminating};
    }
    Rebuild();
  }
  if (observer_ != nullptr) observer_();
}

void Registry::Rebuild() {
  auto table = std::make_shared<KindTable>();
  table->generation_ = table_ == nullptr ? 1 : table_->generation_ + 1;
  for (const KindPtr& kind : BuiltinKinds()) {
    const kube::GroupVersionKind& gvk = kind->resource.gvk;
    KindPtr stored_as = kind;
    for (const KindPtr& other : BuiltinKinds()) {
      const kube::GroupVersionKind& o = other->resource.gvk;
      if ((gvk.kind == "HorizontalPodAutoscaler" && o.kind == gvk.kind &&
           o.version == "v2") ||
          (gvk.group == "events.k8s.io" && o.kind == gvk.kind &&
           o.group.empty())) {
        stored_as = other;
      }
    }
    table->Add({kind, stored_as, StorageOf(kind->resource), false});
  }
  // Groups by name, versions by preference.
  std::vector<Served> custom;
  for (const auto& [name, crd] : crds_) {
    for (const KindPtr& kind : crd.kinds) {
      custom.push_back({kind, crd.kinds.front(), StorageOf(kind->resource),
                        crd.is_terminating});
    }
  }
  std::stable_sort(custom.begin(), custom.end(),
                   [](const Served& a, const Served& b) {
                     const auto& x = a.kind->resource.gvk;
                     const auto& y = b.kind->resource.gvk;
                     if (x.group != y.group) return x.group < y.group;
                     return IsVersionBefore(x.version, y.version);
                   });
  for (Served& served : custom) table->Add(std::move(served));
  table_ = std::move(table);
}

}  // namespace weir::apiserver
