#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "weir/value/go_error.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir {
namespace {

Value ReadWritten(const std::string& text) {
  YamlParseOptions options;
  options.schema = YamlParseOptions::Schema::kYaml12;
  options.keep_written = true;
  // A document of its own, "~" would be none.
  const absl::StatusOr<Value> list = ParseYaml("- " + text, options);
  return list.ok() ? list->array()[0] : Value("not read");
}

struct WrittenCase {
  const char* name;
  const char* yaml;
  const char* json;
  const char* written;  // Null: as it prints.
};

class WrittenTest : public testing::TestWithParam<WrittenCase> {};

TEST_P(WrittenTest, IsTheValueAndRemembersItsText) {
  const Value value = ReadWritten(GetParam().yaml);
  const Value copy = value;
  EXPECT_EQ(FormatJson(copy), GetParam().json);
  if (GetParam().written == nullptr) {
    EXPECT_EQ(copy.written(), nullptr);
  } else {
    ASSERT_NE(copy.written(), nullptr);
    EXPECT_EQ(*copy.written(), GetParam().written);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrittenTest,
    testing::Values(WrittenCase{"Version", "1.10", "1.1", "1.10"},
                    WrittenCase{"Octal", "0o17", "15", "0o17"},
                    WrittenCase{"Plain", "17", "17", nullptr},
                    WrittenCase{"Tilde", "~", "null", "~"},
                    WrittenCase{"Null", "null", "null", nullptr},
                    WrittenCase{"Upper", "TRUE", "true", "TRUE"},
                    WrittenCase{"Date", "2020-01-02",
                                "\"2020-01-02T00:00:00Z\"", "2020-01-02"},
                    WrittenCase{"Quoted", "\"1.10\"", "\"1.10\"", nullptr},
                    WrittenCase{"Folded", ">-\n  a\n    b\n", R"("a\n  b")",
                                nullptr}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(WrittenValueTest, EqualsTheSameValueWrittenOtherwise) {
  EXPECT_EQ(ReadWritten("0x10"), Value(16));
  EXPECT_NE(ReadWritten("0x10"), Value(17));
}

TEST(WrittenValueTest, IsGoneWhenOverwritten) {
  Value map = ReadWritten("a: 1.10");
  map.Set("a", 2.5);
  EXPECT_EQ(map["a"].written(), nullptr);
  EXPECT_EQ(FormatJson(map), R"({"a":2.5})");
}

struct FoldedCase {
  const char* name;
  const char* text;
  const char* again;
};

class RewriteFoldedTest : public testing::TestWithParam<FoldedCase> {};

// What go-yaml 3.0.3 was seen to read of what it wrote.
TEST_P(RewriteFoldedTest, IsWhatGoReads) {
  Value text(GetParam().text);
  text.set_style(Value::Style::kFolded);
  ASSERT_TRUE(RewriteYaml(&text).ok());
  EXPECT_EQ(text, Value(GetParam().again));
}

INSTANTIATE_TEST_SUITE_P(
    Table, RewriteFoldedTest,
    testing::Values(FoldedCase{"OneLine", "a b\n", "a b\n"},
                    FoldedCase{"Lines", "a\nb\n", "a\nb\n"},
                    FoldedCase{"Indented", "a\n  b\nc\n", "a\n\n  b\nc\n"},
                    FoldedCase{"Twice", "a\n\n  b", "a\n\n\n  b"},
                    FoldedCase{"StartsBlank", " a\n b\nc\nd\n",
                               " a\n b\nc d\n"},
                    FoldedCase{"Tab", "a\n\tb", "a\n\n\tb"},
                    FoldedCase{"KeptEnd", "a\n\n", "a\n\n\n"},
                    FoldedCase{"TrailingSpace", "a\n  b ", "a\n  b "}),
    [](const auto& info) { return std::string(info.param.name); });

struct RewriteCase {
  const char* name;
  const char* yaml;
  const char* json;  // Null: it cannot be read again.
};

class RewriteYamlTest : public testing::TestWithParam<RewriteCase> {};

TEST_P(RewriteYamlTest, IsWhatGoReads) {
  Value tree = ReadWritten(GetParam().yaml);
  const absl::Status status = RewriteYaml(&tree);
  if (GetParam().json == nullptr) {
    EXPECT_EQ(GoError(status),
              "yaml: found a tab character where an indentation space is "
              "expected");
    return;
  }
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(FormatJson(tree), GetParam().json);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RewriteYamlTest,
    testing::Values(
        RewriteCase{"NullInBlock", "a:\n", R"({"a":null})"},
        RewriteCase{"NullInFlow", "{a: , b: [null, ~]}",
                    R"({"a":"","b":[null,null]})"},
        RewriteCase{"FoldedInBlock", "a: >\n    b\n      c\n",
                    R"({"a":"b\n\n  c\n"})"},
        RewriteCase{"TabInQuotes", "a: \"\\tb\\nc\"", R"({"a":"\tb\nc"})"},
        RewriteCase{"TabInBlock", "a: |2\n    \tb\n    c\n", nullptr}),
    [](const auto& info) { return std::string(info.param.name); });

// What is put into brackets is written as what is in them.
TEST(RewriteYamlStyleTest, FoldedInFlowStays) {
  Value list = ReadWritten("[a]");
  list.MutableAt(0) = ReadWritten("a: >\n    b\n      c\n");
  ASSERT_TRUE(RewriteYaml(&list).ok());
  EXPECT_EQ(FormatJson(list), R"([{"a":"b\n  c\n"}])");
}

struct UnfitCase {
  const char* name;
  const char* yaml;
  const char* json;
  const char* problem;  // Null: it can be read again.
  bool has_unfit;
};

class KeepUnfitTest : public testing::TestWithParam<UnfitCase> {};

TEST_P(KeepUnfitTest, TellsWhatIsWrongBesideTheValue) {
  YamlParseOptions options;
  options.schema = YamlParseOptions::Schema::kYaml12;
  options.keep_written = true;
  options.keep_unfit = true;
  const absl::StatusOr<YamlDocument> read =
      ParseFirstYamlDocument(GetParam().yaml, options);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(FormatJson(read->value), GetParam().json);
  EXPECT_EQ(read->has_unfit, GetParam().has_unfit);
  EXPECT_EQ(read->unreadable.ok(), GetParam().problem == nullptr);
  if (GetParam().problem == nullptr) return;
  EXPECT_EQ(GoError(read->unreadable), GetParam().problem);
}

INSTANTIATE_TEST_SUITE_P(
    Table, KeepUnfitTest,
    testing::Values(
        UnfitCase{"Fit", "a: {b: c}", R"({"a":{"b":"c"}})", nullptr, false},
        UnfitCase{"KeyThrice", "a: {b: 1, b: 2, c: 3, b: 4}",
                  R"({"a":{"\u0003":{"b":4},"b":1,"c":3}})",
                  "yaml: unmarshal errors:\n"
                  "  line 1: mapping key \"b\" already defined at line 1\n"
                  "  line 1: mapping key \"b\" already defined at line 1\n"
                  "  line 1: mapping key \"b\" already defined at line 1",
                  false},
        UnfitCase{"NumberAsKey", "a: {1: b}", R"({"a":{"1":"b"}})",
                  "json: unsupported type: map[interface {}]interface {}",
                  true},
        UnfitCase{"MapAsKey", "a: {{ b }}", R"({"a":{}})",
                  "yaml: invalid map key: map[string]interface {}{\"b\":\"\"}",
                  true}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace weir
