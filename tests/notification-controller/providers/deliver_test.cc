// A delivery from settings to the answer: what is said of a failure.
#include <gtest/gtest.h>

#include "src/http_sender.h"
#include "tests/notification-controller/fake_sender.h"
#include "tests/notification-controller/providers/provider_cases.h"

namespace weir::notification_controller {
namespace {

absl::Status DeliverTo(const Settings& settings, const Event& event,
                       FakeSender& sender) {
  TokenCache tokens(0, absl::ZeroDuration());
  return Deliver(Context(), *FindProviderType(settings.type),
                 {event, settings, sender, tokens, Clock::Real()});
}

TEST(DeliverTest, SaysWhatEachTypeSaysOfAFailure) {
  const std::string bare =
      "request failed: request failed with status code 400: no";
  for (const std::string& type : MessageTypes()) {
    std::string want = "postMessage failed: " + bare;
    if (type == "telegram" || type == "lark" || type == "zulip") want = bare;
    if (type == "pagerduty") want = "failed sending event: " + bare;
    if (type == "datadog") {
      want = "failed to post event to DataDog: 400 Bad Request";
    }
    FakeSender sender;
    sender.Answer("", 400, "no");
    EXPECT_EQ(DeliverTo(SettingsOf(type), InfoEvent(), sender).message(), want)
        << type;
    EXPECT_EQ(sender.requests().size(), 1) << type;
  }
}

TEST(DeliverTest, SaysThatNoRequestCanGoThere) {
  FakeSender sender;
  EXPECT_EQ(
      DeliverTo(WithAddress("slack", "/hook"), InfoEvent(), sender).message(),
      "postMessage failed: failed to create a new request: unsupported "
      "protocol scheme");
  EXPECT_TRUE(sender.requests().empty());
}

TEST(DeliverTest, SendsAllRequestsInOrder) {
  FakeSender sender;
  sender.Answer("/v2/enqueue", 202, "");
  sender.Answer("/v2/change/enqueue", 202, "");
  EXPECT_TRUE(DeliverTo(SettingsOf("pagerduty"), InfoEvent(), sender).ok());
  ASSERT_EQ(sender.requests().size(), 2);
  EXPECT_EQ(sender.requests()[1].url, "http://sink.test/v2/change/enqueue");
}

TEST(DeliverTest, AnAnswerOfSlacksApiIsRead) {
  const Settings settings =
      WithAddress("slack", "https://slack.com/api/chat.postMessage");
  FakeSender sender;
  sender.Answer("", 200, R"({"ok":false,"error":"invalid_auth"})");
  sender.Answer("", 200, R"({"ok":true})");
  EXPECT_EQ(DeliverTo(settings, InfoEvent(), sender).message(),
            "postMessage failed: request failed: Slack responded with error: "
            "invalid_auth");
  EXPECT_TRUE(DeliverTo(settings, InfoEvent(), sender).ok());
}

}  // namespace
}  // namespace weir::notification_controller
