#include "diff_report.h"

#include <gtest/gtest.h>

#include <string>

#include "weir/value/yaml.h"

namespace weir::cli {
namespace {

std::string Report(const char* before, const char* after) {
  return FormatDifferences(*ParseYaml(before), *ParseYaml(after));
}

TEST(DiffReportTest, IsEmptyWhereNothingDiffers) {
  EXPECT_EQ(Report("{a: [1, {b: 2}]}", "{a: [1, {b: 2}]}"), "");
}

TEST(DiffReportTest, ShowsValuesThatChanged) {
  EXPECT_EQ(Report("{spec: {replicas: 1}}", "{spec: {replicas: 2}}"),
            "spec.replicas\n  ± value change\n    - 1\n    + 2\n\n");
  EXPECT_EQ(Report("{a: 1}", "{a: x}"),
            "a\n  ± type change from number to string\n    - 1\n    + x\n\n");
}

TEST(DiffReportTest, ShowsEntriesThatCameAndWent) {
  EXPECT_EQ(Report("{m: {a: 1, b: 2}}", "{m: {c: {d: 3}}}"),
            "m\n  - two map entries removed:\n    a: 1\n    b: 2\n\n"
            "  + one map entry added:\n    c:\n      d: 3\n\n");
}

TEST(DiffReportTest, FindsElementsOfListsByName) {
  EXPECT_EQ(Report("{c: [{name: a, i: 1}, {name: b, i: 1}]}",
                   "{c: [{name: b, i: 2}, {name: x, i: 1}]}"),
            "c\n  - one list entry removed:\n    - i: 1\n      name: a\n\n"
            "  + one list entry added:\n    - i: 1\n      name: x\n\n"
            "c.b.i\n  ± value change\n    - 1\n    + 2\n\n");
  EXPECT_EQ(
      Report("{c: [{name: a}, {name: b}]}", "{c: [{name: b}, {name: a}]}"),
      "c\n  ⇆ order changed\n\n");
}

TEST(DiffReportTest, ComparesPlainListsByValue) {
  EXPECT_EQ(Report("{l: [a, b]}", "{l: [b, c, d]}"),
            "l\n  - one list entry removed:\n    - a\n\n"
            "  + two list entries added:\n    - c\n    - d\n\n");
}

TEST(DiffReportTest, ComparesOtherListsInOrder) {
  EXPECT_EQ(Report("{l: [{a: 1}, {a: 2}]}", "{l: [{a: 3}]}"),
            "l.0.a\n  ± value change\n    - 1\n    + 3\n\n"
            "l\n  - one list entry removed:\n    - a: 2\n\n");
}

TEST(DiffReportTest, ShowsTheLinesOfTextsThatChanged) {
  EXPECT_EQ(
      Report("{t: \"1\\n2\\n3\\n4\\n5\\n\"}",
             "{t: \"1\\n2\\n3\\n4\\nx\\n5\\n\"}"),
      "t\n  ± value change in multiline text (one line added, no "
      "removed)\n      2\n      3\n      4\n    + x\n      5\n      \n\n");
}

}  // namespace
}  // namespace weir::cli
