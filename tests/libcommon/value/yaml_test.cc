#include "weir/value/yaml.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "weir/value/json.h"

namespace weir {
namespace {

using Schema = YamlParseOptions::Schema;

struct ReadCase {
  const char* name;
  const char* yaml;
  const char* yaml11;
  const char* yaml12;
};
class YamlReadTest : public testing::TestWithParam<ReadCase> {};

std::string Read(const char* text, Schema schema) {
  const auto value = ParseYaml(text, {.schema = schema});
  return value.ok() ? FormatJson(*value) : "error";
}

TEST_P(YamlReadTest, FollowsBothSchemas) {
  EXPECT_EQ(Read(GetParam().yaml, Schema::kYaml11), GetParam().yaml11);
  EXPECT_EQ(Read(GetParam().yaml, Schema::kYaml12), GetParam().yaml12);
}

INSTANTIATE_TEST_SUITE_P(
    Table, YamlReadTest,
    testing::Values(ReadCase{"Yes", "yes", "true", "\"yes\""},
                    ReadCase{"Octal", "0777", "511", "511"},
                    ReadCase{"NotOctal", "08", "8", "8"},
                    ReadCase{"Underscores", "1_000", "1000", "1000"},
                    ReadCase{"Date", "2020-01-02", "\"2020-01-02\"",
                             "\"2020-01-02T00:00:00Z\""},
                    ReadCase{"Alias", "a: &x [1]\nb: *x",
                             R"({"a":[1],"b":[1]})", R"({"a":[1],"b":[1]})"},
                    ReadCase{"MergeAfterKey", "a: 2\n<<: {a: 1}", R"({"a":1})",
                             R"({"a":2})"},
                    ReadCase{"KeysOfOtherKinds", "{1: a, true: b}",
                             R"({"1":"a","true":"b"})",
                             R"({"1":"a","true":"b"})"},
                    ReadCase{"KeysOfOtherKindsBelow", "a: {1: b}",
                             R"({"a":{"1":"b"}})", "error"},
                    ReadCase{"EmptyInFlow", "a: {b: , c}",
                             R"({"a":{"b":null,"c":null}})",
                             R"({"a":{"b":"","c":""}})"},
                    ReadCase{"SelfReference", "a: &x [*x]", "error", "error"},
                    ReadCase{"WrongTag", "!!int abc", "error", "error"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(YamlTest, ErrorsNameFileLineAndColumn) {
  const auto value = ParseYaml("a: 1\nb: *no", {.file_name = "f.yaml"});
  EXPECT_EQ(value.status().message(),
            "f.yaml:2:4: unknown anchor 'no' referenced");
}

TEST(YamlTest, DocumentsKnowTheirLines) {
  const auto documents = ParseYamlDocuments("# c\na: 1\n---\n\nb: 2\n---\n");
  ASSERT_TRUE(documents.ok()) << documents.status();
  ASSERT_EQ(documents->size(), 3u);
  EXPECT_EQ((*documents)[0].line, 2);
  EXPECT_EQ((*documents)[1].line, 5);
  EXPECT_TRUE((*documents)[2].value.is_null());
}

TEST(YamlTest, NothingIsNull) {
  const auto value = ParseYaml(absl::string_view());
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_TRUE(value->is_null());
}

TEST(YamlTest, WritesAsSigsYamlDoes) {
  const auto value =
      ParseJson(R"({"a10":"yes","a2":["- x",{"k":[]}],"m":"one\ntwo","e":"",)"
                R"("t":"0644","l":" x","n":null,"f":1.0,"z":{}})");
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(FormatYaml(*value),
            "a2:\n- '- x'\n- k: []\na10: \"yes\"\ne: \"\"\nf: 1\nl: ' x'\n"
            "m: |-\n  one\n  two\n\"n\": null\nt: \"0644\"\nz: {}\n");
}

TEST(YamlTest, ALongTextCanBeTakenInPieces) {
  std::string text;
  for (int i = 0; i < 100000; ++i) absl::StrAppend(&text, "  line ", i, "\n");
  const Value value = Value::MakeObject(
      {{"a", text}, {"b", Value(Value::Array{text, "short"})}, {"c", 1}});
  std::string all;
  std::string out;
  size_t longest = 0;
  AppendYaml(value, &out, [&] {
    longest = std::max(longest, out.size());
    all += out;
    out.clear();
  });
  EXPECT_EQ(all + out, FormatYaml(value));
  EXPECT_GT(longest, 256u * 1024);
  EXPECT_LT(longest, 257u * 1024);
}

}  // namespace
}  // namespace weir
