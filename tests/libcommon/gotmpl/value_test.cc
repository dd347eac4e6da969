#include "weir/gotmpl/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "weir/gotmpl/format.h"
#include "weir/gotmpl/function.h"
#include "weir/value/json.h"

namespace weir::gotmpl {
namespace {

TEST(AnyTest, DictIsSharedAndListIsNot) {
  const Any dict = Any::NewDict();
  const Any other = dict;
  other.AsDict()->Set("a", Any::Int(1));
  EXPECT_EQ(FormatValue(dict), "map[a:1]");
}

TEST(AnyTest, NilOfATypeIsNotNothing) {
  const Any nil = Any::Nil(types::List());
  EXPECT_TRUE(nil.is_nil());
  EXPECT_FALSE(nil.is_nothing());
  EXPECT_EQ(nil.size(), 0u);
  EXPECT_FALSE(DeepEqual(nil, Any::List({})));
  EXPECT_EQ(FormatValue(nil), "[]");
}

TEST(AnyTest, BoxedNilIsNothingButValid) {
  EXPECT_TRUE(Any::BoxedNil().is_nothing());
  EXPECT_FALSE(Any::BoxedNil().is_invalid());
  EXPECT_TRUE(Any().is_invalid());
}

TEST(AnyTest, ElementsOfAnInterfaceListAreBoxed) {
  EXPECT_TRUE(Any::List({Any::Int(1)}).At(0).is_boxed());
  EXPECT_FALSE(Any::Strings({"a"}).At(0).is_boxed());
  EXPECT_EQ(Any::Bytes("\x07").At(0).type(), types::Uint8());
}

TEST(AnyTest, SixteenBytes) { EXPECT_EQ(sizeof(Any), 16u); }

TEST(ConvertTest, NumbersAreFloatsUnlessAskedOtherwise) {
  const Value value = *ParseJson(R"({"a": [1, 2.5, "x", null, true]})");
  EXPECT_EQ(FormatJson(*ToValue(FromValue(value))),
            R"({"a":[1,2.5,"x",null,true]})");
  const Any list = *FromValue(value).AsDict()->Find("a");
  EXPECT_EQ(list.At(0).type(), types::Float64());
  const Any exact = *FromValue(value, Numbers::kExact).AsDict()->Find("a");
  EXPECT_EQ(exact.At(0).type(), types::Int64());
}

TEST(SignatureTest, ParsesGoTypes) {
  const absl::StatusOr<Signature> signature = Signature::Parse(
      "func(string, ...map[string]interface {}) ([]interface {}, error)");
  ASSERT_TRUE(signature.ok()) << signature.status();
  EXPECT_THAT(signature->parameters,
              testing::ElementsAre(types::String(), types::Dict()));
  EXPECT_TRUE(signature->is_variadic);
  EXPECT_EQ(signature->result, types::List());
  EXPECT_FALSE(Signature::Parse("func(nope) string").ok());
  EXPECT_FALSE(Signature::Parse("string").ok());
}

TEST(FunctionTableTest, HasAllOfSprigButTheEnvironment) {
  FunctionTable table = FunctionTable::Builtins();
  EXPECT_EQ(table.names().size(), 19u);
  AddSprig(table);
  // slice is in both.
  EXPECT_EQ(table.names().size(), 19u + 209u - 1u);
  EXPECT_EQ(table.Find("env"), nullptr);
}

// Of any length, with what does and does not decide within eight bytes.
TEST(AnyTest, DictsSortTheirKeysByBytes) {
  const Any dict = Any::NewDict();
  std::set<std::string> keys;
  for (const absl::string_view start :
       {"", "a", "ab", "abc", "abcd", "abcde", "abcdefg", "abcdefgh",
        "abcdefghi", "\x7f", "\xc3\xa9"}) {
    for (const absl::string_view end :
         {absl::string_view(""), absl::string_view("\0", 1),
          absl::string_view("\0\0", 2), absl::string_view("\x01"),
          absl::string_view("z"), absl::string_view("\xff")}) {
      keys.insert(absl::StrCat(start, end));
    }
  }
  // Not in order.
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
    dict.AsDict()->Set(*key, Any::String(*key));
  }
  EXPECT_EQ(dict.size(), keys.size());
  auto expected = keys.begin();
  for (const auto& [key, value] : *dict.AsDict()) {
    EXPECT_EQ(key.view(), *expected++);
  }
  for (const std::string& key : keys) {
    const Any* found = dict.AsDict()->Find(key);
    ASSERT_NE(found, nullptr) << key;
    EXPECT_EQ(found->AsString(), key);
  }
  EXPECT_EQ(dict.AsDict()->Find("abcdefghj"), nullptr);
  EXPECT_TRUE(dict.AsDict()->Erase("abcdefgh"));
  EXPECT_EQ(dict.AsDict()->Find("abcdefgh"), nullptr);
}

}  // namespace
}  // namespace weir::gotmpl
