#include "libcommon/remote/src/urls.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weir::remote {
namespace {

TEST(UrlOfScpTest, MakesUrls) {
  EXPECT_EQ(UrlOfScp("git@github.com:org/repo"),
            "ssh://git@github.com/org/repo");
  EXPECT_EQ(UrlOfScp("git@host:/srv/repo"), "ssh://git@host/srv/repo");
  EXPECT_EQ(UrlOfScp("https://host/repo"), "https://host/repo");
}

TEST(ResolveSubmoduleUrlTest, IsRelativeToTheRepository) {
  EXPECT_EQ(ResolveSubmoduleUrl("https://host/a/b.git", "../c.git"),
            "https://host/a/c.git");
  EXPECT_EQ(ResolveSubmoduleUrl("https://host/a/b.git/", "./c"),
            "https://host/a/b.git/c");
  EXPECT_EQ(ResolveSubmoduleUrl("https://host/a/b", "git@other:x/y"),
            "ssh://git@other/x/y");
}

TEST(ReadModulesTest, TakesPathsAndUrls) {
  EXPECT_THAT(ReadModules("# none\n[submodule \"a\"]\n\tpath = lib/a\n"
                          "\turl = \"../a.git\"\n[submodule \"b\"]\n"
                          "url=https://host/b\npath=b\n[core]\nurl = c\n"),
              testing::ElementsAre(testing::Pair("b", "https://host/b"),
                                   testing::Pair("lib/a", "../a.git")));
}

}  // namespace
}  // namespace weir::remote
