// Replica counts of the objects with a name.

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "src/transform/transformers.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

absl::Status SetCount(int64_t count, Value& node) {
  const std::string text = absl::StrCat(count);
  WEIR_RETURN_IF_ERROR(SetString(node, text));
  const Value number(count);
  node = IsQuoted(node) ? InQuotes(number, node.style()) : number;
  return absl::OkStatus();
}

}  // namespace

Transformer MakeReplicasTransformer(ReplicaSpec replica, FieldSpecs specs) {
  return [replica = std::move(replica),
          specs = std::move(specs)](ResMap* objects) -> absl::Status {
    bool found = false;
    for (const FieldSpec& spec : specs) {
      for (const std::unique_ptr<Resource>& resource : objects->list()) {
        if (resource->is_empty() ||
            !resource->HasNameAndGvk(replica.name, spec.gvk)) {
          continue;
        }
        found = true;
        WEIR_RETURN_IF_ERROR(VisitField(
            resource.get(), spec, CreateKind::kScalar,
            [&](Value& node) { return SetCount(replica.count, node); }));
      }
    }
    if (found) return absl::OkStatus();
    return BuildError(
        absl::StrCat("resource with name ", replica.name,
                     " does not match a config with the following GVK [",
                     absl::StrJoin(specs, " ",
                                   [](std::string* out, const FieldSpec& spec) {
                                     out->append(spec.gvk.ToString());
                                   }),
                     "]"));
  };
}

}  // namespace weir::kustomize
