// OpenAPI v3 documents: what kubectl wants to know of kinds.
#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "kinds.h"
#include "schema.h"

namespace weir::apiserver {
namespace {

constexpr char kGvk[] = "x-kubernetes-group-version-kind";
constexpr char kTime[] = "io.k8s.apimachinery.pkg.apis.meta.v1.Time";
constexpr char kQuantity[] = "io.k8s.apimachinery.pkg.api.resource.Quantity";
constexpr char kIntOrString[] =
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
constexpr char kObjectMeta[] =
    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

class DocumentMaker {
 public:
  Value Make(const std::vector<KindPtr>& kinds);

 private:
  Value ReferTo(absl::string_view type);
  // A schema, by reference when it has a name.
  Value Describe(const Schema& schema);
  Value DescribeType(const Schema& type);
  static void AddAttributes(const Schema& schema, Value& out);
  void AddCustomType(const KindInfo& kind, const std::string& name);
  void AddPaths(const KindInfo& kind);

  Value schemas_ = Value::MakeObject();
  Value paths_ = Value::MakeObject();
  std::set<std::string> known_;
  std::deque<std::string> queue_;
};

Value DocumentMaker::ReferTo(absl::string_view type) {
  if (known_.insert(std::string(type)).second) queue_.emplace_back(type);
  return Value::MakeObject(
      {{"$ref", absl::StrCat("#/components/schemas/", type)}});
}

void DocumentMaker::AddAttributes(const Schema& schema, Value& out) {
  if (schema.type == SchemaType::kArray) {
    switch (schema.list_type) {
      case ListType::kMap:
        out.Set("x-kubernetes-list-type", "map");
        break;
      case ListType::kSet:
        out.Set("x-kubernetes-list-type", "set");
        break;
      case ListType::kAtomic:
        if (schema.is_atomic) out.Set("x-kubernetes-list-type", "atomic");
        break;
    }
  } else if (schema.is_atomic && schema.type == SchemaType::kObject) {
    out.Set("x-kubernetes-map-type", "atomic");
  }
  const SchemaConstraints* c = schema.constraints.get();
  if (c == nullptr) return;
  if (!c->list_keys.empty()) {
    Value keys = Value::MakeArray();
    for (absl::string_view key : c->list_keys) keys.Append(key);
    out.Set("x-kubernetes-list-map-keys", std::move(keys));
  }
  if (!c->patch_strategy.empty()) {
    out.Set("x-kubernetes-patch-strategy", c->patch_strategy);
  }
  if (!c->patch_merge_key.empty()) {
    out.Set("x-kubernetes-patch-merge-key", c->patch_merge_key);
  }
  if (c->fallback.has_value()) out.Set("default", *c->fallback);
  if (!c->enum_values.empty()) out.Set("enum", Value(c->enum_values));
}

Value DocumentMaker::Describe(const Schema& schema) {
  Value out = Value::MakeObject();
  auto refer = [&](absl::string_view type) {
    Value reference = ReferTo(type);
    AddAttributes(schema, out);
    // A reference may not have neighbours.
    if (out.empty()) return reference;
    out.Set("allOf", Value(Value::Array{std::move(reference)}));
    return out;
  };
  switch (schema.type) {
    case SchemaType::kObject:
      if (!schema.name.empty()) return refer(schema.name);
      out.Set("type", "object");
      if (schema.items != nullptr) {
        out.Set("additionalProperties", Describe(*schema.items));
      }
      break;
    case SchemaType::kArray:
      out.Set("type", "array");
      if (schema.items != nullptr) out.Set("items", Describe(*schema.items));
      break;
    case SchemaType::kString:
      if (schema.is_date_time) return refer(kTime);
      out.Set("type", "string");
      if (schema.is_base64) out.Set("format", "byte");
      break;
    case SchemaType::kInteger:
      out.Set("type", "integer");
      out.Set("format", schema.is_int32 ? "int32" : "int64");
      break;
    case SchemaType::kNumber:
      out.Set("type", "number");
      out.Set("format", "double");
      break;
    case SchemaType::kBoolean:
      out.Set("type", "boolean");
      break;
    case SchemaType::kIntOrString:
      return refer(kIntOrString);
    case SchemaType::kQuantity:
      return refer(kQuantity);
    case SchemaType::kAny:
      break;
  }
  AddAttributes(schema, out);
  return out;
}

Value DocumentMaker::DescribeType(const Schema& type) {
  Value out = Value::MakeObject({{"type", "object"}});
  Value properties = Value::MakeObject();
  Value required = Value::MakeArray();
  for (const Schema::Field& field : type.fields) {
    properties.Set(field.name, Describe(*field.schema));
    if (field.is_required) required.Append(field.name);
  }
  if (!properties.empty()) out.Set("properties", std::move(properties));
  if (!required.empty()) out.Set("required", std::move(required));
  if (type.is_atomic) out.Set("x-kubernetes-map-type", "atomic");
  return out;
}

Value GvkOf(const KindInfo& kind) {
  const kube::GroupVersionKind& gvk = kind.resource.gvk;
  return Value::MakeObject(
      {{"group", gvk.group}, {"kind", gvk.kind}, {"version", gvk.version}});
}

// "io.fluxcd.toolkit.source.v1.GitRepository"
std::string CustomTypeName(const KindInfo& kind) {
  const kube::GroupVersionKind& gvk = kind.resource.gvk;
  std::vector<std::string> parts = absl::StrSplit(gvk.group, '.');
  std::reverse(parts.begin(), parts.end());
  return absl::StrCat(absl::StrJoin(parts, "."), ".", gvk.version, ".",
                      gvk.kind);
}

void DocumentMaker::AddCustomType(const KindInfo& kind,
                                  const std::string& name) {
  Value type = Value::MakeObject({{"type", "object"}});
  if (kind.schema->constraints != nullptr &&
      kind.schema->constraints->source.is_object()) {
    type = kind.schema->constraints->source;
  }
  Value& properties = type.Mutable("properties");
  if (!properties.is_object()) properties = Value::MakeObject();
  properties.Set("apiVersion", Value::MakeObject({{"type", "string"}}));
  properties.Set("kind", Value::MakeObject({{"type", "string"}}));
  properties.Set("metadata",
                 Value::MakeObject(
                     {{"allOf", Value(Value::Array{ReferTo(kObjectMeta)})}}));
  type.Set(kGvk, Value(Value::Array{GvkOf(kind)}));
  schemas_.Set(name, std::move(type));
}

Value QueryParameter(absl::string_view name) {
  Value schema = Value::MakeObject({{"type", "string"}, {"uniqueItems", true}});
  return Value::MakeObject(
      {{"name", name}, {"in", "query"}, {"schema", std::move(schema)}});
}

Value Operation(const KindInfo& kind, absl::string_view action,
                const Value& body) {
  Value content = Value::MakeObject({{"schema", body}});
  Value answer = Value::MakeObject(
      {{"description", "OK"},
       {"content", Value::MakeObject({{"application/json", content}})}});
  return Value::MakeObject(
      {{"x-kubernetes-action", action},
       {kGvk, GvkOf(kind)},
       {"responses", Value::MakeObject({{"200", std::move(answer)}})}});
}

Value PatchOperation(const KindInfo& kind, const Value& body) {
  Value out = Operation(kind, "patch", body);
  Value parameters = Value::MakeArray();
  for (absl::string_view name :
       {"dryRun", "fieldManager", "fieldValidation", "force"}) {
    parameters.Append(QueryParameter(name));
  }
  out.Set("parameters", std::move(parameters));
  Value content = Value::MakeObject();
  Value schema = Value::MakeObject({{"type", "object"}});
  for (absl::string_view type :
       {"application/apply-patch+yaml", "application/json-patch+json",
        "application/merge-patch+json"}) {
    content.Set(type, Value::MakeObject({{"schema", schema}}));
  }
  if (!kind.is_custom) {
    content.Set("application/strategic-merge-patch+json",
                Value::MakeObject({{"schema", schema}}));
  }
  out.Set("requestBody", Value::MakeObject({{"content", std::move(content)},
                                            {"required", true}}));
  return out;
}

Value WriteOperation(const KindInfo& kind, absl::string_view action,
                     const Value& body) {
  Value out = Operation(kind, action, body);
  Value parameters = Value::MakeArray();
  for (absl::string_view name : {"dryRun", "fieldManager", "fieldValidation"}) {
    parameters.Append(QueryParameter(name));
  }
  out.Set("parameters", std::move(parameters));
  return out;
}

void DocumentMaker::AddPaths(const KindInfo& kind) {
  const kube::GroupVersionKind& gvk = kind.resource.gvk;
  std::string path = gvk.group.empty()
                         ? absl::StrCat("/api/", gvk.version)
                         : absl::StrCat("/apis/", gvk.group, "/", gvk.version);
  if (kind.resource.is_namespaced) {
    absl::StrAppend(&path, "/namespaces/{namespace}");
  }
  absl::StrAppend(&path, "/", kind.resource.plural);
  const std::string type =
      kind.is_custom ? CustomTypeName(kind) : std::string(kind.schema->name);
  const Value body = Value::MakeObject(
      {{"$ref", absl::StrCat("#/components/schemas/", type)}});
  auto has = [&](absl::string_view verb) {
    return std::find(kind.verbs.begin(), kind.verbs.end(), verb) !=
           kind.verbs.end();
  };
  Value collection = Value::MakeObject(), item = Value::MakeObject();
  if (has("list")) collection.Set("get", Operation(kind, "list", body));
  if (has("create")) collection.Set("post", WriteOperation(kind, "post", body));
  if (has("get")) item.Set("get", Operation(kind, "get", body));
  if (has("update")) item.Set("put", WriteOperation(kind, "put", body));
  if (has("delete")) item.Set("delete", Operation(kind, "delete", body));
  if (has("patch")) item.Set("patch", PatchOperation(kind, body));
  if (!collection.empty()) paths_.Set(path, std::move(collection));
  if (!item.empty()) paths_.Set(path + "/{name}", std::move(item));
}

Value DocumentMaker::Make(const std::vector<KindPtr>& kinds) {
  for (const KindPtr& kind : kinds) {
    if (kind->is_custom) {
      std::string name = CustomTypeName(*kind);
      known_.insert(name);
      AddCustomType(*kind, name);
    } else {
      ReferTo(kind->schema->name);
    }
    AddPaths(*kind);
  }
  while (!queue_.empty()) {
    const std::string name = queue_.front();
    queue_.pop_front();
    Value type;
    if (name == kTime) {
      type = Value::MakeObject({{"type", "string"}, {"format", "date-time"}});
    } else if (name == kQuantity || name == kIntOrString) {
      Value one = Value::MakeObject({{"type", "string"}});
      Value other = Value::MakeObject(
          {{"type", name == kQuantity ? "number" : "integer"}});
      type = Value::MakeObject(
          {{"oneOf", Value(Value::Array{std::move(one), std::move(other)})}});
      if (name == kIntOrString) type.Set("format", "int-or-string");
    } else if (const Schema* schema = FindBuiltinType(name);
               schema != nullptr) {
      type = DescribeType(*schema);
    } else {
      type = Value::MakeObject({{"type", "object"}});
    }
    schemas_.Set(name, std::move(type));
  }
  for (const KindPtr& kind : kinds) {
    if (kind->is_custom) continue;
    schemas_.Mutable(kind->schema->name)
        .Set(kGvk, Value(Value::Array{GvkOf(*kind)}));
  }
  return Value::MakeObject(
      {{"openapi", "3.0.0"},
       {"info", Value::MakeObject(
                    {{"title", "Kubernetes"}, {"version", "unversioned"}})},
       {"paths", std::move(paths_)},
       {"components", Value::MakeObject({{"schemas", std::move(schemas_)}})}});
}

}  // namespace

Value OpenApiDocument(const std::vector<KindPtr>& kinds) {
  return DocumentMaker().Make(kinds);
}

}  // namespace weir::apiserver
