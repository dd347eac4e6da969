// What embedders have of their own: environments, types of objects, lists and
// types that say what is equal to them, a meter.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/cel/cel.h"
#include "weir/value/json.h"

namespace weir::cel {
namespace {

using testing::HasSubstr;

std::optional<Value> NoVariables(absl::string_view) { return std::nullopt; }

// A person has a name, and may have a boss, who is one.
class People : public ObjectTypes {
 public:
  bool Has(absl::string_view object) const override {
    return object == "Person";
  }
  std::optional<std::string> FieldType(absl::string_view,
                                       absl::string_view field) const override {
    if (field == "name") return "string";
    if (field == "boss") return "object(Person)";
    return std::nullopt;
  }
};

Options PeopleOptions() {
  static const People& people = *new People;
  Options options;
  options.is_checked = true;
  options.variables = {{"self", "object(Person)"}, {"any", "dyn"}};
  options.objects = &people;
  return options;
}

std::string ErrorOf(const std::string& expression, const Options& options) {
  CompileError error;
  const auto program = Program::Compile(expression, options, error);
  return program == nullptr ? error.message : "compiled as " + program->type();
}

TEST(EmbeddingTest, FieldsOfObjectsAreChecked) {
  const Options options = PeopleOptions();
  EXPECT_EQ(ErrorOf("self.boss.boss.name", options), "compiled as string");
  EXPECT_EQ(ErrorOf("self.?boss.name", options),
            "compiled as optional_type(string)");
  EXPECT_EQ(ErrorOf("self == self.boss", options), "compiled as bool");
  EXPECT_EQ(ErrorOf("any.x", options), "compiled as dyn");
  EXPECT_EQ(ErrorOf("self.boss.age", options),
            "ERROR: <input>:1:10: undefined field 'age'\n | self.boss.age\n"
            " | .........^");
  EXPECT_EQ(ErrorOf("self.name + 1", options),
            "ERROR: <input>:1:11: found no matching overload for '_+_' applied "
            "to '(string, int)'\n | self.name + 1\n | ..........^");
  EXPECT_EQ(ErrorOf("[self].all(p, p.name == self)", options),
            "ERROR: <input>:1:22: found no matching overload for '_==_' "
            "applied to '(string, Person)'\n | [self].all(p, p.name == self)\n"
            " | .....................^");
}

TEST(EmbeddingTest, ProgramsKnowTheirNames) {
  CompileError error;
  const auto program = Program::Compile("self.name == '' || [1].all(x, true)",
                                        PeopleOptions(), error);
  ASSERT_NE(program, nullptr) << error.message;
  EXPECT_TRUE(program->Names("self"));
  EXPECT_FALSE(program->Names("any"));
  EXPECT_FALSE(program->Names("name"));
}

TEST(EmbeddingTest, ErrorsAreValues) {
  CompileError error;
  const auto program = Program::Compile("1 / 0 == 1", {}, error);
  ASSERT_NE(program, nullptr);
  Meter meter(1000, 1000);
  const Value value = program->Evaluate(NoVariables, meter);
  ASSERT_TRUE(value.is_error());
  EXPECT_EQ(value.AsString(), "division by zero");
  EXPECT_LT(meter.cost_left(), 1000u);
}

TEST(EmbeddingTest, TheCallersMeterIsSpent) {
  CompileError error;
  const auto program = Program::Compile("[1, 2, 3].all(x, x > 0)", {}, error);
  ASSERT_NE(program, nullptr);
  Meter meter(5, 1000);
  const Value value = program->Evaluate(NoVariables, meter);
  ASSERT_TRUE(value.is_error());
  EXPECT_EQ(value.AsString(),
            "operation cancelled: actual cost limit exceeded");
  EXPECT_EQ(meter.cost_left(), 0u);
}

// A list in which 1 equals any list, and to which nothing can be added.
class OddList : public List {
 public:
  size_t size() const override { return 1; }
  Value At(size_t) const override { return Value::Int(1); }
  std::optional<bool> Equals(const List&, Meter&) const override {
    return true;
  }
  std::optional<Value> Plus(const List&, Meter&) const override {
    return Value::String("sum");
  }
};

TEST(EmbeddingTest, ListsSayWhatIsEqual) {
  const Value odd =
      Value::Of(std::shared_ptr<const List>(std::make_shared<OddList>()));
  CompileError error;
  const auto text = [&](const std::string& expression) {
    Meter meter(1000, 1000);
    return DebugText(
        Program::Compile(expression, {}, error)
            ->Evaluate(
                [&](absl::string_view name) -> std::optional<Value> {
                  if (name == "odd") return odd;
                  return std::nullopt;
                },
                meter));
  };
  EXPECT_EQ(text("odd == [2, 3]"), "true");
  EXPECT_EQ(text("[2, 3] == odd"), "false");
  EXPECT_EQ(text("{'a': odd} == {'a': []}"), "true");
  EXPECT_EQ(text("odd + [1]"), "\"sum\"");
  EXPECT_EQ(text("[1] + odd"), "[1, 1]");
}

TEST(EmbeddingTest, ExtensionsAreOfferedOnRequest) {
  const Options plain;
  EXPECT_EQ(ErrorOf("[1].all(i, v, true)", plain), "compiled as dyn");
  for (const char* expression :
       {"[1].all(i, v, true)", "[2, 1].sort()", "[1].sortBy(x, x)"}) {
    CompileError error;
    Meter meter(1000, 1000);
    const auto program = Program::Compile(expression, plain, error);
    ASSERT_NE(program, nullptr);
    EXPECT_TRUE(program->Evaluate(NoVariables, meter).is_error()) << expression;
  }
  Options options;
  options.environment = MakeEnvironment({.has_encoders = false,
                                         .has_lists = true,
                                         .has_two_variables = true,
                                         .strings_version = 2,
                                         .has_literal_checks = true,
                                         .types = {"a.B"}});
  options.is_checked = true;
  EXPECT_EQ(ErrorOf("[3, 1].sortBy(x, -x)", options), "compiled as list(int)");
  EXPECT_EQ(ErrorOf("{'a': 1}.transformMap(k, v, v + 1)", options),
            "compiled as map(string, int)");
  EXPECT_EQ(ErrorOf("a.B", options), "compiled as type(a.B)");
  EXPECT_THAT(ErrorOf("'a'.reverse()", options),
              HasSubstr("found no matching overload for 'reverse'"));
  EXPECT_THAT(ErrorOf("base64.encode(b'a')", options),
              HasSubstr("undeclared reference to 'base64'"));
  EXPECT_THAT(ErrorOf("duration('x')", options),
              HasSubstr("invalid duration argument"));
}

TEST(EmbeddingTest, SortsAndRangesAreBounded) {
  Options options;
  options.environment =
      MakeEnvironment({.has_lists = true, .has_two_variables = true});
  for (const char* expression :
       {"lists.range(9223372036854775807)",
        "lists.range(100000).reverse().sort()",
        "lists.range(100000).transformMap(i, v, v)",
        "lists.range(100000).distinct()",
        "[lists.range(50000), lists.range(50000)].flatten()"}) {
    CompileError error;
    const auto program = Program::Compile(expression, options, error);
    ASSERT_NE(program, nullptr) << error.message;
    Meter meter(50'000, 4 << 20);
    EXPECT_TRUE(program->Evaluate(NoVariables, meter).is_error()) << expression;
  }
}

}  // namespace
}  // namespace weir::cel
