// Each type of Receiver: right, wrong and missing proofs, events, bodies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "src/receivers/receiver_type.h"
#include "weir/crypto/hmac.h"

namespace weir::notification_controller {
namespace {

using crypto::DigestAlgorithm;
using testing::HasSubstr;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr char kToken[] = "s3cret";
constexpr char kJson[] = "application/json";

std::string Signed(DigestAlgorithm algorithm, const std::string& body,
                   const std::string& token = kToken) {
  return absl::StrCat(crypto::DigestAlgorithmName(algorithm), "=",
                      crypto::HmacHex(algorithm, Secret(token), body));
}
const std::string kBody = R"({"a":1})";
const std::string kSha256 = Signed(DigestAlgorithm::kSha256, kBody);
const std::string kSha1 = Signed(DigestAlgorithm::kSha1, kBody);
const std::string kSha512 = Signed(DigestAlgorithm::kSha512, kBody);
const std::string kForged = Signed(DigestAlgorithm::kSha256, kBody, "guess");

absl::StatusOr<Message> Read(const std::string& type, const Fields& fields,
                             const std::string& body,
                             const std::string& token = kToken,
                             const std::vector<std::string>& events = {}) {
  http::Headers headers;
  for (const auto& [name, value] : fields) headers.Add(name, value);
  const ReceiverType* const row = FindReceiverType(type);
  EXPECT_NE(row, nullptr) << type;
  return ReadHook(*row, {headers, body}, Secret(token), events);
}

TEST(ReceiverTypeTest, AreThirteen) {
  EXPECT_EQ(AllReceiverTypes().size(), 13u);
  EXPECT_EQ(FindReceiverType("githubx"), nullptr);
  EXPECT_EQ(FindReceiverType(""), nullptr);
}

struct TypeCase {
  std::string name;
  std::string type;
  Fields headers;
  std::string body;
  std::string error;  // Empty: it is let in.
};

class ReadHookTest : public testing::TestWithParam<TypeCase> {};

TEST_P(ReadHookTest, LetsInWhatIsAuthentic) {
  const TypeCase& tested = GetParam();
  const auto message = Read(tested.type, tested.headers, tested.body);
  EXPECT_EQ(message.ok(), tested.error.empty()) << message.status();
  EXPECT_THAT(message.status().message(), HasSubstr(tested.error));
  // A message never tells what would have been right.
  for (const std::string& secret : {std::string(kToken), kSha256, kSha1}) {
    EXPECT_THAT(message.status().message(),
                testing::Not(HasSubstr(secret.substr(secret.find('=') + 1))));
  }
}

const auto kName = [](const auto& tested) { return tested.param.name; };

INSTANTIATE_TEST_SUITE_P(
    Generic, ReadHookTest,
    testing::Values(
        TypeCase{"AnyBody", "generic", {}, "no JSON", ""},
        TypeCase{
            "Sha256", "generic-hmac", {{"X-Signature", kSha256}}, kBody, ""},
        TypeCase{"Sha1", "generic-hmac", {{"X-Signature", kSha1}}, kBody, ""},
        TypeCase{
            "Sha512", "generic-hmac", {{"X-Signature", kSha512}}, kBody, ""},
        TypeCase{"UpperCaseHex",
                 "generic-hmac",
                 {{"X-Signature",
                   "sha256=" + absl::AsciiStrToUpper(kSha256.substr(7))}},
                 kBody,
                 ""},
        TypeCase{"Unsigned", "generic-hmac", {}, kBody, "missing signature"},
        TypeCase{"OtherBody",
                 "generic-hmac",
                 {{"X-Signature", kSha256}},
                 R"({"a":2})",
                 "payload signature check failed"},
        TypeCase{"OtherToken",
                 "generic-hmac",
                 {{"X-Signature", kForged}},
                 kBody,
                 "payload signature check failed"},
        TypeCase{"NoPrefix",
                 "generic-hmac",
                 {{"X-Signature", kSha256.substr(7)}},
                 kBody,
                 "error parsing signature"},
        TypeCase{"UnknownPrefix",
                 "generic-hmac",
                 {{"X-Signature", "md5=" + kSha256.substr(7)}},
                 kBody,
                 "unknown hash type prefix"},
        TypeCase{"CutShort",
                 "generic-hmac",
                 {{"X-Signature", kSha256.substr(0, 20)}},
                 kBody,
                 "error decoding signature"},
        TypeCase{"HalfOfIt",
                 "generic-hmac",
                 {{"X-Signature", kSha256.substr(0, 7 + 32)}},
                 kBody,
                 "payload signature check failed"},
        TypeCase{"Empty",
                 "generic-hmac",
                 {{"X-Signature", "sha256="}},
                 kBody,
                 "payload signature check failed"},
        TypeCase{"NoHex",
                 "generic-hmac",
                 {{"X-Signature", "sha256=zz"}},
                 kBody,
                 "error decoding signature"}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    GitHub, ReadHookTest,
    testing::Values(
        TypeCase{"Sha256",
                 "github",
                 {{"Content-Type", kJson}, {"X-Hub-Signature-256", kSha256}},
                 kBody,
                 ""},
        TypeCase{"Sha1",
                 "github",
                 {{"Content-Type", kJson}, {"X-Hub-Signature", kSha1}},
                 kBody,
                 ""},
        TypeCase{"CharacterSet",
                 "github",
                 {{"Content-Type", "application/json; charset=utf-8"},
                  {"X-Hub-Signature-256", kSha256}},
                 kBody,
                 ""},
        TypeCase{"Form",
                 "github",
                 {{"Content-Type", "application/x-www-form-urlencoded"},
                  {"X-Hub-Signature-256",
                   Signed(DigestAlgorithm::kSha256, "payload=%7B%7D")}},
                 "payload=%7B%7D",
                 ""},
        // The payload is signed as it is sent, not as it reads.
        TypeCase{
            "FormSignedInside",
            "github",
            {{"Content-Type", "application/x-www-form-urlencoded"},
             {"X-Hub-Signature-256", Signed(DigestAlgorithm::kSha256, "{}")}},
            "payload=%7B%7D",
            "payload signature check failed"},
        TypeCase{"Unsigned",
                 "github",
                 {{"Content-Type", kJson}},
                 kBody,
                 "the GitHub signature header is invalid, err: missing "
                 "signature"},
        TypeCase{"Wrong",
                 "github",
                 {{"Content-Type", kJson}, {"X-Hub-Signature-256", kForged}},
                 kBody,
                 "payload signature check failed"},
        TypeCase{"NoContentType",
                 "github",
                 {{"X-Hub-Signature-256", kSha256}},
                 kBody,
                 "the GitHub signature header is invalid, err: mime: no media "
                 "type"},
        TypeCase{
            "OtherContentType",
            "github",
            {{"Content-Type", "text/plain"}, {"X-Hub-Signature-256", kSha256}},
            kBody,
            "unsupported Content-Type \"text/plain\""},
        // A right weak signature does not help a wrong strong one.
        TypeCase{"SignatureDowngrade",
                 "github",
                 {{"Content-Type", kJson},
                  {"X-Hub-Signature-256", kForged},
                  {"X-Hub-Signature", kSha1}},
                 kBody,
                 "payload signature check failed"},
        TypeCase{"Bitbucket",
                 "bitbucket",
                 {{"Content-Type", kJson}, {"X-Hub-Signature", kSha256}},
                 kBody,
                 ""},
        TypeCase{"BitbucketUnsigned",
                 "bitbucket",
                 {{"Content-Type", kJson}},
                 kBody,
                 "the Bitbucket server signature header is invalid, err: "
                 "missing signature"},
        TypeCase{"BitbucketWrong",
                 "bitbucket",
                 {{"Content-Type", kJson}, {"X-Hub-Signature", kForged}},
                 kBody,
                 "payload signature check failed"}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    Tokens, ReadHookTest,
    testing::Values(
        TypeCase{"GitLab", "gitlab", {{"X-Gitlab-Token", kToken}}, "", ""},
        TypeCase{"GitLabWrong",
                 "gitlab",
                 {{"X-Gitlab-Token", "s3cre"}},
                 "",
                 "the X-Gitlab-Token header value does not match"},
        TypeCase{"GitLabLonger",
                 "gitlab",
                 {{"X-Gitlab-Token", "s3cretx"}},
                 "",
                 "the X-Gitlab-Token header value does not match"},
        TypeCase{"GitLabMissing",
                 "gitlab",
                 {},
                 "",
                 "the X-Gitlab-Token header value does not match"},
        TypeCase{"Harbor", "harbor", {{"Authorization", kToken}}, "", ""},
        TypeCase{"HarborBearer",
                 "harbor",
                 {{"Authorization", "Bearer s3cret"}},
                 "",
                 "the Harbor Authorization header value does not match"},
        TypeCase{"HarborMissing",
                 "harbor",
                 {},
                 "",
                 "the Harbor Authorization header value does not match"},
        TypeCase{"Nexus",
                 "nexus",
                 {{"X-Nexus-Webhook-Signature", kSha1.substr(5)}},
                 kBody,
                 ""},
        TypeCase{"NexusMissing",
                 "nexus",
                 {},
                 kBody,
                 "the Nexus signature is missing from header"},
        TypeCase{"NexusPrefix",
                 "nexus",
                 {{"X-Nexus-Webhook-Signature", kSha1}},
                 kBody,
                 "invalid Nexus signature"},
        TypeCase{"NexusWrong",
                 "nexus",
                 {{"X-Nexus-Webhook-Signature",
                   Signed(DigestAlgorithm::kSha1, kBody, "guess").substr(5)}},
                 kBody,
                 "invalid Nexus signature"},
        TypeCase{"NexusNoJson",
                 "nexus",
                 {{"X-Nexus-Webhook-Signature",
                   Signed(DigestAlgorithm::kSha1, "x").substr(5)}},
                 "x",
                 "cannot decode Nexus webhook payload"}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    Registries, ReadHookTest,
    testing::Values(
        TypeCase{"DockerHub",
                 "dockerhub",
                 {},
                 R"({"push_data":{"tag":"v1"},"repository":{"repo_url":"u"}})",
                 ""},
        TypeCase{"DockerHubEmpty", "dockerhub", {}, "{}", ""},
        TypeCase{"DockerHubOtherType",
                 "dockerhub",
                 {},
                 R"({"push_data":{"tag":1}})",
                 "cannot decode DockerHub webhook payload: field "
                 "push_data.tag"},
        TypeCase{"DockerHubNoJson",
                 "dockerhub",
                 {},
                 "x",
                 "cannot decode DockerHub webhook payload"},
        TypeCase{"Quay",
                 "quay",
                 {},
                 R"({"docker_url":"u","updated_tags":["a"]})",
                 ""},
        TypeCase{"QuayOtherType",
                 "quay",
                 {},
                 R"({"updated_tags":"a"})",
                 "cannot decode Quay webhook payload"},
        TypeCase{"QuayNothing",
                 "quay",
                 {},
                 "",
                 "cannot decode Quay webhook payload"},
        TypeCase{"Acr",
                 "acr",
                 {},
                 R"({"action":"push","target":{"repository":"r","tag":"v1"}})",
                 ""},
        TypeCase{"AcrMore", "acr", {}, "{} and more", ""},
        TypeCase{"AcrList", "acr", {}, "[]", "the body is no JSON object"}),
    kName);

TEST(ReadHookTest, EventsAreComparedInAnyCase) {
  struct Case {
    const char* type;
    const char* header;
    Fields proof;
  };
  const Case cases[] = {
      {"github",
       "X-GitHub-Event",
       {{"Content-Type", kJson}, {"X-Hub-Signature-256", kSha256}}},
      {"bitbucket",
       "X-Event-Key",
       {{"Content-Type", kJson}, {"X-Hub-Signature", kSha256}}},
      {"gitlab", "X-Gitlab-Event", {{"X-Gitlab-Token", kToken}}},
  };
  for (const Case& tested : cases) {
    Fields fields = tested.proof;
    EXPECT_FALSE(Read(tested.type, fields, kBody, kToken, {"Push"}).ok());
    fields.emplace_back(tested.header, "pUSH");
    EXPECT_TRUE(Read(tested.type, fields, kBody, kToken, {"x", "Push"}).ok());
    EXPECT_TRUE(Read(tested.type, fields, kBody).ok());
    const auto other = Read(tested.type, fields, kBody, kToken, {"ping"});
    EXPECT_THAT(other.status().message(),
                HasSubstr("event \"pUSH\" is not authorised"))
        << tested.type;
  }
}

TEST(ReadHookTest, OtherTypesHaveNoEvents) {
  EXPECT_TRUE(Read("generic", {}, "", kToken, {"push"}).ok());
  EXPECT_TRUE(
      Read("harbor", {{"Authorization", kToken}}, "", kToken, {"push"}).ok());
}

TEST(ReadHookTest, AFormsPayloadIsTheBody) {
  const std::string form = "x=1&payload=%7B%22a%22%3A1%7D&payload=2";
  const auto message =
      Read("github",
           {{"Content-Type", "application/x-www-form-urlencoded"},
            {"X-Hub-Signature-256", Signed(DigestAlgorithm::kSha256, form)}},
           form);
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(message->body, kBody);
}

// As upstream: an empty token asks for no signature, but a signature that is
// there must be right.
TEST(ReadHookTest, AnEmptyTokenAsksForNoHubSignature) {
  EXPECT_TRUE(Read("github", {{"Content-Type", kJson}}, kBody, "").ok());
  EXPECT_FALSE(Read("github",
                    {{"Content-Type", kJson}, {"X-Hub-Signature-256", kSha256}},
                    kBody, "")
                   .ok());
  EXPECT_FALSE(Read("generic-hmac", {}, kBody, "").ok());
}

TEST(ReadHookTest, GcrUnwrapsTheMessage) {
  const auto wrap = [](const std::string& inner) {
    return absl::StrCat(R"({"message":{"messageId":"1","publishTime":)",
                        R"("2020-01-01T00:00:00Z","data":")",
                        absl::Base64Escape(inner), "\"}}");
  };
  const auto message =
      Read("gcr", {}, wrap(R"({"action":"INSERT","tag":"a:1","x":2})"));
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(message->body, R"({"action":"INSERT","digest":"","tag":"a:1"})");
  EXPECT_THAT(Read("gcr", {}, wrap("x")).status().message(),
              HasSubstr("cannot decode GCR webhook body"));
  EXPECT_THAT(Read("gcr", {}, wrap(R"({"tag":1})")).status().message(),
              HasSubstr("cannot decode GCR webhook body"));
  EXPECT_THAT(Read("gcr", {}, "{}").status().message(),
              HasSubstr("cannot decode GCR webhook body"));
  EXPECT_THAT(
      Read("gcr", {}, R"({"message":{"publishTime":"x"}})").status().message(),
      HasSubstr("cannot decode GCR webhook payload"));
}

}  // namespace
}  // namespace weir::notification_controller
