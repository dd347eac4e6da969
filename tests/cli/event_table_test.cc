#include "event_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/value/yaml.h"

namespace weir::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Value Parse(absl::string_view yaml) { return *ParseYaml(yaml); }

TEST(ParseEventTargetTest, KnowsKindsInAnySpelling) {
  EXPECT_EQ(*ParseEventTarget("Kustomization/app", "apps"),
            (EventTarget{"apps", "Kustomization", "app"}));
  EXPECT_EQ(*ParseEventTarget("ks/app", ""),
            (EventTarget{"", "Kustomization", "app"}));
  EXPECT_EQ(ParseEventTarget("helmrelease", "")->kind, "HelmRelease");
  EXPECT_EQ(ParseEventTarget("provider/x", "")->kind, "Provider");
  EXPECT_EQ(ParseEventTarget("ArtifactGenerator", "")->kind,
            "ArtifactGenerator");
  // A source's short name alone says nothing.
  for (const char* bad : {"", "/", "Pod/x", "git"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseEventTarget(bad, "").status()))
        << bad;
  }
}

TEST(EventTargetTest, SelectsByFields) {
  EXPECT_EQ((EventTarget{"ns", "", ""}).FieldSelector(), "");
  EXPECT_EQ((EventTarget{"ns", "Alert", ""}).FieldSelector(),
            "involvedObject.kind=Alert");
  EXPECT_EQ((EventTarget{"ns", "Alert", "a"}).FieldSelector(),
            "involvedObject.kind=Alert,involvedObject.name=a");
}

TEST(RelatedTargetsTest, FollowsReferences) {
  EXPECT_THAT(RelatedTargets(Parse(R"(
kind: Kustomization
metadata: {namespace: apps, name: a}
spec: {sourceRef: {kind: GitRepository, name: repo}}
)")),
              ElementsAre(EventTarget{"apps", "GitRepository", "repo"}));
  EXPECT_THAT(RelatedTargets(Parse(R"(
kind: HelmRelease
metadata: {namespace: apps, name: a}
spec:
  chart:
    spec: {sourceRef: {kind: HelmRepository, name: r, namespace: flux}}
)")),
              ElementsAre(EventTarget{"flux", "HelmRepository", "r"},
                          EventTarget{"flux", "HelmChart", "apps-a"}));
  EXPECT_THAT(RelatedTargets(Parse(R"(
kind: Alert
metadata: {namespace: apps, name: a}
spec: {providerRef: {name: chat}}
)")),
              ElementsAre(EventTarget{"apps", "Provider", "chat"}));
  EXPECT_THAT(RelatedTargets(Parse("{kind: GitRepository, spec: {}}")),
              IsEmpty());
}

TEST(CheckEventTypesTest, KnowsBoth) {
  EXPECT_TRUE(CheckEventTypes({"Normal", "warning"}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(CheckEventTypes({"Error"})));
}

TEST(IsShownTest, WantsObjectsOfTheToolkitAndTheType) {
  const Value event =
      Parse("{type: Warning, involvedObject: {kind: Kustomization}}");
  EXPECT_TRUE(IsShown(event, {}));
  EXPECT_TRUE(IsShown(event, {"normal", "warning"}));
  EXPECT_FALSE(IsShown(event, {"Normal"}));
  EXPECT_FALSE(IsShown(Parse("{involvedObject: {kind: Pod}}"), {}));
}

TEST(SortByTimeTest, UsesTheTimeThatThereIs) {
  std::vector<Value> events = {
      Parse("{reason: c, lastTimestamp: '2024-01-01T00:00:03Z'}"),
      Parse("{reason: b, eventTime: '2024-01-01T00:00:02.000000Z'}"),
      Parse("{reason: a, lastTimestamp: '2024-01-01T00:00:09Z', "
            "series: {lastObservedTime: '2024-01-01T00:00:01.000000Z'}}"),
      Parse("{reason: none}")};
  SortByTime(events);
  std::string order;
  for (const Value& event : events) {
    absl::StrAppend(&order, event.GetString("reason"), " ");
  }
  EXPECT_EQ(order, "none a b c ");
}

TEST(EventRowTest, SaysWhenAndHowOften) {
  const absl::Time now = *ParseKubeTime("2024-01-01T00:10:00Z");
  const auto row = [&](absl::string_view times, bool with_namespace = false) {
    return EventRow(
        Parse(absl::StrCat("{type: Normal, reason: R, message: m, metadata: "
                           "{namespace: ns}, involvedObject: {kind: Alert, "
                           "name: a}, ",
                           times, "}")),
        with_namespace, now);
  };
  EXPECT_THAT(row("firstTimestamp: '2024-01-01T00:09:30Z'", true),
              ElementsAre("ns", "30s", "Normal", "R", "Alert/a", "m"));
  EXPECT_EQ(row("firstTimestamp: '2024-01-01T00:00:00Z', lastTimestamp: "
                "'2024-01-01T00:09:55Z', count: 7")[0],
            "5s (x7 over 10m)");
  EXPECT_EQ(row("eventTime: '2024-01-01T00:05:00.000000Z', series: {count: 3, "
                "lastObservedTime: '2024-01-01T00:09:00.000000Z'}")[0],
            "60s (x3 over 5m)");
  EXPECT_EQ(row("count: 1")[0], "<unknown>");
  EXPECT_EQ(EventHeader(true).size(), row("count: 1", true).size());
  EXPECT_EQ(EventHeader(false).size(), row("count: 1").size());
}

TEST(ColourWarningsTest, ColoursWholeLines) {
  EXPECT_EQ(ColourWarnings("H\na\nb\n", {false, true}, true),
            "\x1b[1mH\x1b[0m\na\n\x1b[33mb\x1b[0m\n");
  EXPECT_EQ(ColourWarnings("a\n", {true}, false), "\x1b[33ma\x1b[0m\n");
}

}  // namespace
}  // namespace weir::cli
