// Kustomizations with Helm charts, beside what kustomize and helm make of them.
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/command_line.h"
#include "tests/libcommon/http/http_fixture.h"
#include "tests/support/golden_folders.h"
#include "weir/archive/stream.h"
#include "weir/base/file.h"
#include "weir/helm/load.h"
#include "weir/helm/package.h"
#include "weir/http/server.h"

namespace weir::cli {
namespace {

using test::Printed;
using test::RunWeir;
using test::Variable;
using testing::HasSubstr;

std::string Cases() { return absl::StrCat(WEIR_TESTDATA, "/kustomizations"); }

class BuildChartsTest : public testing::TestWithParam<std::string> {};

TEST_P(BuildChartsTest, IsWhatKustomizePrints) {
  Variable kubeconfig("KUBECONFIG", "/nonexistent");
  const std::string folder = absl::StrCat(Cases(), "/", GetParam());
  const Printed got = RunWeir({"build", "--enable-helm", folder});
  const std::string error = test::ReadOrEmpty(folder + "/want.error");
  if (error.empty()) {
    ASSERT_EQ(got.code, 0) << got.err;
    EXPECT_EQ(got.out, test::ReadOrEmpty(folder + "/want.yaml"));
    return;
  }
  EXPECT_EQ(got.code, 1);
  // Errors are on one line here, and say where the field is.
  std::string message = absl::StrReplaceAll(
      got.err, {{folder, "/case"}, {Cases(), "/cases"}, {"\\n", "\n"}});
  const size_t place = message.find(" in File: ");
  if (place != std::string::npos) {
    message.erase(place, message.find(')', place) + 1 - place);
  }
  const std::string want = absl::StrReplaceAll(
      absl::StripAsciiWhitespace(error), {{" &{0x0 <nil>}", ""}});
  EXPECT_EQ(absl::StripAsciiWhitespace(message), absl::StrCat("✗ ", want));
}

INSTANTIATE_TEST_SUITE_P(Cases, BuildChartsTest,
                         testing::ValuesIn(test::CaseNames(Cases())),
                         test::NameOfCase);

// A repository with the chart of a case.
class RepositoryTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("charts");
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_ = std::make_unique<TempDir>(*std::move(folder));
    helm::LoadOptions options;
    options.keep_values_text = true;
    const auto chart =
        helm::LoadChart(absl::StrCat(Cases(), "/defaults/charts/web"), options);
    ASSERT_TRUE(chart.ok()) << chart.status();
    ASSERT_TRUE(helm::PackageChart(*chart, absl::UnixEpoch(),
                                   [this](absl::string_view bytes) {
                                     absl::StrAppend(&archive_, bytes);
                                     return absl::OkStatus();
                                   })
                    .ok());
    server_ = http::Serve(
        [this](const http::ServerRequest& request,
               std::unique_ptr<http::Responder> responder) {
          ++requests_;
          const bool is_index = absl::EndsWith(request.path, "/index.yaml");
          responder->Send({200, {}, is_index ? kIndex : archive_});
        },
        {});
  }

  static constexpr char kIndex[] =
      "apiVersion: v1\nentries: {web: [{name: web, version: 1.0.0, urls: "
      "[web-1.0.0.tgz]}]}\n";
  std::unique_ptr<TempDir> folder_;
  std::string archive_;
  std::atomic<int> requests_ = 0;
  std::unique_ptr<http::Server> server_;
};

TEST_F(RepositoryTest, ChartIsFetchedOnceAndKept) {
  Variable kubeconfig("KUBECONFIG", "/nonexistent");
  ASSERT_TRUE(WriteFileAtomically(
                  absl::StrCat(folder_->path(), "/kustomization.yaml"),
                  absl::StrCat("helmCharts: [{name: web, version: 1.0.0, repo: "
                               "'",
                               server_->url(), "'}]\n"))
                  .ok());
  const Printed first = RunWeir({"build", "--enable-helm", folder_->path()});
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(first.out,
            test::ReadOrEmpty(absl::StrCat(Cases(), "/defaults/want.yaml")));
  EXPECT_TRUE(std::filesystem::exists(absl::StrCat(
      folder_->path(), "/charts/web-1.0.0/web/templates/deployment.yaml")));
  const int asked = requests_;
  EXPECT_GT(asked, 1);
  const Printed second = RunWeir({"build", "--enable-helm", folder_->path()});
  EXPECT_EQ(second.out, first.out);
  EXPECT_EQ(requests_, asked);
}

TEST_F(RepositoryTest, ChartsAreRefusedUnlessEnabled) {
  const Printed got = RunWeir({"build", absl::StrCat(Cases(), "/defaults")});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.err, HasSubstr("must specify --enable-helm"));
}

}  // namespace
}  // namespace weir::cli
