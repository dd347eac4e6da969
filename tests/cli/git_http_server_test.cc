#include "git_http_server.h"

#include <fstream>

#include "weir/base/file.h"
#include "weir/base/subprocess.h"

namespace weir::cli {
namespace {

std::string Git(const std::string& folder,
                std::vector<std::string> arguments) {
  ProcessOptions options;
  options.arguments = {"git", "-C", folder, "-c", "user.name=t",
                       "-c", "user.email=t@example.com"};
  options.arguments.insert(options.arguments.end(), arguments.begin(),
                           arguments.end());
  const auto result = RunProcess(Context(), options);
  EXPECT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 0) << result->error;
  return result->output;
}

TEST(GitHttpServerTest, ServesARepositoryToGit) {
  const auto dir = TempDir::Create("git");
  ASSERT_TRUE(dir.ok());
  const std::string repository = dir->path() + "/repo";
  Git(dir->path(), {"init", "-q", "-b", "trunk", "repo"});
  std::ofstream(repository + "/a.txt") << "hello\n";
  Git(repository, {"add", "."});
  Git(repository, {"commit", "-q", "-m", "first"});
  EXPECT_EQ(HeadBranch(Context(), repository), "trunk");

  const auto server = GitHttpServer::Start(repository, 0, {});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ((*server)->git_dir(), repository + "/.git");
  for (const char* version : {"0", "2"}) {
    const std::string clone = dir->path() + "/clone" + version;
    Git(dir->path(), {"-c", std::string("protocol.version=") + version,
                      "clone", "-q", "--depth=1", (*server)->url(), clone});
    EXPECT_EQ(*ReadFile(clone + "/a.txt"), "hello\n");
  }
}

TEST(GitHttpServerTest, RefusesAFolderWithoutRepository) {
  const auto dir = TempDir::Create("nogit");
  ASSERT_TRUE(dir.ok());
  EXPECT_EQ(GitHttpServer::Start(dir->path(), 0, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace weir::cli
