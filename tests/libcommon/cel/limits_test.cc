// Nothing that comes from outside makes evaluation run or grow without end.
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/cel/cel.h"
#include "weir/value/value.h"

namespace weir::cel {
namespace {

using testing::HasSubstr;

std::string Repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

// The usual limits would take the tests a second each.
Options Small(uint64_t cost = 100'000) {
  Options options;
  options.limits.cost = cost;
  options.limits.bytes = 1 << 20;
  return options;
}

// The error, or the value's text.
std::string Outcome(const std::string& expression,
                    const Options& options = Small()) {
  const auto program = Program::Compile(expression, options);
  if (!program.ok()) return std::string(program.status().message());
  const auto value = (*program)->Evaluate(weir::Value::MakeObject());
  if (!value.ok()) return std::string(value.status().message());
  return DebugText(*value);
}

TEST(LimitsTest, LongExpressionsAreRefused) {
  EXPECT_THAT(Outcome(std::string(100'001, ' ')),
              HasSubstr("ERROR: <input>:-1:0: expression code point size "
                        "exceeds limit: size: 100001, limit 100000"));
}

TEST(LimitsTest, DeepExpressionsAreRefused) {
  for (const std::string& deep :
       {Repeated("(", 50'000), Repeated("[", 50'000), Repeated("{1:", 20'000),
        Repeated("f(", 40'000), Repeated("true ? 1 : ", 5'000) + "2"}) {
    EXPECT_THAT(Outcome(deep),
                HasSubstr("expression recursion limit exceeded: 250"));
  }
  for (const std::string& deep :
       {"1" + Repeated("+1", 40'000), "a" + Repeated(".b", 40'000),
        "a" + Repeated("[0]", 30'000), "1" + Repeated("<1", 40'000)}) {
    EXPECT_THAT(Outcome(deep), HasSubstr("max recursion depth exceeded"));
  }
  EXPECT_EQ(Outcome("true" + Repeated(" && true", 10'000)), "true");
  EXPECT_EQ(Outcome(Repeated("!", 50'000) + "true"), "true");
}

TEST(LimitsTest, NestedLoopsRunOutOfCost) {
  const std::string list = "[0,1,2,3,4,5,6,7,8,9]";
  std::string loops = "true";
  for (int i = 0; i < 12; ++i) {
    loops = absl::StrCat(list, ".all(x", i, ", ", loops, ")");
  }
  EXPECT_THAT(Outcome(loops),
              HasSubstr("operation cancelled: actual cost limit exceeded"));
}

TEST(LimitsTest, AnErrorOfLimitsIsNotAbsorbed) {
  EXPECT_THAT(Outcome("[1,2,3,4,5,6,7,8].all(x, x in [9,8,7,6,5,4,3,2]) || "
                      "true",
                      Small(5)),
              HasSubstr("cost limit exceeded"));
}

TEST(LimitsTest, StringsDoNotDoubleForEver) {
  std::string doubled = "'0123456789'";
  for (int i = 0; i < 40; ++i) {
    doubled = absl::StrCat("[", doubled, "].map(x, x + x)[0]");
  }
  EXPECT_THAT(Outcome(doubled), HasSubstr("limit exceeded"));
  std::string replaced = "'aaaaaaaaaa'";
  for (int i = 0; i < 12; ++i) {
    replaced = absl::StrCat(replaced, ".replace('a', 'aaaaaaaaaa')");
  }
  EXPECT_THAT(Outcome(replaced), HasSubstr("limit exceeded"));
}

TEST(LimitsTest, ListsDoNotDoubleForEver) {
  std::string doubled = "[1]";
  for (int i = 0; i < 60; ++i) {
    doubled = absl::StrCat("[", doubled, "].map(x, x + x)[0]");
  }
  EXPECT_THAT(Outcome(doubled), HasSubstr("limit exceeded"));
}

TEST(LimitsTest, SharedValuesAreNotComparedForEver) {
  std::string shared = "[1]";
  for (int i = 0; i < 60; ++i) {
    shared = absl::StrCat("[", shared, "].map(x, [x, x])[0]");
  }
  EXPECT_THAT(Outcome(absl::StrCat("[", shared, "].all(x, x == x)")),
              HasSubstr("cost limit exceeded"));
  EXPECT_THAT(Outcome(absl::StrCat("'%s'.format([", shared, "])")),
              HasSubstr("limit exceeded"));
}

TEST(LimitsTest, TypesDoNotDoubleForEver) {
  Options options = Small();
  options.is_checked = true;
  std::string shared = "1";
  for (int i = 0; i < 60; ++i) {
    shared = absl::StrCat("[", shared, "].map(x, {x: x})[0]");
  }
  EXPECT_THAT(Outcome(shared, options), HasSubstr("types are too large"));
}

TEST(LimitsTest, MacrosDoNotCopyForEver) {
  std::string copied = "optional.of(1)";
  for (int i = 0; i < 60; ++i) copied += ".optMap(x, x)";
  EXPECT_THAT(Outcome(copied), HasSubstr("nodes once its macros are expanded"));
}

TEST(LimitsTest, ManySyntaxErrorsAreCut) {
  EXPECT_THAT(Outcome(Repeated("# ", 500)),
              HasSubstr("more errors were truncated"));
}

}  // namespace
}  // namespace weir::cel
