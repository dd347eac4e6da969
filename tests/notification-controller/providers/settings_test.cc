// What each type refuses before anything is sent, in upstream's words, and
// what it makes of answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/notification-controller/providers/provider_cases.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct AddressCase {
  const char* type;
  const char* no_address;   // What is said of an empty address.
  const char* bad_address;  // What is said of "no-url".
};
class AddressTest : public testing::TestWithParam<AddressCase> {};

TEST_P(AddressTest, IsRefused) {
  for (const auto& [address, want] :
       {std::pair("", GetParam().no_address),
        std::pair("http://h/%zz", GetParam().bad_address)}) {
    const auto requests =
        RequestsOf(WithAddress(GetParam().type, address), InfoEvent());
    EXPECT_EQ(requests.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(requests.status().message(), want);
  }
}

// What Go's parser says of them.
#define WEIR_EMPTY "parse \"\": empty url"
#define WEIR_BAD "parse \"*****\": invalid URL escape \"*****\""

INSTANTIATE_TEST_SUITE_P(
    Table, AddressTest,
    testing::Values(
        AddressCase{"generic", "invalid hook URL : " WEIR_EMPTY,
                    "invalid hook URL *****: " WEIR_BAD},
        AddressCase{"generic-hmac", "invalid hook URL : " WEIR_EMPTY,
                    "invalid hook URL *****: " WEIR_BAD},
        AddressCase{"slack", "invalid Slack hook URL : '" WEIR_EMPTY "'",
                    "invalid Slack hook URL *****: '" WEIR_BAD "'"},
        AddressCase{"discord", "invalid Discord hook URL : '" WEIR_EMPTY "'",
                    "invalid Discord hook URL *****: '" WEIR_BAD "'"},
        AddressCase{"rocket", "invalid Rocket hook URL : '" WEIR_EMPTY "'",
                    "invalid Rocket hook URL *****: '" WEIR_BAD "'"},
        AddressCase{"msteams",
                    "invalid MS Teams webhook URL : '" WEIR_EMPTY "'",
                    "invalid MS Teams webhook URL *****: '" WEIR_BAD "'"},
        AddressCase{"googlechat", "invalid Google Chat hook URL ",
                    "invalid Google Chat hook URL *****"},
        AddressCase{"webex", "invalid Webex hook URL : '" WEIR_EMPTY "'",
                    "invalid Webex hook URL *****: '" WEIR_BAD "'"},
        AddressCase{"lark", "invalid Slack hook URL ",
                    "invalid Slack hook URL *****"},
        AddressCase{"matrix",
                    "invalid Matrix homeserver URL : '" WEIR_EMPTY "'",
                    "invalid Matrix homeserver URL *****: '" WEIR_BAD "'"},
        AddressCase{"opsgenie", "invalid Opsgenie hook URL : '" WEIR_EMPTY "'",
                    "invalid Opsgenie hook URL *****: '" WEIR_BAD "'"},
        AddressCase{"alertmanager",
                    "invalid Alertmanager URL : '" WEIR_EMPTY "'",
                    "invalid Alertmanager URL *****: '" WEIR_BAD "'"},
        AddressCase{"grafana", "invalid Grafana URL ",
                    "invalid Grafana URL *****"},
        AddressCase{"pagerduty",
                    "invalid PagerDuty endpoint URL \"\": '" WEIR_EMPTY "'",
                    "invalid PagerDuty endpoint URL \"*****\": '" WEIR_BAD "'"},
        AddressCase{"zulip",
                    "failed to create a new request: unsupported protocol "
                    "scheme",
                    "invalid Zulip endpoint URL: " WEIR_BAD},
        AddressCase{"zoom",
                    "invalid Zoom incoming webhook URL : '" WEIR_EMPTY "'",
                    "invalid Zoom incoming webhook URL *****: '" WEIR_BAD "'"},
        AddressCase{"incident.io",
                    "invalid incident.io alert source URL : '" WEIR_EMPTY "'",
                    "invalid incident.io alert source URL *****: '" WEIR_BAD
                    "'"}),
    [](const auto& info) {
      std::string name = info.param.type;
      for (char& c : name) {
        if (c == '-' || c == '.') c = '_';
      }
      return name;
    });

TEST(DatadogTest, SaysWhatItCannotParse) {
  EXPECT_EQ(RequestsOf(WithAddress("datadog", "http://h/%zz"), InfoEvent())
                .status()
                .message(),
            "failed to parse address \"*****\": " WEIR_BAD);
}
#undef WEIR_EMPTY
#undef WEIR_BAD

struct MissingCase {
  const char* name;
  const char* type;
  const char* channel;
  const char* token;
  const char* want;
};
class MissingSettingTest : public testing::TestWithParam<MissingCase> {};

TEST_P(MissingSettingTest, IsRefused) {
  Settings settings = SettingsOf(GetParam().type);
  settings.channel = GetParam().channel;
  settings.token = Secret(GetParam().token);
  const auto requests = RequestsOf(settings, InfoEvent());
  EXPECT_EQ(requests.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(requests.status().message(), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, MissingSettingTest,
    testing::Values(
        MissingCase{"HmacToken", "generic-hmac", "", "", "HMAC key is empty"},
        MissingCase{"OpsgenieToken", "opsgenie", "", "",
                    "empty Opsgenie apikey/token"},
        MissingCase{"DatadogToken", "datadog", "", "", "token cannot be empty"},
        MissingCase{"ZoomToken", "zoom", "", "",
                    "empty Zoom verification token"},
        MissingCase{"IncidentIoToken", "incident.io", "", "",
                    "empty incident.io API token"},
        MissingCase{"TelegramToken", "telegram", "chat", "",
                    "empty Telegram token"},
        MissingCase{"TelegramChannel", "telegram", "", "t",
                    "empty Telegram channel"},
        MissingCase{"ZulipTopic", "zulip", "stream", "",
                    "invalid Zulip channel format, expected <channel>/<topic>, "
                    "got 'stream'"},
        MissingCase{"ZulipEmptyTopic", "zulip", "stream/", "",
                    "invalid Zulip channel format, expected <channel>/<topic>, "
                    "got 'stream/'"},
        MissingCase{"ZulipEmptyStream", "zulip", "/topic", "",
                    "invalid Zulip channel format, expected <channel>/<topic>, "
                    "got '/topic'"}),
    [](const auto& info) { return std::string(info.param.name); });

// Neither the parser nor the check of an address looks at these.
TEST(UnsendableAddressTest, IsRefusedWhenItIsUsed) {
  for (const auto& [address, why] :
       {std::pair("/hook", "unsupported protocol scheme"),
        std::pair("file:///etc/passwd", "unsupported protocol scheme"),
        std::pair("http:///hook", "no Host in request URL"),
        std::pair("http://h:65536/", "invalid host or port"),
        std::pair("http://h(/", "invalid host or port"),
        std::pair("http://[h]/", "invalid host or port")}) {
    EXPECT_EQ(RequestsOf(WithAddress("generic", address), InfoEvent())
                  .status()
                  .message(),
              absl::StrCat("failed to create a new request: ", why));
  }
}

TEST(UnusualAddressTest, IsSentAsGoWould) {
  const auto requests = RequestsOf(
      WithAddress("generic", "http://h/a%2Fb/../c?d e#f"), InfoEvent());
  ASSERT_TRUE(requests.ok()) << requests.status();
  EXPECT_EQ((*requests)[0].url, "http://h/a%2Fb/../c?d%20e");
}

// --- Answers ---------------------------------------------------------------

TEST(AnswerTest, AnySuccessIsSuccess) {
  for (const std::string& type : MessageTypes()) {
    for (const int code : {200, 202, 204, 299}) {
      EXPECT_TRUE(MeaningOf(SettingsOf(type), code, "").ok()) << type << code;
    }
  }
}

TEST(AnswerTest, AnyOtherCodeFailsWithWhatWasSaid) {
  for (const std::string& type : MessageTypes()) {
    for (const int code : {100, 302, 400, 404, 429, 500}) {
      const absl::Status status = MeaningOf(SettingsOf(type), code, "no");
      EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << type;
      if (type == "datadog") continue;
      EXPECT_EQ(status.message(),
                absl::StrCat("request failed: request failed with status code ",
                             code, ": no"))
          << type;
    }
  }
}

TEST(AnswerTest, DatadogsIsItsStatusLine) {
  EXPECT_EQ(MeaningOf(SettingsOf("datadog"), 403, "no").message(),
            "403 Forbidden");
}

struct SlackAnswerCase {
  const char* name;
  int code;
  const char* body;
  const char* want;  // "" for success.
};
class SlackAnswerTest : public testing::TestWithParam<SlackAnswerCase> {};

TEST_P(SlackAnswerTest, OfTheApiIsInTheBody) {
  const Settings api =
      WithAddress("slack", "https://slack.com/api/chat.postMessage");
  EXPECT_EQ(MeaningOf(api, GetParam().code, GetParam().body).message(),
            GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, SlackAnswerTest,
    testing::Values(
        SlackAnswerCase{"Ok", 200, R"({"ok":true,"ts":"1"})", ""},
        SlackAnswerCase{"OkWhateverTheCode", 400, R"({"ok":true})", ""},
        SlackAnswerCase{
            "Error", 200, R"({"ok":false,"error":"channel_not_found"})",
            "request failed: Slack responded with error: channel_not_found"},
        SlackAnswerCase{"NothingSaid", 200, "{}",
                        "request failed: Slack responded with error: "},
        SlackAnswerCase{
            "NoJson", 200, "ok",
            "request failed: unable to unmarshal response body: invalid "
            "character 'o' looking for beginning of value"},
        SlackAnswerCase{"Empty", 200, "",
                        "request failed: unable to unmarshal response body: "
                        "EOF"},
        SlackAnswerCase{
            "OtherType", 200, R"({"ok":"yes"})",
            "request failed: unable to unmarshal response body: json: cannot "
            "unmarshal string into Go struct field .ok of type bool"}),
    [](const auto& info) { return std::string(info.param.name); });

// --- The rows --------------------------------------------------------------

TEST(ProviderTableTest, SaysWhichHonourProxyAndTls) {
  std::vector<std::string> without_proxy;
  std::vector<std::string> without_tls;
  for (const std::string& name : MessageTypes()) {
    const ProviderType* type = FindProviderType(name);
    ASSERT_NE(type, nullptr) << name;
    if (!type->has_proxy) without_proxy.push_back(name);
    if (!type->has_tls) without_tls.push_back(name);
  }
  EXPECT_THAT(without_proxy, ElementsAre("lark", "matrix"));
  EXPECT_THAT(without_tls,
              ElementsAre("discord", "googlechat", "telegram", "lark"));
}

TEST(ProviderTableTest, OnlyTheEventItselfIsForwarded) {
  for (const std::string& name : MessageTypes()) {
    const bool is_forward = name == "generic" || name == "generic-hmac";
    EXPECT_EQ(FindProviderType(name)->family,
              is_forward ? Family::kForward : Family::kMessage)
        << name;
  }
}

// What an error begins with.
TEST(ProviderTableTest, FailuresBeginAsUpstreams) {
  std::vector<std::string> others;
  for (const std::string& name : MessageTypes()) {
    const std::string failure = FindProviderType(name)->failure;
    if (failure != "postMessage failed") {
      others.push_back(absl::StrCat(name, ": ", failure));
    }
  }
  EXPECT_THAT(
      others,
      ElementsAre("telegram: ", "lark: ", "pagerduty: failed sending event",
                  "datadog: failed to post event to DataDog", "zulip: "));
}

TEST(ProgressTest, IsSaidByAllButTheKeepersOfIncidents) {
  Event event = InfoEvent();
  event.reason = "Progressing";
  std::vector<std::string> silent;
  for (const std::string& type : MessageTypes()) {
    const auto requests = RequestsOf(SettingsOf(type), event);
    ASSERT_TRUE(requests.ok()) << type << requests.status();
    if (requests->empty()) silent.push_back(type);
  }
  EXPECT_THAT(silent, ElementsAre("pagerduty", "incident.io"));
}

}  // namespace
}  // namespace weir::notification_controller
