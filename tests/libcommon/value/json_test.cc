#include "weir/value/json.h"

#include <gtest/gtest.h>

#include "weir/value/go_error.h"

namespace weir {
namespace {

struct RoundTripCase {
  const char* name;
  const char* input;
  const char* want;
};
class JsonRoundTripTest : public testing::TestWithParam<RoundTripCase> {};

TEST_P(JsonRoundTripTest, PrintsAsGoDoes) {
  const auto value = ParseJson(GetParam().input);
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(FormatJson(*value), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, JsonRoundTripTest,
    testing::Values(
        RoundTripCase{"LastKeyWins", R"({"b":1,"a":2,"b":3})",
                      R"({"a":2,"b":3})"},
        RoundTripCase{"LargestUnsigned", "18446744073709551615",
                      "18446744073709551615"},
        RoundTripCase{"SmallestSigned", "-9223372036854775808",
                      "-9223372036854775808"},
        RoundTripCase{"AboveUnsigned", "18446744073709551616",
                      "18446744073709552000"},
        RoundTripCase{"LargeExponent", "1e21", "1e+21"},
        RoundTripCase{"SmallExponent", "1e-7", "1e-7"},
        RoundTripCase{"WholeDouble", "1.0", "1"},
        RoundTripCase{"SurrogatePair", R"("\ud83d\ude00")", "\"😀\""},
        RoundTripCase{"LoneSurrogate", R"("\ud83d")", "\"\xef\xbf\xbd\""},
        RoundTripCase{"InvalidUtf8", "\"\xff\"", "\"\xef\xbf\xbd\""}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(JsonTest, ErrorsNameLineAndColumn) {
  const auto value = ParseJson("{\n  \"a\": x}");
  ASSERT_EQ(value.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(value.status().message().find("line 2 column 8"),
            absl::string_view::npos)
      << value.status();
}

TEST(JsonTest, RefusesWhatIsNoJson) {
  for (const char* text : {"", "01", "1.", "[1,]", "{\"a\" 1}", "\"\n\"", "1 2",
                           "1e999", "nul", "\"\\x\""}) {
    EXPECT_FALSE(ParseJson(text).ok()) << text;
  }
}

TEST(JsonTest, ReadsWhatIsBesideNumbersThatAreTooLarge) {
  const absl::StatusOr<JsonInPart> read =
      ParseJsonInPart(R"({"a":[1,1e999,-1e400],"b":1e-999})");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(FormatJson(read->value), R"({"a":[1,null,null],"b":0})");
  EXPECT_EQ(
      GoError(read->error),
      "json: cannot unmarshal number 1e999 into Go value of type float64");
  EXPECT_TRUE(ParseJsonInPart("[1]")->error.ok());
  EXPECT_FALSE(ParseJsonInPart("[1e999").ok());
}

TEST(JsonStreamSplitterTest, FindsDocumentsInPiecesOfAnySize) {
  const std::string stream = "{\"a\":\"}\\\"\"}\n[1,[2]] 42 \"x\" {}";
  for (size_t size = 1; size <= stream.size(); ++size) {
    JsonStreamSplitter splitter;
    std::vector<std::string> documents;
    for (size_t i = 0; i < stream.size(); i += size) {
      ASSERT_TRUE(splitter.Append(stream.substr(i, size)).ok());
      for (std::string next = splitter.Next(); !next.empty();
           next = splitter.Next()) {
        documents.push_back(next);
      }
    }
    EXPECT_EQ(documents,
              (std::vector<std::string>{"{\"a\":\"}\\\"\"}", "[1,[2]]", "42",
                                        "\"x\"", "{}"}))
        << "pieces of " << size;
  }
}

}  // namespace
}  // namespace weir
