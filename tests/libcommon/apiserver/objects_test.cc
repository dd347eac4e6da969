// Objects of builtin kinds, from creation to deletion.
#include "api_fixture.h"
#include "gmock/gmock.h"

namespace weir::apiserver {
namespace {

using testing::HasSubstr;

constexpr char kMaps[] = "/api/v1/namespaces/default/configmaps";
constexpr char kMap[] = "/api/v1/namespaces/default/configmaps/a";
constexpr char kMapBody[] = "{metadata: {name: a}, data: {k: v}}";

class ObjectsTest : public ApiTest {};

TEST_F(ObjectsTest, CreatedObjectCanBeRead) {
  const kube::Response made = Post(kMaps, kMapBody);
  ASSERT_EQ(made.code, 201) << Text(made.body);
  const kube::Response read = Get(kMap);
  EXPECT_EQ(read.code, 200);
  EXPECT_EQ(read.body, made.body);
  EXPECT_EQ(read.body["data"].GetString("k"), "v");
  EXPECT_EQ(read.body.GetString("kind"), "ConfigMap");
  EXPECT_EQ(read.body["metadata"].GetString("namespace"), "default");
  EXPECT_FALSE(read.body["metadata"].GetString("uid").empty());
  EXPECT_FALSE(read.body["metadata"].GetString("creationTimestamp").empty());
  EXPECT_EQ(read.body["metadata"]["managedFields"].size(), 1u);
}

TEST_F(ObjectsTest, SecondCreateIsRefused) {
  Post(kMaps, kMapBody);
  const kube::Response again = Post(kMaps, kMapBody);
  EXPECT_EQ(again.code, 409);
  EXPECT_EQ(again.body.GetString("message"), "configmaps \"a\" already exists");
  EXPECT_EQ(again.body.GetString("reason"), "AlreadyExists");
}

TEST_F(ObjectsTest, AbsentNamespaceRefusesContent) {
  const kube::Response response =
      Post("/api/v1/namespaces/nowhere/configmaps", kMapBody);
  EXPECT_EQ(response.code, 404);
  EXPECT_EQ(response.body.GetString("message"),
            "namespaces \"nowhere\" not found");
}

TEST_F(ObjectsTest, UpdateNeedsThePresentVersion) {
  const std::string rv = RvOf(Post(kMaps, kMapBody));
  const kube::Response first =
      Put(kMap, "{metadata: {name: a, resourceVersion: \"" + rv +
                    "\"}, data: {k: w}}");
  ASSERT_EQ(first.code, 200) << Text(first.body);
  EXPECT_NE(RvOf(first), rv);
  const kube::Response stale =
      Put(kMap, "{metadata: {name: a, resourceVersion: \"" + rv +
                    "\"}, data: {k: x}}");
  EXPECT_EQ(stale.code, 409);
  EXPECT_EQ(stale.body.GetString("message"),
            "Operation cannot be fulfilled on configmaps \"a\": the object has "
            "been modified; please apply your changes to the latest version "
            "and try again");
}

TEST_F(ObjectsTest, UpdateThatChangesNothingKeepsTheVersion) {
  const kube::Response made = Post(kMaps, kMapBody);
  const kube::Response same = Put(kMap, made.body);
  EXPECT_EQ(same.code, 200);
  EXPECT_EQ(same.body, made.body);
}

TEST_F(ObjectsTest, MergePatchChangesNamedFields) {
  Post(kMaps, kMapBody);
  const kube::Response patched = Merge(kMap, "{data: {k: null, l: w}}");
  ASSERT_EQ(patched.code, 200) << Text(patched.body);
  EXPECT_EQ(Text(patched.body["data"]), R"({"l":"w"})");
}

TEST_F(ObjectsTest, JsonPatchThatFailsItsTestIsRefused) {
  Post(kMaps, kMapBody);
  const kube::Response refused = Write(
      kube::Method::kPatch, kMap, "[{op: test, path: /data/k, value: other}]",
      {}, "application/json-patch+json");
  EXPECT_EQ(refused.code, 422);
}

TEST_F(ObjectsTest, ApplyCreatesThenKeepsTheVersionWhenEqual) {
  const std::string body =
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}";
  const kube::Response made = Apply(kMap, body);
  ASSERT_EQ(made.code, 201) << Text(made.body);
  const kube::Response same = Apply(kMap, body);
  EXPECT_EQ(same.code, 200);
  EXPECT_EQ(RvOf(same), RvOf(made));
  EXPECT_EQ(
      same.body["metadata"]["managedFields"][size_t{0}].GetString("operation"),
      "Apply");
}

TEST_F(ObjectsTest, ApplyTellsConflicts) {
  const std::string body =
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}";
  Apply(kMap, body, "one");
  const kube::Response conflict = Apply(
      kMap,
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: w}}",
      "two");
  EXPECT_EQ(conflict.code, 409);
  EXPECT_THAT(std::string(conflict.body.GetString("message")),
              HasSubstr("conflict with \"one\": .data.k"));
}

TEST_F(ObjectsTest, DryRunStoresNothing) {
  const kube::Response made = Post(kMaps, kMapBody, {{"dryRun", "All"}});
  EXPECT_EQ(made.code, 201);
  EXPECT_EQ(RvOf(made), "");
  EXPECT_FALSE(made.body["metadata"].GetString("uid").empty());
  EXPECT_EQ(Get(kMap).code, 404);
}

TEST_F(ObjectsTest, DryRunOfAnUpdateShowsThePresentVersion) {
  const std::string rv = RvOf(Post(kMaps, kMapBody));
  const kube::Response dry =
      Apply(kMap,
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: "
            "w}}",
            "flux", {{"dryRun", "All"}, {"force", "true"}});
  EXPECT_EQ(dry.code, 200);
  EXPECT_EQ(RvOf(dry), rv);
  EXPECT_EQ(dry.body["data"].GetString("k"), "w");
  EXPECT_EQ(Get(kMap).body["data"].GetString("k"), "v");
}

TEST_F(ObjectsTest, DeletedObjectIsGone) {
  const kube::Response made = Post(kMaps, kMapBody);
  const kube::Response gone = Delete(kMap);
  EXPECT_EQ(gone.code, 200);
  EXPECT_EQ(gone.body.GetString("status"), "Success");
  EXPECT_EQ(gone.body["details"]["uid"], made.body["metadata"]["uid"]);
  EXPECT_EQ(Get(kMap).code, 404);
}

TEST_F(ObjectsTest, FinalizersHoldADeletedObject) {
  Post(kMaps, "{metadata: {name: a, finalizers: [example.com/f]}}");
  const kube::Response leaving = Delete(kMap);
  EXPECT_EQ(leaving.code, 200);
  EXPECT_EQ(leaving.body.GetString("kind"), "ConfigMap");
  EXPECT_FALSE(leaving.body["metadata"].GetString("deletionTimestamp").empty());
  const kube::Response added =
      Merge(kMap, "{metadata: {finalizers: [example.com/f, example.com/g]}}");
  EXPECT_EQ(added.code, 422);
  EXPECT_THAT(std::string(added.body.GetString("message")),
              HasSubstr("no new finalizers can be added"));
  EXPECT_EQ(Merge(kMap, "{metadata: {finalizers: null}}").code, 200);
  EXPECT_EQ(Get(kMap).code, 404);
}

TEST_F(ObjectsTest, PreconditionsOfADeletionAreKept) {
  Post(kMaps, kMapBody);
  const kube::Response refused = Delete(kMap, "{preconditions: {uid: other}}");
  EXPECT_EQ(refused.code, 409);
  EXPECT_THAT(std::string(refused.body.GetString("message")),
              HasSubstr("the UID in the precondition (other) does not match"));
  EXPECT_EQ(Get(kMap).code, 200);
}

TEST_F(ObjectsTest, CollectionIsDeletedBySelector) {
  Post(kMaps, "{metadata: {name: a, labels: {app: x}}}");
  Post(kMaps, "{metadata: {name: b, labels: {app: other}}}");
  EXPECT_EQ(Delete(kMaps, "{}", {{"labelSelector", "app=x"}}).code, 200);
  EXPECT_EQ(Get(kMap).code, 404);
  EXPECT_EQ(Get(std::string(kMaps) + "/b").code, 200);
}

TEST_F(ObjectsTest, GeneratedNamesDiffer) {
  const std::string body = "{metadata: {generateName: x-}}";
  const Value first = Post(kMaps, body).body;
  const Value second = Post(kMaps, body).body;
  EXPECT_EQ(first["metadata"].GetString("name").size(), 7u);
  EXPECT_NE(first["metadata"].GetString("name"),
            second["metadata"].GetString("name"));
}

TEST_F(ObjectsTest, UnknownFieldsAreRefusedOrTold) {
  const std::string body = "{metadata: {name: a}, dat: {k: v}}";
  const kube::Response strict =
      Post(kMaps, body, {{"fieldValidation", "Strict"}});
  EXPECT_EQ(strict.code, 400);
  EXPECT_EQ(strict.body.GetString("message"),
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: "
            "strict decoding error: unknown field \"dat\"");
  const kube::Response warned = Post(kMaps, body);
  EXPECT_EQ(warned.code, 201);
  EXPECT_THAT(warned.warnings, testing::ElementsAre("unknown field \"dat\""));
  EXPECT_FALSE(warned.body.Has("dat"));
}

TEST_F(ObjectsTest, StatusAndSpecAreApart) {
  constexpr char kPath[] = "/apis/apps/v1/namespaces/default/deployments/web";
  const std::string body =
      "{metadata: {name: web}, spec: {replicas: 2, selector: {matchLabels: "
      "{app: web}}, template: {metadata: {labels: {app: web}}, spec: "
      "{containers: [{name: c, image: i}]}}}, status: {replicas: 7}}";
  const kube::Response made =
      Post("/apis/apps/v1/namespaces/default/deployments", body);
  ASSERT_EQ(made.code, 201) << Text(made.body);
  EXPECT_EQ(made.body["metadata"].GetInt("generation"), 1);
  EXPECT_EQ(Text(made.body["status"]), "{}");
  Value changed = made.body;
  changed.Mutable("spec").Set("replicas", 9);
  changed.Mutable("status").Set("replicas", 2);
  const kube::Response status = Put(std::string(kPath) + "/status", changed);
  ASSERT_EQ(status.code, 200) << Text(status.body);
  EXPECT_EQ(status.body["spec"].GetInt("replicas"), 2);
  EXPECT_EQ(status.body["status"].GetInt("replicas"), 2);
  EXPECT_EQ(status.body["metadata"].GetInt("generation"), 1);
  const kube::Response spec = Merge(kPath, "{spec: {replicas: 3}}");
  EXPECT_EQ(spec.body["metadata"].GetInt("generation"), 2);
  EXPECT_EQ(spec.body["status"].GetInt("replicas"), 2);
}

TEST_F(ObjectsTest, ScaleIsAViewOfReplicas) {
  Post("/apis/apps/v1/namespaces/default/deployments",
       "{metadata: {name: web}, spec: {selector: {matchLabels: {app: web}}, "
       "template: {metadata: {labels: {app: web}}, spec: {containers: [{name: "
       "c, image: i}]}}}}");
  constexpr char kScale[] =
      "/apis/apps/v1/namespaces/default/deployments/web/scale";
  const kube::Response before = Get(kScale);
  EXPECT_EQ(before.body.GetString("kind"), "Scale");
  EXPECT_EQ(before.body["spec"].GetInt("replicas"), 1);
  EXPECT_EQ(before.body["status"].GetString("selector"), "app=web");
  EXPECT_EQ(Merge(kScale, "{spec: {replicas: 4}}").code, 200);
  EXPECT_EQ(Get("/apis/apps/v1/namespaces/default/deployments/web")
                .body["spec"]
                .GetInt("replicas"),
            4);
}

TEST_F(ObjectsTest, UnknownResourcesAndGroupsDiffer) {
  EXPECT_EQ(Get("/apis/none.example/v1/things").text, "404 page not found\n");
  EXPECT_EQ(Get("/api/v1/things").body.GetString("message"),
            "the server could not find the requested resource");
}

TEST_F(ObjectsTest, EventsOfBothGroupsAreTheSame) {
  const kube::Response made = Post(
      "/api/v1/namespaces/default/events",
      "{metadata: {name: e}, involvedObject: {kind: Pod, name: p, namespace: "
      "default}, reason: R, message: M, type: Normal}");
  ASSERT_EQ(made.code, 201) << Text(made.body);
  const kube::Response read =
      Get("/apis/events.k8s.io/v1/namespaces/default/events/e");
  EXPECT_EQ(read.body.GetString("note"), "M");
  EXPECT_EQ(read.body["regarding"].GetString("name"), "p");
  EXPECT_EQ(read.body.GetString("apiVersion"), "events.k8s.io/v1");
}

}  // namespace
}  // namespace weir::apiserver
