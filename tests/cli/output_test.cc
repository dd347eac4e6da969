#include "output.h"

namespace weir::cli {
namespace {

TEST(FormatTableTest, PadsAndSeparatesByTabs) {
  EXPECT_EQ(FormatTable({"Name", "Ready"}, {{"podinfo", "True"}}, true),
            "NAME   \tREADY\n"
            "podinfo\tTrue \t\n");
}

TEST(FormatTableTest, LeavesOutTheHeader) {
  EXPECT_EQ(FormatTable({"A long header"}, {{"x"}, {"yy"}}, false),
            "x \t\nyy\t\n");
}

TEST(FormatTableTest, KeepsARowOnOneLine) {
  EXPECT_EQ(FormatTable({"M"}, {{"a\nb"}}, false), "a b\t\n");
}

TEST(DisplayWidthTest, CountsCodePoints) {
  EXPECT_EQ(DisplayWidth("► ok"), 4u);
  EXPECT_EQ(DisplayWidth(""), 0u);
}

}  // namespace
}  // namespace weir::cli
