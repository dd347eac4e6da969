#include "weir/text/glob.h"

#include <gtest/gtest.h>

namespace weir::text {
namespace {

TEST(GlobTest, MatchesAsGoDoes) {
  const struct {
    const char* pattern;
    const char* name;
    bool want;
  } kCases[] = {
      {"abc", "abc", true},
      {"*", "abc", true},
      {"*c", "abc", true},
      {"a*", "ab/c", false},
      {"a*/b", "a/b", true},
      {"a*/b", "a/c/b", false},
      {"a?c",
       "a\xc3\xa9"
       "c",
       true},
      {"a?c", "a/c", false},
      {"[a-c]x", "bx", true},
      {"[^a-c]x", "bx", false},
      {"[a", "a", false},
      {"\\*", "*", true},
      {"", "", true},
      {"a*b*c", "axbxbxc", true},
      {"[]a]", "]", false},
      {"*.tar.gz", "x.tar.gz", true},
      {"*.tar.gz", "x.tar", false},
      {"*.gz", "", false},
      {"*\\a", "ba", true},
      {"[ab", "b", false},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(GlobMatches(c.pattern, c.name), c.want)
        << c.pattern << " on " << c.name;
  }
}

}  // namespace
}  // namespace weir::text
