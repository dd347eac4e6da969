#include "weir/gotmpl/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

struct LimitCase {
  std::string name;
  std::string text;
};

class LimitsTest : public testing::TestWithParam<LimitCase> {};

TEST_P(LimitsTest, EndsWithAnErrorThatNamesTheLine) {
  ExecOptions options;
  options.limits.max_steps = 2'000'000;
  options.limits.max_output_bytes = 8u << 20;
  options.limits.max_function_bytes = 32u << 20;
  options.limits.max_value_bytes = 4u << 20;
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
                  R"({{define "r"}}{{template "r"}}{{end}}{{template "r"}})"},
        LimitCase{"Repeat", R"({{ repeat 999999999 "xxxxxxxxxxxx" }})"},
        LimitCase{"Until", "{{ until 2000000000 }}"},
        LimitCase{"RangeOverInteger", "{{ range 9000000000 }}{{ end }}"},
        LimitCase{"Doubling", R"({{ $x := "aaaaaaaa" }}{{ range 40 }})"
                              R"({{ $x = print $x $x }}{{ end }})"},
        LimitCase{"Output", R"({{ range 5000000 }}xxxxxxxxxxxxxxxx{{ end }})"},
        LimitCase{"Indent", R"({{ indent 500000000 "a" }})"},
        LimitCase{"RandomText", R"({{ randAlphaNum 500000000 }})"},
        LimitCase{"Sequence", "{{ seq 1 2000000000 }}"},
        LimitCase{"SharedCopies",
                  R"({{ $x := list 1 }}{{ range 40 }}{{ $x = list $x $x }})"
                  R"({{ end }}{{ deepCopy $x | len }})"}),
    [](const auto& info) { return info.param.name; });

TEST(TemplateTest, DictThatHoldsItselfPrintsAndFailsAsJson) {
  const Outcome outcome =
      Render(R"({{ $d := dict }}{{ $_ := set $d "d" $d }}{{ len (print $d) }})"
             R"({{ toJson $d }}{{ $_ := unset $d "d" }}|)");
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_THAT(outcome.text, testing::EndsWith("|"));
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
