#include "receiver_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/match.h"
#include "weir/value/json.h"

namespace weir::cli {
namespace {

std::map<std::string, std::string> HeadersOf(const ReceiverRequest& request) {
  return {request.headers.begin(), request.headers.end()};
}

ReceiverCall Call(const std::string& type) {
  ReceiverCall call;
  call.type = type;
  call.token = Secret("s3cret");
  call.id_token = Secret("a.b.c");
  return call;
}

struct ProofCase {
  const char* type;
  const char* header;
  const char* want;
};

class ProofTest : public testing::TestWithParam<ProofCase> {};

// The signatures are those of `openssl dgst -hmac s3cret`.
TEST_P(ProofTest, IsWhatTheTypeWants) {
  ReceiverCall call = Call(GetParam().type);
  call.payload = "{}";
  const auto request = MakeReceiverRequest(call);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->body, "{}");
  const auto headers = HeadersOf(*request);
  EXPECT_EQ(headers.at("Content-Type"), "application/json");
  ASSERT_EQ(headers.count(GetParam().header), 1u);
  EXPECT_EQ(headers.at(GetParam().header), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ProofTest,
    testing::Values(
        ProofCase{
            "generic-hmac", "X-Signature",
            "sha256="
            "adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b"},
        ProofCase{
            "github", "X-Hub-Signature-256",
            "sha256="
            "adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b"},
        ProofCase{"github", "X-GitHub-Event", "ping"},
        ProofCase{
            "bitbucket", "X-Hub-Signature",
            "sha256="
            "adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b"},
        ProofCase{"bitbucket", "X-Event-Key", "diagnostics:ping"},
        ProofCase{"gitlab", "X-Gitlab-Token", "s3cret"},
        ProofCase{"gitlab", "X-Gitlab-Event", "Push Hook"},
        ProofCase{"harbor", "Authorization", "s3cret"},
        ProofCase{"nexus", "X-Nexus-Webhook-Signature",
                  "e7e0225292f975eab7d48999ea520020ef91b18d"},
        ProofCase{"cdevents", "Ce-Type", "dev.cdevents.change.merged.0.2.0"},
        ProofCase{"generic-oidc", "Authorization", "Bearer a.b.c"},
        ProofCase{"gcr", "Authorization", "Bearer a.b.c"}));

TEST(MakeReceiverRequestTest, HasABodyForEachType) {
  for (const char* type : {"generic", "generic-hmac", "generic-oidc", "github",
                           "gitlab", "bitbucket", "harbor", "dockerhub", "quay",
                           "gcr", "nexus", "acr", "cdevents"}) {
    const auto request = MakeReceiverRequest(Call(type));
    ASSERT_TRUE(request.ok()) << type << request.status();
    EXPECT_TRUE(ParseJson(request->body).ok()) << type;
    // No type but these sends the token.
    const bool tells =
        absl::StrContains(type, "gitlab") || absl::StrContains(type, "harbor");
    for (const auto& [name, value] : request->headers) {
      EXPECT_TRUE(tells || !absl::StrContains(value, "s3cret")) << type;
    }
  }
}

TEST(MakeReceiverRequestTest, TheEventMayBeAnother) {
  ReceiverCall call = Call("github");
  call.event = "push";
  EXPECT_EQ(HeadersOf(*MakeReceiverRequest(call)).at("X-GitHub-Event"), "push");
}

TEST(MakeReceiverRequestTest, SaysWhatIsMissing) {
  EXPECT_TRUE(
      absl::IsInvalidArgument(MakeReceiverRequest(Call("gerrit")).status()));
  ReceiverCall call = Call("github");
  call.token = Secret();
  EXPECT_THAT(std::string(MakeReceiverRequest(call).status().message()),
              testing::HasSubstr("--token"));
  call = Call("generic-oidc");
  call.id_token = Secret();
  EXPECT_THAT(std::string(MakeReceiverRequest(call).status().message()),
              testing::HasSubstr("--oidc-token"));
}

// Path and token are those of a recording of Flux.
TEST(WebhookPathTest, IsFluxs) {
  EXPECT_EQ(WebhookPath(Secret("s3cret"), "hook", "ntf-receiver-cdevents"),
            "/hook/"
            "72893e6f7f92bdbc7ceaaaa6cc52bb0e04bae1ad54495dfa4a0f881145dd4321");
}

}  // namespace
}  // namespace weir::cli
