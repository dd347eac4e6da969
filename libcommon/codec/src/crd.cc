#include "weir/codec/crd.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "src/schema.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::codec {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

template <typename List>
Value StringArray(const List& strings) {
  Value array = Value::MakeArray();
  for (const auto& string : strings) array.Append(Value(string));
  return array;
}

void SetText(absl::string_view key, const std::string& text, Value& schema) {
  if (!text.empty()) schema.Set(key, Value(text));
}

template <typename Rules>
void SetRules(const Rules& rules, Value& schema) {
  if (rules.empty()) return;
  Value array = Value::MakeArray();
  for (const schema::v1::Rule& rule : rules) {
    array.Append(Value::MakeObject(
        {{"message", Value(rule.message())}, {"rule", Value(rule.rule())}}));
  }
  schema.Set("x-kubernetes-validations", std::move(array));
}

Value MessageSchema(const Descriptor* type);
Value FieldSchema(const FieldDescriptor* field);

Value ScalarSchema(const FieldDescriptor* field) {
  Value schema = Value::MakeObject();
  switch (field->type()) {
    case FieldDescriptor::TYPE_STRING:
      schema.Set("type", "string");
      if (SchemaOf(field).format() == schema::v1::FORMAT_TIME) {
        schema.Set("format", "date-time");
      }
      return schema;
    case FieldDescriptor::TYPE_BYTES:
      schema.Set("type", "string");
      schema.Set("format", "byte");
      return schema;
    case FieldDescriptor::TYPE_BOOL:
      schema.Set("type", "boolean");
      return schema;
    case FieldDescriptor::TYPE_INT32:
      schema.Set("type", "integer");  // Go's int, which has no format.
      return schema;
    case FieldDescriptor::TYPE_INT64:
      schema.Set("type", "integer");
      schema.Set("format", "int64");
      return schema;
    case FieldDescriptor::TYPE_DOUBLE:
      schema.Set("type", "number");
      return schema;
    case FieldDescriptor::TYPE_MESSAGE:
      return MessageSchema(field->message_type());
    default:
      WEIR_CHECK(false && "a type that Kubernetes' schemas do not have");
      return schema;
  }
}

// What holds for one value: a field, or an element of a list.
void AddValueRules(const schema::v1::Field& options, Value& schema) {
  SetText("pattern", options.pattern(), schema);
  if (options.enum_values_size() > 0) {
    schema.Set("enum", StringArray(options.enum_values()));
  }
  if (options.has_min_length()) {
    schema.Set("minLength", Value(options.min_length()));
  }
  if (options.has_max_length()) {
    schema.Set("maxLength", Value(options.max_length()));
  }
  if (options.has_minimum()) schema.Set("minimum", Value(options.minimum()));
  if (options.has_maximum()) schema.Set("maximum", Value(options.maximum()));
}

void AddListRules(const schema::v1::Field& options, Value& schema) {
  if (options.has_min_items()) {
    schema.Set("minItems", Value(options.min_items()));
  }
  if (options.has_max_items()) {
    schema.Set("maxItems", Value(options.max_items()));
  }
  SetText("x-kubernetes-list-type", options.list_type(), schema);
  if (options.list_type() == "map") {
    schema.Set("x-kubernetes-list-map-keys",
               StringArray(options.list_map_keys()));
  }
}

Value FieldSchema(const FieldDescriptor* field) {
  const schema::v1::Field& options = SchemaOf(field);
  Value schema;
  if (field->is_map()) {
    schema =
        Value::MakeObject({{"type", Value("object")},
                           {"additionalProperties",
                            ScalarSchema(field->message_type()->map_value())}});
    SetText("x-kubernetes-map-type", options.map_type(), schema);
  } else if (options.raw_json()) {
    schema = Value::MakeObject(
        {{"x-kubernetes-preserve-unknown-fields", Value(true)}});
  } else if (field->is_repeated()) {
    Value items = ScalarSchema(field);
    AddValueRules(options, items);
    schema = Value::MakeObject(
        {{"type", Value("array")}, {"items", std::move(items)}});
    AddListRules(options, schema);
  } else {
    schema = ScalarSchema(field);
    AddValueRules(options, schema);
    SetText("x-kubernetes-map-type", options.map_type(), schema);
  }
  SetText("description", options.description(), schema);
  SetRules(options.rules(), schema);
  if (!options.default_json().empty()) {
    const absl::StatusOr<Value> value = ParseJson(options.default_json());
    WEIR_CHECK(value.ok());
    schema.Set("default", *value);
  }
  return schema;
}

Value MessageSchema(const Descriptor* type) {
  if (SchemaOf(type).is_wrapper()) return FieldSchema(type->field(0));
  Value properties = Value::MakeObject();
  std::vector<std::string> required;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    properties.Set(field->json_name(), FieldSchema(field));
    if (SchemaOf(field).required()) required.push_back(field->json_name());
  }
  std::sort(required.begin(), required.end());
  Value schema = Value::MakeObject(
      {{"type", Value("object")}, {"properties", std::move(properties)}});
  if (!required.empty()) schema.Set("required", StringArray(required));
  SetText("description", SchemaOf(type).description(), schema);
  SetRules(SchemaOf(type).rules(), schema);
  return schema;
}

// The schema of the whole object: that of the message, and what every object
// has.
Value ObjectSchema(const Descriptor* kind) {
  Value schema = MessageSchema(kind);
  Value& properties = schema.Mutable("properties");
  properties.Set(
      "apiVersion",
      Value::MakeObject(
          {{"type", Value("string")},
           {"description",
            Value("Group and version of the kind, as <group>/<version>.")}}));
  properties.Set(
      "kind", Value::MakeObject(
                  {{"type", Value("string")},
                   {"description", Value("Name of the kind, in CamelCase.")}}));
  properties.Set("metadata", Value::MakeObject({{"type", Value("object")}}));
  return schema;
}

Value Columns(const schema::v1::Resource& resource) {
  Value columns = Value::MakeArray();
  for (const schema::v1::Column& column : resource.columns()) {
    Value& added = columns.Append(
        Value::MakeObject({{"jsonPath", Value(column.json_path())},
                           {"name", Value(column.name())},
                           {"type", Value(column.type())}}));
    SetText("description", column.description(), added);
    if (column.priority() != 0) {
      added.Set("priority", Value(column.priority()));
    }
  }
  return columns;
}

Value Names(const schema::v1::Resource& resource, const Resource& names) {
  Value out = Value::MakeObject({{"kind", Value(names.kind)},
                                 {"listKind", Value(names.kind + "List")},
                                 {"plural", Value(names.plural)},
                                 {"singular", Value(names.singular)}});
  if (resource.short_names_size() > 0) {
    out.Set("shortNames", StringArray(resource.short_names()));
  }
  if (resource.categories_size() > 0) {
    out.Set("categories", StringArray(resource.categories()));
  }
  return out;
}

}  // namespace

Resource ResourceOf(const Descriptor* kind) {
  WEIR_CHECK(kind->options().HasExtension(schema::v1::resource));
  const schema::v1::Resource& options =
      kind->options().GetExtension(schema::v1::resource);
  Resource names;
  names.group = options.group();
  names.version = options.version();
  names.kind = options.kind();
  names.plural = options.plural();
  names.singular = options.singular().empty()
                       ? absl::AsciiStrToLower(options.kind())
                       : options.singular();
  names.is_namespaced = !options.cluster_scoped();
  return names;
}

Value MakeCrd(const Descriptor* kind) {
  const Resource names = ResourceOf(kind);
  const schema::v1::Resource& options =
      kind->options().GetExtension(schema::v1::resource);
  Value version = Value::MakeObject(
      {{"name", Value(names.version)},
       {"served", Value(true)},
       {"storage", Value(true)},
       {"schema", Value::MakeObject({{"openAPIV3Schema", ObjectSchema(kind)}})},
       {"subresources", Value::MakeObject()}});
  if (kind->FindFieldByName("status") != nullptr) {
    version.Mutable("subresources").Set("status", Value::MakeObject());
  }
  if (options.columns_size() > 0) {
    version.Set("additionalPrinterColumns", Columns(options));
  }
  // Schemas may hold "${", which a Kustomization's variables must not touch;
  // the labels are how Flux's tools find what belongs to it.
  return Value::MakeObject(
      {{"apiVersion", Value("apiextensions.k8s.io/v1")},
       {"kind", Value("CustomResourceDefinition")},
       {"metadata",
        Value::MakeObject(
            {{"name", Value(absl::StrCat(names.plural, ".", names.group))},
             {"annotations",
              Value::MakeObject({{"kustomize.toolkit.fluxcd.io/substitute",
                                  Value("disabled")}})},
             {"labels", Value::MakeObject(
                            {{"app.kubernetes.io/part-of", Value("flux")}})}})},
       {"spec",
        Value::MakeObject(
            {{"group", Value(names.group)},
             {"names", Names(options, names)},
             {"scope", Value(names.is_namespaced ? "Namespaced" : "Cluster")},
             {"versions", Value(Value::Array{std::move(version)})}})}});
}

std::vector<Value> AllCrds() {
  std::vector<Value> crds;
  for (const Descriptor* kind : AllKinds()) crds.push_back(MakeCrd(kind));
  return crds;
}

}  // namespace weir::codec
