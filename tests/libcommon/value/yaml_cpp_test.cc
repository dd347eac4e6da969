// What our writers write, yaml-cpp reads as the value that was written.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <random>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_node.h"

namespace weir {
namespace {

// Makes values whose texts look like everything that they are not.
class ValueMaker {
 public:
  explicit ValueMaker(uint32_t seed) : random_(seed) {}

  Value Make(int depth) {
    switch (Pick(depth == 0 ? 6 : 9)) {
      case 0:
        return Value(static_cast<int64_t>(Pick(2000)) - 1000);
      case 1:
        return Value(static_cast<double>(Pick(100000)) / 64);
      case 2:
        return Value(Pick(2) == 0);
      case 3:
        return Value();
      case 6: {
        Value array = Value::MakeArray();
        for (uint32_t i = Pick(4); i > 0; --i) array.Append(Make(depth - 1));
        return array;
      }
      case 7:
      case 8: {
        Value object = Value::MakeObject();
        for (uint32_t i = Pick(5); i > 0; --i) {
          const std::string key = Text();
          // Upstream writes this key so that it reads as a merge.
          if (key != "<<") object.Set(key, Make(depth - 1));
        }
        return object;
      }
      default:
        return Value(Text());
    }
  }

 private:
  uint32_t Pick(uint32_t count) {
    return static_cast<uint32_t>(random_()) % count;
  }
  std::string Text() {
    static const std::string kTexts[] = {
        "",       "text",   "two words", " lead", "trail ",     "yes",
        "null",   "~",      "0644",      "1e3",   "0x1F",       "1:30",
        "- x",    "-",      "a: b",      "a #b",  "x:",         "?",
        "#",      "[x]",    "{x}",       "&a",    "*a",         "!t",
        "|",      ">",      "'q'",       "\"q\"", "%",          "@",
        "`",      "---",    "...",       "a\nb",  "a\nb\n",     "a\n\n",
        "\na",    " a\nb",  "a \nb",     "\n",    "\ta",        "a\tb",
        "\ta\nb", "<<",     "=",         "a\\b",  "é",          "日本語",
        "😀",      "a\r\nb", "\x01",      "\x1b",  "x\xc2\xa0y", "key",
        "n10"};
    std::string text = kTexts[Pick(std::size(kTexts))];
    if (Pick(8) == 0) {
      for (uint32_t i = Pick(40); i > 0; --i) absl::StrAppend(&text, " word");
    }
    return text;
  }
  std::mt19937 random_;
};

// Why yaml-cpp sees something else; empty when it sees the value.
std::string FindDifference(const YAML::Node& node, const Value& value) {
  if (value.is_array()) {
    if (!node.IsSequence() || node.size() != value.size()) return "a list";
    for (size_t i = 0; i < value.size(); ++i) {
      const std::string found = FindDifference(node[i], value[i]);
      if (!found.empty()) return absl::StrCat(i, ": ", found);
    }
    return "";
  }
  if (value.is_object()) {
    if (!node.IsMap() || node.size() != value.size()) return "a map";
    for (const auto& pair : node) {
      const std::string key = pair.first.Scalar();
      const Value* member = value.Find(key);
      if (member == nullptr) return absl::StrCat("no key '", key, "'");
      const std::string found = FindDifference(pair.second, *member);
      if (!found.empty()) return absl::StrCat(key, ": ", found);
    }
    return "";
  }
  if (value.is_null()) return node.IsNull() ? "" : "null";
  if (!node.IsScalar()) return "a scalar";
  if (value.is_string()) {
    return node.Scalar() == value.AsString()
               ? ""
               : absl::StrCat("'", value.AsString(), "', not '", node.Scalar(),
                              "'");
  }
  if (node.Tag() != "?") return "an unquoted scalar";
  if (value.is_bool()) return node.as<bool>() == value.AsBool() ? "" : "a bool";
  return node.as<double>() == value.AsDouble() ? "" : "a number";
}

TEST(YamlCppTest, ReadsWhatSigsYamlWouldWrite) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    const Value value = ValueMaker(seed).Make(4);
    const std::string text = FormatYaml(value);
    EXPECT_EQ(FindDifference(YAML::Load(text), value), "")
        << "seed " << seed << "\n"
        << text;
  }
}

TEST(YamlCppTest, ReadsWhatKyamlWouldWrite) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    const Value value = ValueMaker(seed).Make(4);
    const std::string text = FormatKyaml(value);
    EXPECT_EQ(FindDifference(YAML::Load(text), value), "")
        << "seed " << seed << "\n"
        << text;
  }
}

TEST(YamlCppTest, OurReaderReadsItBack) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    const Value value = ValueMaker(seed).Make(4);
    const auto read = ParseYaml(FormatYaml(value));
    ASSERT_TRUE(read.ok()) << "seed " << seed << ": " << read.status();
    EXPECT_EQ(FormatJson(*read), FormatJson(value)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace weir
