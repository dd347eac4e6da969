// OCIRepository from a registry to an artifact: references, layers, logins,
// and what hostile or broken registries send.

#include "tests/source-controller/fixture.h"
#include "tests/source-controller/remotes.h"

namespace weir::source {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kTarType[] = "application/vnd.cncf.flux.content.v1.tar+gzip";

class OciTest : public SourceTest {
 protected:
  OciTest() { Use("OCIRepository"); }

  std::string Url(const std::string& repository = "ns/app") const {
    return absl::StrCat("oci://", remote_.address(), "/", repository);
  }
  // `more`: further members of the spec.
  void ApplyOci(const std::string& more) {
    Apply(absl::StrCat("url: ", Url(), "\n", more));
  }
  std::string PushFiles(const std::string& tag, const Files& files) {
    return remote_.Push("ns/app", tag, {{kTarType, TarGz(files)}});
  }
  std::string Message(const Value& object) const {
    return std::string(Condition(object, "Ready").GetString("message"));
  }
  std::string Reason(const Value& object) const {
    return std::string(Condition(object, "Ready").GetString("reason"));
  }

  Remote remote_;
};

const Files kFiles = {{"cm.yaml", "kind: ConfigMap\n"}, {"sub/x.txt", "x\n"}};

TEST_F(OciTest, ATagBecomesAnArtifact) {
  const std::string digest = remote_.Push(
      "ns/app", "v1", {{kTarType, TarGz(kFiles)}},
      {{"org.opencontainers.image.source", "https://example.com/app"},
       {"org.opencontainers.image.revision", "main@sha1:1"}});
  Start();
  ApplyOci("ref: {tag: v1}");
  const Value object = WaitReady();
  const std::string revision = "v1@" + digest;
  EXPECT_EQ(Revision(object), revision);
  EXPECT_THAT(
      Conditions(object),
      ElementsAre("Ready True Succeeded 1 stored artifact for digest '" +
                      revision + "'",
                  "ArtifactInStorage True Succeeded 1 stored artifact "
                  "for digest '" +
                      revision + "'"));
  const Value& artifact = object["status"]["artifact"];
  EXPECT_EQ(artifact.GetString("path"),
            "ocirepository/ns/app/" + digest + ".tar.gz");
  EXPECT_EQ(artifact["metadata"].GetString("org.opencontainers.image.revision"),
            "main@sha1:1");
  EXPECT_EQ(object["status"].GetString("url"),
            absl::StrCat("http://", controller_->storage_address(),
                         "/ocirepository/ns/app/latest.tar.gz"));
  EXPECT_THAT(Entries(object), ElementsAre(". 750", "cm.yaml 600 16", "sub 750",
                                           "sub/x.txt 600 2"));
  EXPECT_THAT(TakeEvents(),
              ElementsAre(absl::StrCat(
                  "info NewArtifact stored artifact with revision '", revision,
                  "' from '", Url(),
                  "', origin source 'https://example.com/app', "
                  "origin revision 'main@sha1:1'")));
  EXPECT_LE(TakeStatusWrites(), 2u);
  // The link leads to the file.
  const auto linked =
      ReadFile(StoragePath() + "/ocirepository/ns/app/latest.tar.gz");
  ASSERT_TRUE(linked.ok()) << linked.status();
  EXPECT_EQ(DigestOf(*linked), artifact.GetString("digest"));
}

TEST_F(OciTest, ARequestWithoutAChangeAsksForTheDigestOnly) {
  PushFiles("latest", kFiles);
  Start();
  ApplyOci("");
  WaitReady();
  remote_.TakeRequests();
  TakeEvents();
  TakeStatusWrites();
  Request("r1");
  WaitReady("True", "r1");
  const std::vector<std::string> requests = remote_.TakeRequests();
  EXPECT_THAT(requests, Contains("HEAD /v2/ns/app/manifests/latest"));
  EXPECT_THAT(requests, Each(Not(HasSubstr("blobs"))));
  EXPECT_EQ(TakeStatusWrites(), 1u);
  EXPECT_THAT(TakeEvents(),
              ElementsAre(HasSubstr("trace ArtifactUpToDate artifact "
                                    "up-to-date with remote revision: "
                                    "'latest@sha256:")));
}

TEST_F(OciTest, ATagThatMovesBecomesANewArtifact) {
  PushFiles("v1", kFiles);
  Start();
  ApplyOci("ref: {tag: v1}");
  WaitReady();
  const std::string digest = PushFiles("v1", {{"n", "1"}});
  Request("r1");
  const Value object = WaitReady("True", "r1");
  EXPECT_EQ(Revision(object), "v1@" + digest);
  EXPECT_TRUE(Condition(object, "ArtifactOutdated").is_null());
  EXPECT_THAT(Entries(object), ElementsAre(". 750", "n 600 1"));
}

struct RefCase {
  const char* name;
  const char* ref;
  const char* tag;      // Of the revision; empty: there is none.
  const char* message;  // Else this is part of Ready's.
};
class OciRefTest : public OciTest,
                   public ::testing::WithParamInterface<RefCase> {};
TEST_P(OciRefTest, Resolves) {
  std::map<std::string, std::string> digests;
  for (const char* tag : {"1.0.0", "1.1.0", "1.2.0-rc.1", "2.0.0", "v1.9",
                          "1.3.0_build", "main"}) {
    digests[tag] = PushFiles(tag, {{"tag", tag}});
  }
  Start();
  ApplyOci(absl::StrCat("ref: ", GetParam().ref));
  if (*GetParam().tag == '\0') {
    EXPECT_THAT(Message(WaitReady("False")), HasSubstr(GetParam().message));
    return;
  }
  EXPECT_EQ(Revision(WaitReady()),
            absl::StrCat(GetParam().tag, "@", digests[GetParam().tag]));
}
INSTANTIATE_TEST_SUITE_P(
    Table, OciRefTest,
    ::testing::Values(
        RefCase{"Range", "{semver: 1.x}", "1.1.0", ""},
        RefCase{"RangeBeatsTag", "{semver: 1.x, tag: main}", "1.1.0", ""},
        RefCase{"Filter", "{semver: '>=1.0.0-0', semverFilter: '.*-rc.*'}",
                "1.2.0-rc.1", ""},
        RefCase{"Nothing", "{semver: '>=9'}", "",
                "no match found for semver: >=9"},
        RefCase{"BadFilter", "{semver: 1.x, semverFilter: '('}", "",
                "failed to determine the artifact tag for"},
        RefCase{"BadRange", "{semver: 'a b c'}", "",
                "semver 'a b c' parse error: "},
        RefCase{"NoTag", "{tag: ../../x}", "", "'../../x' is no tag"},
        RefCase{"NoDigest", "{digest: 'sha256:12'}", "",
                "failed to determine artifact digest: "}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(OciTest, ADigestIsPulledAsItIs) {
  const std::string digest = PushFiles("v1", kFiles);
  Start();
  ApplyOci("ref: {tag: nope, digest: '" + digest + "'}");
  EXPECT_EQ(Revision(WaitReady()), digest);
}

TEST_F(OciTest, AChartsTagHasAnUnderscoreForThePlus) {
  const std::string type =
      "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
  remote_.Push("ns/app", "1.0.0_a", {{type, "chart"}});
  Start();
  ApplyOci("ref: {semver: 1.x}\nlayerSelector: {mediaType: " + type +
           ", operation: copy}");
  EXPECT_THAT(Revision(WaitReady()), HasSubstr("1.0.0_a@sha256:"));
}

TEST_F(OciTest, LayersArePickedByType) {
  remote_.Push("ns/app", "latest",
               {{kTarType, TarGz(kFiles)},
                {"text/plain", "hello\n"},
                {"x/tgz", TarGz({{"inner.txt", "i\n"}})}});
  Start();
  ApplyOci("layerSelector: {mediaType: text/plain, operation: copy}");
  Value object = WaitReady();
  const auto copied = ReadFile(ArtifactPath(object));
  ASSERT_TRUE(copied.ok());
  EXPECT_EQ(*copied, "hello\n");
  EXPECT_EQ(object["status"]["observedLayerSelector"].GetString("operation"),
            "copy");
  ApplyOci("layerSelector: {mediaType: x/tgz}");
  object = WaitReady();
  EXPECT_THAT(Entries(object), ElementsAre(". 750", "inner.txt 600 2"));
  ApplyOci("layerSelector: {mediaType: x/none}");
  object = WaitReady("False");
  EXPECT_EQ(Reason(object), "OCIArtifactLayerOperationFailed");
  EXPECT_EQ(Message(object),
            "failed to find layer with media type 'x/none' in artifact");
  ApplyOci("layerSelector: {mediaType: text/plain}");
  object = WaitReady("False");
  EXPECT_EQ(Message(object),
            "failed to extract layer contents from artifact: requires "
            "gzip-compressed body: unexpected EOF");
}

TEST_F(OciTest, IgnoreRulesApplyToExtractedFiles) {
  PushFiles("latest", {{".sourceignore", "*.bak\n"},
                       {"a.bak", ""},
                       {"b", "1"},
                       {"sub/c", "2"}});
  Start();
  ApplyOci("ignore: |\n  /sub\n");
  EXPECT_THAT(Entries(WaitReady()),
              ElementsAre(". 750", ".sourceignore 600 6", "b 600 1"));
}

TEST_F(OciTest, AnIndexStandsForItsImageForLinux) {
  const std::string digest = PushFiles("child", kFiles);
  const std::string index = absl::StrCat(
      R"({"schemaVersion":2,"manifests":[{"mediaType":)",
      R"("application/vnd.oci.image.manifest.v1+json","size":1,"digest":")",
      digest, R"(","platform":{"os":"linux","architecture":"amd64"}}]})");
  remote_.PutManifest("ns/app", "latest", index,
                      "application/vnd.oci.image.index.v1+json");
  Start();
  ApplyOci("");
  const Value object = WaitReady();
  EXPECT_EQ(Revision(object), "latest@" + DigestOf(index));
  EXPECT_THAT(Entries(object), SizeIs(4));
}

TEST_F(OciTest, SecretsOfDockerLogIn) {
  PushFiles("latest", kFiles);
  const std::string want = "Basic " + absl::Base64Escape("user:pass");
  // A registry for those who know.
  const auto guard = [this, want](const std::string& path, std::string body,
                                  std::string digest) {
    remote_.On(path, [=](const http::ServerRequest& request, auto responder) {
      if (request.headers.Get("Authorization") != want) {
        http::ServerResponse refusal{401, {}, ""};
        refusal.headers.Set("WWW-Authenticate", "Basic realm=\"r\"");
        return responder->Send(refusal);
      }
      http::ServerResponse response{200, {}, body};
      response.headers.Set("Docker-Content-Digest", digest);
      responder->Send(response);
    });
  };
  const std::string layer = TarGz(kFiles);
  const std::string manifest = FormatJson(Value::MakeObject(
      {{"layers", Value(Value::Array{Remote::Describe(kTarType, layer)})}}));
  const std::string digest = DigestOf(manifest);
  guard("/v2/ns/app/manifests/latest", manifest, digest);
  guard("/v2/ns/app/manifests/" + digest, manifest, digest);
  guard("/v2/ns/app/blobs/" + DigestOf(layer), layer, "");
  Start();
  ApplyOci("secretRef: {name: cred}");
  Value object = WaitReady("False");
  EXPECT_EQ(Reason(object), "AuthenticationFailed");
  EXPECT_THAT(Message(object),
              HasSubstr("failed to get credential: failed to get secret "
                        "'ns/cred': secrets \"cred\" not found"));
  const auto config = [this](const std::string& user) {
    return absl::StrCat(R"({"auths":{")", remote_.address(),
                        R"(":{"username":")", user,
                        R"(","password":"pass"}}})");
  };
  ApplySecret({{".dockerconfigjson", config("other")}}, "cred",
              "kubernetes.io/dockerconfigjson");
  Request("r1");
  object = WaitReady("False", "r1");
  EXPECT_EQ(Reason(object), "OCIArtifactPullFailed");
  EXPECT_THAT(Message(object), HasSubstr("unexpected status code 401"));
  EXPECT_THAT(Message(object), Not(HasSubstr("pass")));
  ApplySecret({{".dockerconfigjson", config("user")}}, "cred",
              "kubernetes.io/dockerconfigjson");
  Request("r2");
  object = WaitReady("True", "r2");
  // An account's pull secrets serve as well.
  Value account =
      Value::MakeObject({{"apiVersion", "v1"}, {"kind", "ServiceAccount"}});
  account.Mutable("metadata").Set("name", "puller");
  account.Mutable("metadata").Set("namespace", kNamespace);
  account.Set("imagePullSecrets",
              Value(Value::Array{Value::MakeObject({{"name", "cred"}})}));
  ApplyOci("serviceAccountName: none");
  object = WaitReady("False");
  EXPECT_THAT(Message(object), HasSubstr("serviceaccount 'ns/none' not found"));
  cluster_->Put(account);
  ApplyOci("serviceAccountName: puller");
  WaitReady();
}

TEST_F(OciTest, ARegistryThatIsDownIsTriedAgain) {
  PushFiles("latest", kFiles);
  Start();
  ApplyOci("");
  WaitReady();
  TakeEvents();
  remote_.OnAll([](const auto&, auto responder) {
    responder->Send({503, {}, "busy\n"});
  });
  Request("r1");
  const Value object = WaitReady("False", "r1");
  EXPECT_EQ(Reason(object), "OCIArtifactPullFailed");
  EXPECT_THAT(Message(object), HasSubstr("/v2/ns/app/manifests/latest: "
                                         "unexpected status code 503 Service "
                                         "Unavailable: busy\n"));
  remote_.OnAll(nullptr);
  WaitReady();
  EXPECT_THAT(TakeEvents(), Contains(HasSubstr("info Succeeded stored artifact "
                                               "with revision")));
}

TEST_F(OciTest, RetryAfterIsObeyed) {
  PushFiles("latest", kFiles);
  auto refusals = std::make_shared<std::atomic<int>>(1);
  const std::string body = "{}";
  const std::string path = "/v2/ns/app/manifests/latest";
  const std::string layer = TarGz(kFiles);
  const std::string manifest = FormatJson(Value::MakeObject(
      {{"layers", Value(Value::Array{Remote::Describe(kTarType, layer)})}}));
  remote_.PutManifest("ns/app", "once", manifest);
  remote_.On(path, [=](const auto&, auto responder) {
    if (refusals->fetch_sub(1) > 0) {
      http::ServerResponse refusal{429, {}, ""};
      refusal.headers.Set("Retry-After", "0");
      return responder->Send(refusal);
    }
    http::ServerResponse response{200, {}, manifest};
    response.headers.Set("Docker-Content-Digest", DigestOf(manifest));
    responder->Send(response);
  });
  Start();
  ApplyOci("");
  WaitReady();
  // Nobody was told of a failure.
  EXPECT_THAT(TakeEvents(), Each(Not(HasSubstr("error"))));
}

// What a registry sends for a layer is not what it announced.
TEST_F(OciTest, LayersMustHaveTheirDigestAndSize) {
  const std::string layer = TarGz(kFiles);
  PushFiles("latest", kFiles);
  const std::string path = "/v2/ns/app/blobs/" + DigestOf(layer);
  std::string other = layer;
  other[other.size() / 2] ^= 1;
  remote_.Put(path, other);
  Start();
  ApplyOci("");
  Value object = WaitReady("False");
  EXPECT_EQ(Reason(object), "OCIArtifactLayerOperationFailed");
  EXPECT_THAT(Message(object), HasSubstr("has digest"));
  remote_.Put(path, layer + "more");
  Request("r1");
  object = WaitReady("False", "r1");
  EXPECT_THAT(Message(object), HasSubstr("more than"));
  EXPECT_TRUE(object["status"]["artifact"].is_null());
  remote_.Put(path, layer);
  Request("r2");
  WaitReady("True", "r2");
}

TEST_F(OciTest, AManifestMustHaveItsDigest) {
  PushFiles("latest", kFiles);
  const std::string wanted = "sha256:" + std::string(64, '0');
  remote_.On("/v2/ns/app/manifests/" + wanted, {200, {}, "{}"});
  Start();
  ApplyOci("ref: {digest: '" + wanted + "'}");
  EXPECT_THAT(Message(WaitReady("False")), HasSubstr("has digest sha256:"));
}

// Paths in a layer stay below its folder, links are left out.
TEST_F(OciTest, HostileLayersAreRefused) {
  PushFiles("escape", {{"../../x", "1"}});
  PushFiles("absolute", {{"/etc/x", "1"}});
  Start();
  for (const char* tag : {"escape", "absolute"}) {
    ApplyOci(absl::StrCat("ref: {tag: ", tag, "}"));
    const Value object = WaitReady("False");
    EXPECT_EQ(Reason(object), "OCIArtifactLayerOperationFailed") << tag;
    EXPECT_TRUE(object["status"]["artifact"].is_null());
  }
}

TEST_F(OciTest, UrlsAreChecked) {
  Start();
  struct Case {
    const char* url;
    const char* message;
  };
  for (const Case& one : {
           Case{"oci://localhost:1/ns/app:v1",
                "repository can only contain the characters "
                "`abcdefghijklmnopqrstuvwxyz0123456789_-./`: ns/app:v1"},
           Case{"oci://ghcr.io/a", "repository must be between 2 and 255"},
           Case{"oci://ghcr.io/UPPER/case", "can only contain"},
           Case{"oci://ghcr.io/a/../../b", "invalid repository"},
       }) {
    Apply(absl::StrCat("url: ", one.url));
    const Value object = WaitReady("False");
    EXPECT_EQ(Reason(object), "URLInvalid") << one.url;
    EXPECT_THAT(Message(object), HasSubstr(one.message)) << one.url;
    EXPECT_EQ(Condition(object, "Stalled").GetString("status"), "True");
  }
}

TEST_F(OciTest, WhatIsNotBuiltStalls) {
  PushFiles("latest", kFiles);
  Start();
  ApplyOci("provider: aws");
  Value object = WaitReady("False");
  EXPECT_EQ(Reason(object), "NotSupported");
  EXPECT_THAT(Message(object), HasSubstr("spec.provider"));
  ApplyOci("verify: {provider: cosign}");
  object = WaitReady("False");
  EXPECT_THAT(Message(object), HasSubstr("spec.verify"));
  EXPECT_THAT(remote_.TakeRequests(), IsEmpty());
}

TEST_F(OciTest, ProxiesComeFromSecrets) {
  Start();
  ApplySecret({{"address", "ftp://proxy"}}, "proxy");
  ApplyOci("proxySecretRef: {name: proxy}");
  Value object = WaitReady("False");
  EXPECT_EQ(Reason(object), "AuthenticationFailed");
  EXPECT_THAT(Message(object),
              HasSubstr("failed to get proxy address: secret 'ns/proxy': proxy "
                        "URL must use one of the supported schemes (http, "
                        "https, socks5), got 'ftp'"));
  // Through the proxy a name is reached that nobody knows.
  ApplySecret({{"address", remote_.url()}, {"username", "u"}}, "proxy");
  Apply(
      "url: oci://nowhere.example/ns/app\ninsecure: true\n"
      "proxySecretRef: {name: proxy}");
  WaitReady("False");
  EXPECT_THAT(remote_.TakeRequests(), Contains(HasSubstr("nowhere.example")));
}

TEST_F(OciTest, ADeletedObjectLeavesNothing) {
  PushFiles("latest", kFiles);
  Start();
  ApplyOci("");
  WaitReady();
  cluster_->Delete(Ref());
  WaitFor([](const Value& object) { return object.is_null(); });
  EXPECT_TRUE(absl::IsNotFound(
      ReadFile(StoragePath() + "/ocirepository/ns/app/latest.tar.gz")
          .status()));
  EXPECT_FALSE(controller_->artifacts()
                   ->Get(Context(), {"OCIRepository", "ns", "app"})
                   .ok());
}

}  // namespace
}  // namespace weir::source
