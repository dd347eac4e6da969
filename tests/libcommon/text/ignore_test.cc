#include "weir/text/ignore.h"

#include "gtest/gtest.h"

namespace weir::text {
namespace {

struct IgnoreCase {
  const char* patterns;
  const char* path;  // A trailing slash means a folder.
  bool is_ignored;
};
class IgnoreRulesTest : public testing::TestWithParam<IgnoreCase> {};
TEST_P(IgnoreRulesTest, Decides) {
  IgnoreRules rules;
  rules.AddFile(GetParam().patterns);
  std::string path = GetParam().path;
  const bool is_directory = path.back() == '/';
  if (is_directory) path.pop_back();
  EXPECT_EQ(rules.IsIgnored(path, is_directory), GetParam().is_ignored)
      << GetParam().patterns << " " << GetParam().path;
}
INSTANTIATE_TEST_SUITE_P(
    Table, IgnoreRulesTest,
    testing::Values(
        IgnoreCase{"a", "a", true}, IgnoreCase{"a", "x/a", true},
        IgnoreCase{"a", "a/x/y", true}, IgnoreCase{"a", "ab", false},
        IgnoreCase{"*.md", "docs/readme.md", true},
        IgnoreCase{"*.md", "x.md/y", true}, IgnoreCase{"*", "a", true},
        IgnoreCase{"/a", "a", true}, IgnoreCase{"/a", "x/a", false},
        IgnoreCase{"/a", "a/x", true}, IgnoreCase{"a/b", "a/b/c", true},
        IgnoreCase{"a/b", "x/a/b", false}, IgnoreCase{"a/b", "a", false},
        IgnoreCase{"a/*", "a/", false}, IgnoreCase{"a/*", "a/x", true},
        IgnoreCase{"a/", "a", false}, IgnoreCase{"a/", "a/", true},
        IgnoreCase{"a/", "a/x", true}, IgnoreCase{"a/", "x/a", false},
        IgnoreCase{"/a/b/", "a/b", false}, IgnoreCase{"/a/b/", "a/b/", true},
        IgnoreCase{"/a/b/", "a/b/c", true}, IgnoreCase{"/*", "a", true},
        IgnoreCase{"/*\n!/docs", "docs/x", false},
        IgnoreCase{"/*\n!/docs", "src/x", true},
        IgnoreCase{"/docs\n!docs/keep.txt", "docs/keep.txt", false},
        IgnoreCase{"/docs\n!docs/keep.txt", "docs/x", true},
        IgnoreCase{"!a\na", "a", true}, IgnoreCase{"a\n!a", "a", false},
        IgnoreCase{"**/a", "x/y/a", true}, IgnoreCase{"**/a", "a", true},
        IgnoreCase{"**/a/b", "x/a/b", true}, IgnoreCase{"a/**", "a/x/y", true},
        IgnoreCase{"a/**", "a/", false}, IgnoreCase{"a/**/b", "a/b", true},
        IgnoreCase{"a/**/b", "a/x/y/b", true},
        IgnoreCase{"a/**/b", "a/x/y", false},
        IgnoreCase{"foo**/a", "foo/a", false},
        IgnoreCase{"# comment\n\n   \nb", "b", true},
        IgnoreCase{"# comment", "# comment", false},
        IgnoreCase{"\\#a", "#a", true}, IgnoreCase{"a   ", "a", true},
        IgnoreCase{"a\\ ", "a ", true}, IgnoreCase{"a\r\nb\r\n", "b", true},
        IgnoreCase{"[", "[", false}, IgnoreCase{"[a-c]?", "bx", true},
        IgnoreCase{"[^a]", "a", false}));

TEST(IgnoreScopeTest, PatternsHoldBelowTheirFolder) {
  IgnoreRules rules;
  rules.AddFile("/only-here\n*.txt\n", "a/b");
  EXPECT_TRUE(rules.IsIgnored("a/b/only-here", false));
  EXPECT_FALSE(rules.IsIgnored("only-here", false));
  EXPECT_FALSE(rules.IsIgnored("a/only-here", false));
  EXPECT_TRUE(rules.IsIgnored("a/b/c/x.txt", false));
  EXPECT_FALSE(rules.IsIgnored("a/bc/x.txt", false));
  EXPECT_FALSE(rules.IsIgnored("a/b", true));
}

TEST(SourceDefaultsTest, AnyPatternDropsTheDefaults) {
  const IgnoreRules defaults = WithSourceDefaults({});
  EXPECT_TRUE(defaults.IsIgnored("a/.gitignore", false));
  EXPECT_TRUE(defaults.IsIgnored("pic.png", false));
  EXPECT_TRUE(defaults.IsIgnored(".github/w.yaml", false));
  EXPECT_TRUE(defaults.IsIgnored("x/.sops.yaml", false));
  EXPECT_FALSE(defaults.IsIgnored("cm.yaml", false));
  IgnoreRules given;
  given.AddPattern("/docs");
  const IgnoreRules rules = WithSourceDefaults(given);
  EXPECT_TRUE(rules.IsIgnored("a/.gitignore", false));
  EXPECT_FALSE(rules.IsIgnored("pic.png", false));
  EXPECT_TRUE(rules.IsIgnored("docs/x", false));
}

}  // namespace
}  // namespace weir::text
