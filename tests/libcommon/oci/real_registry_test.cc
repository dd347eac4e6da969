// The client against a real registry, `docker-registry` of Debian, filled by
// plain requests as the specification has them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/libcommon/http/http_fixture.h"
#include "weir/base/file.h"
#include "weir/crypto/digest.h"
#include "weir/oci/client.h"

namespace weir::oci {
namespace {

constexpr char kProgram[] = "/usr/bin/docker-registry";

class RealRegistryTest : public testing::Test {
 protected:
  void SetUp() override {
    if (access(kProgram, X_OK) != 0) GTEST_SKIP() << "no " << kProgram;
    folder_.emplace(*TempDir::Create("weir-registry-"));
    // A port that was free a moment ago.
    const int port = http::Serve(http::AnswerOk)->port();
    address_ = absl::StrCat("127.0.0.1:", port);
    const std::string config = absl::StrCat(folder_->path(), "/config.yml");
    ASSERT_TRUE(
        WriteFileAtomically(
            config, absl::StrCat("version: 0.1\nlog: {level: error}\nstorage:\n"
                                 "  filesystem: {rootdirectory: ",
                                 folder_->path(), "/data}\nhttp: {addr: \"",
                                 address_, "\"}\n"))
            .ok());
    std::string program = kProgram, serve = "serve", path = config;
    char* arguments[] = {program.data(), serve.data(), path.data(), nullptr};
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
      posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_WRONLY, 0);
    }
    ASSERT_EQ(posix_spawn(&pid_, kProgram, &quiet, nullptr, arguments, environ),
              0);
    posix_spawn_file_actions_destroy(&quiet);
    const Context ctx = http::Soon();
    while (!http_.SendAndWait(ctx, http::Get(Url("/v2/"))).ok()) {
      ASSERT_TRUE(ctx.SleepFor(absl::Milliseconds(20)).ok());
    }
    options_.plain_http = true;
  }
  void TearDown() override {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  std::string Url(const std::string& path) const {
    return absl::StrCat("http://", address_, path);
  }
  static std::string Digest(absl::string_view bytes) {
    return absl::StrCat("sha256:", crypto::Sha256Hex(bytes));
  }
  void Send(const std::string& method, const std::string& url,
            const std::string& body, const std::string& type, int want,
            std::string* location = nullptr) {
    http::Request request;
    request.method = method;
    request.url = url;
    request.body = body;
    request.headers.Set("Content-Type", type);
    const auto answer = http_.SendAndWait(http::Soon(), std::move(request));
    ASSERT_TRUE(answer.ok()) << answer.status();
    ASSERT_EQ(answer->code, want) << answer->body;
    if (location != nullptr) {
      *location = std::string(answer->headers.Get("Location"));
    }
  }
  void Push(const std::string& name, const std::string& tag,
            const std::string& blob) {
    std::string location;
    Send("POST", Url(absl::StrCat("/v2/", name, "/blobs/uploads/")), "",
         "application/octet-stream", 202, &location);
    Send("PUT", absl::StrCat(location, "&digest=", Digest(blob)), blob,
         "application/octet-stream", 201);
    const std::string layer =
        absl::StrCat(R"({"mediaType": "application/octet-stream", "size": )",
                     blob.size(), R"(, "digest": ")", Digest(blob), R"("})");
    Send("PUT", Url(absl::StrCat("/v2/", name, "/manifests/", tag)),
         absl::StrCat(R"({"schemaVersion": 2, "mediaType": ")", kImageManifest,
                      R"(", "config": )", layer, R"(, "layers": [)", layer,
                      "]}"),
         kImageManifest, 201);
  }
  Reference At(const std::string& rest) const {
    return *ParseReference(absl::StrCat(address_, "/", rest));
  }

  std::optional<TempDir> folder_;
  std::string address_;
  pid_t pid_ = 0;
  http::Client http_;
  ClientOptions options_;
};

TEST_F(RealRegistryTest, HasWhatWasPushed) {
  const std::string blob(3'000'000, 'b');
  ASSERT_NO_FATAL_FAILURE(Push("org/app", "1.0.0", blob));
  ASSERT_NO_FATAL_FAILURE(Push("org/app", "1.1.0", "small"));
  options_.tags_page = 1;
  Client client(http_, options_);
  const auto tags = client.ListTags(http::Soon(), At("org/app"));
  ASSERT_TRUE(tags.ok()) << tags.status();
  EXPECT_THAT(*tags, testing::UnorderedElementsAre("1.0.0", "1.1.0"));

  const auto resolved = client.Resolve(http::Soon(), At("org/app:1.0.0"));
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  const auto manifest = client.GetManifest(
      http::Soon(), At(absl::StrCat("org/app@", resolved->digest)));
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  ASSERT_EQ(manifest->layers.size(), 1u);
  const auto got =
      client.GetBlob(http::Soon(), At("org/app"), manifest->layers[0]);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_TRUE(*got == blob);

  EXPECT_EQ(client.Resolve(http::Soon(), At("org/app:9")).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(client.ListTags(http::Soon(), At("none")).status().code(),
            absl::StatusCode::kNotFound);
  const auto referrers =
      client.ListReferrers(http::Soon(), At("org/app"), resolved->digest);
  ASSERT_TRUE(referrers.ok()) << referrers.status();
  EXPECT_TRUE(referrers->empty());
}

}  // namespace
}  // namespace weir::oci
