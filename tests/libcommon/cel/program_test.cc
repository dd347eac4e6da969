#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/cel/cel.h"
#include "weir/value/json.h"

namespace weir::cel {
namespace {

using testing::HasSubstr;

weir::Value Json(const std::string& text) {
  const auto value = ParseJson(text);
  EXPECT_TRUE(value.ok()) << text;
  return value.value_or(weir::Value());
}

std::shared_ptr<const Program> Compiled(const std::string& expression,
                                        const Options& options = {}) {
  const auto program = Program::Compile(expression, options);
  EXPECT_TRUE(program.ok()) << program.status();
  return program.value_or(nullptr);
}

std::string FailureOf(const std::string& expression,
                      const Options& options = {}) {
  const auto program = Program::Compile(expression, options);
  return std::string(program.status().message());
}

Options ReadyOptions() {
  Options options;
  options.is_checked = true;
  options.variables = {{"self"}, {"dep"}};
  options.output_type = "bool";
  return options;
}

TEST(ProgramTest, FieldsOfTheObjectAreVariables) {
  const auto program =
      Compiled("status.conditions.exists(c, c.type == 'Ready')");
  EXPECT_EQ(*program->EvaluateBool(
                Json(R"({"status":{"conditions":[{"type":"Ready"}]}})")),
            true);
  EXPECT_EQ(*program->EvaluateBool(Json(R"({"status":{"conditions":[]}})")),
            false);
}

TEST(ProgramTest, AMissingFieldIsNamed) {
  const auto program = Compiled("status.phase == 'Done'");
  EXPECT_EQ(program->EvaluateBool(Json(R"({"status":{}})")).status().message(),
            "failed to evaluate the CEL expression 'status.phase == 'Done'': "
            "no such key: phase");
  EXPECT_EQ(program->EvaluateBool(Json("{}")).status().message(),
            "failed to evaluate the CEL expression 'status.phase == 'Done'': "
            "no such attribute(s): status.phase");
}

TEST(ProgramTest, AValueOfAnotherTypeIsNoBool) {
  const auto program = Compiled("status.phase");
  EXPECT_EQ(program->EvaluateBool(Json(R"({"status":{"phase":"a"}})"))
                .status()
                .message(),
            "failed to evaluate CEL expression as boolean: 'status.phase'");
  EXPECT_EQ(*program->EvaluateString(Json(R"({"status":{"phase":"a"}})")), "a");
}

TEST(ProgramTest, CheckedExpressionsSeeDeclaredVariables) {
  const auto program =
      Compiled("dep.metadata.labels['stage'] == self.metadata.labels['stage']",
               ReadyOptions());
  EXPECT_EQ(*program->EvaluateBool(
                Json(R"({"self":{"metadata":{"labels":{"stage":"a"}}},)"
                     R"("dep":{"metadata":{"labels":{"stage":"a"}}}})")),
            true);
  EXPECT_THAT(FailureOf("other.a == 1", ReadyOptions()),
              HasSubstr("undeclared reference to 'other' (in container '')"));
}

TEST(ProgramTest, TheOutputTypeIsCheckedBeforeEvaluation) {
  EXPECT_EQ(FailureOf("dep.status.ready", ReadyOptions()),
            "CEL expression output type mismatch: expected bool, got dyn");
  EXPECT_EQ(FailureOf("self", ReadyOptions()),
            "CEL expression output type mismatch: expected bool, got "
            "map(string, dyn)");
}

TEST(ProgramTest, ErrorsShowTheLineAndTheColumn) {
  EXPECT_EQ(FailureOf("a ==\n  'é' + # b"),
            "failed to parse the CEL expression 'a ==\n  'é' + # b': "
            "ERROR: <input>:2:9: Syntax error: token recognition error at: "
            "'#'\n |   'é' + # b\n | ...．....^");
}

TEST(ProgramTest, VariablesNeedACheck) {
  Options options = ReadyOptions();
  options.is_checked = false;
  EXPECT_EQ(FailureOf("true", options),
            "output type and variables can only be set when compiling the "
            "expression");
}

TEST(ProgramTest, EmbeddersAddFunctions) {
  Options options;
  EnvironmentOptions more;
  more.functions.push_back({"twice", "twice_int", Overload::Style::kMember,
                            "int", "int",
                            [](absl::Span<const Value> v, Meter&) {
                              return Value::Int(2 * v[0].AsInt());
                            }});
  options.environment = MakeEnvironment(more);
  EXPECT_EQ(
      DebugText(
          *Compiled("3.twice()", options)->Evaluate(weir::Value::MakeObject())),
      "6");
  options.is_checked = true;
  EXPECT_THAT(FailureOf("'a'.twice()", options),
              HasSubstr("found no matching overload for 'twice'"));
}

// A map that counts what is read of it.
class CountedMap : public Map {
 public:
  explicit CountedMap(int& reads) : reads_(reads) {}
  size_t size() const override { return 1'000'000; }
  Value KeyAt(size_t index) const override {
    ++reads_;
    return Value::Int(static_cast<int64_t>(index));
  }
  Value ValueAt(size_t) const override {
    ++reads_;
    return Value();
  }
  std::optional<Value> Find(const Value& key) const override {
    ++reads_;
    return key;
  }

 private:
  int& reads_;
};

TEST(ProgramTest, DataIsReadWhereItIs) {
  int reads = 0;
  const Value map = Value::Of(
      std::shared_ptr<const Map>(std::make_shared<CountedMap>(reads)));
  const auto program = Compiled("data.a == 'a' && size(data) == 1000000");
  const auto value =
      program->Evaluate([&](absl::string_view name) -> std::optional<Value> {
        if (name == "data") return map;
        return std::nullopt;
      });
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_TRUE(value->IsTrue());
  EXPECT_EQ(reads, 1);
}

TEST(ProgramTest, ThreadsShareAProgram) {
  const auto program = Compiled("items.map(i, i * 2).filter(i, i > 2)");
  const weir::Value data = Json(R"({"items":[1,2,3]})");
  std::vector<std::thread> threads;
  std::vector<std::string> results(4);
  for (std::string& result : results) {
    threads.emplace_back([&program, &data, &result] {
      const auto value = program->Evaluate(data);
      result = value.ok() ? DebugText(*value) : "";
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) EXPECT_EQ(result, "[4, 6]");
}

TEST(ProgramTest, RegexFunctionsAreOfferedOnRequest) {
  EXPECT_THAT(Compiled("regex.replace('ab', 'a', 'x')")
                  ->Evaluate(Json("{}"))
                  .status()
                  .message(),
              HasSubstr("no such attribute(s): regex"));
  Options options;
  options.environment = MakeEnvironment({.has_regex = true});
  EXPECT_EQ(*Compiled(R"(regex.replace('ab', '(a)(b)', '\\2\\1'))", options)
                 ->EvaluateString(Json("{}")),
            "ba");
}

}  // namespace
}  // namespace weir::cel
