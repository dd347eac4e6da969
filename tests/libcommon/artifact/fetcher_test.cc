#include "weir/artifact/fetcher.h"

#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/libcommon/artifact/fixture.h"
#include "weir/crypto/digest.h"
#include "weir/http/client.h"
#include "weir/http/server.h"

namespace weir::artifact {
namespace {

// Fetches from an HTTP server that says what it is told to.
class FetcherTest : public testing::Test {
 protected:
  void SetUp() override {
    auto server = http::Server::Start(
        {}, [this](const http::ServerRequest& request,
                   std::unique_ptr<http::Responder> responder) {
          last_path_ = request.path;
          http::ServerResponse response;
          response.code = ++requests_ <= failures_ ? failure_code_ : 200;
          response.body = response.code == 200 ? body_ : "sorry";
          responder->Send(std::move(response));
        });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    options_.http_client = std::make_shared<http::Client>();
    options_.min_retry_delay = absl::Milliseconds(1);
    options_.max_retry_delay = absl::Milliseconds(2);
    artifact_ = fixture_.Store(kApp, "1", body_);
    artifact_.url = absl::StrCat(server_->url(), "/", artifact_.path);
  }

  absl::StatusOr<FetchedFile> Fetch() {
    if (fetcher_ == nullptr) fetcher_ = std::make_unique<Fetcher>(options_);
    return fetcher_->Fetch(ctx_, artifact_);
  }

  const Context ctx_ = Context().WithTimeout(absl::Seconds(20));
  StorageFixture fixture_;
  Artifact artifact_;
  // What the server does.
  std::string body_ = absl::StrCat(std::string(100'000, 'x'), "end");
  int failures_ = 0;
  int failure_code_ = 503;
  std::atomic<int> requests_{0};
  std::string last_path_;

  FetcherOptions options_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<Fetcher> fetcher_;
};

TEST_F(FetcherTest, FetchesByHttp) {
  auto file = Fetch();
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*ReadFile(file->path()), body_);
  EXPECT_EQ(last_path_, "/" + artifact_.path);
}

TEST_F(FetcherTest, RemovesFiles) {
  std::string path;
  {
    auto file = Fetch();
    ASSERT_TRUE(file.ok()) << file.status();
    path = file->path();
    const FetchedFile moved = *std::move(file);
    EXPECT_EQ(moved.path(), path);
    EXPECT_EQ(access(path.c_str(), F_OK), 0);
  }
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST_F(FetcherTest, ReplacesTheHost) {
  options_.host_override = absl::StrCat("127.0.0.1:", server_->port());
  artifact_.url = "http://source.invalid./" + artifact_.path;
  const auto file = Fetch();
  EXPECT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(last_path_, "/" + artifact_.path);
}

TEST_F(FetcherTest, RetriesWhatMayPass) {
  failures_ = 3;
  auto file = Fetch();
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(requests_, 4);
  EXPECT_EQ(*ReadFile(file->path()), body_);
}

TEST_F(FetcherTest, GivesUpInTheEnd) {
  failures_ = 99;
  EXPECT_TRUE(absl::IsUnavailable(Fetch().status()));
  EXPECT_EQ(requests_, 4);
}

TEST_F(FetcherTest, DoesNotRetryWhatIsGone) {
  failures_ = 99;
  failure_code_ = 404;
  EXPECT_TRUE(absl::IsNotFound(Fetch().status()));
  EXPECT_EQ(requests_, 1);
}

TEST_F(FetcherTest, DoesNotRetryWhatIsForbidden) {
  failures_ = 99;
  failure_code_ = 403;
  EXPECT_TRUE(absl::IsFailedPrecondition(Fetch().status()));
  EXPECT_EQ(requests_, 1);
}

TEST_F(FetcherTest, RefusesOtherBytes) {
  body_ = "evil";
  const auto file = Fetch();
  EXPECT_TRUE(absl::IsDataLoss(file.status())) << file.status();
}

TEST_F(FetcherTest, RefusesMissingAndUnknownDigests) {
  for (const char* digest : {"", "sha256", "crc:00", "sha256:zz"}) {
    artifact_.digest = digest;
    EXPECT_TRUE(absl::IsInvalidArgument(Fetch().status())) << digest;
  }
  EXPECT_EQ(requests_, 0);
}

TEST_F(FetcherTest, RefusesWhatIsTooLarge) {
  options_.max_bytes = 1000;
  EXPECT_TRUE(absl::IsResourceExhausted(Fetch().status()));
}

TEST_F(FetcherTest, EndsWithTheContext) {
  const Context ctx = Context().WithCancel();
  ctx.Cancel();
  fetcher_ = std::make_unique<Fetcher>(options_);
  EXPECT_TRUE(absl::IsCancelled(fetcher_->Fetch(ctx, artifact_).status()));
}

TEST_F(FetcherTest, FetchesByService) {
  fixture_.registry->Publish(kApp, artifact_);
  options_.service = fixture_.registry;
  options_.http_client = nullptr;
  auto file = Fetch();
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*ReadFile(file->path()), body_);
  EXPECT_EQ(requests_, 0);

  ASSERT_TRUE(fixture_.storage->Remove(artifact_).ok());
  EXPECT_TRUE(absl::IsNotFound(Fetch().status()));
}

TEST_F(FetcherTest, FetchesByHttpWhatTheServiceDoesNotKnow) {
  options_.service = fixture_.registry;
  body_ = "made by somebody else";
  artifact_.path = "externalartifact/default/theirs/1.tar.gz";
  artifact_.digest = absl::StrCat("sha256:", crypto::Sha256Hex(body_));
  auto file = Fetch();
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*ReadFile(file->path()), body_);
  EXPECT_EQ(requests_, 1);
}

}  // namespace
}  // namespace weir::artifact
