// Documents whose readings by the real Go libraries are in testdata;
// tests/codecs/goldens.py makes them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/codecs/codecs.h"
#include "weir/value/go_error.h"

namespace weir::test {
namespace {

namespace fs = std::filesystem;

struct Codec {
  const char* name;
  char letter;
  const char* input;
};
constexpr Codec kCodecs[] = {
    {"yaml-json", 'j', "input.yaml"},   {"yaml-json-strict", 's', "input.yaml"},
    {"kyaml", 'k', "input.yaml"},       {"kyaml-object", 'r', "input.yaml"},
    {"kyaml-text", 'n', "input.yaml"},  {"json", 'f', "input.json"},
    {"json-exact", 'e', "input.json"},  {"json-indented", 'i', "input.json"},
    {"value-yaml", 'y', "values.json"}, {"value-kyaml", 'm', "values.json"},
};

std::string Read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> Cases() {
  std::vector<fs::path> cases;
  for (const auto& entry : fs::directory_iterator(WEIR_TESTDATA)) {
    if (entry.is_directory()) cases.push_back(entry.path());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

class ValueGoldenTest : public testing::TestWithParam<fs::path> {};

TEST_P(ValueGoldenTest, IsWhatGoMakesOfIt) {
  int checked = 0;
  for (const Codec& codec : kCodecs) {
    const fs::path want = GetParam() / absl::StrCat("want.", codec.name);
    const fs::path error = GetParam() / absl::StrCat("error.", codec.name);
    const bool fails = fs::exists(error);
    if (!fails && !fs::exists(want)) continue;
    ++checked;
    const auto got = RunCodec(codec.letter, Read(GetParam() / codec.input));
    if (!fails) {
      ASSERT_TRUE(got.ok()) << codec.name << ": " << got.status();
      EXPECT_EQ(*got, Read(want)) << codec.name;
      continue;
    }
    ASSERT_FALSE(got.ok()) << codec.name << " gave " << *got;
    std::string message = Read(error);
    std::string got_message = GoError(got.status());
    if (GetParam().filename() == "null-key") {
      // Go shows the value of any of its two odd members.
      message = message.substr(0, message.find("value: "));
      got_message = got_message.substr(0, got_message.find("value: "));
    }
    EXPECT_EQ(got_message, message) << codec.name;
    // Ours say where, too.
    EXPECT_TRUE(std::any_of(got.status().message().begin(),
                            got.status().message().end(),
                            [](char c) { return c >= '0' && c <= '9'; }))
        << got.status();
  }
  EXPECT_GT(checked, 0);
}

INSTANTIATE_TEST_SUITE_P(Cases, ValueGoldenTest, testing::ValuesIn(Cases()),
                         [](const auto& info) {
                           std::string name = info.param.filename();
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace weir::test
