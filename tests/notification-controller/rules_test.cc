// What events go through: cleaning, duplicates, metadata. Tests that begin
// with Edge are named in the contract's list of edge cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/duplicate_filter.h"
#include "src/event_rules.h"
#include "tests/notification-controller/fake_sender.h"
#include "weir/base/mutex.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr char kGroup[] = "kustomize.toolkit.fluxcd.io/";
constexpr char kUser[] = "event.toolkit.fluxcd.io/";

Event WithMetadata(std::map<std::string, std::string> metadata) {
  Event event = SampleEvent();
  event.metadata = std::move(metadata);
  return event;
}

std::string Key(const std::string& prefix, const std::string& name) {
  return prefix + name;
}

// --- Cleaning ---------------------------------------------------------------

TEST(CleanMetadataTest, KeepsWhatIsOfTheGroupAndOfUsers) {
  Event event =
      WithMetadata({{Key(kGroup, "revision"), "r"},
                    {Key(kUser, "env"), "e"},
                    {"source.toolkit.fluxcd.io/revision", "x"},
                    {"kustomize.toolkit.fluxcd.io.evil.test/revision", "x"},
                    {"revision", "x"},
                    {"", "x"}});
  CleanMetadata(event);
  EXPECT_THAT(event.metadata, ElementsAre(Pair(Key(kUser, "env"), "e"),
                                          Pair(Key(kGroup, "revision"), "r")));
}

TEST(CleanMetadataTest, EdgeDigestAndChecksumNeverReachAProvider) {
  Event event = WithMetadata({{Key(kGroup, "checksum"), "c"},
                              {Key(kGroup, "CheckSum"), "c"},
                              {Key(kGroup, "digest"), "d"},
                              {"KUSTOMIZE.toolkit.fluxcd.io/DIGEST", "d"},
                              {Key(kUser, "digest"), "of users"}});
  CleanMetadata(event);
  EXPECT_THAT(event.metadata,
              ElementsAre(Pair(Key(kUser, "digest"), "of users")));
}

TEST(CleanMetadataTest, OfTheCoreGroupKeysBeginWithASlash) {
  Event event = WithMetadata({{"/revision", "r"}, {"revision", "x"}});
  event.object.api_version = "v1";
  CleanMetadata(event);
  EXPECT_THAT(event.metadata, ElementsAre(Pair("/revision", "r")));
}

TEST(GroupTest, IsWhatKubernetesReads) {
  for (const auto& [api_version, group] :
       {std::pair("g.io/v1", "g.io"), std::pair("v1", ""), std::pair("", ""),
        std::pair("/", ""), std::pair("/v1", ""), std::pair("a/b/c", "")}) {
    EXPECT_EQ(ObjectReference{.api_version = api_version}.Group(), group)
        << api_version;
  }
}

// --- Duplicates -------------------------------------------------------------

TEST(DuplicateKeyTest, TellsWhatTheContractNames) {
  const Event event = WithMetadata({{Key(kGroup, "revision"), "r"}});
  const std::string key = DuplicateKey(event);
  EXPECT_EQ(key.size(), 32);
  const auto changed = [&event](void (*change)(Event&)) {
    Event other = event;
    change(other);
    return DuplicateKey(other);
  };
  const std::vector<void (*)(Event&)> telling = {
      [](Event& e) { e.object.name = "other"; },
      [](Event& e) { e.object.name_space = "other"; },
      [](Event& e) { e.object.kind = "Other"; },
      [](Event& e) { e.message = "other"; },
      [](Event& e) { e.metadata[Key(kGroup, "revision")] = "other"; },
      [](Event& e) { e.metadata[Key(kGroup, "originRevision")] = ""; },
      [](Event& e) { e.metadata[Key(kGroup, "token")] = "t"; }};
  for (size_t i = 0; i < telling.size(); ++i) {
    EXPECT_NE(changed(telling[i]), key) << i;
  }
}

TEST(DuplicateKeyTest, EdgeReasonSeverityAndOtherMetadataDoNotCount) {
  const Event event = WithMetadata({{Key(kGroup, "revision"), "r"}});
  Event other = event;
  other.reason = "Other";
  other.severity = "error";
  other.timestamp = absl::Now();
  other.object.uid = "other";
  other.object.api_version = "kustomize.toolkit.fluxcd.io/v9";
  other.reporting_controller = "other";
  other.metadata[Key(kGroup, "commit_status")] = "update";
  other.metadata[Key(kUser, "token")] = "of users";
  EXPECT_EQ(DuplicateKey(other), DuplicateKey(event));
}

TEST(DropTokenTest, EdgeTheTokenCountsButNeverReachesAProvider) {
  Event event = WithMetadata(
      {{Key(kGroup, "token"), "t"}, {Key(kUser, "token"), "of users"}});
  CleanMetadata(event);
  EXPECT_EQ(event.metadata.count(Key(kGroup, "token")), 1);
  DropToken(event);
  EXPECT_THAT(MergeMetadata(event, {}, "").metadata,
              ElementsAre(Pair("token", "of users")));
}

class SetClock : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
};

TEST(DuplicateFilterTest, OneAnIntervalFromTheFirstOn) {
  SetClock clock;
  DuplicateFilter filter(absl::Minutes(5), &clock);
  const absl::Time end = clock.now + absl::Minutes(5);
  EXPECT_TRUE(filter.Take("a").is_new);
  clock.now = end - absl::Nanoseconds(1);
  EXPECT_FALSE(filter.Take("a").is_new);
  EXPECT_EQ(filter.Take("a").reset, end) << "the window is fixed";
  EXPECT_TRUE(filter.Take("b").is_new);
  clock.now = end;
  EXPECT_TRUE(filter.Take("a").is_new);
  EXPECT_FALSE(filter.Take("b").is_new);
}

TEST(DuplicateFilterTest, UnderAFloodTheOldestAreForgotten) {
  SetClock clock;
  DuplicateFilter filter(absl::Minutes(5), &clock, 2);
  for (const char* key : {"a", "b"}) EXPECT_TRUE(filter.Take(key).is_new);
  for (const char* key : {"a", "b", "a"}) {
    EXPECT_FALSE(filter.Take(key).is_new) << "what is known makes no room";
  }
  EXPECT_TRUE(filter.Take("c").is_new);
  EXPECT_FALSE(filter.Take("b").is_new);
  EXPECT_TRUE(filter.Take("a").is_new);
}

TEST(DuplicateFilterTest, SurvivesAClockThatIsSetBack) {
  SetClock clock;
  DuplicateFilter filter(absl::Minutes(5), &clock);
  EXPECT_TRUE(filter.Take("a").is_new);
  clock.now -= absl::Hours(1);
  EXPECT_TRUE(filter.Take("b").is_new);
  EXPECT_FALSE(filter.Take("a").is_new);
  clock.now += absl::Hours(2);
  EXPECT_TRUE(filter.Take("b").is_new);
  EXPECT_TRUE(filter.Take("a").is_new);
}

// --- Gates ------------------------------------------------------------------

TEST(GateTest, TellsWhatAnEventIsFor) {
  struct Case {
    std::map<std::string, std::string> metadata;
    bool is_update, has_commit, has_change_request;
  };
  for (const Case& c : std::vector<Case>{
           {{}, false, false, false},
           {{{Key(kGroup, "commit_status"), "update"}}, true, false, false},
           {{{Key(kGroup, "commit_status"), "other"}}, false, false, false},
           {{{Key(kUser, "commit_status"), "update"}}, false, false, false},
           {{{Key(kUser, "commit"), "c"}}, false, true, false},
           {{{Key(kUser, "commit"), ""}}, false, false, false},
           {{{Key(kGroup, "commit"), "c"}}, false, false, false},
           {{{Key(kUser, "change_request"), "7"}}, false, false, true},
           {{{Key(kUser, "change_request"), ""}}, false, false, false}}) {
    const Event event = WithMetadata(c.metadata);
    const std::string name =
        c.metadata.empty() ? "none" : c.metadata.begin()->first;
    EXPECT_EQ(IsCommitStatusUpdate(event), c.is_update) << name;
    EXPECT_EQ(HasCommit(event), c.has_commit) << name;
    EXPECT_EQ(HasChangeRequest(event), c.has_change_request) << name;
  }
}

// --- Merging ----------------------------------------------------------------

constexpr char kOfUsers[] = "involved object annotations";
constexpr char kOfAlert[] = "Alert object .spec.eventMetadata";
constexpr char kOfSummary[] = "Alert object .spec.summary";
constexpr char kOfController[] = "involved object controller metadata";

TEST(MergeMetadataTest, EdgeTheControllersComesLastAndWins) {
  const Event event = WithMetadata({{Key(kUser, "a"), "user"},
                                    {Key(kUser, "b"), "user"},
                                    {Key(kUser, "c"), "user"},
                                    {Key(kUser, "summary"), "user"},
                                    {Key(kUser, "only"), "user"},
                                    {Key(kGroup, "c"), "controller"},
                                    {Key(kGroup, "revision"), "controller"}});
  const MergedMetadata merged =
      MergeMetadata(event, {{"b", "alert"}, {"c", "alert"}}, "sum");
  EXPECT_THAT(
      merged.metadata,
      ElementsAre(Pair("a", "user"), Pair("b", "alert"),
                  Pair("c", "controller"), Pair("only", "user"),
                  Pair("revision", "controller"), Pair("summary", "sum")));
  EXPECT_THAT(
      merged.conflicts,
      ElementsAre(Pair("b", std::string(kOfUsers) + ", " + kOfAlert),
                  Pair("c", std::string(kOfUsers) + ", " + kOfAlert + ", " +
                                kOfController),
                  Pair("summary", std::string(kOfUsers) + ", " + kOfSummary)));
}

TEST(MergeMetadataTest, WithoutConflictsThereIsNothingToSay) {
  const MergedMetadata merged = MergeMetadata(
      WithMetadata({{Key(kGroup, "revision"), "r"}}), {{"env", "prod"}}, "");
  EXPECT_THAT(merged.metadata,
              ElementsAre(Pair("env", "prod"), Pair("revision", "r")));
  EXPECT_THAT(merged.conflicts, IsEmpty());
}

}  // namespace
}  // namespace weir::notification_controller
