#include "weir/text/envsubst.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace weir::text {
namespace {

using enum absl::StatusCode;

std::optional<std::string> Lookup(absl::string_view name) {
  static const auto* const kVariables = new std::map<std::string, std::string>{
      {"name", "foo"}, {"empty", ""},   {"num", "2"},
      {"neg", "-2"},   {"uni", "éàß"},  {"path", "/usr/lib/x.tar.gz"},
      {"star", "a*b"}, {"sep", "a,b,c"}};
  const auto found = kVariables->find(std::string(name));
  if (found == kVariables->end()) return std::nullopt;
  return found->second;
}

struct EnvsubstCase {
  const char* name;
  const char* text;
  const char* want;  // Of a failure, its message.
  bool fails = false;
};

class EnvsubstTest : public testing::TestWithParam<EnvsubstCase> {};

TEST_P(EnvsubstTest, GivesWhatUpstreamGives) {
  const EnvsubstCase& c = GetParam();
  const absl::StatusOr<std::string> got = Envsubst(c.text, Lookup);
  if (c.fails) {
    EXPECT_EQ(got.status(), absl::InvalidArgumentError(c.want)) << c.text;
  } else {
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(*got, c.want) << c.text;
  }
}

std::string CaseName(const testing::TestParamInfo<EnvsubstCase>& info) {
  return info.param.name;
}

// What github.com/fluxcd/pkg/envsubst v1.7.0 answered, but for an empty
// pattern and a negative length, which it did not know.
INSTANTIATE_TEST_SUITE_P(
    Text, EnvsubstTest,
    testing::Values(EnvsubstCase{"Empty", "", ""},
                    EnvsubstCase{"NoVariable", "$name $(x) $ 100%",
                                 "$name $(x) $ 100%"},
                    EnvsubstCase{"Plain", "a ${name} b", "a foo b"},
                    EnvsubstCase{"DollarPair", "cost $$5 $$", "cost $5 $"},
                    EnvsubstCase{"KeptBraces", "$${name}", "${name}"},
                    EnvsubstCase{"DollarAndValue", "$$${name}", "$foo"},
                    EnvsubstCase{"DefinedButEmpty", "[${empty}]", "[]"}),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    Default, EnvsubstTest,
    testing::Values(
        EnvsubstCase{"Unset", "${undef:-d} ${undef:=d} ${undef=d}", "d d d"},
        EnvsubstCase{"EmptyToo", "${empty:-d}${empty=d}", "dd"},
        EnvsubstCase{"Set", "${name:-d}${name:?d}${name:+d}", "foofoofoo"},
        EnvsubstCase{"NoText", "[${undef:-}]", "[]"},
        EnvsubstCase{"Nested", "${undef:-a${name}b${empty:-c}}", "afoobc"},
        EnvsubstCase{"KeepsDollars", "${undef:-$$}", "$$"}),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    Function, EnvsubstTest,
    testing::Values(
        EnvsubstCase{"Length", "${#name} ${#uni}", "3 6"},
        EnvsubstCase{"Case", "${name^} ${name^^} ${uni^^}", "Foo FOO ÉÀß"},
        EnvsubstCase{"MixedCaseIsNone", "${name^,}", "foo"},
        EnvsubstCase{"From", "${name:1} ${name:9}.", "oo ."},
        EnvsubstCase{"FromFor", "${name:1:1} ${name:0:9} ${name:1:0}.",
                     "o foo ."},
        EnvsubstCase{"PositionFromEnd", "${name:${neg}}", "oo"},
        EnvsubstCase{"NoNumber", "${name: 1} ${name:x} ${name:1:x}",
                     "foo foo foo"},
        EnvsubstCase{"ManyColons", "${name:1::1}", "o"},
        EnvsubstCase{"TrimStart", "${path#*/} ${path##*/}",
                     "usr/lib/x.tar.gz x.tar.gz"},
        EnvsubstCase{"TrimEnd", "${path%.*} ${path%%.*}",
                     "/usr/lib/x.tar /usr/lib/x"},
        EnvsubstCase{"TrimClass", "${name#[^a-e]} ${name#?} ${name#x}",
                     "oo oo foo"},
        EnvsubstCase{"TrimEscaped", "${star#a\\*}", "b"},
        EnvsubstCase{"ClassAtTheEndIsMalformed", "${name%[o]}", "foo"},
        EnvsubstCase{"ReplaceFirst", "${sep/,/;}", "a;b,c"},
        EnvsubstCase{"ReplaceAll", "${sep//,/;} ${sep//,/}", "a;b;c abc"},
        EnvsubstCase{"ReplaceEnds", "${name/#f/b} ${name/%o/b} ${name/#o/b}",
                     "boo fob foo"},
        EnvsubstCase{"ReplaceIsLiteral", "${name/./x}", "foo"},
        EnvsubstCase{"ReplaceEscapes", "${path/\\//\\\\}",
                     "\\usr/lib/x.tar.gz"},
        EnvsubstCase{"ReplaceNested", "${name/${empty:-o}/${num}}", "f2o"},
        EnvsubstCase{"ReplacePatternHoldsBrace", "${name/a}/b}", "foo"},
        EnvsubstCase{"ReplaceEmptyPattern", "${name/#/x}", "xfoo"}),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    Error, EnvsubstTest,
    testing::Values(
        EnvsubstCase{"Unset", "${undef}",
                     "variable not set (strict mode): \"undef\"", true},
        EnvsubstCase{"UnsetInUnusedDefault", "${name:-${undef}}",
                     "variable not set (strict mode): \"undef\"", true},
        EnvsubstCase{"ParsesFirst", "${undef} ${name", "missing closing brace",
                     true},
        EnvsubstCase{"Minus", "${name-d}", "missing closing brace", true},
        EnvsubstCase{"Dot", "${a.b}", "missing closing brace", true},
        EnvsubstCase{"NoName", "${}", "unable to parse variable name", true},
        EnvsubstCase{"Space", "${ x}", "unable to parse variable name", true},
        EnvsubstCase{"LengthOfNothing", "${#}", "bad substitution", true},
        EnvsubstCase{"NoPattern", "${name#}",
                     "unable to parse substitution within function", true},
        EnvsubstCase{"NoPosition", "${name:}",
                     "unable to parse substitution within function", true},
        EnvsubstCase{"NoReplacement", "${name/a}", "bad substitution", true},
        EnvsubstCase{"TwoArguments", "${name#a${num}}", "bad substitution",
                     true},
        EnvsubstCase{"NegativeLength", "${name:1:-1}",
                     "substring length -1 is negative", true}),
    CaseName);

TEST(EnvsubstOptionsTest, UnsetIsEmptyWhenLoose) {
  const absl::StatusOr<std::string> got =
      Envsubst("[${undef}] [${#undef}]", Lookup, {.strict = false});
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, "[] [0]");
}

TEST(EnvsubstOptionsTest, ResultsAreBounded) {
  EnvsubstOptions options;
  options.max_output_bytes = 10;
  EXPECT_EQ(Envsubst("${path}", Lookup, options).status().code(),
            kResourceExhausted);
  EXPECT_EQ(Envsubst("${name//o/0123456789}", Lookup, options).status().code(),
            kResourceExhausted);
}

TEST(EnvsubstOptionsTest, NestingIsBounded) {
  std::string text = "x";
  for (int i = 0; i < 1000; ++i) text = "${undef:-" + text + "}";
  EXPECT_EQ(Envsubst(text, Lookup).status().code(), kResourceExhausted);
}

}  // namespace
}  // namespace weir::text
