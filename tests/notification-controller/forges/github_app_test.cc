#include "src/providers/github_app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/notification-controller/forges/forge_rig.h"
#include "tests/notification-controller/forges/test_keys.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// The claims of a JWT that the test's key signed; null when it did not.
Value VerifiedClaims(const std::string& bearer) {
  const SignedToken token =
      ReadToken(bearer.substr(std::string("Bearer ").size()));
  EXPECT_EQ(FormatJson(token.header), R"({"alg":"RS256","typ":"JWT"})");
  return token.claims;
}

class GithubAppTest : public testing::Test {
 protected:
  GithubAppTest() { SetApp(rig); }

  static void SetApp(ForgeRig& rig) {
    rig.settings.token = Secret();
    rig.settings.secret = {
        {"githubAppID", Secret("42")},
        {"githubAppInstallationID", Secret("99")},
        {"githubAppPrivateKey", Secret(Pkcs1Pem())},
        {"githubAppBaseURL", Secret("https://ghe.example/api/v3/")}};
  }
  void AnswerToken(ForgeRig& to) {
    to.sender.Answer("/access_tokens", 201,
                     absl::StrCat(R"({"token":"app-token","expires_at":")",
                                  "2020-09-13T13:26:40Z\"}"));
  }
  void AnswerStatus() {
    rig.sender.Answer("GET http://git.example", 200, "[]");
    rig.sender.Answer("POST http://git.example", 201, "{}");
  }

  ForgeRig rig{"github"};
};

TEST_F(GithubAppTest, ExchangesWhoItIsForAToken) {
  AnswerToken(rig);
  AnswerStatus();
  const absl::Status status = rig.Notify();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(rig.Lines()[0],
            "POST https://ghe.example/api/v3/app/installations/99/"
            "access_tokens");
  const Value claims = VerifiedClaims(rig.Header(0, "Authorization"));
  EXPECT_EQ(FormatJson(claims),
            R"({"exp":1600000090,"iat":1599999970,"iss":"42"})");
  EXPECT_EQ(rig.Header(1, "Authorization"), "Bearer app-token");
  EXPECT_EQ(rig.Header(2, "Authorization"), "Bearer app-token");
}

TEST_F(GithubAppTest, TakesPkcs8) {
  rig.settings.secret["githubAppPrivateKey"] = Secret(Pkcs8Pem());
  AnswerToken(rig);
  AnswerStatus();
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_TRUE(VerifiedClaims(rig.Header(0, "Authorization")).is_object());
}

TEST_F(GithubAppTest, KeepsTheTokenUntilItIsOld) {
  AnswerToken(rig);
  AnswerStatus();
  ASSERT_TRUE(rig.Notify().ok());
  AnswerStatus();
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_EQ(rig.Lines().size(), 5u);
  rig.clock.now += absl::Minutes(50);
  AnswerToken(rig);
  AnswerStatus();
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_EQ(rig.Lines().size(), 8u);
}

TEST_F(GithubAppTest, KeepsItForThisProvider) {
  AnswerToken(rig);
  AnswerStatus();
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_EQ(rig.tokens.counts().items, 1u);
  rig.tokens.Evict("Provider/flux-system/hook");
  EXPECT_EQ(rig.tokens.counts().items, 0u);
}

TEST_F(GithubAppTest, StopsTokensOfAnotherKey) {
  AnswerToken(rig);
  AnswerStatus();
  ASSERT_TRUE(rig.Notify().ok());
  rig.settings.secret["githubAppPrivateKey"] = Secret("another");
  EXPECT_FALSE(rig.Notify().ok());
}

TEST_F(GithubAppTest, FindsTheInstallationOfAnOrganization) {
  rig.settings.secret.erase("githubAppInstallationID");
  rig.settings.secret["githubAppInstallationOwner"] = Secret("org");
  rig.sender.Answer("/orgs/org/installation", 200, R"({"id":7})");
  AnswerToken(rig);
  AnswerStatus();
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_EQ(rig.Lines()[1],
            "POST https://ghe.example/api/v3/app/installations/7/"
            "access_tokens");
}

TEST_F(GithubAppTest, FindsTheInstallationOfAUser) {
  rig.settings.secret.erase("githubAppInstallationID");
  rig.settings.secret["githubAppInstallationOwner"] = Secret("me");
  rig.sender.Answer("/users/me/installation", 200, R"({"id":8})");
  AnswerToken(rig);
  AnswerStatus();
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_EQ(rig.Lines()[0],
            "GET https://ghe.example/api/v3/orgs/me/installation");
  EXPECT_EQ(rig.Lines()[2],
            "POST https://ghe.example/api/v3/app/installations/8/"
            "access_tokens");
}

TEST_F(GithubAppTest, NoInstallationSaysWhatWasTried) {
  rig.settings.secret.erase("githubAppInstallationID");
  rig.settings.secret["githubAppInstallationOwner"] = Secret("me");
  const std::string message(rig.Notify().message());
  EXPECT_THAT(message, HasSubstr("failed to find organization installation: "));
  EXPECT_THAT(message, HasSubstr("failed to find user installation: "));
}

TEST_F(GithubAppTest, CommentsAppearUnderTheNameOfTheApp) {
  ForgeRig comments("githubpullrequestcomment");
  SetApp(comments);
  comments.sender.Answer("GET https://ghe.example/api/v3/app", 200,
                         R"({"slug":"flux-app"})");
  AnswerToken(comments);
  const std::string marker =
      "<!-- flux-pr-comment-key:0c9c2e41-0000-0000-0000-000000000000/"
      "Kustomization/flux-system/app -->";
  const std::string list =
      absl::StrCat(R"([{"id":3,"user":{"login":"flux-app[bot]"},"body":")",
                   marker, R"("}])");
  comments.sender.Answer("/issues/7/comments", 200, list);
  comments.sender.Answer("PATCH", 200, "");
  const absl::Status status = comments.Notify();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(comments.Lines().back(), HasSubstr("/issues/comments/3"));
  EXPECT_EQ(comments.Lines().size(), 4u);
  // The name is kept with the token.
  comments.sender.Answer("/issues/7/comments", 200, list);
  comments.sender.Answer("PATCH", 200, "");
  ASSERT_TRUE(comments.Notify().ok());
  EXPECT_EQ(comments.Lines().size(), 6u);
}

TEST_F(GithubAppTest, StopsKeysInErrors) {
  for (const std::string& key :
       {std::string("-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n"
                    "-----END RSA PRIVATE KEY-----\n"),
        std::string("c2VjcmV0")}) {
    rig.settings.secret["githubAppPrivateKey"] = Secret(key);
    const std::string message(rig.Notify().message());
    EXPECT_EQ(message,
              "could not parse private key: it is no private key in PEM");
    EXPECT_THAT(message, Not(HasSubstr("c2VjcmV0")));
  }
  EXPECT_TRUE(rig.Lines().empty());
}

TEST_F(GithubAppTest, OtherKeysAreRefused) {
  rig.settings.secret["githubAppPrivateKey"] = Secret(EllipticPem());
  EXPECT_EQ(rig.Notify().message(),
            "could not parse private key: it is no RSA key");
}

TEST_F(GithubAppTest, AnswersWithoutATokenAreErrors) {
  rig.sender.Answer("/access_tokens", 201, "{}");
  EXPECT_EQ(rig.Notify().message(), "github answered without a token");
}

TEST_F(GithubAppTest, RefusalsAreSaid) {
  rig.sender.Answer("/access_tokens", 401, R"({"message":"Bad key"})");
  EXPECT_THAT(std::string(rig.Notify().message()), HasSubstr("401 Bad key"));
}

TEST_F(GithubAppTest, StopsTraversalByTheOwner) {
  rig.settings.secret.erase("githubAppInstallationID");
  for (const char* owner : {"..", "a/b", "."}) {
    rig.settings.secret["githubAppInstallationOwner"] = Secret(owner);
    EXPECT_FALSE(rig.Check().ok()) << owner;
  }
}

TEST_F(GithubAppTest, SaysWhatIsMissing) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"githubAppID", "app ID"},
      {"githubAppInstallationID", "app installation owner or ID"},
      {"githubAppPrivateKey", "private key"}};
  for (const auto& [key, words] : cases) {
    ForgeRig without("github");
    SetApp(without);
    without.settings.secret[key] = Secret();
    EXPECT_EQ(without.Check().message(),
              words + " must be provided to use github app authentication");
  }
  rig.settings.secret["githubAppInstallationOwner"] = Secret("org");
  EXPECT_EQ(rig.Check().message(),
            "only one of app installation owner or ID must be provided to use "
            "github app authentication");
}

TEST_F(GithubAppTest, WantsAnAddressOfTheApi) {
  for (const char* base : {"ghe.example", "file:///etc", "https://u:p@h/"}) {
    rig.settings.secret["githubAppBaseURL"] = Secret(base);
    EXPECT_EQ(rig.Check().message(), "invalid API URL") << base;
  }
}

}  // namespace
}  // namespace weir::notification_controller
