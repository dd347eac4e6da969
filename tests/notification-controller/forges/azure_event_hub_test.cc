#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/notification-controller/forges/forge_rig.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kConnection[] =
    "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=policy;"
    "SharedAccessKey=c2VjcmV0LWtleQ==;EntityPath=hub";

class AzureEventHubTest : public testing::Test {
 protected:
  AzureEventHubTest() {
    rig.settings.token = Secret();
    rig.settings.address = kConnection;
  }
  void UseToken() {
    rig.settings.address = "hub";
    rig.settings.channel = "ns";
    rig.settings.token = Secret("jwt");
  }

  ForgeRig rig{"azureeventhub"};
};

TEST_F(AzureEventHubTest, SignsWithTheKeyOfThePolicy) {
  rig.sender.Answer("POST", 201, "");
  const absl::Status status = rig.Notify();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(rig.Lines(),
              ElementsAre("POST https://ns.servicebus.windows.net/hub/"
                          "messages?api-version=2014-01"));
  // Made by another program, for the clock of the rig.
  EXPECT_EQ(rig.Header(0, "Authorization"),
            "SharedAccessSignature "
            "sr=https%3a%2f%2fns.servicebus.windows.net%2fhub&sig="
            "0gtYbKB91VdFLyDph4tBZmSGhtZI0xsVUWZVcGsBOks%3D&se=1600000900&"
            "skn=policy");
  EXPECT_EQ(rig.sender.requests()[0].body, ToJson(rig.event));
}

TEST_F(AzureEventHubTest, TakesAToken) {
  UseToken();
  rig.sender.Answer("POST", 201, "");
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_EQ(rig.Lines()[0],
            "POST https://ns.servicebus.windows.net/hub/messages?"
            "api-version=2014-01");
  EXPECT_EQ(rig.Header(0, "Authorization"), "Bearer jwt");
}

TEST_F(AzureEventHubTest, CloudDecidesTheHost) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"https://login.chinacloudapi.cn/", "ns.servicebus.chinacloudapi.cn"},
      {"https://login.microsoftonline.us/", "ns.servicebus.usgovcloudapi.net"},
      {"https://login.microsoftonline.com/", "ns.servicebus.windows.net"}};
  for (const auto& [authority, host] : cases) {
    ForgeRig one("azureeventhub");
    one.settings.address = "hub";
    one.settings.channel = "ns";
    one.settings.azure_authority_host = authority;
    EXPECT_FALSE(one.Notify().ok());
    EXPECT_THAT(one.Lines()[0], HasSubstr(absl::StrCat("//", host, "/hub/")));
  }
}

TEST_F(AzureEventHubTest, KeepsAFullHost) {
  UseToken();
  rig.settings.channel = "ns.servicebus.example";
  EXPECT_FALSE(rig.Notify().ok());
  EXPECT_THAT(rig.Lines()[0], HasSubstr("//ns.servicebus.example/hub/"));
}

TEST_F(AzureEventHubTest, RefusesTwoWaysToLogIn) {
  const std::string prefix = "invalid authentication options: ";
  rig.settings.token = Secret("jwt");
  EXPECT_EQ(rig.Check().message(),
            prefix +
                "jwt token and SAS authentication cannot be set at the "
                "same time");
  rig.settings.service_account = "sa";
  EXPECT_EQ(rig.Check().message(),
            prefix +
                "serviceAccountName and SAS authentication cannot be set "
                "at the same time");
  rig.settings.address = "hub";
  EXPECT_EQ(rig.Check().message(),
            prefix +
                "serviceAccountName and jwt token authentication cannot "
                "be set at the same time");
  rig.settings.address = "";
  EXPECT_EQ(rig.Check().message(), prefix + "endpoint URL cannot be empty");
}

TEST_F(AzureEventHubTest, ManagedIdentityIsNotSupportedYet) {
  rig.settings.address = "hub";
  EXPECT_EQ(rig.Notify().message(),
            "failed to create a eventhub using managed identity: it is not "
            "supported yet");
  EXPECT_TRUE(rig.Lines().empty());
}

TEST_F(AzureEventHubTest, SaysWhatTheConnectionStringLacks) {
  rig.settings.address =
      "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=policy;"
      "SharedAccessKey=hidden";
  const std::string message(rig.Check().message());
  EXPECT_EQ(message,
            "failed to create a eventhub using SAS: key \"EntityPath\" must "
            "not be empty");
  EXPECT_THAT(message, Not(HasSubstr("hidden")));
}

TEST_F(AzureEventHubTest, StopsTraversalByNames) {
  UseToken();
  for (const char* hub : {"..", "a/b", "a\nb"}) {
    rig.settings.address = hub;
    EXPECT_FALSE(rig.Check().ok()) << hub;
  }
  rig.settings.address = "hub";
  for (const char* name :
       {"evil.example/x.servicebus.", "a@b", "a:1/", "", "a b"}) {
    rig.settings.channel = name;
    EXPECT_FALSE(rig.Check().ok()) << name;
  }
}

TEST_F(AzureEventHubTest, RefusalsAreSaidWithoutTheSignature) {
  rig.sender.Answer("POST", 401, "");
  const std::string message(rig.Notify().message());
  EXPECT_EQ(message,
            "failed to send msg: POST https://ns.servicebus.windows.net/hub/"
            "messages: 401 Unauthorized");
}

}  // namespace
}  // namespace weir::notification_controller
