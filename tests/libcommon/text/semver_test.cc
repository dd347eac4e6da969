#include "weir/text/semver.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weir::text {
namespace {

TEST(VersionTest, ParsesLooseVersions) {
  const auto version = ParseVersion("v1.2.3-rc.1+build.5");
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->major, 1u);
  EXPECT_EQ(version->minor, 2u);
  EXPECT_EQ(version->patch, 3u);
  EXPECT_EQ(version->prerelease, "rc.1");
  EXPECT_EQ(version->metadata, "build.5");
  EXPECT_EQ(version->original, "v1.2.3-rc.1+build.5");
  EXPECT_EQ(version->ToString(), "1.2.3-rc.1+build.5");
  EXPECT_EQ(ParseVersion("v2")->ToString(), "2.0.0");
  EXPECT_EQ(ParseVersion("2025.01.02")->ToString(), "2025.1.2");
}

TEST(VersionTest, RefusesWhatIsNone) {
  for (const char* text :
       {"", "v", "a", "1.2.3.4", "1.2.x", "1.2-", "1.2.3-01", "1.2.3-a..b",
        "1.2.3+", " 1.2.3", "V1.2.3", "99999999999999999999.0.0"}) {
    EXPECT_FALSE(ParseVersion(text).ok()) << text;
  }
}

TEST(VersionTest, FullVersionsHaveThreeNumbers) {
  EXPECT_TRUE(ParseFullVersion("v1.0.0").ok());
  EXPECT_TRUE(ParseFullVersion("1.0.0-rc.1").ok());
  EXPECT_TRUE(ParseFullVersion("v2025.01.02").ok());
  EXPECT_FALSE(ParseFullVersion("v1.0").ok());
  EXPECT_FALSE(ParseFullVersion("1.0-rc.1").ok());
  EXPECT_FALSE(ParseFullVersion("not-a-version").ok());
}

TEST(VersionTest, Order) {
  const char* const kAscending[] = {
      "0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
      "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
      "1.0.0",      "1.0.1",        "1.2.0",         "1.10.0"};
  for (size_t i = 0; i + 1 < std::size(kAscending); ++i) {
    const Version a = *ParseVersion(kAscending[i]);
    const Version b = *ParseVersion(kAscending[i + 1]);
    EXPECT_LT(CompareVersions(a, b), 0) << a.original << " " << b.original;
    EXPECT_GT(CompareVersions(b, a), 0);
  }
  EXPECT_EQ(CompareVersions(*ParseVersion("1.0.0+a"), *ParseVersion("v1+b")),
            0);
}

struct RangeCase {
  const char* range;
  const char* version;
  bool is_inside;
};
class VersionRangeTest : public testing::TestWithParam<RangeCase> {};
TEST_P(VersionRangeTest, Contains) {
  const auto range = VersionRange::Parse(GetParam().range);
  ASSERT_TRUE(range.ok()) << range.status();
  EXPECT_EQ(range->Contains(*ParseVersion(GetParam().version)),
            GetParam().is_inside)
      << GetParam().range << " " << GetParam().version;
}
INSTANTIATE_TEST_SUITE_P(
    Table, VersionRangeTest,
    testing::Values(
        RangeCase{"1.2.3", "1.2.3", true}, RangeCase{"=1.2.3", "v1.2.3", true},
        RangeCase{"1.2.3", "1.2.4", false}, RangeCase{"1.2", "1.2.9", true},
        RangeCase{">=1.25.0-0", "1.30.1", true},
        RangeCase{" >= 1.25.0-0", "1.24.9", false},
        RangeCase{"0.12.*", "0.12.4", true},
        RangeCase{"1.2-rc.1 - 2", "1.3.0-rc.1", true},
        RangeCase{"1.2", "1.3.0", false}, RangeCase{"1", "1.9.0", true},
        RangeCase{"1", "2.0.0", false}, RangeCase{"*", "7.8.9", true},
        RangeCase{"x", "7.8.9", true}, RangeCase{"*", "1.0.0-rc.1", false},
        RangeCase{"1.x", "1.5.0", true}, RangeCase{"1.2.*", "1.2.5", true},
        RangeCase{"1.2.x", "1.3.0", false},
        RangeCase{">=1.0.0 <3.0.0", "2.9.9", true},
        RangeCase{">=1.0.0,<3.0.0", "3.0.0", false},
        RangeCase{">= 1.0.0, < 3.0.0", "1.0.0", true},
        RangeCase{">=1.0.0 <3.0.0", "2.0.0-rc.1", false},
        RangeCase{">=1.0.0-0 <3.0.0", "2.0.0-rc.1", true},
        RangeCase{">=1.0.0-0 || >=5.0.0", "6.0.0-rc.1", true},
        RangeCase{">=1.0.0 || >=5.0.0", "6.0.0-rc.1", false},
        RangeCase{"<1.0.0 || >=2.0.0", "1.5.0", false},
        RangeCase{"<1.0.0 || >=2.0.0", "2.5.0", true},
        RangeCase{"!=1.2.3", "1.2.3", false},
        RangeCase{"!=1.2.3", "1.2.4", true}, RangeCase{"!=1.x", "1.2.4", false},
        RangeCase{"!=1.x", "2.0.0", true}, RangeCase{"!=1.2.x", "1.3.0", true},
        RangeCase{"!=1.2.x", "1.2.3", false}, RangeCase{">11", "11.1.0", false},
        RangeCase{">11", "12.0.0", true}, RangeCase{">11.1", "11.1.5", false},
        RangeCase{">11.1", "11.2.0", true}, RangeCase{">11.1", "12.0.0", true},
        RangeCase{">1.2.3", "1.2.3", false}, RangeCase{"<1.2.3", "1.2.2", true},
        RangeCase{"=<1.2.3", "1.2.3", true}, RangeCase{"<=11", "11.9.0", true},
        RangeCase{"<=11", "12.0.0", false}, RangeCase{"<=1.1", "1.1.9", true},
        RangeCase{"<=1.1", "1.2.0", false}, RangeCase{"=>1.2.3", "1.2.3", true},
        RangeCase{"~1.2.3", "1.2.9", true}, RangeCase{"~1.2.3", "1.3.0", false},
        RangeCase{"~1.2.3", "1.2.2", false}, RangeCase{"~>1.2", "1.2.9", true},
        RangeCase{"~1", "1.9.9", true}, RangeCase{"~1", "2.0.0", false},
        RangeCase{"~0.0.0", "9.0.0", true}, RangeCase{"^1.2.3", "1.9.0", true},
        RangeCase{"^1.2.3", "2.0.0", false}, RangeCase{"^1.2", "1.9.0", true},
        RangeCase{"^0.2.3", "0.2.9", true}, RangeCase{"^0.2.3", "0.3.0", false},
        RangeCase{"^0.0.3", "0.0.3", true}, RangeCase{"^0.0.3", "0.0.4", false},
        RangeCase{"^0.0", "0.0.9", true}, RangeCase{"^0.0", "0.1.0", false},
        RangeCase{"^0", "0.9.0", true}, RangeCase{"^0", "1.0.0", false},
        RangeCase{"1.2 - 2", "1.5.0", true},
        RangeCase{"1.2 - 2", "2.9.0", true},
        RangeCase{"1.2 - 2", "3.0.0", false},
        RangeCase{"1.2.0 - 1.4.5 || 3", "3.1.0", true},
        RangeCase{"1.x-0", "1.5.0-rc.1", true}));

TEST(VersionRangeErrorTest, NamesThePart) {
  EXPECT_EQ(VersionRange::Parse("bad range").status().message(),
            "improper constraint: \"bad range\"");
  EXPECT_EQ(VersionRange::Parse(">=1.0.0||bad").status().message(),
            "improper constraint: \"bad\"");
  for (const char* text : {"", "> >1", "1.2.3.4", "1..2", "||", ">=", "1x"}) {
    EXPECT_FALSE(VersionRange::Parse(text).ok()) << text;
  }
  EXPECT_EQ(VersionRange::Parse("a\\b\"\n").status().message(),
            R"(improper constraint: "a\\b\"\n")");
}

TEST(VersionRangeErrorTest, BoundsLengthAndGroups) {
  EXPECT_TRUE(VersionRange::Parse("1" + std::string(511, ' ')).ok());
  EXPECT_EQ(VersionRange::Parse("1" + std::string(512, ' ')).status().message(),
            "constraint string is too long (max 512 bytes)");
  std::string groups = "1";
  for (int i = 1; i < 32; ++i) groups += "||1";
  EXPECT_TRUE(VersionRange::Parse(groups).ok());
  EXPECT_EQ(VersionRange::Parse(groups + "||1").status().message(),
            "too many constraint groups (max 32)");
}

}  // namespace
}  // namespace weir::text
