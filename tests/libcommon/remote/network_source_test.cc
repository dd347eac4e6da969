// Repositories and files by URL, from real servers on loopback.
#include "weir/remote/network_source.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libcommon/remote/src/git_program.h"
#include "tests/support/git_servers.h"
#include "weir/base/file.h"
#include "weir/base/random.h"
#include "weir/http/server.h"
#include "weir/kustomize/build.h"

namespace weir::remote {
namespace {

using kustomize::BuildOptions;
using kustomize::BuildResult;
using test::GitFile;
using test::GitRepo;
using testing::HasSubstr;

constexpr size_t kNoLimit = 0;
constexpr char kConfig[] =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cfg}\n";

// A repository with a base in deploy/, on two branches and a tag.
class NetworkSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("remote");
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_ = std::make_unique<TempDir>(*std::move(folder));
    repo_ = std::make_unique<GitRepo>(folder_->path() + "/repo.git");
    first_ = repo_->Commit(
        {.files = {{"deploy/kustomization.yaml",
                    "resources: [cfg.yaml, ../common]\nnamePrefix: one-\n"},
                   {"deploy/cfg.yaml", kConfig},
                   {"common/kustomization.yaml", "resources: [pod.yaml]\n"},
                   {"common/pod.yaml",
                    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"},
                   {"link", GitFile::Link("deploy")},
                   {"outside", GitFile::Link("/etc")},
                   {"a-file", "text"}}});
    repo_->Tag("v1", first_, true);
    repo_->Commit({.files = {{"deploy/kustomization.yaml",
                              "resources: [cfg.yaml]\nnamePrefix: two-\n"}}});
  }

  // Builds a kustomization with these resources.
  absl::StatusOr<BuildResult> BuildResources(absl::string_view resources) {
    const auto files = kustomize::MakeMemoryFileSystem(
        {{"kustomization.yaml", absl::StrCat("resources: ", resources, "\n")}});
    return kustomize::Build(Context(), *files, ".", Options());
  }

  BuildOptions Options() {
    BuildOptions options;
    options.remote = &source_;
    options.allow_remote_bases = true;
    return options;
  }

  static std::string Names(const absl::StatusOr<BuildResult>& built) {
    if (!built.ok()) return built.status().ToString();
    std::string names;
    for (const Value& object : built->objects) {
      absl::StrAppend(&names, names.empty() ? "" : " ",
                      object["metadata"].GetString("name"));
    }
    return names;
  }

  std::string FileUrl(absl::string_view rest) const {
    return absl::StrCat("file://", repo_->path(), rest);
  }

  std::unique_ptr<TempDir> folder_;
  std::unique_ptr<GitRepo> repo_;
  std::string first_;
  NetworkSource source_{{.ssh_folder = "/nonexistent", .allow_local = true}};
};

TEST_F(NetworkSourceTest, BuildsBranchesTagsAndCommits) {
  EXPECT_EQ(Names(BuildResources(absl::StrCat("['", FileUrl("/deploy"), "']"))),
            "two-cfg");
  for (const std::string& ref :
       {std::string("v1"), first_, std::string("refs/tags/v1")}) {
    EXPECT_EQ(Names(BuildResources(
                  absl::StrCat("['", FileUrl("//deploy"), "?ref=", ref, "']"))),
              "one-cfg one-web")
        << ref;
  }
  EXPECT_EQ(Names(BuildResources(absl::StrCat("['", FileUrl("//deploy"),
                                              "?version=main&timeout=5m']"))),
            "two-cfg");
}

TEST_F(NetworkSourceTest, BuildsAUrlItself) {
  const auto files = kustomize::MakeMemoryFileSystem({});
  EXPECT_EQ(Names(kustomize::Build(Context(), *files,
                                   FileUrl("//deploy?ref=v1"), Options())),
            "one-cfg one-web");
}

TEST_F(NetworkSourceTest, FollowsLinksInsideARepositoryOnly) {
  EXPECT_EQ(Names(BuildResources(absl::StrCat("['", FileUrl("//link"), "']"))),
            "two-cfg");
  EXPECT_THAT(
      Names(BuildResources(absl::StrCat("['", FileUrl("//outside"), "']"))),
      HasSubstr("refers to directory outside of repo"));
}

TEST_F(NetworkSourceTest, TellsWhatIsMissing) {
  EXPECT_THAT(
      Names(BuildResources(absl::StrCat("['", FileUrl("//nope"), "']"))),
      HasSubstr("/repo.git/nope: no such file or directory"));
  EXPECT_THAT(
      Names(BuildResources(absl::StrCat("['", FileUrl("//a-file"), "']"))),
      HasSubstr("refers to file 'a-file'; expecting directory"));
  EXPECT_THAT(Names(BuildResources(
                  absl::StrCat("['", FileUrl("//deploy?ref=nope"), "']"))),
              HasSubstr("couldn't find remote ref nope"));
  EXPECT_THAT(Names(BuildResources("['file:///nonexistent/repo.git']")),
              HasSubstr("failed to fetch 'HEAD' of "
                        "'file:///nonexistent/repo.git'"));
}

TEST_F(NetworkSourceTest, KeepsARepositoryToItself) {
  repo_->Commit(
      {.files = {
           {"deploy/kustomization.yaml", "resources: [../common/pod.yaml]\n"},
           {"up/kustomization.yaml", "resources: [../../other]\n"}}});
  EXPECT_THAT(
      Names(BuildResources(absl::StrCat("['", FileUrl("//deploy"), "']"))),
      HasSubstr("security; file "));
  EXPECT_THAT(Names(BuildResources(absl::StrCat("['", FileUrl("//up"), "']"))),
              HasSubstr("must be within the repo"));
}

TEST_F(NetworkSourceTest, FindsCyclesOfRepositories) {
  repo_->Commit({.files = {{"deploy/kustomization.yaml",
                            absl::StrCat("resources: ['", FileUrl("//deploy"),
                                         "']\n")}}});
  EXPECT_THAT(
      Names(BuildResources(absl::StrCat("['", FileUrl("//deploy"), "']"))),
      HasSubstr("cycle detected: URI"));
}

TEST_F(NetworkSourceTest, ClonesOnceARunOverHttp) {
  test::GitHttpServer server(folder_->path());
  const std::string url = server.Url("repo");
  EXPECT_EQ(Names(BuildResources(absl::StrCat("['", url, "//deploy?ref=v1', '",
                                              url, "//common?ref=v1']"))),
            "one-cfg one-web web");
  size_t listings = 0;
  for (const test::GitRequest& request : server.TakeRequests()) {
    if (absl::StrContains(request.target, "/info/refs")) ++listings;
  }
  // One of them is the resource tried as a file.
  EXPECT_LE(listings, 1u);
}

TEST_F(NetworkSourceTest, TakesFilesOverHttpInEveryField) {
  const std::map<std::string, std::string> pages = {
      {"/cfg.yaml", kConfig},
      {"/patch.yaml",
       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cfg}\n"
       "data: {a: b}\n"},
      {"/a/b/text", "hello"}};
  int requests = 0;
  auto server =
      http::Server::Start({}, [&](http::ServerRequest request,
                                  std::unique_ptr<http::Responder> responder) {
        ++requests;
        http::ServerResponse response;
        if (request.path == "/moved.yaml") {
          response.code = 302;
          response.headers.Set("Location", "/cfg.yaml");
        } else {
          response.body = pages.at(request.path);
        }
        responder->Send(std::move(response));
      });
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string url = absl::StrCat("http://127.0.0.1:", (*server)->port());
  const auto files = kustomize::MakeMemoryFileSystem(
      {{"kustomization.yaml",
        absl::StrReplaceAll("resources: [URL/moved.yaml]\n"
                            "patches: [{path: URL/patch.yaml}]\n"
                            "configMapGenerator:\n"
                            "- {name: gen, files: [k=URL/a/b/text]}\n"
                            "- {name: gem, files: [k=URL/a/b/text]}\n",
                            {{"URL", url}})}});
  const auto built = kustomize::Build(Context(), *files, ".", Options());
  ASSERT_TRUE(built.ok()) << built.status();
  ASSERT_EQ(built->objects.size(), 3u);
  for (const Value& object : built->objects) {
    const bool is_made = object["metadata"].GetString("name") != "cfg";
    EXPECT_EQ(object["data"].GetString(is_made ? "k" : "a"),
              is_made ? "hello" : "b");
  }
  // Each URL once, and the redirect.
  EXPECT_EQ(requests, 4);
}

TEST_F(NetworkSourceTest, AnHttpErrorEndsTheSearch) {
  test::GitHttpServer server(folder_->path());
  server.SetBehaviour({.status = 404});
  // One segment is no repository, so nothing else is tried.
  const std::string page =
      absl::StrCat("http://127.0.0.1:", server.port(), "/page.yaml");
  EXPECT_THAT(Names(BuildResources(absl::StrCat("['", page, "']"))),
              HasSubstr("HTTP Error: status code 404 (Not Found)"));
}

TEST_F(NetworkSourceTest, ClonesOverSsh) {
  test::SshServer server(folder_->path() + "/sshd");
  const std::string keys = folder_->path() + "/keys";
  ASSERT_TRUE(MakeDirectories(keys).ok());
  ASSERT_TRUE(
      WriteFileAtomically(keys + "/known_hosts", server.KnownHosts()).ok());
  ASSERT_TRUE(WriteFileAtomically(keys + "/id_ed25519",
                                  server.PrivateKey().RevealForUse(), 0600)
                  .ok());
  NetworkSource source({.ssh_folder = keys});
  BuildOptions options = Options();
  options.remote = &source;
  const auto files = kustomize::MakeMemoryFileSystem({});
  EXPECT_EQ(
      Names(kustomize::Build(
          Context(), *files,
          absl::StrCat(server.Url(repo_->path()), "//deploy?ref=v1"), options)),
      "one-cfg one-web");
}

TEST_F(NetworkSourceTest, MountsSubmodules) {
  GitRepo outer(folder_->path() + "/outer.git");
  outer.Commit({.files = {{".gitmodules",
                           "[submodule \"lib\"]\n\tpath = lib\n"
                           "\turl = ../repo.git\n"},
                          {"kustomization.yaml", "resources: [lib/deploy]\n"}},
                .submodules = {{"lib", first_}}});
  const std::string url = absl::StrCat("file://", outer.path());
  EXPECT_EQ(Names(BuildResources(absl::StrCat("['", url, "']"))),
            "one-cfg one-web");
  EXPECT_THAT(
      Names(BuildResources(absl::StrCat("['", url, "?submodules=false']"))),
      HasSubstr("lib/deploy"));
}

TEST_F(NetworkSourceTest, TheGitProgramClonesTheSame) {
  const auto files = CloneWithGit(
      Context(), {FileUrl(""), "v1", /*submodules=*/true}, kNoLimit);
  ASSERT_TRUE(files.ok()) << files.status();
  const auto text = (*files)->ReadFile("deploy/cfg.yaml");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, kConfig);
  const auto missing =
      CloneWithGit(Context(), {FileUrl(""), "nope", false}, kNoLimit);
  EXPECT_THAT(std::string(missing.status().message()),
              testing::AllOf(HasSubstr("failed to run 'git fetch --depth=1"),
                             HasSubstr("exit status 128")));
}

TEST_F(NetworkSourceTest, RefusesWhatIsTooLarge) {
  constexpr size_t kLimit = 20000;
  repo_->Commit({.files = {{"deploy/large", RandomBytes(5 * kLimit)}}});
  test::GitHttpServer server(folder_->path());
  NetworkSource source({.ssh_folder = "/nonexistent",
                        .try_git_program = true,
                        .max_repository_bytes = kLimit});
  const auto cloned =
      source.Clone(Context(), {server.Url("repo"), "", /*submodules=*/false});
  EXPECT_EQ(cloned.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(cloned.status().message()),
              HasSubstr("larger than 20000 bytes"));
  const auto with_git =
      CloneWithGit(Context(), {FileUrl(""), "", /*submodules=*/false}, kLimit);
  EXPECT_EQ(with_git.status().code(), absl::StatusCode::kResourceExhausted)
      << with_git.status();
}

}  // namespace
}  // namespace weir::remote
