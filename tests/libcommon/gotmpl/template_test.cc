#include "weir/gotmpl/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/deep_limits.h"
#include "weir/base/thread_group.h"

namespace weir::gotmpl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::shared_ptr<const FunctionTable> Sprig() {
  FunctionTable functions = FunctionTable::Builtins();
  AddSprig(functions);
  return std::make_shared<const FunctionTable>(std::move(functions));
}

struct Outcome {
  std::string text;
  absl::Status status;
};

Outcome Render(const Set& set, const TemplateRef& parsed, const Any& data = {},
               ExecOptions options = {}) {
  Outcome outcome;
  Execution execution(std::move(options));
  outcome.status = set.Execute(execution, parsed, data, &outcome.text);
  return outcome;
}

Outcome Render(absl::string_view text, ExecOptions options = {}) {
  Set set(Sprig(), "t");
  absl::StatusOr<TemplateRef> parsed = set.Parse("t", text);
  if (!parsed.ok()) return {"", parsed.status()};
  return Render(set, *parsed, Any(), std::move(options));
}

TEST(TemplateTest, BlankDefinitionKeepsTheEarlierOne) {
  Set set(Sprig());
  ASSERT_TRUE(set.Parse("a", R"({{define "x"}}first{{end}})").ok());
  ASSERT_TRUE(set.Parse("b", R"({{define "x"}} {{end}})").ok());
  EXPECT_EQ(Render(set, set.Find("x")).text, "first");
  ASSERT_TRUE(set.Parse("c", R"({{define "x"}}last{{end}})").ok());
  EXPECT_EQ(Render(set, set.Find("x")).text, "last");
  EXPECT_THAT(set.names(), ElementsAre("a", "b", "c", "x"));
}

TEST(TemplateTest, OverlayIsNotSeenBelowNorTheOtherWayRound) {
  Set base(Sprig());
  ASSERT_TRUE(base.Parse("a", R"({{define "x"}}base{{end}})").ok());
  Set overlay = base.Overlay();
  ASSERT_TRUE(overlay.Parse("b", R"({{define "x"}}over{{end}})").ok());
  ASSERT_TRUE(base.Parse("c", "later").ok());
  EXPECT_EQ(Render(base, base.Find("x")).text, "base");
  EXPECT_EQ(Render(overlay, overlay.Find("x")).text, "over");
  EXPECT_EQ(overlay.Find("c"), nullptr);
}

TEST(TemplateTest, FailedParseAddsNothing) {
  Set set(Sprig());
  EXPECT_FALSE(set.Parse("a", R"({{define "x"}}y{{end}}{{nope}})").ok());
  EXPECT_THAT(set.names(), ElementsAre());
}

TEST(TemplateTest, ErrorsOfParsingNameTheLine) {
  const std::pair<const char*, const char*> kCases[] = {
      {"a\n{{- /* b\nc */ -}}\n\n{{ nope }}", "t:5: function \"nope\""},
      {"{{ `a\nb` }}{{ .a\n$x }}", "t:3: undefined variable \"$x\""},
      {"a\n{{ if\n.a", "t:3: unclosed action started at t:2"},
      {"a\n{{ (1\n-}}", "t:2: unclosed left paren"},
      {"{{ \"a\n\" }}", "t:1: unterminated quoted string"},
      {"\n{{ if .a }}\n\n", "t:4: unexpected EOF"},
  };
  for (const auto& [text, want] : kCases) {
    EXPECT_THAT(std::string(Render(text).status.message()), HasSubstr(want));
  }
}

TEST(TemplateTest, RefusesATextThatIsTooLong) {
  const absl::Status status =
      Render(std::string((size_t{32} << 20) + 1, 'a')).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("template: t: text"));
}

TEST(TemplateTest, ConstantsOutliveTheirTemplate) {
  const Any data = Any::NewDict();
  const std::string kept = R"({{ $_ := set . "k" "plain" }}
      {{- $_ := set . "e" "a\tb" }}{{ $_ := set . "r" `raw` }})";
  {
    Set set(Sprig(), "t");
    ASSERT_TRUE(Render(set, *set.ParseKept("kept", kept), data).status.ok());
    const std::string copied = R"({{ $_ := set . "c" "copied" }})";
    ASSERT_TRUE(Render(set, *set.Parse("copied", copied), data).status.ok());
  }
  EXPECT_EQ(data.AsDict()->Find("k")->AsString(), "plain");
  EXPECT_EQ(data.AsDict()->Find("e")->AsString(), "a\tb");
  EXPECT_EQ(data.AsDict()->Find("r")->AsString(), "raw");
  EXPECT_EQ(data.AsDict()->Find("c")->AsString(), "copied");
}

TEST(TemplateTest, ManyFieldsAreOneChain) {
  std::string fields;
  for (int i = 0; i < 5000; ++i) fields.append(".a");
  for (const char* start : {"", "$x", "(.)"}) {
    Set set(Sprig(), "t");
    const auto parsed =
        set.Parse("t", absl::StrCat("{{ $x := dict }}{{ with dict }}{{ ", start,
                                    fields, " }}{{ end }}|"));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_THAT(set.nodes(), testing::Lt(40));
  }
}

TEST(TemplateTest, EmbeddersFunctionSeesItsArgumentsConverted) {
  FunctionTable functions = FunctionTable::Builtins();
  functions.Add("twice", "func(string, int) (string, error)",
                [](Call& call) -> absl::StatusOr<Any> {
                  if (call.args[1].AsInt() == 0) {
                    return absl::InvalidArgumentError("no zero");
                  }
                  std::string text(call.args[0].AsString());
                  return Any::String(text + text);
                });
  Set set(std::make_shared<FunctionTable>(std::move(functions)), "t");
  EXPECT_EQ(Render(set, *set.Parse("t", R"({{ 2 | twice "ab" }})")).text,
            "abab");
  const Outcome failed = Render(set, *set.Parse("t", R"({{ twice "a" 0 }})"));
  EXPECT_THAT(
      UnwrapChain(failed.status),
      ElementsAre("template: t:1:3: executing \"t\" at <twice \"a\" 0>: error "
                  "calling twice: no zero",
                  "no zero"));
  EXPECT_THAT(
      std::string(
          Render(set, *set.Parse("t", "{{ twice 1 1 }}")).status.message()),
      HasSubstr("expected string; found 1"));
}

TEST(TemplateTest, NestedExecutionSharesLimitsAndWrapsErrors) {
  FunctionTable functions = FunctionTable::Builtins();
  functions.Add("include", "func(string, interface {}) (string, error)",
                [](Call& call) -> absl::StatusOr<Any> {
                  std::string out;
                  absl::Status status =
                      call.set.Execute(call.execution, call.args[0].AsString(),
                                       call.args[1], &out);
                  if (!status.ok()) return status;
                  return Any::String(out);
                });
  Set set(std::make_shared<FunctionTable>(std::move(functions)), "t");
  ASSERT_TRUE(
      set.Parse("x", R"({{define "self"}}{{include "self" .}}{{end}})").ok());
  ExecOptions options;
  options.limits.max_depth = 50;
  const Outcome deep = Render(set, set.Find("self"), Any(), options);
  EXPECT_EQ(deep.status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(UnwrapChain(deep.status).size(), 50u);
  options.limits = test::DeepLimits();
  options.limits.max_depth = 1000;
  const Outcome deeper = Render(set, set.Find("self"), Any(), options);
  EXPECT_EQ(UnwrapChain(deeper.status).size(), 1000u);
}

// Wherever the stack ends, it is the call that is named.
TEST(TemplateTest, EndlessRecursionNamesTheCallOfTheTemplate) {
  for (const char* argument : {"(len (print (print 1)))", "(or (and 1 2) 3)"}) {
    const std::string call = absl::StrCat(R"({{template "r" )", argument, "}}");
    ExecOptions options;
    options.limits = test::DeepLimits();
    for (size_t stack = 0; stack < 16; ++stack) {
      options.limits.max_stack_bytes = (size_t{256} << 10) + stack * 100;
      const Outcome outcome = Render(
          absl::StrCat(R"({{define "r"}})", call, "{{end}}", call), options);
      EXPECT_THAT(
          std::string(outcome.status.message()),
          HasSubstr(absl::StrCat(R"(executing "r" at <)", call,
                                 ">: exceeded maximum template depth (")));
    }
  }
}

// A fiftieth of the defaults.
Limits SmallLimits() {
  Limits limits;
  limits.max_steps = 400'000;
  limits.max_output_bytes = size_t{1} << 20;
  limits.max_live_bytes = size_t{2} << 20;
  limits.max_value_bytes = size_t{1} << 19;
  return limits;
}

struct LimitCase {
  std::string name;
  std::string text;
};

class LimitsTest : public testing::TestWithParam<LimitCase> {};

TEST_P(LimitsTest, EndsWithAnErrorThatNamesTheLine) {
  ExecOptions options;
  options.limits = SmallLimits();
  const Outcome outcome = Render(GetParam().text, options);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kResourceExhausted)
      << outcome.status;
  EXPECT_THAT(std::string(outcome.status.message()),
              StartsWith("template: t:1:"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, LimitsTest,
    testing::Values(
        LimitCase{"Recursion",
                  R"t({{define "r"}}{{template "r"}}{{end}}{{template "r"}})t"},
        LimitCase{"Repeat", R"t({{ repeat 999999999 "xxxxxxxxxxxx" }})t"},
        LimitCase{"Until", R"t({{ until 2000000000 }})t"},
        LimitCase{
            "UntilStep",
            R"t({{ untilStep -9000000000000000000 9000000000000000000 1 }})t"},
        LimitCase{"Sequence", R"t({{ seq 1 2000000000 }})t"},
        LimitCase{"RangeOverInteger", R"t({{ range 9000000000 }}{{ end }})t"},
        LimitCase{
            "NestedRanges",
            R"t({{ range 1000 }}{{ range 1000 }}{{ range 1000 }}{{ end }}{{ end }}{{ end }})t"},
        LimitCase{
            "LongExpressionOftenRun",
            R"t({{ range 9000000000 }}{{ $x := and 1 1 1 1 1 1 1 }}{{ end }})t"},
        LimitCase{
            "Doubling",
            R"t({{ $x := "aaaaaaaa" }}{{ range 40 }}{{ $x = print $x $x }}{{ end }})t"},
        LimitCase{
            "DoublingWithPrintf",
            R"t({{ $x := "aaaaaaaa" }}{{ range 40 }}{{ $x = printf "%s%s" $x $x }}{{ end }})t"},
        LimitCase{
            "DoublingWithCat",
            R"t({{ $x := "aaaaaaaa" }}{{ range 40 }}{{ $x = cat $x $x }}{{ end }})t"},
        LimitCase{
            "DoublingWithJoin",
            R"t({{ $x := "aaaaaaaa" }}{{ range 40 }}{{ $x = join "" (list $x $x) }}{{ end }})t"},
        LimitCase{
            "DoublingWithReplace",
            R"t({{ $x := "aaaaaaaa" }}{{ range 40 }}{{ $x = replace "a" "aa" $x }}{{ end }})t"},
        LimitCase{
            "DoublingWithRegexp",
            R"t({{ $x := "aaaaaaaa" }}{{ range 40 }}{{ $x = regexReplaceAll "(a)" $x "${1}${1}" }}{{ end }})t"},
        LimitCase{
            "DoublingWithLiteralRegexp",
            R"t({{ $x := "aaaaaaaa" }}{{ range 40 }}{{ $x = regexReplaceAllLiteral "a" $x "aa" }}{{ end }})t"},
        LimitCase{
            "DoublingWithConcat",
            R"t({{ $x := list 1 2 3 4 }}{{ range 40 }}{{ $x = concat $x $x }}{{ end }})t"},
        LimitCase{
            "GrowingQuotes",
            R"t({{ $x := "\"\"\"\"" }}{{ range 60 }}{{ $x = quote $x }}{{ end }})t"},
        LimitCase{
            "GrowingHtml",
            R"t({{ $x := "&&&&&&&&" }}{{ range 90000 }}{{ $x = html (print $x "&&&&&&&&&&&&&&&&&&&&&&&&&") }}{{ end }})t"},
        LimitCase{
            "GrowingQuery",
            R"t({{ $x := "%%%%%%" }}{{ range 60 }}{{ $x = urlquery $x $x }}{{ end }})t"},
        LimitCase{
            "ManyLargeTexts",
            R"t({{ $x := repeat 100000 "a" }}{{ $l := list }}{{ range 100 }}{{ $l = append $l (print $x .) }}{{ end }})t"},
        LimitCase{
            "ManyLargeLists",
            R"t({{ $l := list }}{{ range 1000 }}{{ $l = append $l (until 10000) }}{{ end }})t"},
        LimitCase{
            "DictThatGrows",
            R"t({{ $d := dict }}{{ range 1000000 }}{{ $_ := set $d (print .) . }}{{ end }})t"},
        LimitCase{"Output", R"t({{ range 500000 }}xxxxxxxxxxxxxxxx{{ end }})t"},
        LimitCase{"Indent", R"t({{ indent 500000000 "a" }})t"},
        LimitCase{"IndentedLines",
                  R"t({{ repeat 10000 "\n" | indent 10000 }})t"},
        LimitCase{
            "WrappedWithMuch",
            R"t({{ wrapWith 1 (repeat 10000 "x") (repeat 10000 "y") }})t"},
        LimitCase{"RandomText", R"t({{ randAlphaNum 500000000 }})t"},
        LimitCase{"RandomBytes", R"t({{ randBytes 500000000 }})t"},
        LimitCase{"Characters", R"t({{ repeat 400000 "a" | splitList "" }})t"},
        LimitCase{"NumberedCharacters",
                  R"t({{ repeat 400000 "," | split "," }})t"},
        LimitCase{"Matches",
                  R"t({{ regexFindAll "a" (repeat 400000 "a") -1 }})t"},
        LimitCase{"Fields",
                  R"t({{ regexSplit "b" (repeat 200000 "ab") -1 }})t"},
        LimitCase{
            "Widths",
            R"t({{ range 1000 }}{{ $x := printf "%1000000d" . }}{{ end }})t"},
        LimitCase{
            "Precisions",
            R"t({{ range 1000 }}{{ $x := printf "%.1000000f" 1.5 }}{{ end }})t"},
        LimitCase{"ManyWidths",
                  R"t({{ printf (repeat 10000 "%900000d") 1 }})t"},
        LimitCase{
            "HexOfText",
            R"t({{ $x := repeat 100000 "a" }}{{ printf "%# x%# x%# x" $x $x $x }})t"},
        LimitCase{
            "SharedCopies",
            R"t({{ $x := list 1 }}{{ range 40 }}{{ $x = list $x $x }}{{ end }}{{ deepCopy $x | len }})t"},
        LimitCase{
            "SharedPrinted",
            R"t({{ $x := list 1 }}{{ range 40 }}{{ $x = list $x $x }}{{ end }}{{ print $x | len }})t"},
        LimitCase{
            "SharedQuoted",
            R"t({{ $x := list 1 }}{{ range 40 }}{{ $x = list $x $x }}{{ end }}{{ quote $x | len }})t"},
        LimitCase{
            "SharedAsJson",
            R"t({{ $x := list 1 }}{{ range 40 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x | len }})t"},
        LimitCase{
            "SharedDictAsJson",
            R"t({{ $x := dict "a" 1 }}{{ range 40 }}{{ $x = dict "a" $x "b" $x }}{{ end }}{{ toPrettyJson $x | len }})t"},
        LimitCase{
            "SharedOutput",
            R"t({{ $x := list 1 }}{{ range 40 }}{{ $x = list $x $x }}{{ end }}{{ $x }})t"},
        LimitCase{
            "SharedCompared",
            R"t({{ $x := list 1 }}{{ $y := list 2 }}{{ range 40 }}{{ $x = list $x $x }}{{ $y = list $y $y }}{{ end }}{{ range 1000 }}{{ $_ := has $x (list $x (list $x)) }}{{ deepEqual (list $x 1) (list $x 2) }}{{ end }})t"},
        LimitCase{
            "LongListCompared",
            R"t({{ $x := until 10000 }}{{ $y := until 10000 }}{{ range 1000 }}{{ $_ := deepEqual $x $y }}{{ end }})t"},
        LimitCase{
            "AppendedOneByOne",
            R"t({{ $l := list }}{{ range 100000 }}{{ $l = append $l . }}{{ end }})t"},
        LimitCase{"Unique", R"t({{ until 10000 | uniq | len }})t"},
        LimitCase{
            "JsonOfManyValues",
            R"t({{ repeat 100000 "[]," | printf "[%s0]" | fromJson | len }})t"},
        LimitCase{
            "LargeJsonText",
            R"t({{ range 10000 }}{{ $x := toJson (repeat 10000 "a") }}{{ end }})t"},
        LimitCase{
            "LargeTextTouchedOften",
            R"t({{ $x := repeat 400000 "a" }}{{ range 10000 }}{{ $y := upper $x }}{{ end }})t"},
        LimitCase{
            "LargeTextMatchedOften",
            R"t({{ $x := repeat 400000 "a" }}{{ range 10000 }}{{ $y := regexMatch "b$" $x }}{{ end }})t"},
        LimitCase{
            "LargePatterns",
            R"t({{ range 1000 }}{{ $y := regexMatch (printf "(((a{30}){30}b%d)|((c{30}){30}))" .) "a" }}{{ end }})t"},
        LimitCase{
            "LargePatternOnLargeText",
            R"t({{ regexMatch "(x+x+x+){1,100}(a?){900}y" (repeat 400000 "x") }})t"},
        LimitCase{"Hashes",
                  R"t({{ range 1000 }}{{ $y := bcrypt "x" }}{{ end }})t"},
        LimitCase{"Passwords",
                  R"t({{ range 1000 }}{{ $y := htpasswd "a" "b" }}{{ end }})t"},
        LimitCase{
            "DerivedPasswords",
            R"t({{ range 1000 }}{{ $y := derivePassword 1 "long" "a" "b" "c" }}{{ end }})t"},
        LimitCase{
            "PrivateKeys",
            R"t({{ range 1000 }}{{ $y := genPrivateKey "rsa" }}{{ end }})t"},
        LimitCase{
            "RandomTexts",
            R"t({{ range 9000000000 }}{{ $x := randAlphaNum 10 }}{{ end }})t"},
        LimitCase{
            "Shuffles",
            R"t({{ range 9000000000 }}{{ $x := shuffle "abcdef" }}{{ end }})t"},
        LimitCase{
            "Decimals",
            R"t({{ range 9000000000 }}{{ $x := addf 1.1 2.2 }}{{ end }})t"},
        LimitCase{
            "VersionRanges",
            R"t({{ range $i := 9000000000 }}{{ $x := semverCompare (printf ">=1.2.%d <2" $i) "1.3.4" }}{{ end }})t"},
        LimitCase{
            "Urls",
            R"t({{ range 9000000000 }}{{ $x := urlParse "http://a.b/c?d=e" }}{{ end }})t"},
        LimitCase{
            "Ciphers",
            R"t({{ range 9000000000 }}{{ $x := encryptAES "k" "t" }}{{ end }})t"},
        LimitCase{
            "Dates",
            R"t({{ $n := now }}{{ range 9000000000 }}{{ $x := htmlDate $n }}{{ end }})t"},
        LimitCase{
            "ReadPairs",
            R"t({{ $c := genCA "a" 1 }}{{ range 9000000000 }}{{ $y := buildCustomCert ($c.Cert | b64enc) ($c.Key | b64enc) }}{{ end }})t"},
        LimitCase{
            "SignaturesByLargeKeys",
            R"t({{ $k := genPrivateKey "rsa" }}{{ range 9000000000 }}{{ $y := genCAWithKey "a" 1 $k }}{{ end }})t"},
        LimitCase{"Certificates",
                  R"t({{ range 1000 }}{{ $y := genCA "a" 1 }}{{ end }})t"},
        LimitCase{"LongMultiplication",
                  R"t({{ range 100 }}{{ $x := mulf 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 1.1 }}{{ end }})t"}),
    [](const auto& info) { return info.param.name; });

TEST(TemplateTest, DictThatHoldsItselfPrintsAndFailsAsJson) {
  const Outcome outcome =
      Render(R"({{ $d := dict }}{{ $_ := set $d "d" $d }}{{ len (print $d) }})"
             R"({{ toJson $d }}{{ $_ := unset $d "d" }}|)");
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_THAT(outcome.text, testing::EndsWith("|"));
}

// Tells when it is freed.
class Probe final : public Object {
 public:
  explicit Probe(bool* is_freed) : is_freed_(*is_freed) {}
  ~Probe() override { is_freed_ = true; }

 private:
  bool& is_freed_;
};

const Type* ProbeType() {
  static const Type& type = *new Type{.name = "*Probe", .kind = Kind::kPtr};
  return &type;
}

struct CycleCase {
  std::string name;
  std::string text;
};

class CyclesTest : public testing::TestWithParam<CycleCase> {};

TEST_P(CyclesTest, AreFreedWhenTheDataIs) {
  bool is_freed = false;
  {
    Any data = Any::NewDict();
    data.AsDict()->Set("probe",
                       Any::OfObject(ProbeType(), new Probe(&is_freed)));
    data.AsDict()->Set("m", Any::NewDict());
    Set set(Sprig(), "t");
    const Outcome outcome = Render(set, *set.Parse("t", GetParam().text), data);
    EXPECT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_FALSE(is_freed);
  }
  EXPECT_TRUE(is_freed);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CyclesTest,
    testing::Values(
        CycleCase{"None", "{{ .probe | typeOf }}"},
        CycleCase{"DataHoldsItself", R"({{ $_ := set . "self" . }})"},
        CycleCase{"ThroughItsMember", R"({{ $_ := set .m "up" . }})"},
        CycleCase{"ThroughAList",
                  R"({{ $_ := set .m "up" (list 1 (list $)) }})"},
        CycleCase{"ThroughANewDict",
                  R"({{ $d := dict "top" . }}{{ $_ := set .m "d" $d }})"},
        CycleCase{"OwnDict", R"({{ $d := dict "p" .probe }})"
                             R"({{ $_ := set $d "self" $d }})"},
        CycleCase{"TwoDicts",
                  R"({{ $a := dict "p" .probe }}{{ $b := dict "a" $a }})"
                  R"({{ $_ := set $a "b" $b }}{{ $_ := set $b "b" $b }})"},
        CycleCase{"LongWay", R"({{ $a := dict "p" .probe }}{{ $x := list $a }})"
                             R"({{ range 1000 }}{{ $x = list $x }}{{ end }})"
                             R"({{ $_ := set $a "x" $x }})"},
        CycleCase{"Merged", R"({{ $d := dict "m" (dict "top" .) }})"
                            R"({{ $_ := merge .m $d }})"},
        CycleCase{"MergedOver",
                  R"({{ $_ := mergeOverwrite .m (dict "x" .) }})"},
        CycleCase{"SharedWithoutACycle",
                  R"({{ $d := dict "l" (until 100) }}{{ range 10 }})"
                  R"({{ $_ := set $.m (print .) $d }}{{ end }})"}),
    [](const auto& info) { return info.param.name; });

TEST(CyclesTest, WhatIsNoPartOfACycleStays) {
  Any data = Any::NewDict();
  Set set(Sprig(), "t");
  const std::string text =
      R"({{ $_ := set . "self" . }}{{ $_ := set . "kept" (dict "l" (until 99)) }})";
  EXPECT_TRUE(Render(set, *set.Parse("t", text), data).status.ok());
  EXPECT_TRUE(data.AsDict()->Find("self")->is_nothing());
  EXPECT_EQ(data.AsDict()->Find("kept")->AsDict()->Find("l")->size(), 99u);
}

TEST(TemplateTest, SharedPartsDoNotMakeAComparisonEndless) {
  EXPECT_EQ(Render("{{ $x := list 1 }}{{ $y := list 1 }}{{ range 60 }}"
                   "{{ $x = list $x $x }}{{ $y = list $y $y }}{{ end }}"
                   "{{ deepEqual $x $y }}")
                .text,
            "false");
}

TEST(TemplateTest, LongChainOfListsIsFreedWithoutRecursion) {
  EXPECT_EQ(Render("{{ $x := list }}{{ range 200000 }}{{ $x = list $x }}"
                   "{{ end }}{{ len $x }}")
                .text,
            "1");
}

TEST(TemplateTest, SeedMakesRandomnessReproducible) {
  const absl::string_view text =
      R"({{ randAlphaNum 12 }} {{ uuidv4 }} {{ shuffle "abcdef" }})"
      R"( {{ randInt 1 1000 }} {{ randBytes 8 }})";
  ExecOptions options;
  options.seed = 7;
  const std::string first = Render(text, options).text;
  EXPECT_EQ(Render(text, options).text, first);
  options.seed = 8;
  EXPECT_NE(Render(text, options).text, first);
  EXPECT_NE(Render(text).text, Render(text).text);
}

TEST(TemplateTest, NowIsTheGivenClock) {
  ExecOptions options;
  options.now = [] { return absl::FromUnixSeconds(1700000000); };
  options.time_zone = absl::UTCTimeZone();
  EXPECT_EQ(Render(R"({{ now | date "2006-01-02 15:04" }})", options).text,
            "2023-11-14 22:13");
}

// What a function takes even for short arguments.
TEST(CostTest, CallsThatTakeLongCountForIt) {
  const auto steps = [](absl::string_view text) {
    const Set empty(Sprig());
    Set set = empty.Overlay();
    const TemplateRef parsed = *set.Parse("t", text);
    Execution execution{ExecOptions()};
    std::string out;
    const absl::Status status = set.Execute(execution, parsed, Any(), &out);
    EXPECT_TRUE(status.ok()) << status;
    return execution.steps();
  };
  const uint64_t cheap = steps(R"({{ $x := lower "a" }})");
  const auto more = [&](absl::string_view text) { return steps(text) - cheap; };
  EXPECT_GE(more(R"({{ $x := addf 1 2 3 }})"), 100u);
  EXPECT_GE(more(R"({{ $x := semverCompare ">=1.2.3 <2" "1.3.4" }})"), 40u);
  EXPECT_GE(more(R"({{ $x := randAlphaNum 100 }})"), 50u);
  EXPECT_GE(more(R"({{ $x := shuffle "abcdefghijklmnopqrstuvwxyz" }})"), 13u);
  EXPECT_GE(more(R"({{ $x := urlParse "http://a.b/c" }})"), 14u);
  EXPECT_GE(more(R"({{ $x := encryptAES "k" "t" }})"), 20u);
  EXPECT_GE(more(R"({{ $x := date "2006" now }})"), 6u);
  EXPECT_GE(more(R"({{ $c := genSelfSignedCert "a" nil nil 1 }})"
                 R"({{ $x := buildCustomCert ($c.Cert | b64enc) )"
                 R"(($c.Key | b64enc) }})"),
            305'000u);
}

TEST(TemplateTest, OneSetRunsOnManyThreads) {
  Set set(Sprig());
  const TemplateRef parsed = *set.Parse(
      "t", R"({{ range $i, $e := .l }}{{ $e | quote }}{{ "lit" }}{{ end }})");
  const Value data =
      Value::MakeObject({{"l", Value(Value::Array{"a", "b", "c"})}});
  std::vector<std::string> texts(8);
  {
    ThreadGroup threads;
    for (std::string& text : texts) {
      threads.Start("render", [&](const Context&) {
        for (int i = 0; i < 200; ++i) {
          text = Render(set, parsed, FromValue(data)).text;
        }
        return absl::OkStatus();
      });
    }
    EXPECT_TRUE(threads.Join().ok());
  }
  EXPECT_THAT(texts, testing::Each("\"a\"lit\"b\"lit\"c\"lit"));
}

}  // namespace
}  // namespace weir::gotmpl
