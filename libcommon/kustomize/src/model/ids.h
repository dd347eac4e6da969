// Gvk and ResId identify objects during a build.
//
// Touches: nothing.
// Threads: pure value types.
#pragma once

#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace weir::kustomize {

struct Gvk {
  std::string group;
  std::string version;
  std::string kind;

  std::string ApiVersion() const;
  // "Kind.version.group"; missing parts print as "[noGrp]" and so on.
  std::string ToString() const;
  // True when every part that `selector` sets is equal.
  bool IsSelected(const Gvk& selector) const {
    return (selector.kind.empty() || selector.kind == kind) &&
           (selector.group.empty() || selector.group == group) &&
           (selector.version.empty() || selector.version == version);
  }
  friend bool operator==(const Gvk& a, const Gvk& b) {
    return a.kind == b.kind && a.group == b.group && a.version == b.version;
  }
  bool empty() const {
    return group.empty() && version.empty() && kind.empty();
  }
};

// Splits "group/version".
Gvk MakeGvk(absl::string_view api_version, absl::string_view kind);

// The effective namespace of objects known to have none.
inline constexpr absl::string_view kNoNamespace = "_non_namespaceable_";

struct ResId {
  Gvk gvk;
  std::string name;
  std::string ns;  // As written, or effective for previous ids.
  bool cluster_scoped = false;

  // kNoNamespace, "default" for an absent one, or the namespace.
  absl::string_view EffectiveNamespace() const;
  std::string ToString() const;
  // Equal for ids that are the same object: group, version, kind, name and
  // effective namespace.
  std::string Key() const;
  bool Equals(const ResId& other) const {
    return name == other.name && gvk == other.gvk &&
           EffectiveNamespace() == other.EffectiveNamespace();
  }
  // `selector`'s empty parts match everything; the rest is exact.
  bool IsSelectedBy(const ResId& selector) const {
    return (selector.name.empty() || selector.name == name) &&
           (selector.ns.empty() ||
            selector.EffectiveNamespace() == EffectiveNamespace()) &&
           gvk.IsSelected(selector.gvk);
  }
};

// What field specs are ordered by: the kind's rank, then group, version and
// kind as upstream joins them.
using GvkOrder = std::pair<int, std::string>;
GvkOrder OrderOf(const Gvk& gvk);

}  // namespace weir::kustomize
