#include "kinds.h"
#include "schema_crd.h"

namespace weir::apiserver {

absl::StatusOr<std::vector<KindPtr>> KindsOfCrd(const Value& crd) {
  std::vector<KindPtr> out;
  const Value& spec = crd["spec"];
  const Value& names = spec["names"];
  for (const Value& version : spec["versions"].array()) {
    auto info = std::make_shared<KindInfo>();
    info->is_custom = true;
    info->resource = {{std::string(spec.GetString("group")),
                       std::string(version.GetString("name")),
                       std::string(names.GetString("kind"))},
                      std::string(names.GetString("plural")),
                      spec.GetString("scope") == "Namespaced"};
    info->singular = std::string(names.GetString("singular"));
    info->list_kind = std::string(names.GetString("listKind"));
    info->verbs = {"create", "delete", "deletecollection", "get",
                   "list",   "patch",  "update",           "watch"};
    info->has_status = version["subresources"].Has("status");
    info->has_generation = true;
    info->allows_unconditional_update = false;
    info->schema =
        std::shared_ptr<const Schema>(std::shared_ptr<void>(), &Schema::Any());
    out.push_back(info);
  }
  return out;
}

void PrepareObject(const KindInfo&, const Value&, Value&) {}



std::vector<FieldError> Validate(const KindInfo&, const Value&, const Value&) {
  return {};
}

Value OpenApiDocument(const std::vector<KindPtr>&) {
  return Value::MakeObject({{"openapi", "3.0.0"}});
}

}  // namespace weir::apiserver
