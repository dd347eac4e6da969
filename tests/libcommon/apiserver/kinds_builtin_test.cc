// Builtin kinds: decoding, defaults, what the server fills in, validation,
// strategic merges, documents.
#include "gmock/gmock.h"
#include "kinds_support.h"
#include "libcommon/apiserver/src/quantity.h"

namespace weir::apiserver {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Value Defaulted(const KindInfo& kind, const std::string& yaml) {
  Value object = Yaml(yaml);
  ApplyDefaults(kind, Value(), object);
  return object;
}

TEST(KindTableTest, HoldsTheKindsOfKubernetes) {
  EXPECT_GE(BuiltinKinds().size(), 50u);
  const KindInfo& deployment = KindOf("Deployment");
  EXPECT_EQ(deployment.resource.plural, "deployments");
  EXPECT_TRUE(deployment.resource.is_namespaced);
  EXPECT_TRUE(deployment.has_status);
  EXPECT_TRUE(deployment.has_scale);
  EXPECT_TRUE(deployment.has_generation);
  EXPECT_THAT(deployment.short_names, ElementsAre("deploy"));
  EXPECT_FALSE(KindOf("Namespace").resource.is_namespaced);
  EXPECT_TRUE(KindOf("Lease").can_create_by_put);
}

// ------------------------------------------------------------- quantities

struct QuantityCase {
  const char* name;
  const char* text;
  const char* want;
};
class QuantityTest : public testing::TestWithParam<QuantityCase> {};

TEST_P(QuantityTest, IsCanonical) {
  auto quantity = ParseQuantity(GetParam().text);
  if (GetParam().want == nullptr) {
    EXPECT_FALSE(quantity.has_value());
  } else {
    ASSERT_TRUE(quantity.has_value());
    EXPECT_EQ(quantity->ToString(), GetParam().want);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, QuantityTest,
    testing::Values(
        QuantityCase{"Half", "0.5", "500m"},
        QuantityCase{"Milli", "1000m", "1"}, QuantityCase{"Kilo", "2000", "2k"},
        QuantityCase{"Mebi", "1024Mi", "1Gi"},
        QuantityCase{"FractionOfGibi", "1.5Gi", "1536Mi"},
        QuantityCase{"SmallBinary", "0.5Ki", "512"},
        QuantityCase{"Exponent", "12e6", "12e6"},
        QuantityCase{"Zero", "0Mi", "0"},
        QuantityCase{"Negative", "-100m", "-100m"},
        QuantityCase{"RoundsUp", "0.0000000001", "1n"},
        QuantityCase{"Empty", "", nullptr},
        QuantityCase{"Word", "lots", nullptr},
        QuantityCase{"Suffix", "1Q", nullptr},
        QuantityCase{"TwoPoints", "1.2.3", nullptr},
        QuantityCase{"Huge", "99999999999999999999E", "10000000000E"},
        QuantityCase{"HugeBinary", "99999999999Ei", "9223372036854775807"}),
    [](const auto& info) { return std::string(info.param.name); });

// ---------------------------------------------------------------- decoding

struct DecodeCase {
  const char* name;
  const char* kind;
  const char* body;
  const char* want;
};
class DecodeTest : public testing::TestWithParam<DecodeCase> {};

TEST_P(DecodeTest, TellsWhatGoCannotDecode) {
  EXPECT_EQ(FindDecodeError(KindOf(GetParam().kind), Yaml(GetParam().body)),
            GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, DecodeTest,
    testing::Values(
        DecodeCase{"Fine", "ConfigMap", "{data: {a: b}}", ""},
        DecodeCase{"MapValue", "ConfigMap", "{data: {a: 1}}",
                   "json: cannot unmarshal number into Go struct field "
                   "ConfigMap.data of type string"},
        DecodeCase{"Nested", "Deployment", "{spec: {replicas: '3'}}",
                   "json: cannot unmarshal string into Go struct field "
                   "DeploymentSpec.spec.replicas of type int32"},
        DecodeCase{"List", "Pod", "{spec: {containers: {}}}",
                   "json: cannot unmarshal object into Go struct field "
                   "PodSpec.spec.containers of type []v1.Container"},
        DecodeCase{"Base64", "Secret", "{data: {a: 'x y'}}",
                   "illegal base64 data at input byte 1"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(DefaultsTest, EmptyFieldsGoAsInGo) {
  EXPECT_EQ(FormatJson(Defaulted(KindOf("ConfigMap"),
                                 "{metadata: {name: a, labels: {}}, data: {}, "
                                 "immutable: false, binaryData: null}")),
            R"({"immutable":false,"metadata":{"name":"a"}})");
}

TEST(DefaultsTest, RulesOfARoleAreWrittenAsNull) {
  EXPECT_EQ(FormatJson(Defaulted(KindOf("Role"), "{metadata: {name: a}}")),
            R"({"metadata":{"name":"a"},"rules":null})");
}

TEST(DefaultsTest, Deployment) {
  Value object = Defaulted(
      KindOf("Deployment"),
      "{metadata: {name: a}, spec: {template: {spec: {containers: [{name: a, "
      "image: 'reg:5000/x', ports: [{containerPort: 80}], livenessProbe: "
      "{httpGet: {port: 80}}, resources: {limits: {cpu: '0.5'}}}], volumes: "
      "[{name: v, configMap: {name: c}}, {name: e}]}}}}");
  const Value& spec = object["spec"];
  EXPECT_EQ(spec["replicas"], Value(1));
  EXPECT_EQ(FormatJson(spec["strategy"]),
            R"({"rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"},)"
            R"("type":"RollingUpdate"})");
  EXPECT_EQ(spec["progressDeadlineSeconds"], Value(600));
  EXPECT_EQ(spec["revisionHistoryLimit"], Value(10));
  const Value& pod = spec["template"]["spec"];
  EXPECT_EQ(pod.GetString("restartPolicy"), "Always");
  EXPECT_EQ(pod.GetString("dnsPolicy"), "ClusterFirst");
  EXPECT_FALSE(pod.Has("enableServiceLinks"));
  const Value& c = pod["containers"][size_t{0}];
  EXPECT_EQ(c.GetString("imagePullPolicy"), "Always");
  EXPECT_EQ(c["ports"][size_t{0}].GetString("protocol"), "TCP");
  EXPECT_EQ(c["livenessProbe"]["httpGet"].GetString("path"), "/");
  EXPECT_EQ(c["livenessProbe"].GetInt("failureThreshold"), 3);
  EXPECT_EQ(FormatJson(c["resources"]), R"({"limits":{"cpu":"500m"}})");
  EXPECT_EQ(pod["volumes"][size_t{0}]["configMap"].GetInt("defaultMode"), 420);
  EXPECT_TRUE(pod["volumes"][size_t{1}].Has("emptyDir"));
  EXPECT_EQ(FormatJson(object["status"]), "{}");
}

TEST(DefaultsTest, AreStable) {
  for (const char* kind : {"Deployment", "StatefulSet", "DaemonSet", "Job",
                           "CronJob", "Service", "Pod", "Secret", "Ingress"}) {
    Value once = Defaulted(KindOf(kind),
                           "{metadata: {name: a}, spec: {template: {spec: "
                           "{containers: [{name: a}]}}}}");
    Value twice = once;
    ApplyDefaults(KindOf(kind), once, twice);
    EXPECT_EQ(once, twice) << kind;
  }
}

TEST(DefaultsTest, SecretTextBecomesData) {
  Value secret = Defaulted(KindOf("Secret"),
                           "{data: {a: Yg==}, stringData: {a: c, d: e}}");
  EXPECT_EQ(FormatJson(secret["data"]), R"({"a":"Yw==","d":"ZQ=="})");
  EXPECT_FALSE(secret.Has("stringData"));
  EXPECT_EQ(secret.GetString("type"), "Opaque");
}

TEST(DefaultsTest, ServicePorts) {
  Value service = Defaulted(
      KindOf("Service"), "{spec: {type: LoadBalancer, ports: [{port: 80}]}}");
  EXPECT_EQ(FormatJson(service["spec"]["ports"]),
            R"([{"port":80,"protocol":"TCP","targetPort":80}])");
  EXPECT_EQ(service["spec"].GetString("externalTrafficPolicy"), "Cluster");
  EXPECT_TRUE(service["spec"].GetBool("allocateLoadBalancerNodePorts"));
}

TEST(DefaultsTest, WrongTypesDoNoHarm) {
  for (const KindPtr& kind : BuiltinKinds()) {
    for (const char* body :
         {"{spec: 1}", "{spec: []}", "{metadata: x, spec: {template: y}}",
          "{spec: {template: {spec: []}, ports: {a: b}, strategy: s, "
          "containers: [1, null, {ports: x}], volumes: x}}",
          "{data: x, stringData: [], status: [], roleRef: 1, rules: {}}"}) {
      Value object = Yaml(body);
      ApplyDefaults(*kind, Value(), object);
      PrepareObject(*kind, Value(), object);
      Validate(*kind, Value(), object);
      TrackUpdate(*kind, Value(), object, {"m", "", absl::UnixEpoch()});
    }
  }
}

TEST(PrepareTest, JobsFindTheirPodsByUid) {
  Value job = Yaml(
      "{metadata: {name: j, uid: u1}, spec: {template: {spec: {containers: "
      "[]}}}}");
  PrepareObject(KindOf("Job"), Value(), job);
  EXPECT_EQ(FormatJson(job["spec"]["selector"]),
            R"({"matchLabels":{"batch.kubernetes.io/controller-uid":"u1"}})");
  EXPECT_EQ(job["spec"]["template"]["metadata"]["labels"].size(), 4u);
}

// -------------------------------------------------------------- validation

struct InvalidCase {
  const char* name;
  const char* kind;
  const char* body;
  std::vector<std::string> want;
};
class InvalidTest : public testing::TestWithParam<InvalidCase> {};

TEST_P(InvalidTest, IsTold) {
  const KindInfo& kind = KindOf(GetParam().kind);
  Value object = Yaml(GetParam().body);
  object.Mutable("metadata").Set("name", "a");
  if (kind.resource.is_namespaced) {
    object.Mutable("metadata").Set("namespace", "n");
  }
  ApplyDefaults(kind, Value(), object);
  EXPECT_THAT(Texts(Validate(kind, Value(), object)),
              testing::UnorderedElementsAreArray(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Table, InvalidTest,
    testing::Values(
        InvalidCase{"Fine", "ConfigMap", "{metadata: {}, data: {a: b}}", {}},
        InvalidCase{"Key",
                    "ConfigMap",
                    "{metadata: {}, data: {'a b': c}}",
                    {"data[a b]: Invalid value: \"a b\": a valid config key "
                     "must consist of alphanumeric characters, '-', '_' or "
                     "'.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', "
                     "regex used for validation is '[-._a-zA-Z0-9]+')"}},
        InvalidCase{"Selector",
                    "Deployment",
                    "{metadata: {}, spec: {selector: {matchLabels: {a: b}}, "
                    "template: {metadata: {labels: {a: c}}, spec: "
                    "{containers: [{name: a, image: i}]}}}}",
                    {"spec.template.metadata.labels: Invalid value: "
                     "{\"a\":\"c\"}: `selector` does not match template "
                     "`labels`"}},
        InvalidCase{"Containers",
                    "Pod",
                    "{metadata: {}, spec: {containers: [{name: a, image: i}, "
                    "{name: a}]}}",
                    {"spec.containers[1].image: Required value",
                     "spec.containers[1].name: Duplicate value: \"a\""}},
        InvalidCase{"JobPolicy",
                    "CronJob",
                    "{metadata: {}, spec: {schedule: '@daily', jobTemplate: "
                    "{spec: {template: {spec: {containers: [{name: a, image: "
                    "i}]}}}}}}",
                    {"spec.jobTemplate.spec.template.spec.restartPolicy: "
                     "Required value: valid values: \"OnFailure\", "
                     "\"Never\""}},
        InvalidCase{"ServicePorts",
                    "Service",
                    "{metadata: {}, spec: {ports: [{port: 1}, {port: 2}]}}",
                    {"spec.ports[0].name: Required value",
                     "spec.ports[1].name: Required value"}},
        InvalidCase{"Enum",
                    "Service",
                    "{metadata: {}, spec: {type: Odd, ports: [{port: 1}]}}",
                    {"spec.type: Unsupported value: \"Odd\": supported "
                     "values: \"ClusterIP\", \"ExternalName\", "
                     "\"LoadBalancer\", \"NodePort\""}},
        InvalidCase{"Verbs",
                    "Role",
                    "{metadata: {}, rules: [{apiGroups: [''], resources: "
                    "[pods]}]}",
                    {"rules[0].verbs: Required value: verbs must contain at "
                     "least one value"}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(MetadataTest, NamesDependOnTheKind) {
  auto errors = [](const char* kind, const char* name) {
    Value object =
        Value::MakeObject({{"metadata", Value::MakeObject({{"name", name}})}});
    if (KindOf(kind).resource.is_namespaced) {
      object.Mutable("metadata").Set("namespace", "n");
    }
    std::vector<FieldError> out;
    ValidateMetadata(KindOf(kind), Value(), object, out);
    return Texts(out);
  };
  EXPECT_THAT(errors("ConfigMap", "a.b"), IsEmpty());
  EXPECT_THAT(errors("ConfigMap", "A"), Contains(HasSubstr("RFC 1123")));
  EXPECT_THAT(errors("Namespace", "a.b"),
              Contains(HasSubstr("must not contain dots")));
  EXPECT_THAT(errors("Role", "system:a"), IsEmpty());
  EXPECT_THAT(errors("Role", "a/b"),
              Contains(HasSubstr("may not contain '/'")));
}

// Flux tells an immutable field by this text.
struct ImmutableCase {
  const char* name;
  const char* kind;
  const char* old;
  const char* patch;
  const char* want;
};
class ImmutableTest : public testing::TestWithParam<ImmutableCase> {};

TEST_P(ImmutableTest, IsTold) {
  const KindInfo& kind = KindOf(GetParam().kind);
  Value old = Yaml(GetParam().old);
  old.Set("metadata", Yaml("{name: a, namespace: n, uid: u}"));
  ApplyDefaults(kind, Value(), old);
  PrepareObject(kind, Value(), old);
  auto object = ApplyStrategicMerge(kind, old, Yaml(GetParam().patch));
  ASSERT_TRUE(object.ok());
  std::vector<std::string> texts = Texts(Validate(kind, old, *object));
  EXPECT_THAT(texts, Contains(HasSubstr(GetParam().want)));
  EXPECT_THAT(Texts(Validate(kind, old, old)), IsEmpty());
}

constexpr char kWorkload[] =
    "{spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: "
    "{a: b}}, spec: {containers: [{name: a, image: i}]}}}}";
constexpr char kJob[] =
    "{spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, "
    "image: i}]}}}}";

INSTANTIATE_TEST_SUITE_P(
    Table, ImmutableTest,
    testing::Values(
        ImmutableCase{"Deployment", "Deployment", kWorkload,
                      "{spec: {selector: {matchLabels: {a: c}}}}",
                      "spec.selector: Invalid value: "
                      "{\"matchLabels\":{\"a\":\"c\"}}: field is immutable"},
        ImmutableCase{"DaemonSet", "DaemonSet", kWorkload,
                      "{spec: {selector: {matchLabels: {a: c}}}}",
                      "field is immutable"},
        ImmutableCase{"JobTemplate", "Job", kJob,
                      "{spec: {template: {spec: {containers: [{name: a, "
                      "image: j}]}}}}",
                      "field is immutable"},
        ImmutableCase{"JobCompletions", "Job", kJob, "{spec: {completions: 2}}",
                      "spec.completions: Invalid value: 2: field is immutable"},
        ImmutableCase{"StatefulSet", "StatefulSet", kWorkload,
                      "{spec: {serviceName: x}}",
                      "spec: Forbidden: updates to statefulset spec for fields "
                      "other than"},
        ImmutableCase{"SecretType", "Secret", "{data: {}}", "{type: x}",
                      "type: Invalid value: \"x\": field is immutable"},
        ImmutableCase{"FrozenConfigMap", "ConfigMap",
                      "{immutable: true, data: {a: b}}", "{data: {a: c}}",
                      "data: Forbidden: field is immutable when `immutable` "
                      "is set"},
        ImmutableCase{"RoleRef", "RoleBinding",
                      "{roleRef: {kind: Role, name: a}}",
                      "{roleRef: {name: b}}", "cannot change roleRef"},
        ImmutableCase{"ClusterIp", "Service",
                      "{spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], "
                      "ports: [{port: 1}]}}",
                      "{spec: {clusterIP: 10.0.0.2, clusterIPs: [10.0.0.2]}}",
                      "may not change once set"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(MakeInvalidTest, ReadsAsTheApiServerWrites) {
  absl::Status status =
      MakeInvalid(KindOf("Deployment"), "web",
                  {RequiredError("spec.a"), InvalidError("spec.b", 1, "bad")});
  EXPECT_EQ(status.message(),
            "Deployment.apps \"web\" is invalid: [spec.a: Required value, "
            "spec.b: Invalid value: 1: bad]");
  EXPECT_EQ(kube::ApiCodeOf(status), 422);
  EXPECT_EQ(FormatJson(kube::ApiStatusOf(status)["details"]),
            R"({"causes":[{"field":"spec.a","message":"Required value",)"
            R"("reason":"FieldValueRequired"},{"field":"spec.b","message":)"
            R"("Invalid value: 1: bad","reason":"FieldValueInvalid"}],)"
            R"("group":"apps","kind":"Deployment","name":"web"})");
}

// ------------------------------------------------------- strategic merges

struct MergeCase {
  const char* name;
  const char* live;  // Of a pod's spec.
  const char* patch;
  const char* want;
};
class MergeTest : public testing::TestWithParam<MergeCase> {};

TEST_P(MergeTest, FollowsTheStrategies) {
  Value live = Value::MakeObject({{"spec", Yaml(GetParam().live)}});
  Value patch = Value::MakeObject({{"spec", Yaml(GetParam().patch)}});
  auto merged = ApplyStrategicMerge(KindOf("Pod"), live, patch);
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(FormatJson((*merged)["spec"]), FormatJson(Yaml(GetParam().want)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, MergeTest,
    testing::Values(
        MergeCase{"ByKey", "{containers: [{name: a, image: x, args: [p]}]}",
                  "{containers: [{name: a, image: y}, {name: b}]}",
                  "{containers: [{name: a, image: y, args: [p]}, {name: b}]}"},
        MergeCase{"NewItemsFollow", "{containers: [{name: a}]}",
                  "{containers: [{name: b}]}",
                  "{containers: [{name: b}, {name: a}]}"},
        MergeCase{"Delete", "{containers: [{name: a}, {name: b}]}",
                  "{containers: [{name: a, $patch: delete}]}",
                  "{containers: [{name: b}]}"},
        MergeCase{"Replace", "{containers: [{name: a}, {name: b}]}",
                  "{containers: [{$patch: replace}, {name: c}]}",
                  "{containers: [{name: c}]}"},
        MergeCase{"Order", "{containers: [{name: a}, {name: b}, {name: c}]}",
                  "{$setElementOrder/containers: [{name: c}, {name: a}], "
                  "containers: [{name: c, image: x}]}",
                  "{containers: [{name: b}, {name: c, image: x}, {name: a}]}"},
        MergeCase{"AtomicList", "{tolerations: [{key: a}]}",
                  "{tolerations: [{key: b}]}", "{tolerations: [{key: b}]}"},
        MergeCase{"RetainKeys", "{volumes: [{name: v, emptyDir: {}}]}",
                  "{volumes: [{name: v, $retainKeys: [name, secret], secret: "
                  "{secretName: s}}]}",
                  "{volumes: [{name: v, secret: {secretName: s}}]}"},
        MergeCase{"Null", "{nodeName: n, dnsPolicy: p}", "{nodeName: null}",
                  "{dnsPolicy: p}"},
        MergeCase{"ReplaceMap", "{nodeSelector: {a: b, c: d}}",
                  "{nodeSelector: {$patch: replace, e: f}}",
                  "{nodeSelector: {e: f}}"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(MergeTest, PrimitivesAreMergedAndDeleted) {
  const KindInfo& kind = KindOf("ConfigMap");
  Value live = Yaml("{metadata: {finalizers: [a, b]}}");
  auto more =
      ApplyStrategicMerge(kind, live, Yaml("{metadata: {finalizers: [c, a]}}"));
  EXPECT_EQ(FormatJson((*more)["metadata"]["finalizers"]), R"(["c","a","b"])");
  auto fewer = ApplyStrategicMerge(
      kind, live,
      Yaml("{metadata: {$deleteFromPrimitiveList/finalizers: [a]}}"));
  EXPECT_EQ(FormatJson((*fewer)["metadata"]["finalizers"]), R"(["b"])");
}

TEST(MergeTest, BadPatchesAreRefused) {
  const KindInfo& kind = KindOf("Pod");
  Value live = Yaml("{spec: {containers: [{name: a}]}}");
  for (const char* patch :
       {"{spec: {containers: [{image: x}]}}",
        "{spec: {containers: [{name: a, $patch: odd}]}}",
        "{spec: {$patch: odd}}", "[1]",
        "{spec: {$setElementOrder/containers: [{name: a}], containers: "
        "[{name: b}]}}",
        "{spec: {$retainKeys: [a], b: 1}}"}) {
    EXPECT_FALSE(ApplyStrategicMerge(kind, live, Yaml(patch)).ok()) << patch;
  }
}

// --------------------------------------------------------------- documents

TEST(OpenApiTest, HoldsWhatKubectlAsksFor) {
  std::vector<KindPtr> kinds;
  for (const KindPtr& kind : BuiltinKinds()) {
    if (kind->resource.gvk.group == "apps") kinds.push_back(kind);
  }
  Value document = OpenApiDocument(kinds);
  const Value& patch =
      document["paths"]
              ["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]
              ["patch"];
  EXPECT_EQ(FormatJson(patch["x-kubernetes-group-version-kind"]),
            R"({"group":"apps","kind":"Deployment","version":"v1"})");
  EXPECT_TRUE(patch["requestBody"]["content"].Has(
      "application/strategic-merge-patch+json"));
  const Value& schemas = document["components"]["schemas"];
  const Value& containers =
      schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"];
  EXPECT_EQ(containers.GetString("x-kubernetes-patch-merge-key"), "name");
  EXPECT_EQ(containers.GetString("x-kubernetes-patch-strategy"), "merge");
  // Every reference leads somewhere.
  const std::string text = FormatJson(document);
  size_t at = 0;
  const std::string prefix = "\"#/components/schemas/";
  while ((at = text.find(prefix, at)) != text.npos) {
    at += prefix.size();
    EXPECT_TRUE(schemas.Has(text.substr(at, text.find('"', at) - at)));
  }
}

TEST(OpenApiTest, CustomKindsHaveTheirSchemas) {
  KindPtr kind = CustomKind(
      "{type: object, properties: {spec: {type: object, description: d}}}");
  Value document = OpenApiDocument({kind});
  const Value& type = document["components"]["schemas"]["com.example.v1.Thing"];
  EXPECT_EQ(type["properties"]["spec"].GetString("description"), "d");
  EXPECT_TRUE(type["properties"].Has("metadata"));
  EXPECT_FALSE(
      document["paths"]
              ["/apis/example.com/v1/namespaces/{namespace}/things/{name}"]
              ["patch"]["requestBody"]["content"]
                  .Has("application/strategic-merge-patch+json"));
}

}  // namespace
}  // namespace weir::apiserver
