// What somebody who writes a Provider, a Secret or an event cannot do with it.
// Each test is named after what it stops.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "tests/notification-controller/providers/provider_cases.h"
#include "weir/base/context.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

bool HasLineBreak(absl::string_view text) {
  return text.find_first_of("\r\n") != absl::string_view::npos;
}

Context Soon() { return Context().WithTimeout(absl::Seconds(10)); }

// What sending all of it comes to. Nothing listens at port 1.
absl::Status SendTo(const Settings& settings, const Event& event) {
  const auto requests = RequestsOf(settings, event);
  if (!requests.ok()) return requests.status();
  http::Client client;
  for (const http::Request& request : *requests) {
    EXPECT_FALSE(HasLineBreak(request.url));
    if (!absl::StartsWith(request.url, "http://127.0.0.1:1/")) continue;
    const absl::Status status = client.SendAndWait(Soon(), request).status();
    if (status.code() == absl::StatusCode::kInvalidArgument) return status;
  }
  return absl::OkStatus();
}

class HeaderInjectionTest : public testing::TestWithParam<const char*> {};

// Of those whose token is part of a header or an address. That of generic-hmac
// is a key, and whatever it holds never leaves.
constexpr const char* kWithToken[] = {
    "slack",   "webex",        "telegram", "matrix", "opsgenie",
    "grafana", "alertmanager", "datadog",  "zoom",   "incident.io"};

TEST_P(HeaderInjectionTest, ByALineBreakInTheToken) {
  const std::string type = GetParam();
  const bool takes_token =
      std::find(std::begin(kWithToken), std::end(kWithToken), type) !=
      std::end(kWithToken);
  for (const char* token : {"s3cret\r\nX-Evil: 1", "s3cret\n", "s3cret\r"}) {
    Settings settings = WithAddress(type, "http://127.0.0.1:1/hook");
    settings.token = Secret(token);
    const absl::Status status = SendTo(settings, InfoEvent());
    EXPECT_EQ(status.code(), takes_token ? absl::StatusCode::kInvalidArgument
                                         : absl::StatusCode::kOk)
        << status;
    EXPECT_THAT(status.message(), Not(HasSubstr("s3cret")));
    EXPECT_EQ(absl::StrContains(status.message(), "line break"), takes_token);
  }
}

TEST_P(HeaderInjectionTest, ByALineBreakInTheAddress) {
  if (std::string("telegram") == GetParam()) return;  // It takes none.
  for (const char* address :
       {"http://127.0.0.1:1/s3cret\r\nX-Evil: 1", "http://127.0.0.1:1\n"}) {
    const absl::Status status =
        SendTo(WithAddress(GetParam(), address), InfoEvent());
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), Not(HasSubstr("s3cret")));
  }
}

// Names and passwords as well; what is not part of a header may hold anything.
TEST_P(HeaderInjectionTest, ByALineBreakInAnyOtherSettingOrTheEvent) {
  Settings settings = WithAddress(GetParam(), "http://127.0.0.1:1/hook");
  settings.channel += "\r\nX-Evil: 1";
  settings.username = "u\r\nX-Evil: 1";
  settings.password = Secret("p\r\nX-Evil: 1");
  Event event = InfoEvent();
  event.message = event.reason = "m\r\nX-Evil: 1";
  event.metadata["a\r\nX-Evil: 1"] = "b\r\nX-Evil: 1";
  const auto requests = RequestsOf(settings, event);
  ASSERT_TRUE(requests.ok()) << requests.status();
  for (const http::Request& request : *requests) {
    EXPECT_FALSE(HasLineBreak(request.url)) << request.url;
    for (const auto& [name, value] : request.headers) {
      EXPECT_FALSE(HasLineBreak(name) || HasLineBreak(value)) << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    AllTypes, HeaderInjectionTest,
    testing::Values("generic", "generic-hmac", "slack", "discord", "rocket",
                    "msteams", "googlechat", "webex", "telegram", "lark",
                    "matrix", "opsgenie", "grafana", "alertmanager",
                    "pagerduty", "datadog", "zulip", "zoom", "incident.io"),
    [](const auto& info) {
      std::string name = info.param;
      for (char& c : name) {
        if (c == '-' || c == '.') c = '_';
      }
      return name;
    });

TEST(HeaderInjectionOfTheEventTest, ByALineBreakInTheReportingController) {
  Event event = InfoEvent();
  event.reporting_controller = "c\r\nX-Evil: 1";
  EXPECT_THAT(SendTo(WithAddress("generic", "http://127.0.0.1:1/hook"), event)
                  .message(),
              HasSubstr("invalid header field value for \"gotk-component\""));
}

TEST(HeaderInjectionOfTheSecretTest, ByALineBreakInItsHeaders) {
  for (const auto& [name, value] :
       {std::pair("X-A", "s3cret\r\nX-Evil: 1"), std::pair("X-A", "s3cret\n"),
        std::pair("X-A: s3cret\r\nX-Evil", "1"),
        std::pair("X-Evil: s3cret", "1"), std::pair("", "s3cret")}) {
    Settings settings = WithAddress("generic", "http://127.0.0.1:1/hook");
    settings.headers = {{name, Secret(value)}};
    const absl::Status status = SendTo(settings, InfoEvent());
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(status.message(), Not(HasSubstr("s3cret")));
  }
}

TEST(RequestSmugglingTest, ByFramingHeadersOfTheSecret) {
  Settings settings = SettingsOf("generic");
  settings.headers = {{"content-length", Secret("0")},
                      {"Transfer-Encoding", Secret("chunked")},
                      {"HOST", Secret("elsewhere.test")},
                      {"Trailer", Secret("X")}};
  const auto requests = RequestsOf(settings, InfoEvent());
  ASSERT_TRUE(requests.ok()) << requests.status();
  std::vector<std::string> names;
  for (const auto& [name, value] : (*requests)[0].headers) {
    names.push_back(name);
  }
  EXPECT_THAT(names, ElementsAre("Content-Type", "gotk-component"));
}

TEST(TokenInErrorsTest, OfAnAddressThatDoesNotParse) {
  for (const std::string& type : MessageTypes()) {
    if (type == "telegram") continue;
    for (const char* address :
         {"http://s3cret h/", "http://h:s3cret/", "http://h/%s3cret",
          "http://u:s3cret \"s3cret@h/", "http://[s3cret/", "s3cret://h/",
          "\ts3cret", "http://h:1:s3cret\\\"s3cret/"}) {
      const auto requests = RequestsOf(WithAddress(type, address), InfoEvent());
      if (requests.ok()) continue;
      EXPECT_THAT(requests.status().message(), Not(HasSubstr("s3cret")))
          << type << " " << address;
    }
  }
}

// What reaches the client and does not please it is quoted by it.
TEST(TokenInErrorsTest, OfAnAddressThatTheClientRefuses) {
  for (const char* address :
       {"http://h:65536/s3cret", "http://h$/s3cret", "http://[h]/s3cret",
        "http://h\"/s3cret", "http://[::1]/%s3cret", "http://%20/s3cret",
        "http://h/s3cret\x7f", "http://h:/s3cret", "http://1.2.3.4.5/s3cret",
        "http:///s3cret", "http://u@/s3cret"}) {
    const auto requests =
        RequestsOf(WithAddress("slack", address), InfoEvent());
    absl::Status status = requests.status();
    if (status.ok()) {
      http::Request request = (*requests)[0];
      request.proxy = "http://127.0.0.1:1";  // Whatever the host is.
      status = http::Client().SendAndWait(Soon(), request).status();
    }
    EXPECT_FALSE(status.ok()) << address;
    EXPECT_THAT(status.message(), Not(HasSubstr("s3cret"))) << address;
  }
}

TEST(PathTraversalTest, ByTheTokenOfTelegram) {
  Settings settings = SettingsOf("telegram");
  settings.token = Secret("1:a/../../x?y#z@evil.test");
  const auto requests = RequestsOf(settings, InfoEvent());
  ASSERT_TRUE(requests.ok()) << requests.status();
  EXPECT_EQ((*requests)[0].url,
            "https://api.telegram.org/"
            "bot1:a%2F..%2F..%2Fx%3Fy%23z%40evil.test/sendMessage");
}

TEST(PathTraversalTest, ByTheRoomOfMatrix) {
  Settings settings = SettingsOf("matrix");
  settings.channel = "../../admin?x#y";
  const auto requests = RequestsOf(settings, InfoEvent());
  ASSERT_TRUE(requests.ok()) << requests.status();
  EXPECT_THAT((*requests)[0].url,
              HasSubstr("/rooms/..%2F..%2Fadmin%3Fx%23y/send/"));
}

TEST(FormInjectionTest, ByTheChannelOfZulip) {
  Settings settings = SettingsOf("zulip");
  settings.channel = "a&type=direct/b&to=all";
  const auto requests = RequestsOf(settings, InfoEvent());
  ASSERT_TRUE(requests.ok()) << requests.status();
  EXPECT_THAT(
      (*requests)[0].body,
      HasSubstr("&to=a%26type%3Ddirect&topic=b%26to%3Dall&type=stream"));
}

}  // namespace
}  // namespace weir::notification_controller
