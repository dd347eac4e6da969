// What comes from outside is bounded, and each bound says where it was met.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_node.h"

namespace weir {
namespace {

using Schema = YamlParseOptions::Schema;

std::string Repeat(absl::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) absl::StrAppend(&out, text);
  return out;
}

class YamlLimitsTest : public testing::TestWithParam<Schema> {
 protected:
  absl::Status Parse(absl::string_view text, YamlParseOptions options = {}) {
    options.schema = GetParam();
    options.file_name = "f.yaml";
    return ParseYamlDocuments(text, options).status();
  }
};

TEST_P(YamlLimitsTest, Bytes) {
  const absl::Status status = Parse("a: 1\nb: 2\n", {.max_bytes = 8});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "f.yaml:1:1: YAML is larger than 8 bytes");
}

TEST_P(YamlLimitsTest, DepthOfFlowCollections) {
  EXPECT_TRUE(Parse(Repeat("[", 200) + Repeat("]", 200)).ok());
  const absl::Status status = Parse(Repeat("[", 201) + Repeat("]", 201));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "f.yaml:1:201: nested deeper than 200 levels");
}

TEST_P(YamlLimitsTest, DepthOfBlocks) {
  std::string text;
  for (int i = 0; i < 202; ++i) {
    absl::StrAppend(&text, std::string(static_cast<size_t>(i), ' '), "a:\n");
  }
  const absl::Status status = Parse(text);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "f.yaml:201:201: nested deeper than 200 levels");
}

TEST_P(YamlLimitsTest, DepthWithoutAnEnd) {
  for (const char* open : {"[", "{", "- ", "? ", "[{", "a: ["}) {
    EXPECT_FALSE(Parse(Repeat(open, 20000)).ok()) << open;
  }
}

TEST_P(YamlLimitsTest, Aliases) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    absl::StrAppend(&text, "a", i, ": &a", i, " [");
    for (int k = 0; k < 10; ++k) absl::StrAppend(&text, "*a", i - 1, ",");
    text += "]\n";
  }
  const absl::Status status = Parse(text, {.max_alias_nodes = 5000});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message().substr(0, 7), "f.yaml:") << status;
  EXPECT_NE(status.message().find("excessive aliasing"),
            absl::string_view::npos);
}

TEST_P(YamlLimitsTest, MergedAliases) {
  std::string text = "a0: &a0 {k0: x, k1: x, k2: x}\n";
  for (int i = 1; i < 40; ++i) {
    absl::StrAppend(&text, "a", i, ": &a", i, " {<<: [*a", i - 1, ", *a", i - 1,
                    "], b: *a", i - 1, ", c: *a", i - 1, "}\n");
  }
  EXPECT_EQ(Parse(text, {.max_alias_nodes = 5000}).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_P(YamlLimitsTest, Documents) {
  EXPECT_TRUE(Parse("a: 1\n---\nb: 2\n", {.max_documents = 2}).ok());
  const absl::Status status =
      Parse("a: 1\n---\nb: 2\n---\nc: 3\n", {.max_documents = 2});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "f.yaml:5:1: more than 2 documents");
}

TEST_P(YamlLimitsTest, NodesOfADocument) {
  const YamlParseOptions options = {.max_document_nodes = 5};
  EXPECT_TRUE(Parse("[a, b]\n---\n{a: , b: }\n", options).ok());
  const absl::Status status = Parse("a: 1\n---\nb: [c,\n  {d: e}]\n", options);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "f.yaml:4:4: more than 5 nodes in a document");
}

TEST_P(YamlLimitsTest, NodesOfAllDocuments) {
  const YamlParseOptions options = {.max_nodes = 5};
  EXPECT_TRUE(Parse("[a, b]\n---\n[c]\n", options).ok());
  const absl::Status status = Parse("[a, b]\n---\n[c,\n\n d]\n", options);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "f.yaml:5:2: more than 5 nodes");
}

TEST_P(YamlLimitsTest, NodesOfEachKind) {
  const YamlParseOptions options = {.max_document_nodes = 3};
  for (const char* text :
       {"[[[[]]]]", "[a: b, c]", "{a, b}", "? \n? \n? \n", "- \n- \n- \n- \n",
        "- &a\n- *a\n- *a\n", "a:\nb:\n", "[? , ? ]",
        "- !!str\n- !!str\n- !!str\n", "a:\n- \n- \n", "a: |\n  x\nb: 'y'\n"}) {
    EXPECT_EQ(Parse(text, options).code(), absl::StatusCode::kResourceExhausted)
        << text << ": " << Parse(text, options);
  }
}

TEST_P(YamlLimitsTest, DuplicateKeysNamed) {
  const absl::Status status =
      Parse(Repeat("a: 1\n", 1500), {.reject_duplicate_keys = true});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_LT(status.message().size(), 100000u);
  EXPECT_GT(status.message().size(), 10000u);
}

TEST_P(YamlLimitsTest, TagDirectives) {
  std::string text;
  for (int i = 0; i < 1001; ++i) absl::StrAppend(&text, "%TAG !a", i, "! !b\n");
  const absl::Status status = Parse(text + "--- x\n");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "f.yaml:1001:1: more than 1000 %TAG directives");
}

INSTANTIATE_TEST_SUITE_P(Schemas, YamlLimitsTest,
                         testing::Values(Schema::kYaml11, Schema::kYaml12),
                         [](const auto& info) {
                           return info.param == Schema::kYaml11 ? "Yaml11"
                                                                : "Yaml12";
                         });

TEST(YamlNodeLimitsTest, DepthAndBytes) {
  EXPECT_EQ(ParseYamlNode(Repeat("[", 201)).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ParseYamlNode("a: 1", {.max_bytes = 3}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(YamlNodeLimitsTest, Nodes) {
  EXPECT_EQ(ParseYamlNode("[a, b]", {.max_document_nodes = 2}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(ParseYamlNode("[a, b]", {.max_document_nodes = 3}).ok());
}

// Each is a comment of its own, for its column is another.
TEST(YamlNodeLimitsTest, Comments) {
  const absl::Status status =
      ParseYamlNode("a:\n  b: 1\n" + Repeat(" #\n#\n", 6000)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(status.message().find("comments"), absl::string_view::npos)
      << status;
}

TEST(JsonLimitsTest, Values) {
  const JsonParseOptions options = {.max_values = 3};
  EXPECT_TRUE(ParseJson("{\"a\": [2]}", options).ok());
  const absl::Status status =
      ParseJson("[1, {\n\"a\": [3]}]", options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(),
            "invalid JSON at line 2 column 6: more than 3 values");
}

TEST(JsonLimitsTest, SayWhere) {
  const absl::Status deep = ParseJson(Repeat("[", 201)).status();
  EXPECT_EQ(deep.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(deep.message(),
            "invalid JSON at line 1 column 201: nested deeper than 200 levels");
  const absl::Status large = ParseJson("[1,2]", {.max_bytes = 4}).status();
  EXPECT_EQ(large.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(large.message(),
            "invalid JSON at line 1 column 1: larger than 4 bytes");
}

}  // namespace
}  // namespace weir
