#include "weir/value/yaml_node.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "weir/value/json.h"

namespace weir {
namespace {

TEST(YamlNodeTest, AChangedScalarLeavesTheRestAsItIs) {
  auto document = ParseYamlNode(
      "# head\n"
      "server:\n"
      "    port: 8080 # the port\n"
      "    \"host\": 'a'\n"
      "list: [1, 2]\n");
  ASSERT_TRUE(document.ok()) << document.status();
  YamlNode& server = document->root.children[1];
  ASSERT_EQ(server.children[0].text, "port");
  server.children[1].text = "9090";
  server.children[3].text = "b";
  EXPECT_EQ(FormatYamlNode(*document),
            "# head\n"
            "server:\n"
            "  port: 9090 # the port\n"
            "  \"host\": 'b'\n"
            "list: [1, 2]\n");
}

TEST(YamlNodeTest, AScalarKeepsWhatItIsTakenFor) {
  auto document = ParseYamlNode("a: x\nb: 1\nc: '1'\n");
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->root.children[1].implied_tag, "!!str");
  EXPECT_EQ(document->root.children[3].implied_tag, "!!int");
  document->root.children[1].text = "2";
  document->root.children[3].text = "y";
  document->root.children[5].text = "3";
  // A string that looks like a number is quoted; a number that does not look
  // like one gets a tag.
  EXPECT_EQ(FormatYamlNode(*document), "a: \"2\"\nb: !!int y\nc: '3'\n");
}

TEST(YamlNodeTest, AddedNodesNeedNothingButAText) {
  YamlNodeDocument document;
  document.root.kind = YamlNode::Kind::kMapping;
  YamlNode key;
  key.text = "key";
  YamlNode list;
  list.kind = YamlNode::Kind::kSequence;
  list.children.resize(2);
  list.children[0].text = "x";
  document.root.children = {key, list};
  EXPECT_EQ(FormatYamlNode(document), "key:\n- x\n-\n");
}

TEST(YamlNodeTest, NothingIsNull) {
  const auto document = ParseYamlNode("# only a comment\n");
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->root.kind, YamlNode::Kind::kScalar);
  EXPECT_EQ(document->root.text, "");
}

TEST(FormatKyamlTest, FoldsNothingAndQuotesOldBooleans) {
  const std::string words =
      absl::StrCat(std::string(60, 'a'), " ", std::string(60, 'b'));
  const Value value = Value::MakeObject(
      {{"long", words}, {"on", "yes"}, {"a10", 1}, {"a2", "\tx\ny"}});
  EXPECT_EQ(FormatKyaml(value),
            absl::StrCat("a2: |-\n  \tx\n  y\na10: 1\nlong: ", words,
                         "\n\"on\": \"yes\"\n"));
}

}  // namespace
}  // namespace weir
