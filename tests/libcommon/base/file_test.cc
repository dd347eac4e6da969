#include "weir/base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace weir {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using enum absl::StatusCode;

bool Exists(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0;
}

class FileTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const {
    return absl::StrCat(dir_.path(), "/", name);
  }
  const TempDir dir_ = *TempDir::Create("weir-file");
};

TEST_F(FileTest, ReadsWhatWasWritten) {
  const std::string bytes("a\0b\n", 4);
  ASSERT_TRUE(WriteFileAtomically(Path("a"), bytes, 0600).ok());
  EXPECT_EQ(*ReadFile(Path("a")), bytes);
  struct stat info;
  ASSERT_EQ(stat(Path("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600);
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "new").ok());
  EXPECT_EQ(*ReadFile(Path("a")), "new");
}

TEST_F(FileTest, ReadsNoMoreThanItMay) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "12345").ok());
  EXPECT_EQ(*ReadFile(Path("a"), 5), "12345");
  EXPECT_EQ(ReadFile(Path("a"), 4).status().code(), kResourceExhausted);
}

TEST_F(FileTest, ReadsFilesOfAnySize) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{65535}, size_t{65536},
                            size_t{65537}, size_t{300000}}) {
    const std::string bytes(size, 'x');
    ASSERT_TRUE(WriteFileAtomically(Path("a"), bytes).ok());
    EXPECT_EQ(*ReadFile(Path("a")), bytes) << size;
  }
  // It does not say how long it is.
  const auto status = ReadFile("/proc/self/status");
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_THAT(*status, HasSubstr("Name:"));
}

TEST_F(FileTest, ReadsAnEntryOfAnOpenFolder) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "text").ok());
  const int folder = open(dir_.path().c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_GE(folder, 0);
  EXPECT_EQ(*ReadFileAt(folder, "a", "shown/a"), "text");
  EXPECT_THAT(
      std::string(ReadFileAt(folder, "b", "shown/b").status().message()),
      HasSubstr("open shown/b: "));
  close(folder);
}

TEST_F(FileTest, NamesWhatIsAbsent) {
  const auto absent = ReadFile(Path("absent"));
  EXPECT_EQ(absent.status().code(), kNotFound);
  EXPECT_THAT(std::string(absent.status().message()), HasSubstr("/absent"));
  EXPECT_FALSE(ReadFile(dir_.path()).ok());
}

TEST_F(FileTest, AFailedWriteLeavesNothing) {
  const absl::Status status = WriteFileAtomically(Path("no/such/a"), "x");
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(Exists(Path("no")));
}

TEST_F(FileTest, MakesFoldersAndMayFindThem) {
  EXPECT_TRUE(MakeDirectories(Path("a/b/c")).ok());
  EXPECT_TRUE(MakeDirectories(Path("a/b/c")).ok());
  EXPECT_TRUE(Exists(Path("a/b/c")));
  ASSERT_TRUE(WriteFileAtomically(Path("file"), "x").ok());
  EXPECT_FALSE(MakeDirectories(Path("file/d")).ok());
}

TEST_F(FileTest, RemovesTreesButNotWhatLinksNameThem) {
  ASSERT_TRUE(MakeDirectories(Path("tree/deep")).ok());
  ASSERT_TRUE(MakeDirectories(Path("outside")).ok());
  ASSERT_TRUE(WriteFileAtomically(Path("outside/kept"), "x").ok());
  ASSERT_EQ(symlink(Path("outside").c_str(), Path("tree/link").c_str()), 0);
  EXPECT_TRUE(RemoveAll(Path("tree")).ok());
  EXPECT_FALSE(Exists(Path("tree")));
  EXPECT_TRUE(Exists(Path("outside/kept")));
  EXPECT_TRUE(RemoveAll(Path("tree")).ok());
}

struct ErrnoCase {
  const char* name;
  int error;
  absl::StatusCode want;
};
class ErrnoTest : public testing::TestWithParam<ErrnoCase> {};

TEST_P(ErrnoTest, BecomesACode) {
  const absl::Status status = ErrnoToStatus(GetParam().error, "doing it");
  EXPECT_EQ(status.code(), GetParam().want);
  EXPECT_THAT(std::string(status.message()), StartsWith("doing it: "));
}

INSTANTIATE_TEST_SUITE_P(
    Table, ErrnoTest,
    testing::Values(ErrnoCase{"ENOENT", ENOENT, kNotFound},
                    ErrnoCase{"EEXIST", EEXIST, kAlreadyExists},
                    ErrnoCase{"EACCES", EACCES, kPermissionDenied},
                    ErrnoCase{"EPERM", EPERM, kPermissionDenied},
                    ErrnoCase{"ENOSPC", ENOSPC, kResourceExhausted},
                    ErrnoCase{"EDQUOT", EDQUOT, kResourceExhausted},
                    ErrnoCase{"EIO", EIO, kUnavailable}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(FileTest, ATempDirGoesWithItsOwner) {
  std::string path;
  {
    auto made = TempDir::Create("weir-x", dir_.path());
    ASSERT_TRUE(made.ok()) << made.status();
    path = made->path();
    EXPECT_THAT(path, StartsWith(Path("weir-x")));
    struct stat info;
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700);
    ASSERT_TRUE(WriteFileAtomically(path + "/a", "x").ok());
    TempDir moved = *std::move(made);
    EXPECT_EQ(moved.path(), path);
  }
  EXPECT_FALSE(Exists(path));
}

}  // namespace
}  // namespace weir
