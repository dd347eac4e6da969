#include "weir/consumer/dependency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "weir/value/json.h"

namespace weir::consumer {
namespace {

using ::testing::StartsWith;

Value Object(int64_t generation, int64_t observed, const std::string& ready) {
  return *ParseJson(
      R"({"metadata": {"generation": )" + std::to_string(generation) +
      R"(}, "status": {"observedGeneration": )" + std::to_string(observed) +
      R"(, "conditions": [{"type": "Ready", "status": ")" + ready + R"("}]}})");
}

TEST(IsReadyAndObservedTest, NeedsBoth) {
  EXPECT_TRUE(IsReadyAndObserved(Object(2, 2, "True")));
  EXPECT_FALSE(IsReadyAndObserved(Object(2, 1, "True")));
  EXPECT_FALSE(IsReadyAndObserved(Object(2, 2, "False")));
  EXPECT_FALSE(IsReadyAndObserved(*ParseJson(R"({"metadata": {}})")));
}

class EvaluateReadyTest : public ::testing::Test {
 protected:
  std::optional<UnmetDependency> Evaluate(const std::string& expression) {
    return EvaluateReady(expression, *ParseJson(R"({"spec": {"wanted": 3}})"),
                         {"ns", "database"},
                         *ParseJson(R"({"status": {"count": 3}})"));
  }
};

TEST_F(EvaluateReadyTest, SeesBothObjects) {
  EXPECT_FALSE(Evaluate("dep.status.count == self.spec.wanted").has_value());
  const auto unmet = Evaluate("dep.status.count > self.spec.wanted");
  ASSERT_TRUE(unmet.has_value());
  EXPECT_EQ(unmet->message,
            "dependency 'ns/database' is not ready according to readyExpr "
            "eval");
  EXPECT_FALSE(unmet->is_terminal);
}

TEST_F(EvaluateReadyTest, AnExpressionThatIsNoneIsTerminal) {
  const auto unmet = Evaluate("dep.status.count ==");
  ASSERT_TRUE(unmet.has_value());
  EXPECT_TRUE(unmet->is_terminal);
  EXPECT_THAT(
      unmet->message,
      StartsWith("terminal error: failed to evaluate dependency database: "));
}

TEST_F(EvaluateReadyTest, AMissingFieldIsNotTerminal) {
  const auto unmet = Evaluate("dep.status.none == 1");
  ASSERT_TRUE(unmet.has_value());
  EXPECT_FALSE(unmet->is_terminal);
  EXPECT_THAT(unmet->message,
              StartsWith("failed to evaluate the CEL expression"));
}

TEST(AwaitsExpressionTest, OnlyWhereOneIsAndItIsWaitedFor) {
  const auto awaits = [](const char* reason, const char* depends_on) {
    Value object = Value::MakeObject();
    object.Mutable("spec").Set("dependsOn", *ParseJson(depends_on));
    Value ready = Value::MakeObject({{"type", "Ready"}, {"reason", reason}});
    object.Mutable("status").Mutable("conditions").Append(std::move(ready));
    return AwaitsExpression(object);
  };
  EXPECT_TRUE(awaits("DependencyNotReady",
                     R"([{"name": "a"}, {"name": "b", "readyExpr": "x"}])"));
  EXPECT_FALSE(awaits("DependencyNotReady", R"([{"name": "a"}])"));
  EXPECT_FALSE(awaits("Succeeded", R"([{"name": "b", "readyExpr": "x"}])"));
  EXPECT_FALSE(AwaitsExpression(Value()));
}

}  // namespace
}  // namespace weir::consumer
