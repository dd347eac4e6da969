#include "weir/artifact/file_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/libcommon/artifact/fixture.h"
#include "weir/http/client.h"

namespace weir::artifact {
namespace {

using testing::HasSubstr;
using testing::Not;

class FileServerTest : public testing::Test {
 protected:
  void SetUp() override {
    artifact_ = fixture_.Store(kApp, "1", "0123456789");
    auto server =
        FileServer::Start({.root = fixture_.root(), .address = "127.0.0.1:0"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  http::Response Do(absl::string_view path, http::Request request = {}) {
    request.url = absl::StrCat("http://127.0.0.1:", server_->port(), "/", path);
    auto response = client_.SendAndWait(ctx_, std::move(request));
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(http::Response());
  }
  http::Response DoWith(absl::string_view path, absl::string_view header,
                        absl::string_view value) {
    http::Request request;
    request.headers.Set(header, value);
    return Do(path, std::move(request));
  }

  const Context ctx_ = Context().WithTimeout(absl::Seconds(20));
  StorageFixture fixture_;
  Artifact artifact_;
  http::Client client_;
  std::unique_ptr<FileServer> server_;
};

TEST_F(FileServerTest, ServesFiles) {
  const http::Response response = Do(artifact_.path);
  EXPECT_EQ(response.code, 200);
  EXPECT_EQ(response.body, "0123456789");
  EXPECT_EQ(response.headers.Get("Content-Type"), "application/gzip");
  EXPECT_NE(response.headers.Get("Last-Modified"), "");
}

TEST_F(FileServerTest, AnswersHead) {
  http::Request request;
  request.method = "HEAD";
  const http::Response response = Do(artifact_.path, std::move(request));
  EXPECT_EQ(response.code, 200);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.headers.Get("Content-Length"), "10");
}

TEST_F(FileServerTest, AnswersRanges) {
  http::Response response = DoWith(artifact_.path, "Range", "bytes=2-4");
  EXPECT_EQ(response.code, 206);
  EXPECT_EQ(response.body, "234");
  response = DoWith(artifact_.path, "Range", "bytes=-3");
  EXPECT_EQ(response.code, 206);
  EXPECT_EQ(response.body, "789");
  EXPECT_EQ(DoWith(artifact_.path, "Range", "bytes=99-").code, 416);
}

TEST_F(FileServerTest, AnswersConditions) {
  const std::string modified =
      std::string(Do(artifact_.path).headers.Get("Last-Modified"));
  EXPECT_EQ(DoWith(artifact_.path, "If-Modified-Since", modified).code, 304);
  EXPECT_EQ(DoWith(artifact_.path, "If-Modified-Since",
                   "Mon, 01 Jan 2001 00:00:00 GMT")
                .code,
            200);
}

// The readiness probe of Flux's Deployment asks for "/".
TEST_F(FileServerTest, ListsFolders) {
  http::Response response = Do("");
  EXPECT_EQ(response.code, 200);
  EXPECT_THAT(response.body,
              HasSubstr("<a href=\"gitrepository/\">gitrepository/</a>"));
  ASSERT_EQ(mkdir((fixture_.root() + "/<&>").c_str(), 0700), 0);
  ASSERT_EQ(mkdir((fixture_.root() + "/.cache").c_str(), 0700), 0);
  response = Do("");
  EXPECT_THAT(response.body,
              HasSubstr("<a href=\"%3C%26%3E/\">&lt;&amp;&gt;/</a>"));
  EXPECT_THAT(response.body, Not(HasSubstr("cache")));
}

TEST_F(FileServerTest, ServesTheIndexOfAFolder) {
  ASSERT_TRUE(
      WriteFileAtomically(fixture_.root() + "/index.html", "<b>hi</b>").ok());
  EXPECT_EQ(Do("").body, "<b>hi</b>");
}

TEST_F(FileServerTest, RedirectsSlashes) {
  http::Response response = Do("gitrepository");
  EXPECT_EQ(response.code, 301);
  EXPECT_EQ(response.headers.Get("Location"), "gitrepository/");
  response = Do(artifact_.path + "/");
  EXPECT_EQ(response.code, 301);
  EXPECT_EQ(response.headers.Get("Location"), "../1.tar.gz");
}

TEST_F(FileServerTest, HidesWhatItShould) {
  EXPECT_EQ(Do("gitrepository/none").code, 404);
  ASSERT_TRUE(WriteFileAtomically(fixture_.root() + "/.secret", "x").ok());
  EXPECT_EQ(Do(".secret").code, 404);
  for (const char* path : {"../../../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd",
                           "..%2f..%2fetc%2fpasswd", "a%00b"}) {
    EXPECT_NE(Do(path).code, 200) << path;
  }
}

TEST_F(FileServerTest, FollowsLinksThatStayInside) {
  const std::string dir = fixture_.root() + "/gitrepository/flux-system/app/";
  ASSERT_EQ(symlink((fixture_.root() + "/" + artifact_.path).c_str(),
                    (dir + "latest.tar.gz").c_str()),
            0);
  EXPECT_EQ(Do("gitrepository/flux-system/app/latest.tar.gz").body,
            "0123456789");
  ASSERT_EQ(symlink("/etc/passwd", (dir + "out").c_str()), 0);
  EXPECT_EQ(Do("gitrepository/flux-system/app/out").code, 404);
}

TEST_F(FileServerTest, RefusesOtherMethods) {
  http::Request request;
  request.method = "PUT";
  request.body = "x";
  const http::Response response = Do(artifact_.path, std::move(request));
  EXPECT_EQ(response.code, 405);
  EXPECT_EQ(response.headers.Get("Allow"), "GET, HEAD");
}

TEST_F(FileServerTest, NeedsAFolderAndAFreeAddress) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      FileServer::Start({.root = "/no/such", .address = "127.0.0.1:0"})
          .status()));
  EXPECT_TRUE(absl::IsUnavailable(
      FileServer::Start(
          {.root = fixture_.root(),
           .address = absl::StrCat("127.0.0.1:", server_->port())})
          .status()));
}

}  // namespace
}  // namespace weir::artifact
