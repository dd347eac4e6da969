// What the server does by itself: garbage, namespaces, CRDs.
#include "api_fixture.h"
#include "gmock/gmock.h"

namespace weir::apiserver {
namespace {

using testing::HasSubstr;

constexpr char kMaps[] = "/api/v1/namespaces/default/configmaps";

class LifecycleTest : public ApiTest {
 protected:
  static std::string MapPath(const std::string& name) {
    return std::string(kMaps) + "/" + name;
  }
  // Makes a ConfigMap owned by `owner`, which may be empty.
  Value MakeMap(const std::string& name, const Value& owner = Value(),
                bool blocks = false) {
    Value object =
        Value::MakeObject({{"metadata", Value::MakeObject({{"name", name}})}});
    if (!owner.is_null()) {
      object.Mutable("metadata")
          .Set("ownerReferences", Value(Value::Array{Value::MakeObject(
                                      {{"apiVersion", "v1"},
                                       {"kind", "ConfigMap"},
                                       {"name", owner["metadata"]["name"]},
                                       {"uid", owner["metadata"]["uid"]},
                                       {"blockOwnerDeletion", blocks}})}));
    }
    kube::Request request;
    request.method = kube::Method::kPost;
    request.path = kMaps;
    request.body = object;
    const kube::Response response = Send(request);
    EXPECT_EQ(response.code, 201) << Text(response.body);
    return response.body;
  }
  bool IsGone(const std::string& path) {
    return Eventually(path, [](const auto& r) { return r.code == 404; });
  }
  void MakeCrd() {
    const kube::Response made =
        Post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.count, statusReplicasPath: .status.count}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer, minimum: 1}
              color: {type: string, default: red}
              count: {type: integer}
          status:
            type: object
            properties:
              count: {type: integer}
  - name: v1beta1
    served: true
    storage: false
    schema:
      openAPIV3Schema:
        type: object
        x-kubernetes-preserve-unknown-fields: true
)");
    ASSERT_EQ(made.code, 201) << Text(made.body);
    ASSERT_TRUE(Eventually(kCrd, [](const kube::Response& r) {
      for (const Value& one : r.body["status"]["conditions"].array()) {
        if (one.GetString("type") == "Established") {
          return one.GetString("status") == "True";
        }
      }
      return false;
    }));
  }
  static constexpr char kCrd[] =
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
      "widgets.example.com";
  // A custom object; unlike builtin ones it must say what it is.
  static std::string Widget(absl::string_view members) {
    return absl::StrCat("{apiVersion: example.com/v1, kind: Widget, ", members,
                        "}");
  }
  static constexpr char kWidgets[] =
      "/apis/example.com/v1/namespaces/default/widgets";
};

TEST_F(LifecycleTest, DependentsFollowTheirOwner) {
  const Value owner = MakeMap("owner");
  const Value child = MakeMap("child", owner);
  MakeMap("grandchild", child);
  Delete(MapPath("owner"));
  EXPECT_TRUE(IsGone(MapPath("child")));
  EXPECT_TRUE(IsGone(MapPath("grandchild")));
}

TEST_F(LifecycleTest, ForegroundDeletionWaitsForDependents) {
  const Value owner = MakeMap("owner");
  MakeMap("child", owner, true);
  Merge(MapPath("child"), "{metadata: {finalizers: [example.com/wait]}}");
  Delete(MapPath("owner"), "{propagationPolicy: Foreground}");
  EXPECT_TRUE(Eventually(MapPath("child"), [](const kube::Response& r) {
    return !r.body["metadata"].GetString("deletionTimestamp").empty();
  }));
  EXPECT_EQ(Get(MapPath("owner")).code, 200);
  Merge(MapPath("child"), "{metadata: {finalizers: null}}");
  EXPECT_TRUE(IsGone(MapPath("owner")));
}

TEST_F(LifecycleTest, OrphansLoseTheirOwnerAndStay) {
  const Value owner = MakeMap("owner");
  MakeMap("child", owner);
  Delete(MapPath("owner"), "{propagationPolicy: Orphan}");
  EXPECT_TRUE(IsGone(MapPath("owner")));
  const kube::Response child = Get(MapPath("child"));
  EXPECT_EQ(child.code, 200);
  EXPECT_FALSE(child.body["metadata"].Has("ownerReferences"));
}

TEST_F(LifecycleTest, ObjectOfAnOwnerThatNeverWasIsCollected) {
  const Value owner = Value::MakeObject(
      {{"metadata",
        Value::MakeObject({{"name", "nobody"}, {"uid", "no-such-uid"}})}});
  MakeMap("child", owner);
  EXPECT_TRUE(IsGone(MapPath("child")));
}

TEST_F(LifecycleTest, NamespaceIsFurnishedAndEmptied) {
  Post("/api/v1/namespaces", "{metadata: {name: team}}");
  const std::string base = "/api/v1/namespaces/team";
  EXPECT_TRUE(Eventually(base + "/serviceaccounts/default",
                         [](const auto& r) { return r.code == 200; }));
  EXPECT_TRUE(Eventually(
      base + "/configmaps/kube-root-ca.crt", [](const kube::Response& r) {
        return r.body["data"].GetString("ca.crt").size() > 100;
      }));
  Post(base + "/configmaps", "{metadata: {name: a}}");
  const kube::Response leaving = Delete(base);
  EXPECT_EQ(leaving.code, 200);
  EXPECT_EQ(leaving.body["status"].GetString("phase"), "Terminating");
  EXPECT_TRUE(IsGone(base));
  EXPECT_EQ(Get(base + "/configmaps/a").code, 404);
}

TEST_F(LifecycleTest, TerminatingNamespaceRefusesContent) {
  Post("/api/v1/namespaces", "{metadata: {name: team}}");
  Post("/api/v1/namespaces/team/configmaps",
       "{metadata: {name: a, finalizers: [example.com/wait]}}");
  Delete("/api/v1/namespaces/team");
  const kube::Response refused =
      Post("/api/v1/namespaces/team/configmaps", "{metadata: {name: b}}");
  EXPECT_EQ(refused.code, 403);
  EXPECT_EQ(refused.body.GetString("message"),
            "configmaps \"b\" is forbidden: unable to create new content in "
            "namespace team because it is being terminated");
  EXPECT_EQ(refused.body["details"]["causes"][size_t{0}].GetString("reason"),
            "NamespaceTerminating");
  Merge("/api/v1/namespaces/team/configmaps/a",
        "{metadata: {finalizers: null}}");
  EXPECT_TRUE(IsGone("/api/v1/namespaces/team"));
}

TEST_F(LifecycleTest, SystemNamespacesStay) {
  const kube::Response refused = Delete("/api/v1/namespaces/kube-system");
  EXPECT_EQ(refused.code, 403);
  EXPECT_THAT(std::string(refused.body.GetString("message")),
              HasSubstr("this namespace may not be deleted"));
}

TEST_F(LifecycleTest, CustomKindsAreServedOnceEstablished) {
  MakeCrd();
  const kube::Response made =
      Post(kWidgets,
           "{apiVersion: example.com/v1, kind: Widget, "
           "metadata: {name: w}, spec: {size: 2, odd: 1}}");
  ASSERT_EQ(made.code, 201) << Text(made.body);
  EXPECT_EQ(Text(made.body["spec"]), R"({"color":"red","size":2})");
  EXPECT_EQ(made.body["metadata"].GetInt("generation"), 1);
  const kube::Response other =
      Get("/apis/example.com/v1beta1/namespaces/default/widgets/w");
  EXPECT_EQ(other.body.GetString("apiVersion"), "example.com/v1beta1");
  const kube::Response bad = Post(kWidgets,
                                  "{apiVersion: example.com/v1, kind: Widget, "
                                  "metadata: {name: x}, spec: {size: 0}}");
  EXPECT_EQ(bad.code, 422) << Text(bad.body);
  const kube::Response list = Get(kWidgets);
  EXPECT_EQ(list.body.GetString("kind"), "WidgetList");
}

TEST_F(LifecycleTest, StatusOfCustomKindsIsApart) {
  MakeCrd();
  Post(kWidgets,
       "{apiVersion: example.com/v1, kind: Widget, "
       "metadata: {name: w}, spec: {size: 2}, status: {count: 9}}");
  const std::string path = std::string(kWidgets) + "/w";
  EXPECT_FALSE(Get(path).body.Has("status"));
  const kube::Response status = Merge(
      path + "/status",
      "{metadata: {labels: {a: b}}, spec: {size: 5}, status: {count: 3}}");
  ASSERT_EQ(status.code, 200) << Text(status.body);
  EXPECT_EQ(status.body["spec"].GetInt("size"), 2);
  EXPECT_EQ(status.body["status"].GetInt("count"), 3);
  EXPECT_FALSE(status.body["metadata"].Has("labels"));
  EXPECT_EQ(status.body["metadata"].GetInt("generation"), 1);
  const kube::Response scaled = Merge(path + "/scale", "{spec: {replicas: 7}}");
  ASSERT_EQ(scaled.code, 200) << Text(scaled.body);
  EXPECT_EQ(Get(path).body["spec"].GetInt("count"), 7);
}

TEST_F(LifecycleTest, DeletedCrdTakesItsObjectsAlong) {
  MakeCrd();
  Post(kWidgets,
       "{apiVersion: example.com/v1, kind: Widget, "
       "metadata: {name: w}, spec: {size: 2}}");
  const kube::Response leaving = Delete(kCrd);
  EXPECT_EQ(leaving.code, 200);
  EXPECT_TRUE(IsGone(kCrd));
  EXPECT_EQ(Get(std::string(kWidgets) + "/w").code, 404);
}

TEST_F(LifecycleTest, DiscoveryKnowsACrdBeforeItIsEstablished) {
  MakeCrd();
  const kube::Response found = Get(
      "/apis", {},
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  EXPECT_EQ(found.content_type,
            "application/json;g=apidiscovery.k8s.io;v=v2;as="
            "APIGroupDiscoveryList");
  EXPECT_THAT(Text(found.body), HasSubstr("\"resource\":\"widgets\""));
  kube::Request again;
  again.path = "/apis";
  again.accept =
      "application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io";
  again.headers = {{"If-None-Match", found.etag}};
  EXPECT_EQ(Send(again).code, 304);
  EXPECT_THAT(Text(Get("/apis/example.com/v1").body),
              HasSubstr("widgets/status"));
}

}  // namespace
}  // namespace weir::apiserver
