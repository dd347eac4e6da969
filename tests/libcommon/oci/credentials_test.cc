#include "weir/oci/credentials.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"

namespace weir::oci {
namespace {

// "user:secret", "org:s2", "any:s3".
constexpr char kConfig[] = R"({"auths": {
  "ghcr.io": {"auth": "dXNlcjpzZWNyZXQ="},
  "ghcr.io/org": {"auth": "b3JnOnMy"},
  "*.example.com:8443": {"username": "any", "password": "s3"},
  "https://old.example.org/v1/": {"auth": "dXNlcjpzZWNyZXQ="},
  "https://index.docker.io/v1/": {"identitytoken": "trade-me"}}})";

Reference Of(const std::string& text) { return *ParseReference(text); }

DockerConfig Config(const char* json) {
  auto config = DockerConfig::Parse(json);
  EXPECT_TRUE(config.ok()) << config.status();
  return *config;
}

TEST(DockerConfigTest, FindsByRegistry) {
  const DockerConfig config = Config(kConfig);
  const auto found = config.Find(Of("ghcr.io/org/app"), nullptr);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->username, "user");
  EXPECT_EQ(found->password.RevealForUse(), "secret");
  EXPECT_EQ(config.Find(Of("old.example.org/a"), nullptr)->username, "user");
  EXPECT_EQ(config.Find(Of("docker.io/library/a"), nullptr)
                ->identity_token.RevealForUse(),
            "trade-me");
  EXPECT_TRUE(config.Find(Of("a.example.com:8443/a"), nullptr)->is_empty());
}

TEST(DockerConfigTest, FindsByPatternAsTheKubeletDoes) {
  const DockerConfig config = Config(kConfig);
  EXPECT_EQ(config.FindByPattern(Of("ghcr.io/org/app")).username, "org");
  EXPECT_EQ(config.FindByPattern(Of("ghcr.io/other/app")).username, "user");
  EXPECT_EQ(config.FindByPattern(Of("a.example.com:8443/x")).username, "any");
  EXPECT_TRUE(config.FindByPattern(Of("a.example.com/x")).is_empty());
  EXPECT_TRUE(config.FindByPattern(Of("a.b.example.com:8443/x")).is_empty());
}

TEST(DockerConfigTest, AsksHelpers) {
  const DockerConfig config = Config(
      R"({"credsStore": "desktop", "credHelpers": {"gcr.io": "gcloud"}})");
  std::string asked;
  const RunCredentialHelper run =
      [&](const std::string& name,
          const std::string& address) -> absl::StatusOr<std::string> {
    asked = name + " " + address;
    return R"({"Username": "<token>", "Secret": "t"})";
  };
  auto found = config.Find(Of("gcr.io/a"), run);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(asked, "gcloud gcr.io");
  EXPECT_EQ(found->identity_token.RevealForUse(), "t");
  found = config.Find(Of("docker.io/library/a"), run);
  EXPECT_EQ(asked, "desktop https://index.docker.io/v1/");
  EXPECT_EQ(config.Find(Of("gcr.io/a"), nullptr).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(DockerConfigTest, TakesTheOlderForm) {
  const DockerConfig config =
      Config(R"({"ghcr.io": {"auth": "dXNlcjpzZWNyZXQ="}})");
  EXPECT_EQ(config.FindByPattern(Of("ghcr.io/a")).username, "user");
}

TEST(DockerConfigTest, SaysWhatIsWrongWithoutTheSecret) {
  for (const char* json :
       {"[]", "{", R"({"auths": {"h": {"auth": "c2VjcmV0"}}})",
        R"({"auths": {"h": {"auth": "?secret?"}}})",
        R"({"auths": {"h": 1}})"}) {
    const auto config = DockerConfig::Parse(json);
    ASSERT_FALSE(config.ok()) << json;
    EXPECT_EQ(std::string(config.status().message()).find("secret"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace weir::oci
