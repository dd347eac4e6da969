#include "weir/reconcile/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::reconcile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FlagsTest : public ::testing::Test {
 protected:
  FlagsTest() {
    common_.component = "source-controller";
    common_.feature_gates = FeatureGates({{"A", false}, {"B", true}});
    AddCommonFlags(flags_, &common_);
    flags_.Add("list", &list_, "a list");
    flags_.AddRepeated("each", &each_, "one each");
    flags_.Add("bytes", &bytes_, "a number");
  }
  absl::Status Parse(std::vector<const char*> words) {
    words.insert(words.begin(), "program");
    return flags_.Parse(static_cast<int>(words.size()), words.data());
  }

  CommonFlags common_;
  std::vector<std::string> list_ = {"default"}, each_;
  int64_t bytes_ = 52428800;
  FlagSet flags_{"source-controller", "Fetches sources."};
};

TEST_F(FlagsTest, DefaultsAreFluxs) {
  ASSERT_TRUE(Parse({}).ok());
  EXPECT_EQ(common_.metrics_addr, ":8080");
  EXPECT_EQ(common_.health_addr, ":9440");
  EXPECT_EQ(common_.min_retry_delay, absl::Milliseconds(750));
  EXPECT_TRUE(common_.watch_all_namespaces);
  EXPECT_FALSE(common_.enable_leader_election);
  EXPECT_THAT(list_, ElementsAre("default"));
}

TEST_F(FlagsTest, ReadsGosSpellings) {
  const absl::Status status =
      Parse({"--metrics-addr=:1",
             "--health-addr",
             ":2",
             "--events-addr=",
             "--concurrent",
             "7",
             "--max-retry-delay=1h1m0.5s",
             "--enable-leader-election",
             "--watch-all-namespaces=false",
             "--leader-election-release-on-cancel=F",
             "--kube-api-qps=12.5",
             "--watch-label-selector=sharding.fluxcd.io/key in (a,b),!c",
             "--list=x,y",
             "--list",
             "z",
             "--each=p,q",
             "--each=r",
             "--bytes=9999999999",
             "--feature-gates=A=true,B=false",
             "--log-level",
             "debug"});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(common_.metrics_addr, ":1");
  EXPECT_EQ(common_.health_addr, ":2");
  EXPECT_EQ(common_.events_addr, "");
  EXPECT_EQ(common_.concurrent, 7);
  EXPECT_EQ(common_.max_retry_delay,
            absl::Minutes(61) + absl::Milliseconds(500));
  EXPECT_TRUE(common_.enable_leader_election);
  EXPECT_FALSE(common_.watch_all_namespaces);
  EXPECT_FALSE(common_.leader_election_release_on_cancel);
  EXPECT_EQ(common_.kube_api_qps, 12.5);
  EXPECT_EQ(common_.watch_label_selector, "sharding.fluxcd.io/key in (a,b),!c");
  EXPECT_THAT(list_, ElementsAre("x", "y", "z"));
  EXPECT_THAT(each_, ElementsAre("p,q", "r"));
  EXPECT_EQ(bytes_, 9999999999);
  EXPECT_TRUE(common_.feature_gates.IsEnabled("A"));
  EXPECT_FALSE(common_.feature_gates.IsEnabled("B"));
  EXPECT_TRUE(Validate(common_).ok());
}

TEST_F(FlagsTest, LastOneWinsAndValuesMayLookLikeFlags) {
  ASSERT_TRUE(Parse({"--concurrent=1", "--concurrent=2",
                     "--default-service-account", "--odd"})
                  .ok());
  EXPECT_EQ(common_.concurrent, 2);
  EXPECT_EQ(common_.default_service_account, "--odd");
}

TEST_F(FlagsTest, HelpIsNoError) {
  const absl::Status status = Parse({"--help"});
  EXPECT_TRUE(absl::IsCancelled(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--metrics-addr"));
}

struct BadCase {
  const char* name;
  std::vector<const char*> words;
  const char* want;
};
class BadFlagsTest : public FlagsTest,
                     public ::testing::WithParamInterface<BadCase> {};

TEST_P(BadFlagsTest, AreErrors) {
  absl::Status status = Parse(GetParam().words);
  if (status.ok()) status = Validate(common_);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadFlagsTest,
    ::testing::Values(
        BadCase{"Unknown", {"--nope"}, "--nope"},
        BadCase{"UnknownWithValue", {"--nope=1"}, "--nope"},
        BadCase{"Stray", {"--concurrent=1", "stray"}, "stray"},
        BadCase{
            "ValueBehindABool", {"--enable-leader-election", "false"}, "false"},
        BadCase{"NoInteger", {"--concurrent=many"}, "--concurrent"},
        BadCase{"NoBool", {"--enable-leader-election=maybe"}, "maybe"},
        BadCase{"NoDuration", {"--min-retry-delay=5"}, "--min-retry-delay"},
        BadCase{"NoValue", {"--concurrent"}, "--concurrent"},
        BadCase{"GateWithoutValue", {"--feature-gates=A"}, "A"},
        BadCase{"TooMuchJitter",
                {"--interval-jitter-percentage=100"},
                "--interval-jitter-percentage"},
        BadCase{"LogLevel", {"--log-level=loud"}, "loud"},
        BadCase{"LogEncoding", {"--log-encoding=xml"}, "--log-encoding"},
        BadCase{"Selector",
                {"--watch-label-selector=a in ("},
                "--watch-label-selector"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(FlagsTest, UnknownGateIsNoWrongUse) {
  EXPECT_EQ(Parse({"--feature-gates=C=true"}),
            absl::FailedPreconditionError("feature-gate 'C' not supported"));
}

TEST_F(FlagsTest, ShardsHaveTheirOwnLease) {
  EXPECT_EQ(LeaseName(common_), "source-controller-leader-election");
  common_.watch_label_selector = "sharding.fluxcd.io/key=shard1";
  EXPECT_EQ(LeaseName(common_), "source-controller-leader-election-73fdc1be");
}

}  // namespace
}  // namespace weir::reconcile
