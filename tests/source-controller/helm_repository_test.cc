// HelmRepository from an index to an artifact, and what it leaves alone.

#include "tests/source-controller/helm_fixture.h"

namespace weir::source {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class HelmRepositoryTest : public HelmTest {
 protected:
  HelmRepositoryTest() { Use("HelmRepository"); }
};

TEST_F(HelmRepositoryTest, AnIndexBecomesAnArtifact) {
  Publish("demo", "1.0.0");
  Publish("demo", "1.1.0");
  Start();
  ApplyRepository();
  const Value object = WaitReady("True", "", "repo");
  const std::string revision = Revision(object);
  EXPECT_THAT(revision, StartsWith("sha256:"));
  const std::string hex = revision.substr(7);
  EXPECT_EQ(object["status"]["artifact"].GetString("path"),
            "helmrepository/ns/repo/index-" + hex + ".yaml");
  EXPECT_EQ(object["status"].GetString("url"),
            absl::StrCat("http://", controller_->storage_address(),
                         "/helmrepository/ns/repo/index.yaml"));
  EXPECT_THAT(Conditions(object),
              ElementsAre("Ready True Succeeded 1 stored artifact: revision '" +
                              revision + "'",
                          "ArtifactInStorage True Succeeded 1 stored artifact: "
                          "revision '" +
                              revision + "'"));
  const auto text = ReadFile(ArtifactPath(object));
  ASSERT_TRUE(text.ok());
  const auto index = ParseJson(*text);
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_EQ((*index)["entries"]["demo"][size_t{0}].GetString("version"),
            "1.1.0");
  EXPECT_THAT(TakeEvents("repo"),
              ElementsAre(absl::StrCat(
                  "info NewArtifact stored fetched index of size ",
                  text->size(), "B from '", remote_.url(), "/charts'")));
  EXPECT_LE(TakeStatusWrites(), 2u);
}

TEST_F(HelmRepositoryTest, TheSameIndexIsNotReadAgain) {
  Publish("demo", "1.0.0");
  Start();
  ApplyRepository();
  WaitReady("True", "", "repo");
  TakeEvents("repo");
  TakeStatusWrites();
  Request("r1", "repo");
  const Value object = WaitReady("True", "r1", "repo");
  EXPECT_EQ(TakeStatusWrites(), 1u);
  EXPECT_THAT(TakeEvents("repo"),
              ElementsAre("trace ArtifactUpToDate artifact up-to-date with "
                          "remote revision: '" +
                          Revision(object) + "'"));
}

TEST_F(HelmRepositoryTest, CredentialsComeFromSecrets) {
  const std::string want = "Basic " + absl::Base64Escape("user:pass");
  remote_.On("/charts/index.yaml",
             [want](const http::ServerRequest& request, auto responder) {
               if (request.headers.Get("Authorization") != want) {
                 return responder->Send({401, {}, ""});
               }
               responder->Send({200, {}, "apiVersion: v1\nentries: {}\n"});
             });
  Start();
  ApplyRepository();
  Value object = WaitReady("False", "", "repo");
  EXPECT_EQ(Reason(object), "Failed");
  EXPECT_EQ(Message(object),
            absl::StrCat("failed to fetch Helm repository index: failed to "
                         "cache index to temporary file: failed to fetch ",
                         remote_.url(),
                         "/charts/index.yaml : 401 "
                         "Unauthorized"));
  ApplySecret({{"username", "user"}});
  ApplyRepository("secretRef: {name: cred}");
  object = WaitReady("False", "", "repo");
  EXPECT_EQ(Reason(object), "AuthenticationFailed");
  EXPECT_EQ(Message(object),
            "failed to detect authentication methods: secret 'ns/cred': "
            "malformed basic auth - has 'username' but missing 'password'");
  ApplySecret({{"username", "user"}, {"password", "pass"}});
  Request("r1", "repo");
  WaitReady("True", "r1", "repo");
  ApplyRepository("certSecretRef: {name: none}");
  object = WaitReady("False", "", "repo");
  EXPECT_THAT(Message(object),
              HasSubstr("failed to get TLS authentication secret 'ns/none': "
                        "secrets \"none\" not found"));
}

struct IndexCase {
  const char* name;
  const char* index;
  const char* message;
};
class BadIndexTest : public HelmRepositoryTest,
                     public ::testing::WithParamInterface<IndexCase> {};
TEST_P(BadIndexTest, IsToldOf) {
  remote_.Put("/charts/index.yaml", GetParam().index);
  Start();
  ApplyRepository();
  const Value object = WaitReady("False", "", "repo");
  EXPECT_EQ(Reason(object), "IndexationFailed");
  EXPECT_EQ(Message(object),
            absl::StrCat("failed to load Helm repository from index YAML: "
                         "failed to load index: ",
                         GetParam().message));
  EXPECT_TRUE(object["status"]["artifact"].is_null());
}
INSTANTIATE_TEST_SUITE_P(
    Table, BadIndexTest,
    ::testing::Values(
        IndexCase{"NoYaml", "a: [1",
                  "error converting YAML to JSON: yaml: line 1: did not find "
                  "expected ',' or ']'"},
        IndexCase{"NoVersion", "entries: {}\n", "no API version specified"},
        IndexCase{"UnknownKey", "apiVersion: v1\nentries: {}\nnope: 1\n",
                  "error unmarshaling JSON: while decoding JSON: json: unknown "
                  "field \"nope\""},
        IndexCase{"DuplicateKey",
                  "apiVersion: v1\napiVersion: v1\nentries: {}\n",
                  "error converting YAML to JSON: yaml: unmarshal errors:\n  "
                  "line 2: key \"apiVersion\" already set in map"},
        IndexCase{"Empty", "", "empty index.yaml file"}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(HelmRepositoryTest, ABadEntryDoesNotSpoilTheIndex) {
  remote_.Put("/charts/index.yaml",
              "apiVersion: v1\nentries:\n  demo:\n  - null\n  - name: demo\n"
              "    version: no\n  - name: demo\n    version: 1.0.0\n"
              "    urls: [x]\n");
  Start();
  ApplyRepository();
  const Value object = WaitReady("True", "", "repo");
  const auto text = ReadFile(ArtifactPath(object));
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr("1.0.0"));
  EXPECT_THAT(*text, Not(HasSubstr("\"no\"")));
}

TEST_F(HelmRepositoryTest, AnIndexHasALimit) {
  options_.helm_index_max_bytes = 1000;
  remote_.Put("/charts/index.yaml",
              "apiVersion: v1\n# " + std::string(2000, 'x') + "\n");
  Start();
  ApplyRepository();
  const Value object = WaitReady("False", "", "repo");
  EXPECT_EQ(Reason(object), "Failed");
  EXPECT_THAT(Message(object), HasSubstr("larger than 1000 bytes"));
}

TEST_F(HelmRepositoryTest, UrlsKeepTheirQuery) {
  remote_.On("/a/index.yaml", {200, {}, "apiVersion: v1\nentries: {}\n"});
  Start();
  Apply(absl::StrCat("url: ", remote_.url(), "/a/?token=1"), "repo");
  WaitReady("True", "", "repo");
  EXPECT_THAT(remote_.TakeRequests(), Contains("GET /a/index.yaml?token=1"));
}

TEST_F(HelmRepositoryTest, ARegistrysUrlNeedsTheType) {
  Start();
  Apply("url: oci://ghcr.io/charts", "repo");
  const Value object = WaitReady("False", "", "repo");
  EXPECT_EQ(Condition(object, "Stalled").GetString("reason"), "URLInvalid");
  EXPECT_EQ(Message(object),
            "invalid Helm repository URL: 'oci' URL scheme cannot be used with "
            "'default' HelmRepository type");
}

TEST_F(HelmRepositoryTest, OneInARegistryIsStatic) {
  Publish("demo", "1.0.0");
  Start();
  Apply("url: oci://ghcr.io/charts\ntype: oci", "repo");
  const auto is_static = [](const Value& object) {
    return object["status"].empty() && object["metadata"]["finalizers"].empty();
  };
  WaitFor(is_static, "repo");
  EXPECT_THAT(TakeEvents("repo"), IsEmpty());
  // It becomes another one, and static again.
  ApplyRepository("type: default");
  WaitReady("True", "", "repo");
  Apply("url: oci://ghcr.io/charts\ntype: oci", "repo");
  WaitFor(is_static, "repo");
  EXPECT_THAT(TakeEvents("repo"),
              Contains("trace GarbageCollectionSucceeded garbage collected "
                       "artifacts for deleted resource"));
  EXPECT_TRUE(absl::IsNotFound(
      ReadFile(StoragePath() + "/helmrepository/ns/repo/index.yaml").status()));
  cluster_->Delete(Ref("repo"));
  WaitFor([](const Value& object) { return object.is_null(); }, "repo");
}

}  // namespace
}  // namespace weir::source
