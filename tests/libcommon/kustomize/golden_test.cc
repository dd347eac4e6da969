// Builds every case in testdata/ and compares with what the real tool printed.
#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tests/support/golden_folders.h"
#include "weir/kustomize/build.h"

namespace weir::kustomize {
namespace {

// Without the places that we name and upstream does not: " in File: a.yaml:3
// (patches[0])".
std::string WithoutPlaces(std::string message) {
  const std::string in_file = " in File: ";
  while (true) {
    const size_t start = message.rfind(in_file);
    if (start == std::string::npos) return message;
    size_t end = message.find_first_of(" \"\\", start + in_file.size());
    if (end == std::string::npos) end = message.size();
    if (message.compare(end, 2, " (") == 0) end = message.find(')', end) + 1;
    message.erase(start, end - start);
  }
}

// Without upstream's addresses in memory, and without nodes shown as text: the
// order of their keys and their quotes are not kept here.
std::string Plain(absl::string_view message) {
  message = absl::StripAsciiWhitespace(message);
  constexpr absl::string_view kContents = "node contents:";
  const size_t contents = message.find(kContents);
  if (contents != absl::string_view::npos) {
    message = message.substr(0, contents + kContents.size());
  }
  return absl::StrReplaceAll(message, {{" &{0x0 <nil>}", ""}});
}

class GoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, IsWhatTheRealToolPrints) {
  const std::string folder = absl::StrCat(WEIR_TESTDATA, "/", GetParam());
  const bool has_top = std::filesystem::is_directory(folder + "/top");
  const auto files = MakeDiskFileSystem("/");
  const absl::StatusOr<BuildResult> built = Build(
      Context(), *files, absl::StrCat(folder.substr(1), has_top ? "/top" : ""));
  if (!std::filesystem::exists(folder + "/want.error")) {
    ASSERT_TRUE(built.ok()) << built.status();
    EXPECT_EQ(FormatResult(*built), test::ReadOrEmpty(folder + "/want.yaml"));
    return;
  }
  ASSERT_FALSE(built.ok());
  std::string message =
      absl::StrReplaceAll(absl::StripAsciiWhitespace(built.status().message()),
                          {{folder, "/case"}});
  // Where our words differ on purpose, the case says what they are.
  const std::string ours = test::ReadOrEmpty(folder + "/want.ours");
  const std::string want =
      ours.empty() ? test::ReadOrEmpty(folder + "/want.error") : ours;
  if (!absl::StrContains(want, " in File: ")) {
    message = WithoutPlaces(std::move(message));
  }
  EXPECT_EQ(Plain(message), Plain(want));
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenTest,
                         testing::ValuesIn(test::CaseNames(WEIR_TESTDATA)),
                         test::NameOfCase);

}  // namespace
}  // namespace weir::kustomize
