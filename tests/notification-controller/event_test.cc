#include "src/event.h"

#include <gtest/gtest.h>

#include "src/provider_type.h"
#include "tests/notification-controller/fake_sender.h"

namespace weir::notification_controller {
namespace {

constexpr char kFull[] =
    R"({"involvedObject":{"kind":"K","namespace":"ns","name":"n","uid":"u",)"
    R"("apiVersion":"g.io/v1","resourceVersion":"7","fieldPath":"p"},)"
    R"("severity":"info","timestamp":"2020-01-01T00:00:00Z","message":"m \u003c",)"
    R"("reason":"R","metadata":{"a":"1","b":"2"},"reportingController":"c",)"
    R"("reportingInstance":"i"})";

TEST(EventTest, SurvivesBothWays) {
  const absl::StatusOr<Event> event = ParseEvent(kFull);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->object.Group(), "g.io");
  EXPECT_EQ(ToJson(*event), kFull);
}

TEST(EventTest, WritesWhatUpstreamLeavesIn) {
  const absl::StatusOr<Event> event = ParseEvent("{}");
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(ToJson(*event),
            R"({"involvedObject":{},"severity":"","timestamp":null,)"
            R"("message":"","reason":"","reportingController":""})");
}

TEST(EventTest, RefusesOtherTypesAndText) {
  EXPECT_FALSE(ParseEvent("").ok());
  EXPECT_FALSE(ParseEvent("[]").ok());
  EXPECT_FALSE(ParseEvent(R"({"message":1})").ok());
  EXPECT_FALSE(ParseEvent(R"({"timestamp":"today"})").ok());
  EXPECT_FALSE(ParseEvent(R"({"metadata":{"a":1}})").ok());
}

TEST(ReasonWordsTest, SplitsAtCapitals) {
  EXPECT_EQ(ReasonWords("ApplySucceeded"), "apply succeeded");
  EXPECT_EQ(ReasonWords("HTTPError2"), "http error 2");
  EXPECT_EQ(ReasonWords("PDFLoader"), "pdf loader");
  EXPECT_EQ(ReasonWords(""), "");
}

}  // namespace
}  // namespace weir::notification_controller
