#include "weir/reconcile/conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/libcommon/reconcile/fixtures.h"

namespace weir::reconcile {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Types(const ConditionList& list) {
  std::vector<std::string> types;
  for (const auto& condition : list) types.push_back(condition.type());
  return types;
}

TEST(ConditionsTest, TransitionTimeMovesWithStatusReasonOrMessage) {
  FakeClock clock;
  ConditionList list;
  Conditions conditions(&list, 1, clock);
  const auto time = [&] {
    return conditions.Find(kReady)->last_transition_time();
  };
  conditions.MarkTrue(kReady, "Succeeded", "all is well");
  EXPECT_EQ(time(), "2023-11-14T22:13:20Z");
  clock.Advance(absl::Seconds(1));
  Conditions(&list, 2, clock).MarkTrue(kReady, "Succeeded", "all is well");
  EXPECT_EQ(time(), "2023-11-14T22:13:20Z");
  EXPECT_EQ(conditions.Find(kReady)->observed_generation(), 2);
  conditions.MarkTrue(kReady, "Succeeded", "still well");
  EXPECT_EQ(time(), "2023-11-14T22:13:21Z");
  clock.Advance(absl::Seconds(1));
  conditions.MarkTrue(kReady, "Other", "still well");
  EXPECT_EQ(time(), "2023-11-14T22:13:22Z");
  clock.Advance(absl::Seconds(1));
  conditions.MarkFalse(kReady, "Other", "still well");
  EXPECT_EQ(time(), "2023-11-14T22:13:23Z");
}

TEST(ConditionsTest, KeepsFluxsOrder) {
  ConditionList list;
  Conditions old(&list, 1);
  old.MarkTrue("Zeta", "R", "");
  old.MarkTrue("Alpha", "R", "");
  Conditions now(&list, 2);
  now.MarkTrue(kReady, "R", "");
  now.MarkTrue("Middle", "R", "");
  now.MarkTrue(kReconciling, "R", "");
  now.MarkTrue(kStalled, "R", "");
  EXPECT_THAT(Types(list), ElementsAre("Stalled", "Reconciling", "Ready",
                                       "Middle", "Alpha", "Zeta"));
}

TEST(ConditionsTest, ReconcilingAndStalledExcludeEachOther) {
  ConditionList list;
  Conditions conditions(&list, 1);
  conditions.MarkStalled("Broken", "no");
  conditions.MarkReconciling("Progressing", "yes");
  EXPECT_THAT(Types(list), ElementsAre("Reconciling"));
  conditions.MarkStalled("Broken", "no");
  EXPECT_THAT(Types(list), ElementsAre("Stalled"));
  EXPECT_TRUE(conditions.Delete(kStalled));
  EXPECT_FALSE(conditions.Delete(kStalled));
  EXPECT_TRUE(conditions.IsUnknown(kReady));
}

TEST(ConditionsTest, CutsLongMessagesAtACharacter) {
  EXPECT_EQ(CutConditionMessage(std::string(32768, 'm')).size(), 32768u);
  const std::string cut = CutConditionMessage(std::string(32769, 'm'));
  EXPECT_EQ(cut, absl::StrCat(std::string(32765, 'm'), "..."));
  const std::string wide =
      absl::StrCat(std::string(32764, 'm'), "\u00e9\u00e9\u00e9");
  EXPECT_EQ(CutConditionMessage(wide),
            absl::StrCat(std::string(32764, 'm'), "..."));
}

struct SummaryCase {
  const char* name;
  // Type and status.
  std::vector<std::pair<std::string, std::string>> conditions;
  std::string want;  // "status reason", or "" when there is no summary.
};

class SummaryTest : public ::testing::TestWithParam<SummaryCase> {};

TEST_P(SummaryTest, FollowsRankThenPriority) {
  ConditionList list;
  Conditions conditions(&list, 3);
  for (const auto& [type, status] : GetParam().conditions) {
    conditions.Set(type, status, "Of" + type, type + " says");
  }
  SummaryOptions options;
  options.priority = {"StorageOperationFailed",
                      "FetchFailed",
                      "ArtifactOutdated",
                      "ArtifactInStorage",
                      "SourceVerified",
                      "Stalled",
                      "Reconciling"};
  options.negative = {"StorageOperationFailed", "FetchFailed",
                      "ArtifactOutdated", "Stalled", "Reconciling"};
  conditions.Summarize(kReady, options);
  const auto* ready = conditions.Find(kReady);
  EXPECT_EQ(ready == nullptr ? "" : ready->status() + " " + ready->reason(),
            GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, SummaryTest,
    ::testing::Values(
        SummaryCase{"NothingGivesNothing", {}, ""},
        SummaryCase{"OthersAreIgnored", {{"Foreign", "False"}}, ""},
        SummaryCase{"TruePositiveIsReady",
                    {{"ArtifactInStorage", "True"}},
                    "True OfArtifactInStorage"},
        SummaryCase{"TrueNegativeWins",
                    {{"ArtifactInStorage", "True"}, {"FetchFailed", "True"}},
                    "False OfFetchFailed"},
        SummaryCase{"OfNegativesTheFirstInPriority",
                    {{"Reconciling", "True"},
                     {"ArtifactOutdated", "True"},
                     {"FetchFailed", "True"}},
                    "False OfFetchFailed"},
        SummaryCase{"LeftoverReconcilingMeansNotReady",
                    {{"ArtifactInStorage", "True"}, {"Reconciling", "True"}},
                    "False OfReconciling"},
        SummaryCase{
            "FalsePositiveBeatsTruePositive",
            {{"ArtifactInStorage", "True"}, {"SourceVerified", "False"}},
            "False OfSourceVerified"},
        SummaryCase{"FalseNegativeIsGood",
                    {{"FetchFailed", "False"}},
                    "True OfFetchFailed"},
        SummaryCase{"TruePositiveBeatsFalseNegative",
                    {{"FetchFailed", "False"}, {"SourceVerified", "True"}},
                    "True OfSourceVerified"},
        SummaryCase{"UnknownComesLast",
                    {{"ArtifactInStorage", "Unknown"}},
                    "Unknown OfArtifactInStorage"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace weir::reconcile
