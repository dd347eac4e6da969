#include "weir/helm/fetch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/libcommon/http/http_fixture.h"
#include "tests/support/certificates.h"
#include "weir/base/file.h"
#include "weir/base/mutex.h"
#include "weir/crypto/digest.h"
#include "weir/helm/dependencies.h"
#include "weir/helm/package.h"
#include "weir/http/server.h"

namespace weir::helm {
namespace {

std::string Archive(const std::string& name, const std::string& version) {
  const auto chart = LoadChartFiles(
      {{"Chart.yaml", absl::StrCat("apiVersion: v2\nname: ", name,
                                   "\nversion: ", version, "\n")},
       {"templates/a.yaml", "a: 1\n"}});
  EXPECT_TRUE(chart.ok()) << chart.status();
  std::string out;
  EXPECT_TRUE(PackageChart(*chart, absl::UnixEpoch(), [&](absl::string_view b) {
                out.append(b.data(), b.size());
                return absl::OkStatus();
              }).ok());
  return out;
}

// A folder of files over HTTP, which remembers who asked for what.
class FileServer {
 public:
  explicit FileServer(http::ServerOptions options = {})
      : server_(http::Serve(
            [this](const http::ServerRequest& request,
                   std::unique_ptr<http::Responder> responder) {
              MutexLock lock(mu_);
              requests_.push_back(absl::StrCat(
                  request.target, " ", request.headers.Get("Authorization")));
              const auto found = files_.find(request.path);
              if (found == files_.end()) {
                responder->Send({404, {}, ""});
              } else {
                responder->Send({200, {}, found->second});
              }
            },
            std::move(options))) {}

  void Put(const std::string& path, const std::string& bytes) {
    MutexLock lock(mu_);
    files_[path] = bytes;
  }
  std::vector<std::string> requests() {
    MutexLock lock(mu_);
    return std::exchange(requests_, {});
  }
  std::string url() const { return server_->url(); }

 private:
  Mutex mu_;
  std::map<std::string, std::string> files_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;
};

std::string Entry(const std::string& name, const std::string& version,
                  const std::string& url, const std::string& digest) {
  return absl::StrCat("  - name: ", name, "\n    version: ", version,
                      "\n    urls: [\"", url, "\"]\n    digest: ", digest,
                      "\n");
}

class FetchTest : public testing::Test {
 protected:
  FetchTest() : folder_(*TempDir::Create("weir-fetch-")) {
    options_.repository_cache = folder_.path() + "/cache";
    options_.repository_config = folder_.path() + "/repositories.yaml";
    options_.print = [this](absl::string_view text) {
      absl::StrAppend(&printed_, text);
    };
    const std::string old = Archive("web", "1.0.0");
    const std::string now = Archive("web", "1.1.0");
    server_.Put("/charts/web-1.0.0.tgz", old);
    server_.Put("/charts/sub/web-1.1.0.tgz", now);
    index_ = absl::StrCat(
        "apiVersion: v1\nentries:\n  web:\n",
        Entry("web", "1.0.0", "web-1.0.0.tgz", crypto::Sha256Hex(old)),
        Entry("web", "1.1.0", "sub/web-1.1.0.tgz", crypto::Sha256Hex(now)));
    server_.Put("/charts/index.yaml", index_);
  }

  std::string Repository() const { return server_.url() + "/charts"; }
  // The version of the chart that is found, or the error.
  std::string Find(const std::string& name) {
    ChartFetcher fetcher(http_, options_);
    const auto found = fetcher.Locate(http::Soon(), name);
    if (!found.ok()) return std::string(found.status().message());
    const auto chart = fetcher.Load(*found, {});
    if (!chart.ok()) return std::string(chart.status().message());
    return chart->metadata.version;
  }

  TempDir folder_;
  FileServer server_;
  http::Client http_;
  FetchOptions options_;
  std::string index_;
  std::string printed_;
};

TEST_F(FetchTest, FindsInARepository) {
  options_.repository_url = Repository();
  EXPECT_EQ(Find("web"), "1.1.0");
  options_.version = "~1.0";
  EXPECT_EQ(Find("web"), "1.0.0");
  options_.version = "2";
  EXPECT_EQ(Find("web"),
            absl::StrCat("chart \"web\" version \"2\" not found in ",
                         Repository(), " repository"));
  options_.repository_url = server_.url();
  EXPECT_EQ(Find("web"),
            absl::StrCat("looks like \"", server_.url(),
                         "\" is not a valid chart repository or cannot be "
                         "reached: failed to fetch ",
                         server_.url(), "/index.yaml : 404 Not Found"));
}

TEST_F(FetchTest, FetchesAUrl) {
  EXPECT_EQ(Find(Repository() + "/web-1.0.0.tgz"), "1.0.0");
  EXPECT_EQ(Find(Repository() + "/none.tgz"),
            absl::StrCat("failed to fetch ", Repository(),
                         "/none.tgz : 404 Not Found"));
}

TEST_F(FetchTest, FindsInHelmsRepositories) {
  EXPECT_EQ(Find("shop/web"), "repo shop not found");
  EXPECT_EQ(Find("web"),
            "non-absolute URLs should be in form of repo_name/path_to_chart, "
            "got: web");
  ASSERT_TRUE(
      WriteFileAtomically(
          options_.repository_config,
          absl::StrCat("repositories:\n- name: shop\n  url: ", Repository(),
                       "\n  username: u\n  password: p\n"))
          .ok());
  EXPECT_TRUE(absl::StartsWith(Find("shop/web"), "no cached repo found."));
  ASSERT_TRUE(MakeDirectories(options_.repository_cache).ok());
  ASSERT_TRUE(WriteFileAtomically(
                  options_.repository_cache + "/shop-index.yaml", index_)
                  .ok());
  server_.requests();
  EXPECT_EQ(Find("shop/web"), "1.1.0");
  EXPECT_EQ(
      server_.requests(),
      (std::vector<std::string>{absl::StrCat("/charts/sub/web-1.1.0.tgz Basic ",
                                             absl::Base64Escape("u:p"))}));
  EXPECT_EQ(Find("shop/none"),
            "chart \"none\" matching  not found in shop index. (try 'helm repo "
            "update'): no chart name found");
}

TEST_F(FetchTest, KeepsCredentialsForTheRepositorysHost) {
  FileServer other;
  const std::string bytes = Archive("far", "1.0.0");
  other.Put("/far.tgz", bytes);
  server_.Put("/charts/index.yaml",
              absl::StrCat("apiVersion: v1\nentries:\n  far:\n",
                           Entry("far", "1.0.0", other.url() + "/far.tgz",
                                 crypto::Sha256Hex(bytes))));
  options_.repository_url = Repository();
  options_.access.username = "u";
  options_.access.password = Secret("p");
  EXPECT_EQ(Find("far"), "1.0.0");
  EXPECT_EQ(server_.requests()[0], absl::StrCat("/charts/index.yaml Basic ",
                                                absl::Base64Escape("u:p")));
  EXPECT_EQ(other.requests()[0], "/far.tgz ");
  options_.access.pass_credentials = true;
  EXPECT_EQ(Find("far"), "1.0.0");
  EXPECT_EQ(other.requests()[0],
            absl::StrCat("/far.tgz Basic ", absl::Base64Escape("u:p")));
}

TEST_F(FetchTest, ChecksDigestsAndSizes) {
  options_.repository_url = Repository();
  options_.max_chart_bytes = 10;
  EXPECT_TRUE(absl::StrContains(Find("web"), "larger than 10 bytes"));
  options_.max_chart_bytes = 1 << 20;
  server_.Put("/charts/sub/web-1.1.0.tgz", Archive("web", "6.6.6"));
  EXPECT_TRUE(absl::StrContains(Find("web"), "has digest")) << Find("web");
}

TEST_F(FetchTest, TakesFromTheCacheWhatHasTheDigest) {
  options_.repository_url = Repository();
  options_.content_cache = folder_.path() + "/content";
  EXPECT_EQ(Find("web"), "1.1.0");
  server_.requests();
  EXPECT_EQ(Find("web"), "1.1.0");
  EXPECT_EQ(server_.requests(),
            std::vector<std::string>{"/charts/index.yaml "});
}

TEST_F(FetchTest, TrustsTheAuthoritiesThatAreNamed) {
  const test::Authority authority;
  const test::KeyPair pair = authority.SignServer();
  http::ServerOptions options;
  options.tls =
      http::ServerTls{pair.certificate_pem, Secret(pair.key_pem), "", false};
  FileServer secure(std::move(options));
  secure.Put("/web.tgz", Archive("web", "3.0.0"));
  const std::string url = secure.url() + "/web.tgz";
  EXPECT_NE(Find(url), "3.0.0");
  options_.access.ca_file = folder_.path() + "/ca.pem";
  EXPECT_TRUE(absl::StartsWith(
      Find(url), absl::StrCat("can't create TLS config for client: can't read "
                              "CA file: \"",
                              options_.access.ca_file, "\"")))
      << Find(url);
  ASSERT_TRUE(
      WriteFileAtomically(options_.access.ca_file, authority.pem()).ok());
  EXPECT_EQ(Find(url), "3.0.0");
  options_.access = {};
  options_.access.insecure_skip_tls_verify = true;
  EXPECT_EQ(Find(url), "3.0.0");
}

class DependencyUpdateTest : public FetchTest {
 protected:
  void Write(const std::string& name, const std::string& text) {
    const std::string path = absl::StrCat(folder_.path(), "/", name);
    ASSERT_TRUE(
        MakeDirectories(std::filesystem::path(path).parent_path().string())
            .ok());
    ASSERT_TRUE(WriteFileAtomically(path, text).ok());
  }
  absl::Status Update() {
    ChartFetcher fetcher(http_, options_);
    return fetcher.UpdateDependencies(http::Soon(), folder_.path() + "/app");
  }
  bool Has(const std::string& name) const {
    return std::filesystem::exists(absl::StrCat(folder_.path(), "/app/", name));
  }
};

TEST_F(DependencyUpdateTest, FetchesAndLocks) {
  Write("lib/Chart.yaml", "apiVersion: v2\nname: lib\nversion: 0.3.0\n");
  Write("lib/values.yaml", "# kept\na: 1\n");
  Write("app/Chart.yaml",
        absl::StrCat("apiVersion: v2\nname: app\nversion: 1.0.0\n"
                     "dependencies:\n- name: web\n  version: ^1.0.0\n"
                     "  repository: ",
                     Repository(),
                     "\n- name: lib\n  version: 0.x\n  repository: "
                     "file://../lib\n"));
  Write("app/charts/old-0.1.0.tgz", Archive("old", "0.1.0"));
  ASSERT_EQ(Update(), absl::OkStatus());
  EXPECT_TRUE(Has("charts/web-1.1.0.tgz"));
  EXPECT_TRUE(Has("charts/lib-0.3.0.tgz"));
  EXPECT_FALSE(Has("charts/old-0.1.0.tgz"));
  EXPECT_EQ(printed_,
            absl::StrCat("Getting updates for unmanaged Helm "
                         "repositories...\n...Successfully got an update from "
                         "the \"",
                         Repository(),
                         "\" chart repository\nSaving 2 charts\nDownloading "
                         "web from repo ",
                         Repository(), "\nDeleting outdated charts\n"));
  const auto chart = LoadChart(folder_.path() + "/app");
  ASSERT_TRUE(chart.ok()) << chart.status();
  EXPECT_EQ(CheckDependencies(*chart), absl::OkStatus());
  ASSERT_TRUE(chart->lock.has_value());
  ASSERT_EQ(chart->lock->dependencies.size(), 2u);
  EXPECT_EQ(chart->lock->dependencies[0].version, "1.1.0");
  EXPECT_EQ(chart->lock->dependencies[1].version, "0.3.0");
  EXPECT_TRUE(absl::StartsWith(chart->lock->digest, "sha256:"));
}

TEST_F(DependencyUpdateTest, SaysWhatIsMissing) {
  const auto with = [&](const std::string& dependency) {
    Write("app/Chart.yaml",
          absl::StrCat("apiVersion: v2\nname: app\nversion: 1.0.0\n"
                       "dependencies:\n- ",
                       dependency));
    return std::string(Update().message());
  };
  EXPECT_EQ(with("{name: web, version: \"9\", repository: \"" + Repository() +
                 "\"}\n"),
            absl::StrCat(
                "can't get a valid version for 1 subchart(s): \"web\" "
                "(repository \"",
                Repository(),
                "\", version \"9\"). Make sure a matching chart version exists "
                "in the repo, or change the version constraint in Chart.yaml"));
  EXPECT_EQ(with("{name: web, version: \"1\", repository: stable}\n"),
            "no repository definition for stable. Please add them via 'helm "
            "repo add'\nNote that repositories must be URLs or aliases. For "
            "example, to refer to the \"example\"\nrepository, use "
            "\"https://charts.example.com/\" or \"@example\" instead of\n"
            "\"example\". Don't forget to add the repo, too ('helm repo "
            "add').");
  EXPECT_EQ(
      with("{name: web, version: \"1\", repository: \"file://../none\"}\n"),
      absl::StrCat("directory ", folder_.path(), "/none not found"));
}

TEST(PackageChartTest, LoadsAgain) {
  LoadOptions options;
  options.keep_values_text = true;
  const auto chart = LoadChartFiles(
      {{"Chart.yaml",
        "apiVersion: v2\nname: a\nversion: 1.0.0\ndescription: \"x: y\"\n"
        "keywords: [k]\nmaintainers: [{name: m}]\nannotations: {b: c}\n"},
       {"values.yaml", "# comment\nv: 1\n"},
       {"templates/t.yaml", "t: {{ .Values.v }}\n"},
       {"README.md", "hello"},
       {"charts/b/Chart.yaml", "apiVersion: v2\nname: b\nversion: 2.0.0\n"}},
      options);
  ASSERT_TRUE(chart.ok()) << chart.status();
  std::string bytes;
  ASSERT_TRUE(PackageChart(*chart, absl::FromUnixSeconds(1'700'000'000),
                           [&](absl::string_view more) {
                             bytes.append(more.data(), more.size());
                             return absl::OkStatus();
                           })
                  .ok());
  const auto again = LoadChartArchive(archive::StringSource(bytes), options);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->metadata.description, "x: y");
  EXPECT_EQ(again->values_text, "# comment\nv: 1\n");
  EXPECT_EQ(again->files.size(), 1u);
  ASSERT_EQ(again->dependencies.size(), 1u);
  EXPECT_EQ(again->dependencies[0].metadata.version, "2.0.0");
}

TEST(PickTagTest, PicksAsHelmDoes) {
  const std::vector<std::string> tags = {"0.1.0",  "1.0.0_b1",   "latest",
                                         "v2.0.0", "1.0.0-rc.1", "0.2"};
  EXPECT_EQ(*PickTag(tags, ""), "1.0.0+b1");
  EXPECT_EQ(*PickTag(tags, "^0.1"), "0.1.0");
  EXPECT_EQ(*PickTag(tags, ">0.0.0-0"), "1.0.0+b1");
  EXPECT_EQ(PickTag(tags, "^3").status().message(),
            "could not locate a version matching provided version string ^3");
  EXPECT_FALSE(PickTag({"latest"}, "").ok());
}

}  // namespace
}  // namespace weir::helm
