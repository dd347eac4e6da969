#include "weir/text/regex.h"

#include <gtest/gtest.h>

namespace weir::text {
namespace {

TEST(RegexTest, RefusesBadPatterns) {
  EXPECT_EQ(Regex::Compile("a(").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(RegexTest, FindsGroups) {
  const auto regex = Regex::Compile("(a+)(b)?");
  ASSERT_TRUE(regex.ok());
  EXPECT_TRUE(regex->Matches("xaay"));
  EXPECT_FALSE(regex->MatchesAll("xaay"));
  const auto groups = regex->Find("xaay");
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[1], "aa");
  EXPECT_EQ(groups[2].data(), nullptr);
}

TEST(RegexTest, ReplacesAsGoDoes) {
  const auto regex = Regex::Compile("(?P<x>a)b");
  ASSERT_TRUE(regex.ok());
  EXPECT_EQ(regex->ReplaceAll("abcab", "<${x}$1$$>"), "<aa$>c<aa$>");
  EXPECT_EQ(Regex::Compile("x*")->ReplaceAll("abc", "-"), "-a-b-c-");
  EXPECT_EQ(Regex::Compile("x*")->ReplaceAll("axb", "-"), "-a-b-");
}

}  // namespace
}  // namespace weir::text
