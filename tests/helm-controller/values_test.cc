// helm-controller.md, section 5; the cases of targetPath are those that were
// seen by running fluxcd/pkg's code.
#include "src/values.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "weir/codec/codec.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::helm_controller {
namespace {

class ValuesTest : public testing::Test {
 protected:
  // `references` and `inline_values` as YAML.
  absl::StatusOr<Value> Compose(const std::string& references,
                                const std::string& inline_values) {
    Plan plan;
    plan.key = {"ns", "app"};
    const Value list = *ParseYaml(references);
    for (const Value& one : list.array()) {
      EXPECT_TRUE(codec::FromValue(one, plan.spec.add_values_from()).ok());
    }
    plan.values = ParseYaml(inline_values).value_or(Value());
    return ComposeValues(
        plan,
        [this](const kube::ObjectRef& ref) -> absl::StatusOr<Value> {
          ++reads_;
          const auto found = data_.find(ref.gvk.kind + "/" + ref.key.name);
          if (found == data_.end()) {
            return absl::NotFoundError("resource not found");
          }
          return Value::MakeObject({{"data", found->second}});
        },
        [this](const std::string& problem) { skipped_.push_back(problem); });
  }
  std::string Text(const std::string& references,
                   const std::string& inline_values) {
    const auto values = Compose(references, inline_values);
    return values.ok() ? FormatJson(*values)
                       : "error: " + std::string(values.status().message());
  }
  void AddConfigMap(const std::string& name, const std::string& text,
                    const std::string& key = "values.yaml") {
    data_["ConfigMap/" + name].Set(key, text);
  }

  std::map<std::string, Value> data_;
  std::vector<std::string> skipped_;
  int reads_ = 0;
};

TEST_F(ValuesTest, MergeInOrderAndInlineWins) {
  AddConfigMap("a", "x: 1\nt: {a: 1, b: 1}\nnil: null\n");
  AddConfigMap("b", "t: {b: 2, c: 2}\nl: [1]\n---\nx: 9\n");
  data_["Secret/s"].Set("values.yaml", absl::Base64Escape("s: secret\nl: [2]"));
  EXPECT_EQ(
      Text("[{kind: ConfigMap, name: a}, {kind: ConfigMap, name: b}, "
           "{kind: Secret, name: s}]",
           "{t: {c: 3}}"),
      R"({"l":[2],"nil":null,"s":"secret","t":{"a":1,"b":2,"c":3},"x":1})");
}

TEST_F(ValuesTest, MissingReferences) {
  AddConfigMap("a", "x: 1", "other");
  EXPECT_EQ(Text("[{kind: ConfigMap, name: none}]", "{}"),
            "error: could not resolve ConfigMap chart values reference "
            "'ns/none' with key 'values.yaml': resource not found");
  EXPECT_EQ(Text("[{kind: ConfigMap, name: a}]", "{}"),
            "error: could not resolve ConfigMap chart values reference 'ns/a' "
            "with key 'values.yaml': key not found");
  EXPECT_EQ(Text("[{kind: ConfigMap, name: none, optional: true}, "
                 "{kind: ConfigMap, name: a, optional: true}, "
                 "{kind: ConfigMap, name: a, valuesKey: other}]",
                 "{}"),
            R"({"x":1})");
  EXPECT_EQ(skipped_.size(), 2u);
}

TEST_F(ValuesTest, ReadsAnObjectOnce) {
  AddConfigMap("a", "x: 1");
  AddConfigMap("a", "z: 1", "more");
  EXPECT_EQ(Text("[{kind: ConfigMap, name: a}, "
                 "{kind: ConfigMap, name: a, valuesKey: more}]",
                 "{}"),
            R"({"x":1,"z":1})");
  EXPECT_EQ(reads_, 1);
}

TEST_F(ValuesTest, TargetPathReadsItsValueAsSetDoes) {
  const std::string at =
      "[{kind: ConfigMap, name: v, valuesKey: k, targetPath: a.b}]";
  const std::vector<std::pair<std::string, std::string>> kCases = {
      {"1", R"({"a":{"b":1}})"},         {"0123", R"({"a":{"b":"0123"}})"},
      {"true", R"({"a":{"b":true}})"},   {"{x,y}", R"({"a":{"b":["x","y"]}})"},
      {"'1'", R"({"a":{"b":"1"}})"},     {"\"true\"", R"({"a":{"b":"true"}})"},
      {"x\\,y", R"({"a":{"b":"x,y"}})"}, {"x,c=2", R"({"a":{"b":"x"},"c":2})"},
  };
  for (const auto& [text, want] : kCases) {
    data_.clear();
    AddConfigMap("v", text, "k");
    EXPECT_EQ(Text(at, "{}"), want) << text;
  }
  data_.clear();
  AddConfigMap("v", R"({"x": [1, 2], "y": "a\\b"})", "k");
  EXPECT_EQ(Text("[{kind: ConfigMap, name: v, valuesKey: k, targetPath: a, "
                 "literal: true}]",
                 "{}"),
            R"({"a":"{\"x\": [1, 2], \"y\": \"a\\\\b\"}"})");
}

// (a) The table is only in spec.values: the write is in it, and wins over
// spec.values and over later references.
TEST_F(ValuesTest, TargetPathIntoAnInlineTableWins) {
  AddConfigMap("v", "new", "k");
  AddConfigMap("later", "t: {x: later}");
  EXPECT_EQ(Text("[{kind: ConfigMap, name: v, valuesKey: k, targetPath: t.x}, "
                 "{kind: ConfigMap, name: later}]",
                 "{t: {x: inline}}"),
            R"({"t":{"x":"new"}})");
}

// (b) An earlier reference has the table too: spec.values wins.
TEST_F(ValuesTest, TargetPathIntoASharedTableLoses) {
  AddConfigMap("v", "new", "k");
  AddConfigMap("early", "t: {z: 1}");
  EXPECT_EQ(Text("[{kind: ConfigMap, name: early}, "
                 "{kind: ConfigMap, name: v, valuesKey: k, targetPath: t.x}]",
                 "{t: {x: inline}}"),
            R"({"t":{"x":"inline","z":1}})");
}

// (c) A scalar at the top: spec.values wins.
TEST_F(ValuesTest, TargetPathAtTheTopLoses) {
  AddConfigMap("v", "new", "k");
  EXPECT_EQ(Text("[{kind: ConfigMap, name: v, valuesKey: k, targetPath: x}]",
                 "{x: inline}"),
            R"({"x":"inline"})");
}

// (d) An element of a list of spec.values is changed in place.
TEST_F(ValuesTest, TargetPathIntoAnInlineListWins) {
  AddConfigMap("v", "new", "k");
  EXPECT_EQ(
      Text("[{kind: ConfigMap, name: v, valuesKey: k, targetPath: 'l[0]'}]",
           "{l: [inline, other]}"),
      R"({"l":["new","other"]})");
}

// (e) What spec.values has not stays, unless a later reference has it.
TEST_F(ValuesTest, TargetPathBesideInlineStays) {
  AddConfigMap("v", "new", "k");
  AddConfigMap("later", "x: later");
  const std::string reference =
      "{kind: ConfigMap, name: v, valuesKey: k, targetPath: x}";
  EXPECT_EQ(Text("[" + reference + "]", "{z: 1}"), R"({"x":"new","z":1})");
  EXPECT_EQ(
      Text("[" + reference + ", {kind: ConfigMap, name: later}]", "{z: 1}"),
      R"({"x":"later","z":1})");
}

}  // namespace
}  // namespace weir::helm_controller
