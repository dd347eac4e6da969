#include "src/receivers/payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/receivers/media_type.h"

namespace weir::notification_controller {
namespace {

TEST(ParseFirstTest, LooksAtTheFirstValueOnly) {
  const auto value = ParseFirst(R"( {"a":"}"} {"b":)");
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->GetString("a"), "}");
  EXPECT_TRUE(ParseFirst("null").ok());
  EXPECT_FALSE(ParseWhole("{} x").ok());
  for (const char* text : {"", "x", "{", "} {}", "\"", "{]"}) {
    EXPECT_FALSE(ParseFirst(text).ok()) << text;
  }
}

TEST(ParseFirstTest, NumbersAreDoubles) {
  EXPECT_EQ((*ParseFirst(R"({"a":1})"))["a"].kind(), Value::Kind::kDouble);
}

TEST(ParseFirstTest, IsBounded) {
  EXPECT_FALSE(ParseFirst(std::string(1000, '[')).ok());
  std::string many = "[";
  for (int i = 0; i < 300'001; ++i) many += "0,";
  many.back() = ']';
  EXPECT_TRUE(absl::IsResourceExhausted(ParseFirst(many).status()));
}

TEST(ParseMediaTypeTest, ReadsAsGoDoes) {
  const std::pair<const char*, const char*> good[] = {
      {"application/json", "application/json"},
      {" Application/JSON ; charset=utf-8", "application/json"},
      {"application/json;", "application/json"},
      {"application/json; a=\"x;y\"; b=c", "application/json"},
      {"form-data", "form-data"},
  };
  for (const auto& [text, want] : good) {
    const auto type = ParseMediaType(text);
    ASSERT_TRUE(type.ok()) << text << ": " << type.status();
    EXPECT_EQ(*type, want);
  }
  for (const char* text : {"", ";", "a/", "a/b c", "/b", "a/b; c", "a/b; c=",
                           "a/b; c=1; c=2", "a/b; =1", "a/b; c=\"x", "a/b x"}) {
    EXPECT_FALSE(ParseMediaType(text).ok()) << text;
  }
}

TEST(IsJsonTest, FindsItAmongOthers) {
  EXPECT_TRUE(IsJson("application/json; charset=utf-8"));
  EXPECT_TRUE(IsJson("text/plain, application/json"));
  EXPECT_FALSE(IsJson("text/plain"));
  EXPECT_FALSE(IsJson(""));
  EXPECT_FALSE(IsJson(", application/json"));
  EXPECT_FALSE(IsJson("application/json-patch+json"));
}

}  // namespace
}  // namespace weir::notification_controller
