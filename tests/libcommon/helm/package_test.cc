// Archives beside those that `helm package` made of the same charts: the bytes
// of the tar but for times, which are those of packaging.
#include "weir/helm/package.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/golden_folders.h"
#include "weir/archive/gzip.h"
#include "weir/archive/stream.h"
#include "weir/base/file.h"
#include "weir/helm/load.h"

namespace weir::helm {
namespace {

constexpr size_t kBlock = 512;

std::string Charts() { return absl::StrCat(WEIR_TESTDATA, "/charts"); }

std::vector<std::string> PackagedCases() {
  std::vector<std::string> names;
  for (const std::string& name : test::CaseNames(Charts())) {
    if (std::filesystem::exists(
            absl::StrCat(Charts(), "/", name, "/packaged.tgz"))) {
      names.push_back(name);
    }
  }
  return names;
}

// The tar in it, without times and the sums over headers that have them.
std::string TarOf(const std::string& archive) {
  archive::Source source =
      archive::GunzipSource(archive::StringSource(archive));
  std::string tar;
  char buffer[4096];
  while (true) {
    const absl::StatusOr<size_t> count = source(buffer, sizeof(buffer));
    EXPECT_TRUE(count.ok()) << count.status();
    if (!count.ok() || *count == 0) break;
    tar.append(buffer, *count);
  }
  for (size_t at = 0; at + kBlock <= tar.size(); at += kBlock) {
    constexpr size_t kMagic = 257, kTimeAndSum = 136, kBytes = 20;
    if (tar.compare(at + kMagic, 5, "ustar") == 0) {
      tar.replace(at + kTimeAndSum, kBytes, kBytes, '0');
    }
  }
  return tar;
}

class PackageTest : public testing::TestWithParam<std::string> {};

TEST_P(PackageTest, IsWhatHelmPackages) {
  const std::string folder = absl::StrCat(Charts(), "/", GetParam());
  LoadOptions options;
  options.keep_values_text = true;
  const auto chart = LoadChart(folder + "/chart", options);
  ASSERT_TRUE(chart.ok()) << chart.status();
  std::string bytes;
  ASSERT_TRUE(
      PackageChart(*chart, absl::UnixEpoch(), [&](absl::string_view more) {
        absl::StrAppend(&bytes, more);
        return absl::OkStatus();
      }).ok());
  const std::string want = test::ReadOrEmpty(folder + "/packaged.tgz");
  EXPECT_EQ(TarOf(bytes), TarOf(want));
  // The header with Helm's extra field and comment.
  constexpr size_t kHeader = 61;
  EXPECT_EQ(bytes.substr(0, kHeader), want.substr(0, kHeader));
}

INSTANTIATE_TEST_SUITE_P(Charts, PackageTest,
                         testing::ValuesIn(PackagedCases()), test::NameOfCase);

}  // namespace
}  // namespace weir::helm
