// Custom kinds: schemas, pruning, defaults, validation, rules.
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "kinds_support.h"

namespace weir::apiserver {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// A kind whose spec has these properties.
KindPtr SpecKind(const std::string& properties, const std::string& more = "") {
  return CustomKind(
      absl::StrCat("{type: object, properties: {spec: {type: "
                   "object, properties: ",
                   properties, more.empty() ? "" : ", ", more, "}}}"));
}

Value Thing(const std::string& spec) {
  Value out = Yaml(
      "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a, "
      "namespace: n}}");
  out.Set("spec", Yaml(spec));
  return out;
}

std::vector<std::string> Errors(const KindPtr& kind, const std::string& spec,
                                const std::string& old = "") {
  return Texts(
      Validate(*kind, old.empty() ? Value() : Thing(old), Thing(spec)));
}

constexpr char kNotChecked[] =
    "<nil>: Invalid value: null: some validation rules were not checked "
    "because the object was invalid; correct the existing errors to complete "
    "validation";

TEST(PruneTest, DropsAndNamesUnknownFields) {
  KindPtr kind = SpecKind(
      "{a: {type: string}, list: {type: array, items: {type: object, "
      "properties: {b: {type: string}}}}, free: {type: object, "
      "x-kubernetes-preserve-unknown-fields: true}, emb: {type: object, "
      "x-kubernetes-embedded-resource: true, "
      "x-kubernetes-preserve-unknown-fields: true}}");
  Value object = Thing(
      "{a: x, z: 1, list: [{b: c, d: e}], free: {q: {r: s}}, emb: {kind: K, "
      "metadata: {name: n, odd: 1}}}");
  object.Set("extra", 1);
  EXPECT_THAT(PruneUnknownFields(*kind, object),
              UnorderedElementsAre("extra", "spec.z", "spec.list[0].d",
                                   "spec.emb.metadata.odd"));
  EXPECT_EQ(FormatJson(object["spec"]),
            R"({"a":"x","emb":{"kind":"K","metadata":{"name":"n"}},)"
            R"("free":{"q":{"r":"s"}},"list":[{"b":"c"}]})");
}

TEST(DefaultTest, FillsInNestedAndNulls) {
  KindPtr kind = SpecKind(
      "{a: {type: string, default: x}, n: {type: string, nullable: true, "
      "default: y}, m: {type: string}, list: {type: array, items: {type: "
      "object, properties: {b: {type: integer, default: 3}}}}, o: {type: "
      "object, default: {}, properties: {c: {type: string, default: z}}}}");
  Value object = Thing("{a: null, n: null, m: null, list: [{}]}");
  ApplyDefaults(*kind, Value(), object);
  EXPECT_EQ(FormatJson(object["spec"]),
            R"({"a":"x","list":[{"b":3}],"n":null,"o":{"c":"z"}})");
}

struct SchemaCase {
  const char* name;
  const char* properties;
  const char* spec;
  std::vector<std::string> want;
};
class SchemaTest : public testing::TestWithParam<SchemaCase> {};

TEST_P(SchemaTest, TellsWhatDoesNotFit) {
  EXPECT_THAT(Errors(SpecKind(GetParam().properties), GetParam().spec),
              testing::UnorderedElementsAreArray(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Table, SchemaTest,
    testing::Values(
        SchemaCase{"Fine", "{a: {type: string}}", "{a: b}", {}},
        SchemaCase{"Type",
                   "{a: {type: string}}",
                   "{a: 1}",
                   {"spec.a: Invalid value: \"integer\": spec.a in body must "
                    "be of type string: \"integer\"",
                    kNotChecked}},
        SchemaCase{
            "WholeDoubleIsInteger", "{a: {type: integer}}", "{a: 1.0}", {}},
        SchemaCase{"IntOrString",
                   "{a: {x-kubernetes-int-or-string: true}}",
                   "{a: true}",
                   {"spec.a: Invalid value: \"boolean\": spec.a in body must "
                    "be of type integer,string: \"boolean\"",
                    kNotChecked}},
        SchemaCase{"Pattern",
                   "{a: {type: string, pattern: '^x'}}",
                   "{a: y}",
                   {"spec.a: Invalid value: \"y\": spec.a in body should "
                    "match '^x'"}},
        SchemaCase{"Enum",
                   "{a: {type: string, enum: [x, y]}}",
                   "{a: z}",
                   {"spec.a: Unsupported value: \"z\": supported values: "
                    "\"x\", \"y\"",
                    kNotChecked}},
        SchemaCase{"Minimum",
                   "{a: {type: integer, minimum: 2}}",
                   "{a: 1}",
                   {"spec.a: Invalid value: 1: spec.a in body should be "
                    "greater than or equal to 2"}},
        SchemaCase{"ExclusiveMaximum",
                   "{a: {type: number, maximum: 2, exclusiveMaximum: true}}",
                   "{a: 2}",
                   {"spec.a: Invalid value: 2: spec.a in body should be less "
                    "than 2"}},
        SchemaCase{
            "MaxLength",
            "{a: {type: string, maxLength: 2}}",
            "{a: \"äöü\"}",
            {"spec.a: Too long: may not be more than 2 bytes", kNotChecked}},
        SchemaCase{"LengthCountsRunes",
                   "{a: {type: string, maxLength: 3}}",
                   "{a: \"äöü\"}",
                   {}},
        SchemaCase{
            "MaxItems",
            "{a: {type: array, maxItems: 1, items: {type: string}}}",
            "{a: [x, y]}",
            {"spec.a: Too many: 2: must have at most 1 item", kNotChecked}},
        SchemaCase{"Set",
                   "{a: {type: array, x-kubernetes-list-type: set, items: "
                   "{type: string}}}",
                   "{a: [x, x]}",
                   {"spec.a[1]: Duplicate value: \"x\""}},
        SchemaCase{"MapList",
                   "{a: {type: array, x-kubernetes-list-type: map, "
                   "x-kubernetes-list-map-keys: [k], items: {type: object, "
                   "required: [k], properties: {k: {type: string}}}}}",
                   "{a: [{k: x}, {k: x}]}",
                   {"spec.a[1]: Duplicate value: {\"k\":\"x\"}"}},
        SchemaCase{"Format",
                   "{a: {type: string, format: date-time}}",
                   "{a: soon}",
                   {"spec.a: Invalid value: \"soon\": spec.a in body must be "
                    "of type date-time: \"soon\"",
                    kNotChecked}},
        SchemaCase{"UnknownFormat",
                   "{a: {type: string, format: odd}}",
                   "{a: soon}",
                   {}},
        SchemaCase{"OneOf",
                   "{a: {type: object, properties: {b: {type: string}, c: "
                   "{type: string}}, oneOf: [{required: [b]}, {required: "
                   "[c]}]}}",
                   "{a: {b: x, c: y}}",
                   {"<nil>: Invalid value: \"\": \"spec.a\" must validate one "
                    "and only one schema (oneOf). Found 2 valid "
                    "alternatives"}},
        SchemaCase{"Not",
                   "{a: {type: string, not: {enum: [x]}}}",
                   "{a: x}",
                   {"<nil>: Invalid value: \"\": \"spec.a\" must not validate "
                    "the schema (not)"}},
        SchemaCase{"Nullable",
                   "{a: {type: string, nullable: true}}",
                   "{a: null}",
                   {}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(SchemaTest, RequiredFieldsAreNamed) {
  EXPECT_THAT(Errors(SpecKind("{a: {type: string}}", "required: [a]"), "{}"),
              ElementsAre("spec.a: Required value", kNotChecked));
}

TEST(RatchetTest, UnchangedFaultIsForgiven) {
  KindPtr kind = SpecKind(
      "{a: {type: string, pattern: '^x'}, b: {type: string}, m: {type: array, "
      "x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k], items: "
      "{type: object, required: [k], properties: {k: {type: string}, v: "
      "{type: integer, minimum: 5}}}}}");
  EXPECT_THAT(Errors(kind, "{a: y, b: new}", "{a: y, b: old}"), IsEmpty());
  EXPECT_THAT(Errors(kind, "{a: z}", "{a: y}"), testing::SizeIs(1));
  EXPECT_THAT(
      Errors(kind, "{m: [{k: b}, {k: a, v: 1}]}", "{m: [{k: a, v: 1}]}"),
      IsEmpty());
}

// --------------------------------------------------------------------- CRDs

struct CrdCase {
  const char* name;
  const char* schema;
  std::vector<std::string> want;
};
class CrdSchemaTest : public testing::TestWithParam<CrdCase> {};

TEST_P(CrdSchemaTest, TellsWhatIsNotStructural) {
  SchemaArena arena;
  std::vector<FieldError> errors;
  std::vector<std::string> warnings;
  ParseCrdSchema(Yaml(GetParam().schema), "s", arena, errors, warnings);
  EXPECT_THAT(Texts(errors), testing::ElementsAreArray(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Table, CrdSchemaTest,
    testing::Values(
        CrdCase{"Fine", "{type: object, properties: {a: {type: string}}}", {}},
        CrdCase{"RootType",
                "{type: array, items: {type: string}}",
                {"s.type: Invalid value: \"array\": must be object at the "
                 "root"}},
        CrdCase{"NoType",
                "{type: object, properties: {a: {}}}",
                {"s.properties[a].type: Required value: must not be empty for "
                 "specified object fields"}},
        CrdCase{"NoItems",
                "{type: object, properties: {a: {type: array}}}",
                {"s.properties[a].items: Required value: must be specified"}},
        CrdCase{"Nested",
                "{type: object, properties: {a: {type: string, anyOf: [{type: "
                "string}]}}}",
                {"s.properties[a].anyOf[0].type: Forbidden: must be empty to "
                 "be structural"}},
        CrdCase{"IntOrStringMayNameTypes",
                "{type: object, properties: {a: {x-kubernetes-int-or-string: "
                "true, anyOf: [{type: integer}, {type: string}]}}}",
                {}},
        CrdCase{"Reference",
                "{type: object, properties: {a: {type: object, $ref: x}}}",
                {"s.properties[a].$ref: Forbidden: $ref is not supported"}},
        CrdCase{"RootMetadata",
                "{type: object, properties: {metadata: {type: object, "
                "properties: {labels: {type: object}}}}}",
                {"s.properties[metadata]: Forbidden: must not specify anything "
                 "other than name and generateName, but metadata is "
                 "implicitly specified"}},
        CrdCase{"Pattern",
                "{type: object, properties: {a: {type: string, pattern: "
                "'['}}}",
                {"s.properties[a].pattern: Invalid value: \"[\": must be a "
                 "valid regular expression, but isn't: error parsing regexp: "
                 "missing closing ]: `[`"}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(CrdTest, DeepSchemasAreRefused) {
  Value schema = Yaml("{type: string}");
  for (int i = 0; i < 150; ++i) {
    schema = Value::MakeObject(
        {{"type", "object"},
         {"properties", Value::MakeObject({{"a", std::move(schema)}})}});
  }
  SchemaArena arena;
  std::vector<FieldError> errors;
  std::vector<std::string> warnings;
  ParseCrdSchema(schema, "s", arena, errors, warnings);
  EXPECT_THAT(errors, testing::Not(IsEmpty()));
}

// Where an earlier server took a rule, its objects are told about it.
TEST(CrdTest, StoredRulesThatDoNotCompileAreErrorsOfObjects) {
  KindPtr kind =
      SpecKind("{a: {type: string}}",
               "x-kubernetes-validations: [{rule: 'self.a.oddFunction()'}]");
  EXPECT_THAT(
      Errors(kind, "{a: b}"),
      ElementsAre(
          "spec: Invalid value: \"object\": rule compile error: compilation "
          "failed: ERROR: <input>:1:19: undeclared reference to "
          "'oddFunction' (in container '')\n | self.a.oddFunction()\n | "
          "..................^"));
}

TEST(CrdTest, MakesAKindOfEachServedVersion) {
  auto kinds = KindsOfCrd(Yaml(R"(
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {plural: things, kind: Thing, shortNames: [t], categories: [all]}
  versions:
  - {name: v1beta1, served: true, storage: false, deprecated: true, schema: {openAPIV3Schema: {type: object}}}
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}, subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas, labelSelectorPath: .status.selector}}, additionalPrinterColumns: [{name: A, type: string, jsonPath: .spec.a, priority: 1}], selectableFields: [{jsonPath: .spec.a}]}
  - {name: v2, served: false, storage: false, schema: {openAPIV3Schema: {type: object}}}
)"));
  ASSERT_TRUE(kinds.ok()) << kinds.status();
  ASSERT_EQ(kinds->size(), 2u);
  const KindInfo& v1 = *(*kinds)[0];
  EXPECT_EQ(v1.resource.gvk.version, "v1");
  EXPECT_FALSE(v1.resource.is_namespaced);
  EXPECT_EQ(v1.list_kind, "ThingList");
  EXPECT_TRUE(v1.has_status);
  EXPECT_EQ(v1.spec_replicas_path, "/spec/replicas");
  EXPECT_EQ(v1.selector_path, "/status/selector");
  EXPECT_THAT(v1.selectable_fields, ElementsAre("spec.a"));
  ASSERT_EQ(v1.printer_columns.size(), 1u);
  EXPECT_EQ(v1.printer_columns[0].json_path, ".spec.a");
  EXPECT_EQ((*kinds)[1]->deprecation_warning,
            "example.com/v1beta1 Thing is deprecated");
}

// -------------------------------------------------------------------- rules

TEST(RuleTest, FailedRuleIsTold) {
  KindPtr kind = SpecKind(
      "{min: {type: integer}, max: {type: integer}}",
      "x-kubernetes-validations: [{rule: 'self.min <= self.max'}, {rule: "
      "'self.max < 10', message: too much, reason: FieldValueForbidden, "
      "fieldPath: .max}]");
  EXPECT_THAT(Errors(kind, "{min: 1, max: 2}"), IsEmpty());
  EXPECT_THAT(
      Errors(kind, "{min: 12, max: 11}"),
      ElementsAre("spec: Invalid value: failed rule: self.min <= self.max",
                  "spec.max: Forbidden: too much"));
  EXPECT_THAT(Errors(kind, "{max: 1}"),
              ElementsAre("spec: Invalid value: \"object\": no such key: min "
                          "evaluating rule: self.min <= self.max"));
}

TEST(RuleTest, TransitionsNeedTheOldValue) {
  KindPtr kind = SpecKind(
      "{a: {type: string, x-kubernetes-validations: [{rule: 'self == "
      "oldSelf', message: is immutable}]}}");
  EXPECT_THAT(Errors(kind, "{a: x}"), IsEmpty());
  EXPECT_THAT(Errors(kind, "{a: x}", "{}"), IsEmpty());
  EXPECT_THAT(Errors(kind, "{a: y}", "{a: x}"),
              ElementsAre("spec.a: Invalid value: \"y\": is immutable"));
}

TEST(RuleTest, SetsAreEqualInAnyOrder) {
  KindPtr kind = SpecKind(
      "{a: {type: array, x-kubernetes-list-type: set, items: {type: string}, "
      "x-kubernetes-validations: [{rule: 'self == oldSelf'}]}}");
  EXPECT_THAT(Errors(kind, "{a: [x, y]}", "{a: [y, x]}"), IsEmpty());
}

TEST(RuleTest, FormatsBecomeTimes) {
  KindPtr kind = SpecKind(
      "{t: {type: string, format: date-time}, d: {type: string, format: "
      "duration}}",
      "x-kubernetes-validations: [{rule: 'self.t > "
      "timestamp(\"2024-01-01T00:00:00Z\") && self.d < duration(\"1h\")'}]");
  EXPECT_THAT(Errors(kind, "{t: '2025-01-01T00:00:00Z', d: 5m}"), IsEmpty());
}

TEST(RuleTest, OneExpressionMayOnlyCostSoMuch) {
  KindPtr kind =
      SpecKind("{l: {type: array, items: {type: integer}}}",
               "x-kubernetes-validations: [{rule: 'self.l.all(a, self.l.all(b, "
               "self.l.all(c, a + b + c >= 0)))'}, {rule: 'false'}]");
  std::string list = "1";
  for (int i = 0; i < 300; ++i) list += ", 1";
  EXPECT_THAT(
      Errors(kind, absl::StrCat("{l: [", list, "]}")),
      ElementsAre(
          "spec: Invalid value: \"object\": 'operation cancelled: actual cost "
          "limit exceeded': no further validation rules will be run due to "
          "call cost exceeds limit for rule: self.l.all(a, self.l.all(b, "
          "self.l.all(c, a + b + c >= 0)))"));
}

TEST(RuleTest, AllRulesTogetherMayOnlyCostSoMuch) {
  KindPtr kind = SpecKind(
      "{l: {type: array, items: {type: integer, x-kubernetes-validations: "
      "[{rule: 'lists.range(30000).all(x, x >= 0)'}]}}}");
  std::string list = "1";
  for (int i = 0; i < 300; ++i) list += ", 1";
  const auto errors = Errors(kind, absl::StrCat("{l: [", list, "]}"));
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_THAT(errors[0],
              HasSubstr("Invalid value: \"integer\": validation failed due to "
                        "running out of cost budget, no further validation "
                        "rules will be run"));
}

}  // namespace
}  // namespace weir::apiserver
