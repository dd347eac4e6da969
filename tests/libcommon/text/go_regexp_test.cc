// What was expected comes from Go's regexp package.
#include "weir/text/go_regexp.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weir::text {
namespace {

using testing::ElementsAre;

std::vector<std::string> FindAll(absl::string_view pattern,
                                 absl::string_view text, size_t parts = 1) {
  const auto compiled = GoRegexp::Compile(pattern);
  if (!compiled.ok()) return {std::string(compiled.status().message())};
  std::vector<std::string> out;
  (*compiled)->ForEach(
      text, parts, [] { return true; },
      [&](const GoRegexp::Parts& match) {
        for (const absl::string_view part : match) {
          out.push_back(part.data() == nullptr ? "none" : std::string(part));
        }
        return true;
      });
  return out;
}

TEST(GoRegexpTest, NoEmptyMatchFollowsAnotherAtOnce) {
  EXPECT_THAT(FindAll("a*", "baab"), ElementsAre("", "aa", ""));
  EXPECT_THAT(FindAll("", "äb"), ElementsAre("", "", ""));
  EXPECT_THAT(FindAll("a*", ""), ElementsAre(""));
  EXPECT_THAT(FindAll("a", absl::string_view()), ElementsAre());
}

TEST(GoRegexpTest, GroupsThatTookNoPartAreNull) {
  EXPECT_THAT(FindAll("(a)|(b)", "ab", 3),
              ElementsAre("a", "a", "none", "b", "none", "b"));
}

TEST(GoRegexpTest, BytesThatAreNoUtf8AreACharacter) {
  EXPECT_THAT(FindAll("a.b",
                      "a\xFF"
                      "b a\xC3"
                      "b"),
              ElementsAre("a\xFF"
                          "b",
                          "a\xC3"
                          "b"));
  EXPECT_THAT(FindAll("\xEF\xBF\xBD", "\xF4\x90\x80\x80"),
              ElementsAre("\xF4", "\x90", "\x80", "\x80"));
  EXPECT_THAT(FindAll(".", "\xED\xA0\x80"),
              ElementsAre("\xED", "\xA0", "\x80"));
  EXPECT_THAT(FindAll(".", "\xE2\x82\xAC\xF0\x9F\x98\x80"),
              ElementsAre("\xE2\x82\xAC", "\xF0\x9F\x98\x80"));
  EXPECT_TRUE((*GoRegexp::Compile("^.$"))->Matches("\xFF"));
}

TEST(GoRegexpTest, NamedGroupsOfBothSpellings) {
  for (const char* pattern :
       {"(?P<year>\\d+)-(?P<month>\\d+)", "(?<year>\\d+)-(?<month>\\d+)"}) {
    const auto compiled = GoRegexp::Compile(pattern);
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    EXPECT_EQ((*compiled)->GroupIndex("month"), 2);
    EXPECT_EQ((*compiled)->GroupIndex("day"), -1);
    EXPECT_EQ((*compiled)->group_count(), 2);
  }
  // No group: a class, and a quoted text.
  EXPECT_THAT(FindAll("[(?<a>]+", "<?"), ElementsAre("<?"));
  EXPECT_THAT(FindAll("\\Q(?<a>\\E", "(?<a>"), ElementsAre("(?<a>"));
}

TEST(GoRegexpTest, SearchEndsWhenAsked) {
  const auto compiled = GoRegexp::Compile("a");
  int asked = 0;
  int found = 0;
  (*compiled)->ForEach(
      "aaaa", 1, [&] { return ++asked <= 2; },
      [&](const GoRegexp::Parts&) { return ++found > 0; });
  EXPECT_EQ(found, 2);
}

struct ErrorCase {
  const char* pattern;
  const char* want;
};
class GoRegexpErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(GoRegexpErrorTest, IsInGosWords) {
  const auto compiled = GoRegexp::Compile(GetParam().pattern);
  ASSERT_FALSE(compiled.ok());
  EXPECT_EQ(compiled.status().message(), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoRegexpErrorTest,
    testing::Values(
        ErrorCase{"(", "error parsing regexp: missing closing ): `(`"},
        ErrorCase{"a)b", "error parsing regexp: unexpected ): `a)b`"},
        ErrorCase{"[a", "error parsing regexp: missing closing ]: `[a`"},
        ErrorCase{"*",
                  "error parsing regexp: missing argument to repetition "
                  "operator: `*`"},
        ErrorCase{"a**",
                  "error parsing regexp: invalid nested repetition "
                  "operator: `**`"},
        ErrorCase{"a{2,1}",
                  "error parsing regexp: invalid repeat count: `{2,1}`"},
        ErrorCase{"\\",
                  "error parsing regexp: trailing backslash at end of "
                  "expression: ``"},
        ErrorCase{"\\8",
                  "error parsing regexp: invalid escape sequence: "
                  "`\\8`"},
        ErrorCase{"(?=a)",
                  "error parsing regexp: invalid or unsupported Perl "
                  "syntax: `(?=`"},
        ErrorCase{"(?<a-b>c)",
                  "error parsing regexp: invalid named capture: "
                  "`(?<a-b>`"},
        ErrorCase{"a\xFF", "error parsing regexp: invalid UTF-8: `\xFF`"}));

}  // namespace
}  // namespace weir::text
