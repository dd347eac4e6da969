// The order of the result.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "src/model/ids.h"
#include "src/model/res_map.h"
#include "src/transform/transformers.h"

namespace weir::kustomize {
namespace {

absl::string_view Or(const std::string& text, absl::string_view otherwise) {
  return text.empty() ? otherwise : absl::string_view(text);
}

struct SortKey {
  int rank = 0;
  bool is_namespace = false;
  bool is_core = false;
  std::string kind;
  std::string id;
};

}  // namespace

void SortLegacy(const SortOptions& options, ResMap* objects) {
  absl::flat_hash_map<std::string, int> ranks;
  const int first = static_cast<int>(options.order_first.size());
  for (int i = 0; i < first; ++i) ranks[options.order_first[i]] = i - first;
  for (size_t i = 0; i < options.order_last.size(); ++i) {
    ranks[options.order_last[i]] = static_cast<int>(i) + 1;
  }
  std::vector<SortKey> keys;
  std::vector<size_t> order;
  for (const std::unique_ptr<Resource>& resource : objects->list()) {
    const ResId& id = resource->CurId();
    const Gvk& gvk = id.gvk;
    auto rank = ranks.find(gvk.kind);
    SortKey key;
    key.rank = rank == ranks.end() ? 0 : rank->second;
    key.is_namespace = gvk.kind == "Namespace";
    key.is_core = gvk.group.empty();
    key.kind = absl::StrCat(Or(gvk.group, "~G"), "_", Or(gvk.version, "~V"),
                            "_", Or(gvk.kind, "~K"));
    key.id = absl::StrCat(gvk.ToString(), "|", Or(id.ns, "~X"), "|",
                          Or(id.name, "~N"));
    order.push_back(keys.size());
    keys.push_back(std::move(key));
  }
  std::stable_sort(order.begin(), order.end(), [&keys](size_t x, size_t y) {
    const SortKey& a = keys[x];
    const SortKey& b = keys[y];
    if (a.rank != b.rank) return a.rank < b.rank;
    if (a.kind != b.kind) {
      // The core Namespace goes before others of that name.
      const bool is_reversed =
          a.is_namespace && b.is_namespace && (a.is_core || b.is_core);
      return is_reversed ? a.kind > b.kind : a.kind < b.kind;
    }
    return a.id < b.id;
  });
  objects->Reorder(order);
}

}  // namespace weir::kustomize
