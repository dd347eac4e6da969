// What is read by the fast reader is what the whole one reads. The texts differ
// in what only one of them understands; `tests/fuzz` has the rest.
#include <gtest/gtest.h>

#include <string>

#include "weir/value/json.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_members.h"

namespace weir {
namespace {

class PlainYamlTest : public testing::TestWithParam<const char*> {};

TEST_P(PlainYamlTest, IsReadAsAllOtherYaml) {
  const absl::string_view text = GetParam();
  const auto whole = ParseFirstYamlDocument(text);
  const auto fast = ParseYaml(text);
  ASSERT_EQ(fast.status(), whole.status());
  if (!whole.ok()) return;
  EXPECT_EQ(*fast, whole->value)
      << FormatJson(*fast) << "\nbut " << FormatJson(whole->value);
  const auto some =
      ParseYamlMembers(text, [](absl::string_view key) { return key == "k"; });
  ASSERT_TRUE(some.ok());
  EXPECT_EQ((*some)["k"], whole->value["k"]);
}

INSTANTIATE_TEST_SUITE_P(
    Table, PlainYamlTest,
    testing::Values(
        "", "\n", "# only\n", "k: v", "k: v\n", "---\nk: v\n", "--- \nk: v\n",
        "---\n---\nk: v\n", "k: v\n---\nx: y\n", "k: v\n...\n", "k: a: b\n",
        "k: v\n  more\n", "k: v\n # comment\n  more\n", "k:\n  a\n",
        "k:\n- a\n- b\nx: y\n", "k:\n  - a\n  - b\n x: y\n",
        "k:\n  - a\n  x: y\n", "- k: v\n  x: y\n- z\n", "- - a\n  - b\n- c\n",
        "-\n  k: v\n-\n- x\n", "- k: v\n   x: y\n", "- k: v\n x: y\n",
        "k: |\n  a\n   b\n\n\nx: y\n", "k: |+\n  a\n\n\nx: y\n",
        "k: |-\n  a\n\n\nx: y\n", "k: |\n  a", "k: |\n  a\n ", "k: |\n",
        "k: |\nx: y\n", "k: |2\n   a\n", "k: |\n    \n  a\n",
        "k: |\n  a\n\tb\n", "k: |\n\n  a\n  # b\n# c\nx: y\n",
        "k: |\n  a\n # b\n  c\n", "k: >\n  a\n  b\n\n  c\n",
        "x: >\n  a\nk: v\n", "- |\n  a\n- >-\n  b\n", "k: 'it''s'\n",
        "k: 'a\n  b'\n", "k: \"a\\tb\\n\\\"\\\\\"\n", "k: \"\\/\"\n",
        "k: \"\\x41\"\n", "k: \"a\" b\n", "k: \"a\"#b\n", "k: \"a\" #b\n",
        "\"k\": v\n", "'k' : v\n", "k : v\n", "k:v\n", "k: v # c\n", "k: v#c\n",
        "k: #c\n", "k:\t v\n", "\tk: v\n", "k: v\t\n", "k: a\tb\n",
        "? k\n: v\n", "? k\n", "k: - a\n", "k: ? a\n", "k: -a\n", "k: -\n",
        "k: :a\n", "k: *a\n", "k: &a b\nx: *a\n", "k: !!str 1\n", "k: @a\n",
        "k: `a\n", "k: %a\n", "%YAML 1.1\n---\nk: v\n", "<<: {k: v}\n",
        "\"<<\": {k: v}\n", "k: {<<: {a: b}}\n", "k: 1\nk: 2\n",
        "k: {a: 1, a: 2}\n", "null: v\n", "~: v\n", "true: v\n", "1: v\n",
        "1.5: v\n", ".inf: v\n", "k: .inf\n", "k: -.inf\n", "x: .nan\nk: v\n",
        "x: [-.INF]\nk: v\n", "k: .5\n", "k: +1\n", "k: 1e3\n", "k: 0o17\n",
        "k: 017\n", "k: 1_000\n", "k: 12:30\n", "k: 2020-01-02\n", "k: yes\n",
        "k: ~\n", "k: null\n", "k:\n", "k: 18446744073709551615\n",
        "k: 1e400\n", "k: []\n", "k: {}\n", "k: [a, b]\n", "k: [a, b,]\n",
        "k: [a b]\n", "k: [a,\n b]\n", "k: [a,\nb]\nx: y\n", "k: [a: b]\n",
        "k: {a: b}\n", "k: {a:b}\n", "k: {\"a\":b}\n", "k: {a}\n", "k: {a: }\n",
        "k: [,]\n", "k: [-]\n", "k: [- a]\n", "k: [--]\n", "k: [\n---\n]\n",
        "k: [\n...\n]\n", "k: [a # c\n]\n", "k: {a: {b: [c, {}]}} # c\n",
        "k: [a]: b\n", "k: [a\n", "{\"k\": [1, 2.5, \"\\n\", null, true]}",
        "{\"k\": 1}\nx: y\n", "[{\"k\": 1}]\n", "{\"k\": \"\\ud83d\\ude00\"}",
        "{\"k\"\n: 1}", "{\"k\": 1} # c\n", "{k: 1}x\n", "k: a\r\nx: b\r\n",
        "k: caf\xc3\xa9 \xe2\x80\x93 \xf0\x9f\x98\x80\n", "k: a\xc2\x85x: b\n",
        "k: a\xe2\x80\xa8"
        "b\n",
        "k: \xff\n", "k: a\x01\n", "\xef\xbb\xbfk: v\n",
        "k:\n    a: 1\n  b: 2\n", "k:\n  a:\n    b: 1\n  c: 2\nd: 3\n",
        "k: {a: 'b''c', \"d\": -1, e: +2, f: ./g}\n", "  k: v\n  x: y\n",
        "  k: v\nx: y\n", "k: v\n x: y\n", "k\n", "- \n", "-\n", "k: ---\n",
        "k: 'a' : b\n", "- \"a\": b\n", "- 'a''b': c\n", "- [a]: b\n",
        "k: a: \n", "k: a:\n", "k: a:b\n", "k:: v\n", "- a: b: c\n",
        "- - k: v\n    x: y\n  - z\n", "k: ! v\n", "k: '\n", "k: \"\n",
        "k:\n    {}\nx: y\n", "k:\n    {}\n  x: y\n", "k:\n  text\nx: y\n",
        "k:\n  'text'\nx: y\n", "k:\n  |\n  text\n", "k:\n  text\n  more\n",
        "k: a\n  b\n\n\n  c\nx: y\n", "k: a\n  b: c\n", "k: a\n  b:\n",
        "k: a # c\n  b\n", "k: a\n  # c\n  b\n", "k: a\n  b # c\nx: y\n",
        "k: a\n  b # c\n  d\n", "k: a\n\n  # c\nx: y\n", "k: a\n  - b\n",
        "k: a\n  #b\n", "k: a\n  b#c\n", "k: 1\n  2\n", "k: a  \n  b  \n",
        "- a\n  b\n- c\n", "- a\n b\n", "- a\nb\n", "-\n  a\n  b\n- c\n",
        "- a: b\n    c\n  d: e\n", "- a: b\n  c\n", "k: a\n\tb\n",
        "k: a\n  b\tc\n", "x: 'a\n  b'\nk: v\n", "x: 'a\n\nb'\nk: v\n",
        "x: \"a\n---\nb\"\nk: v\n", "x: \"a\\\n  b\"\nk: v\n",
        "x: 'a\n  b': c\nk: v\n", "'a\n b': c\nk: v\n", "k: |\n\n# c\nx: y\n",
        "k: |-\n\nx: y\n", "k: |+\n\n\nx: y\n", "k: |\n\n  \n", "k: |+\n\n",
        "  k: |\n\n  # c\n  x: y\n", "k: |\n   \n  a\n", "# a\n# b\n",
        "---\n# a\n", "---\n", "--- # c\nk: v\n", "k: a\n  ---\n",
        "k: a\n---\nb\n", "x: a\n  {b}\n  [c\nk: v\n", "k: .inf\n  a\n"));

TEST(PlainYamlTest, LongKeysAndDepthAreLeftToTheWholeReader) {
  const std::string key(1020, 'k');
  EXPECT_TRUE(ParseYaml(key + ": v\n").ok());
  EXPECT_FALSE(ParseYaml(key + "kkkkk: v\n").ok());
  std::string nested;
  for (int depth = 0; depth < 210; ++depth) {
    nested += std::string(static_cast<size_t>(depth), ' ') + "k:\n";
  }
  EXPECT_EQ(ParseYaml(nested).status(),
            ParseFirstYamlDocument(nested).status());
  EXPECT_FALSE(ParseYaml(nested).ok());
}

}  // namespace
}  // namespace weir
