// What is named by URL: which repository, reference and folder is meant, and
// how builds keep to it. The repositories are in memory.
#include "weir/kustomize/remote.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/base/status.h"
#include "weir/kustomize/build.h"

namespace weir::kustomize {
namespace {

using testing::HasSubstr;

// Every repository has the same files; pages are by URL.
class FakeRemote : public RemoteSource {
 public:
  absl::StatusOr<Page> Get(const Context&, const std::string& url) override {
    gets.push_back(url);
    auto page = pages.find(url);
    if (page == pages.end()) return Page{404, "Not Found", ""};
    return Page{200, "OK", page->second};
  }
  absl::StatusOr<std::shared_ptr<const FileSystem>> Clone(
      const Context& ctx, const Repository& repository) override {
    clones.push_back(repository);
    if (waits) {
      WEIR_RETURN_IF_ERROR(ctx.SleepFor(absl::InfiniteDuration()));
    }
    return std::shared_ptr<const FileSystem>(MakeMemoryFileSystem(files));
  }

  std::map<std::string, std::string> files;
  std::map<std::string, std::string> pages;
  bool waits = false;
  std::vector<std::string> gets;
  std::vector<Repository> clones;
};

constexpr char kConfig[] =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cfg}\n";

absl::StatusOr<BuildResult> BuildWith(FakeRemote& remote,
                                      const std::string& kustomization,
                                      bool allow_bases = true) {
  const auto files =
      MakeMemoryFileSystem({{"kustomization.yaml", kustomization}});
  BuildOptions options;
  options.remote = &remote;
  options.allow_remote_bases = allow_bases;
  return Build(Context(), *files, ".", options);
}

struct UrlCase {
  const char* name;
  const char* path;
  const char* repository;  // Null: no URL of a repository.
  const char* folder = ".";
  const char* ref = "";
};

class GitUrlTest : public testing::TestWithParam<UrlCase> {};

TEST_P(GitUrlTest, NamesARepository) {
  const UrlCase& c = GetParam();
  EXPECT_EQ(NamesRepository(c.path), c.repository != nullptr);
  if (c.repository == nullptr) return;
  FakeRemote remote;
  const std::string folder = c.folder;
  const std::string prefix = folder == "." ? "" : absl::StrCat(folder, "/");
  remote.files = {
      {absl::StrCat(prefix, "kustomization.yaml"), "resources: [cfg.yaml]\n"},
      {absl::StrCat(prefix, "cfg.yaml"), kConfig}};
  const auto built =
      BuildWith(remote, absl::StrCat("resources: ['", c.path, "']\n"));
  ASSERT_TRUE(built.ok()) << built.status();
  EXPECT_EQ(built->objects.size(), 1u);
  ASSERT_EQ(remote.clones.size(), 1u);
  EXPECT_EQ(remote.clones[0].url, c.repository);
  EXPECT_EQ(remote.clones[0].ref, c.ref);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GitUrlTest,
    testing::Values(
        UrlCase{"TwoSegments", "https://h.example/org/repo",
                "https://h.example/org/repo"},
        UrlCase{"FolderAfterTwo", "https://h.example/org/repo/a/b?ref=v1",
                "https://h.example/org/repo", "a/b", "v1"},
        UrlCase{"DoubleSlash", "https://h.example/x/y/z//a/b?version=main",
                "https://h.example/x/y/z", "a/b", "main"},
        UrlCase{"RefBeforeVersion",
                "https://h.example/o/r?version=a&ref=b&timeout=3",
                "https://h.example/o/r", ".", "b"},
        UrlCase{"GitSuffix", "https://h.example/a/b/c.git/d?ref=x%2Fy",
                "https://h.example/a/b/c.git", "d", "x/y"},
        UrlCase{"GitFolder", "https://h.example/o/p/_git/repo/sub",
                "https://h.example/o/p/_git/repo", "sub"},
        UrlCase{"GitHubWithoutScheme", "github.com/org/repo/sub",
                "https://github.com/org/repo", "sub"},
        UrlCase{"GitHubInAnyCase", "GitHub.com:org/repo",
                "https://github.com/org/repo"},
        UrlCase{"GitHubHttpBecomesHttps", "http://github.com/org/repo",
                "https://github.com/org/repo"},
        UrlCase{"GitHubSsh", "ssh://git@github.com/org/repo//sub",
                "git@github.com:org/repo", "sub"},
        UrlCase{"Scp", "git@h.example:org/repo.git/sub",
                "git@h.example:org/repo.git", "sub"},
        UrlCase{"ScpWithSlash", "git@github.com/org/repo",
                "git@github.com:org/repo"},
        UrlCase{"SshWithPort", "ssh://git@h.example:7999/org/repo.git",
                "ssh://git@h.example:7999/org/repo.git"},
        UrlCase{"Forced", "git::https://h.example/org/repo",
                "https://h.example/org/repo"},
        UrlCase{"File", "file:///srv/repos/one", "file:///srv/repos/one"},
        UrlCase{"FileWithFolder", "file:///srv/repos/one//a?ref=t",
                "file:///srv/repos/one", "a", "t"},
        UrlCase{"BadQueryIsIgnored", "https://h.example/o/r?ref=%zz",
                "https://h.example/o/r"},
        UrlCase{"AbsolutePath", "/srv/repo", nullptr},
        UrlCase{"RelativePath", "../base", nullptr},
        UrlCase{"LooksLikeGitHub", "src/github.com/org/repo", nullptr},
        UrlCase{"UnknownScheme", "htp://h.example/org/repo", nullptr},
        UrlCase{"OneSegment", "https://h.example/page.yaml", nullptr},
        UrlCase{"LeavesTheRepository", "https://h.example/o/r.git//a/../../b",
                nullptr},
        UrlCase{"NoHost", "https:///org/repo", "https:///org/repo"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(RemoteTest, PrefersAFileAndFallsBackToARepository) {
  FakeRemote remote;
  remote.files = {{"kustomization.yaml", "resources: [cfg.yaml]\n"},
                  {"cfg.yaml", kConfig}};
  remote.pages["https://h.example/o/r/a.yaml"] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: page}\n";
  const auto built = BuildWith(remote,
                               "resources:\n- https://h.example/o/r/a.yaml\n"
                               "- https://h.example/o/r\n");
  ASSERT_TRUE(built.ok()) << built.status();
  EXPECT_EQ(built->objects.size(), 2u);
  EXPECT_EQ(remote.clones.size(), 1u);
}

TEST(RemoteTest, AnswersThatAreNoneEndTheSearch) {
  FakeRemote remote;
  const auto built = BuildWith(remote, "resources: ['https://h.example/a']\n");
  EXPECT_EQ(built.status().message(),
            "accumulating resources: accumulating resources from "
            "'https://h.example/a': HTTP Error: status code 404 (Not Found)");
}

TEST(RemoteTest, FetchesOnceARun) {
  FakeRemote remote;
  remote.files = {{"a/kustomization.yaml", "resources: [../c/cfg.yaml]\n"},
                  {"b/kustomization.yaml", "namePrefix: b-\n"}};
  remote.pages["https://h.example/x.yaml"] = kConfig;
  const auto built = BuildWith(
      remote,
      "resources: ['git@h.example:o/r//b', 'git@h.example:o/r//b']\n"
      "configMapGenerator:\n- {name: a, files: [k=https://h.example/x.yaml]}\n"
      "- {name: b, files: [k=https://h.example/x.yaml]}\n");
  ASSERT_TRUE(built.ok()) << built.status();
  EXPECT_EQ(remote.clones.size(), 1u);
  EXPECT_EQ(remote.gets.size(), 1u);
}

TEST(RemoteTest, RepositoriesMayBeRefusedAloneAsFluxDoes) {
  FakeRemote remote;
  remote.pages["https://h.example/x.yaml"] = kConfig;
  EXPECT_TRUE(
      BuildWith(remote, "resources: ['https://h.example/x.yaml']\n", false)
          .ok());
  const auto refused =
      BuildWith(remote, "resources: ['github.com/org/repo']\n", false);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(remote.clones, testing::IsEmpty());
}

TEST(RemoteTest, GivesUpAfterTheUrlsTimeout) {
  FakeRemote remote;
  remote.waits = true;
  const auto built =
      BuildWith(remote, "resources: ['github.com/org/repo?timeout=10ms']\n");
  EXPECT_THAT(
      std::string(built.status().message()),
      HasSubstr("hit 10ms timeout fetching 'https://github.com/org/repo'"));
}

TEST(RemoteTest, OriginsNameRepositoryAndReference) {
  FakeRemote remote;
  remote.files = {
      {"a/kustomization.yaml", "resources: [cfg.yaml]\nnamePrefix: p-\n"},
      {"a/cfg.yaml", kConfig}};
  const auto built =
      BuildWith(remote,
                "resources: ['https://h.example/o/r//a?ref=v1']\n"
                "buildMetadata: [originAnnotations, transformerAnnotations]\n");
  ASSERT_TRUE(built.ok()) << built.status();
  const Value& annotations = built->objects[0]["metadata"]["annotations"];
  EXPECT_EQ(annotations.GetString("config.kubernetes.io/origin"),
            "path: a/cfg.yaml\nrepo: https://h.example/o/r\nref: v1\n");
  EXPECT_EQ(annotations.GetString("alpha.config.kubernetes.io/transformations"),
            "- repo: https://h.example/o/r\n  ref: v1\n"
            "  configuredIn: a/kustomization.yaml\n"
            "  configuredBy:\n    apiVersion: builtin\n"
            "    kind: PrefixTransformer\n");
}

}  // namespace
}  // namespace weir::kustomize
