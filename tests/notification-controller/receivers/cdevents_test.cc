#include "src/receivers/cdevents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/value/json.h"
#include "weir/value/patch.h"

namespace weir::notification_controller {
namespace {

using testing::HasSubstr;

Value Parse(const std::string& json) {
  const auto value = ParseJson(json);
  EXPECT_TRUE(value.ok()) << value.status() << json;
  return value.value_or(Value());
}

// An event of this type with all fields that it must have, and the others.
Value Complete(const CdEventType& type, bool with_optional) {
  Value content = Value::MakeObject();
  for (const absl::string_view text :
       absl::StrSplit(type.fields, ' ', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(text, absl::MaxSplits(':', 1));
    if (!with_optional && parts.first.find('!') == std::string::npos) continue;
    const std::string name =
        parts.first.substr(0, parts.first.find_first_of("!+"));
    const std::string& kind = parts.second;
    Value value = "text";
    if (kind == "purl") value = "pkg:oci/app@1";
    if (kind == "texts") value = Value(Value::Array{Value("a")});
    if (kind == "trigger") value = Parse(R"({"type":"manual"})");
    if (kind == "testCase") value = Parse(R"({"id":"1","type":"unit"})");
    if (kind == "sbom") value = Parse(R"({"uri":"https://x.example"})");
    if (kind == "reference" || kind == "testSuite") {
      value = Parse(R"({"id":"1","source":"/x"})");
    }
    if (kind.find('|') != std::string::npos) {
      value = kind.substr(0, kind.find('|'));
    }
    content.Set(name, value);
  }
  Value event = Parse(R"({"context":{"version":"0.4.1","id":"1","source":"/s",
      "timestamp":"2020-01-01T00:00:00Z"},"subject":{"id":"x"}})");
  event.Mutable("context").Set(
      "type", absl::StrCat("dev.cdevents.", type.name, ".", type.version));
  event.Mutable("subject").Set("type", type.subject_type);
  event.Mutable("subject").Set("content", std::move(content));
  return event;
}

class EveryTypeTest : public testing::TestWithParam<CdEventType> {};

TEST_P(EveryTypeTest, IsFineWhenComplete) {
  for (const bool with_optional : {false, true}) {
    const Value event = Complete(GetParam(), with_optional);
    EXPECT_TRUE(CheckCdEvent(event).ok())
        << CheckCdEvent(event) << FormatJson(event);
  }
}

TEST_P(EveryTypeTest, LacksNothingThatItMustHave) {
  const Value whole = Complete(GetParam(), false);
  for (const Value::Member& member : whole["subject"]["content"].object()) {
    Value event = whole;
    Value& content = event.Mutable("subject").Mutable("content");
    content.Set(member.key, Value::MakeArray());
    EXPECT_FALSE(CheckCdEvent(event).ok()) << member.key;
  }
  for (const char* name : {"version", "id", "source", "type"}) {
    Value event = whole;
    event.Mutable("context").Erase(name);
    EXPECT_FALSE(CheckCdEvent(event).ok()) << name;
  }
  for (const char* name : {"id", "type"}) {
    Value event = whole;
    event.Mutable("subject").Erase(name);
    EXPECT_FALSE(CheckCdEvent(event).ok()) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryTypeTest,
                         testing::ValuesIn(CdEventTypes().begin(),
                                           CdEventTypes().end()),
                         [](const auto& tested) {
                           std::string name = tested.param.name;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(CdEventTypesTest, AreThoseOfTheSpecification) {
  EXPECT_EQ(CdEventTypes().size(), 45u);
}

struct EventCase {
  const char* name;
  const char* change;  // A merge patch to a change that was merged.
  const char* error;
};

class CheckCdEventTest : public testing::TestWithParam<EventCase> {};

TEST_P(CheckCdEventTest, Checks) {
  const Value event = ApplyMergePatch(
      Parse(R"({"context":{"version":"0.4.1","id":"1","source":"/s",
        "type":"dev.cdevents.change.merged.0.2.0",
        "timestamp":"2020-01-01T00:00:00Z"},
        "subject":{"id":"x","type":"change","content":{}}})"),
      Parse(GetParam().change));
  const absl::Status status = CheckCdEvent(event);
  EXPECT_EQ(status.ok(), GetParam().error[0] == '\0') << status;
  EXPECT_THAT(status.message(), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Table, CheckCdEventTest,
    testing::Values(
        EventCase{"Good", "{}", ""},
        EventCase{"NoContent", R"({"subject":{"content":null}})", ""},
        EventCase{"NoTimestamp", R"({"context":{"timestamp":null}})", ""},
        EventCase{"BadTimestamp", R"({"context":{"timestamp":"today"}})",
                  "timestamp"},
        EventCase{"UnknownType",
                  R"({"context":{"type":"dev.cdevents.change.eaten.0.1.0"}})",
                  "unknown event type dev.cdevents.change.eaten.0.1.0"},
        EventCase{"NoType", R"({"context":{"type":null}})",
                  "unknown event type dev.cdevents.<undefined-subject>."
                  "<undefined-predicate>.<undefined-version>"},
        EventCase{"OtherVersion",
                  R"({"context":{"type":"dev.cdevents.change.merged.0.1.2"}})",
                  "unknown event type"},
        EventCase{"OtherSubject", R"({"subject":{"type":"branch"}})",
                  "subject: type"},
        EventCase{"ReferenceWithoutId",
                  R"({"subject":{"content":{"repository":{"source":"x"}}}})",
                  "repository: id is missing"},
        EventCase{"ReferenceIsText",
                  R"({"subject":{"content":{"repository":"x"}}})",
                  "repository is no object"},
        EventCase{"Data", R"({"customData":{"a":1}})", ""},
        EventCase{"DataIsNumber", R"({"customData":1})", "customData"},
        EventCase{"OwnSchema", R"({"context":{"schemaUri":"https://x"}})",
                  "schema of its own"},
        EventCase{"Links",
                  R"({"context":{"links":[{"linkType":"PATH",
                      "from":{"contextId":"1"}}]}})",
                  ""},
        EventCase{"LinkUnknown", R"({"context":{"links":[{"linkType":"X"}]}})",
                  "linkType"},
        EventCase{"LinkToNothing",
                  R"({"context":{"links":[{"linkType":"END"}]}})",
                  "contextId is missing"},
        EventCase{"Custom",
                  R"({"context":{"type":"dev.cdeventsx.tool-thing.done.0.1.0"},
                      "subject":{"type":"tool-thing"}})",
                  ""},
        EventCase{"CustomWithoutTool",
                  R"({"context":{"type":"dev.cdeventsx.thing.done.0.1.0"},
                      "subject":{"type":"thing"}})",
                  "unknown event type"},
        EventCase{"CustomWithoutVersion",
                  R"({"context":{"type":"dev.cdeventsx.tool-thing.done.x"},
                      "subject":{"type":"tool-thing"}})",
                  "unknown event type"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(CheckCdEventTest, TakesNothingElse) {
  for (const char* json : {"null", "[]", "1", "{}", R"({"a":1})",
                           R"({"context":1,"subject":2})"}) {
    EXPECT_FALSE(CheckCdEvent(Parse(json)).ok()) << json;
  }
}

}  // namespace
}  // namespace weir::notification_controller
