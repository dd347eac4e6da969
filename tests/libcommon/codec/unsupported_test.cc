#include "weir/codec/unsupported.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shapes.pb.h"
#include "weir/codec/codec.h"
#include "weir/kustomize/v1/kustomization.pb.h"
#include "weir/source/v1/gitrepository.pb.h"
#include "weir/value/json.h"

namespace weir::codec {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

template <typename Message>
std::vector<std::string> Find(absl::string_view json) {
  Message message;
  EXPECT_TRUE(FromValue(*ParseJson(json), &message).ok());
  return FindUnsupported(message);
}

TEST(FindUnsupportedTest, NamesFieldsOfGitRepository) {
  using source::v1::GitRepository;
  EXPECT_THAT(Find<GitRepository>(R"({"spec": {
      "url": "https://x", "interval": "1m", "provider": "generic",
      "recurseSubmodules": false, "include": [{"repository": {"name": "a"}}],
      "ref": {"semver": ">1"}, "serviceAccountName": ""}})"),
              IsEmpty());
  EXPECT_THAT(
      Find<GitRepository>(R"({"spec": {"provider": "github",
          "recurseSubmodules": true, "proxySecretRef": {"name": "p"},
          "serviceAccountName": "s",
          "verify": {"secretRef": {"name": "k"}}}})"),
      ElementsAre("spec.provider", "spec.serviceAccountName", "spec.verify",
                  "spec.proxySecretRef", "spec.recurseSubmodules"));
  // What a controller of Flux wrote to the status does not count.
  EXPECT_THAT(
      Find<GitRepository>(R"({"status": {"observedRecurseSubmodules": true}})"),
      IsEmpty());
}

TEST(FindUnsupportedTest, NamesFieldsOfKustomization) {
  using kustomize::v1::Kustomization;
  EXPECT_THAT(
      Find<Kustomization>(R"({"spec": {"decryption": {"provider": "sops"},
          "kubeConfig": {"configMapRef": {"name": "k"}}}})"),
      ElementsAre("spec.decryption", "spec.kubeConfig.configMapRef"));
  EXPECT_THAT(Find<Kustomization>(R"({"spec": {"prune": true, "wait": true,
          "sourceRef": {"kind": "OCIRepository", "name": "a"},
          "healthCheckExprs": [], "force": true, "components": ["x"],
          "kubeConfig": {"secretRef": {"name": "k"}},
          "serviceAccountName": "s"}})"),
              IsEmpty());
}

TEST(FindUnsupportedTest, LooksAtValuesAndDepths) {
  using weir::test::Shapes;
  EXPECT_THAT(Find<Shapes>(R"({"soon": "", "choice": "plain",
                               "parts": [{"soon": false}]})"),
              IsEmpty());
  EXPECT_THAT(Find<Shapes>(R"({"soon": "x", "choice": "fancy",
              "parts": [{}, {"deeper": {"soon": true}}]})"),
              ElementsAre("parts[1].deeper.soon", "soon", "choice"));
}

TEST(DescribeUnsupportedTest, Reads) {
  EXPECT_EQ(DescribeUnsupported({"spec.verify"}),
            "field is not supported yet: spec.verify");
  EXPECT_EQ(DescribeUnsupported({"spec.a", "spec.b"}),
            "fields are not supported yet: spec.a, spec.b");
}

}  // namespace
}  // namespace weir::codec
