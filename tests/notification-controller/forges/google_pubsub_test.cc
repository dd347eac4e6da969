#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "tests/notification-controller/forges/forge_rig.h"
#include "tests/notification-controller/forges/test_keys.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kPublish[] =
    "POST https://pubsub.googleapis.com/v1/projects/proj/topics/topic:publish";

class GooglePubSubTest : public testing::Test {
 protected:
  GooglePubSubTest() {
    rig.settings.address = "proj";
    rig.settings.channel = "topic";
    rig.settings.token = Secret(FormatJson(Account()));
  }
  static Value Account() {
    Value account = Value::MakeObject();
    account.Set("type", "service_account");
    account.Set("client_email", "flux@proj.example");
    account.Set("private_key_id", "key-1");
    account.Set("private_key", Pkcs8Pem());
    account.Set("token_uri", "https://oauth2.example/token");
    return account;
  }
  void Answer() {
    rig.sender.Answer("oauth2.example", 200,
                      R"({"access_token":"access","expires_in":3600})");
    rig.sender.Answer(":publish", 200, R"({"messageIds":["1"]})");
  }

  ForgeRig rig{"googlepubsub"};
};

TEST_F(GooglePubSubTest, PublishesWithATokenOfTheAccount) {
  rig.settings.headers["attribute"] = Secret("value");
  Answer();
  const absl::Status status = rig.Notify();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(rig.Lines(),
              ElementsAre("POST https://oauth2.example/token", kPublish));
  EXPECT_EQ(rig.Header(1, "Authorization"), "Bearer access");
  const Value body = BodyOf(rig.sender.requests()[1]);
  const Value& message = body["messages"][size_t{0}];
  std::string data;
  ASSERT_TRUE(absl::Base64Unescape(message.GetString("data"), &data));
  EXPECT_EQ(data, ToJson(rig.event));
  EXPECT_EQ(message["attributes"].GetString("attribute"), "value");
}

TEST_F(GooglePubSubTest, SignsWhoItIs) {
  Answer();
  ASSERT_TRUE(rig.Notify().ok());
  const auto form = http::ParseQuery(rig.sender.requests()[0].body);
  ASSERT_EQ(form.size(), 2u);
  EXPECT_EQ(form[0].second, "urn:ietf:params:oauth:grant-type:jwt-bearer");
  EXPECT_EQ(rig.Header(0, "Content-Type"), "application/x-www-form-urlencoded");
  const SignedToken token = ReadToken(form[1].second);
  EXPECT_EQ(FormatJson(token.header),
            R"({"alg":"RS256","kid":"key-1","typ":"JWT"})");
  EXPECT_EQ(FormatJson(token.claims),
            R"({"aud":"https://oauth2.example/token","exp":1600003600,)"
            R"("iat":1600000000,"iss":"flux@proj.example",)"
            R"("scope":"https://www.googleapis.com/auth/pubsub"})");
}

TEST_F(GooglePubSubTest, KeepsTheToken) {
  Answer();
  ASSERT_TRUE(rig.Notify().ok());
  rig.sender.Answer(":publish", 200, "{}");
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_EQ(rig.Lines().size(), 3u);
  EXPECT_FALSE(BodyOf(rig.sender.requests()[2])["messages"][size_t{0}].Has(
      "attributes"));
}

TEST_F(GooglePubSubTest, TakesAFullTopic) {
  rig.settings.channel = "projects/other/topics/t";
  Answer();
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_THAT(rig.Lines()[1], HasSubstr("/v1/projects/other/topics/t:publish"));
}

TEST_F(GooglePubSubTest, SaysWhatIsMissing) {
  rig.settings.channel = "";
  EXPECT_EQ(rig.Check().message(), "GCP Pub/Sub topic ID cannot be empty");
  rig.settings.address = "";
  EXPECT_EQ(rig.Check().message(), "GCP project ID cannot be empty");
}

TEST_F(GooglePubSubTest, StopsTraversalByNames) {
  for (const char* channel : {"..", "a/b", "projects/../topics/x"}) {
    rig.settings.channel = channel;
    EXPECT_EQ(rig.Check().message(), "invalid GCP Pub/Sub topic") << channel;
  }
}

TEST_F(GooglePubSubTest, WorkloadIdentityIsNotSupportedYet) {
  rig.settings.token = Secret();
  EXPECT_EQ(rig.Notify().message(),
            "error publishing to GCP Pub/Sub topic projects/proj/topics/topic: "
            "workload identity is not supported yet; the Secret needs a token");
}

TEST_F(GooglePubSubTest, StopsCredentialsInErrors) {
  Value account = Account();
  account.Set("private_key", "c2VjcmV0");
  for (const std::string& token :
       {std::string("c2VjcmV0"), std::string("{\"type\":\"c2VjcmV0\"}"),
        FormatJson(account)}) {
    rig.settings.token = Secret(token);
    const absl::Status status = rig.Notify();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("c2VjcmV0")));
  }
  EXPECT_TRUE(rig.Lines().empty());
}

TEST_F(GooglePubSubTest, TokensThatAreRefusedEndIt) {
  rig.sender.Answer("oauth2.example", 400, R"({"error":"invalid_grant"})");
  EXPECT_THAT(std::string(rig.Notify().message()),
              HasSubstr("getting a token: 400 invalid_grant"));
  rig.sender.Answer("oauth2.example", 200, "{}");
  EXPECT_THAT(std::string(rig.Notify().message()),
              HasSubstr("getting a token: the answer has none"));
  EXPECT_EQ(rig.Lines().size(), 2u);
}

TEST_F(GooglePubSubTest, RefusalsAreSaid) {
  rig.sender.Answer("oauth2.example", 200, R"({"access_token":"access"})");
  rig.sender.Answer(":publish", 404,
                    R"({"error":{"code":404,"message":"no topic"}})");
  EXPECT_THAT(std::string(rig.Notify().message()), HasSubstr("404 no topic"));
}

}  // namespace
}  // namespace weir::notification_controller
