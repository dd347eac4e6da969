#include "local_repository.h"

#include "weir/base/file.h"
#include "weir/base/subprocess.h"

namespace weir::cli {
namespace {

void Git(const std::string& folder, std::vector<std::string> arguments) {
  ProcessOptions options;
  options.arguments = {"git",
                       "-C",
                       folder,
                       "-c",
                       "user.name=t",
                       "-c",
                       "user.email=t@example.com"};
  options.arguments.insert(options.arguments.end(), arguments.begin(),
                           arguments.end());
  const auto result = RunProcess(Context(), options);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->exit_code, 0) << result->error;
}

TEST(FindLocalRepositoryTest, KnowsWorkTreesBareOnesAndLinkedOnes) {
  const auto dir = TempDir::Create("git");
  ASSERT_TRUE(dir.ok());
  const std::string& root = dir->path();
  Git(root, {"init", "-q", "-b", "trunk", "repo"});
  Git(root + "/repo", {"commit", "-q", "--allow-empty", "-m", "first"});
  Git(root + "/repo", {"worktree", "add", "-q", "-b", "side", "../linked"});
  Git(root, {"clone", "-q", "--bare", "repo", "bare.git"});

  const auto work_tree = FindLocalRepository(root + "/repo");
  ASSERT_TRUE(work_tree.ok()) << work_tree.status();
  EXPECT_EQ(work_tree->git_dir, root + "/repo/.git");
  EXPECT_EQ(work_tree->branch, "trunk");

  const auto bare = FindLocalRepository(root + "/bare.git");
  ASSERT_TRUE(bare.ok()) << bare.status();
  EXPECT_EQ(bare->git_dir, root + "/bare.git");
  EXPECT_EQ(bare->branch, "trunk");

  const auto linked = FindLocalRepository(root + "/linked");
  ASSERT_TRUE(linked.ok()) << linked.status();
  EXPECT_EQ(linked->git_dir, root + "/repo/.git");
  EXPECT_EQ(linked->branch, "side");
}

TEST(FindLocalRepositoryTest, RefusesAFolderWithoutRepository) {
  const auto dir = TempDir::Create("nogit");
  ASSERT_TRUE(dir.ok());
  EXPECT_EQ(FindLocalRepository(dir->path()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FindLocalRepository("/nonexistent").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace weir::cli
