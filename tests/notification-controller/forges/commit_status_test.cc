// Commit statuses of all forges, by one table of what each is asked and told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/notification-controller/forges/forge_rig.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct ForgeCase {
  const char* type;
  // Before the list, none for most.
  const char* first;
  const char* list;
  const char* post;
  const char* body;       // Of an error.
  const char* duplicate;  // An answer to the list that says the same.
  const char* other;      // One that says something else.
  const char* login;      // A header, and what it holds.
  const char* login_value;
  const char* info_state;
  const char* list_error;  // After the list answered 500.
  const char* post_error;  // After the post answered 403.
};

void PrintTo(const ForgeCase& forge, std::ostream* out) { *out << forge.type; }

// HASH stands for the commit, KEY for the SHA-1 of the id.
std::string Filled(absl::string_view text) {
  return absl::StrReplaceAll(
      text,
      {{"HASH", kHash}, {"KEY", "82265367404ad9d071796a3dd9b07c82d40274be"}});
}

class CommitStatusTest : public testing::TestWithParam<ForgeCase> {
 protected:
  CommitStatusTest() : rig(GetParam().type) {
    if (*GetParam().first != '\0') {
      rig.sender.Answer(GetParam().first, 200, R"({"version":"1.21.0"})");
    }
  }
  void ListAnswers(int code, const std::string& body) {
    rig.sender.Answer(Filled(GetParam().list), code, Filled(body));
  }
  size_t first_count() const { return *GetParam().first == '\0' ? 0 : 1; }

  ForgeRig rig;
};

TEST_P(CommitStatusTest, ListsThenPosts) {
  ListAnswers(200, "");
  rig.sender.Answer("POST", 201, "{}");
  const absl::Status status = rig.Notify();
  ASSERT_TRUE(status.ok()) << status;
  std::vector<std::string> lines = rig.Lines();
  ASSERT_EQ(lines.size(), first_count() + 2);
  const size_t list = first_count();
  if (list == 1) {
    EXPECT_EQ(lines[0], GetParam().first);
  }
  EXPECT_EQ(lines[list], Filled(GetParam().list));
  EXPECT_EQ(lines[list + 1], Filled(GetParam().post));
  EXPECT_EQ(FormatJson(BodyOf(rig.sender.requests().back())),
            Filled(GetParam().body));
  EXPECT_THAT(rig.Header(list + 1, "Content-Type"),
              HasSubstr("application/json"));
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(rig.Header(i, GetParam().login), GetParam().login_value);
  }
}

TEST_P(CommitStatusTest, DoesNotSayTheSameTwice) {
  ListAnswers(200, GetParam().duplicate);
  const absl::Status status = rig.Notify();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(rig.Lines().size(), first_count() + 1);
}

TEST_P(CommitStatusTest, SaysWhatChanged) {
  ListAnswers(200, GetParam().other);
  rig.sender.Answer("POST", 201, "");
  const absl::Status status = rig.Notify();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(rig.Lines().size(), first_count() + 2);
}

TEST_P(CommitStatusTest, InfoIsSuccess) {
  ListAnswers(200, "");
  rig.sender.Answer("POST", 201, "{}");
  rig.event = SampleEvent();
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_EQ(BodyOf(rig.sender.requests().back()).GetString("state"),
            GetParam().info_state);
}

TEST_P(CommitStatusTest, OnlyGiteaTellsProgress) {
  ListAnswers(200, "");
  rig.sender.Answer("POST", 201, "{}");
  rig.event.reason = "Progressing";
  const absl::Status status = rig.Notify();
  EXPECT_TRUE(status.ok()) << status;
  if (std::string(GetParam().type) != "gitea") {
    EXPECT_TRUE(rig.Lines().empty());
  } else {
    EXPECT_EQ(BodyOf(rig.sender.requests().back()).GetString("state"),
              "pending");
  }
}

TEST_P(CommitStatusTest, MissingRevisionIsAnErrorAndSendsNothing) {
  rig.event.metadata.clear();
  EXPECT_THAT(std::string(rig.Notify().message()),
              HasSubstr("missing revision metadata"));
  EXPECT_TRUE(rig.Lines().empty());
}

TEST_P(CommitStatusTest, OtherSeveritiesHaveNoState) {
  rig.event.severity = "trace";
  EXPECT_THAT(std::string(rig.Notify().message()), HasSubstr("convert to"));
  EXPECT_TRUE(rig.Lines().empty());
}

TEST_P(CommitStatusTest, NeedsAnId) {
  rig.settings.commit_status.clear();
  EXPECT_EQ(rig.Notify().message(), "commit status cannot be empty");
}

TEST_P(CommitStatusTest, ListThatFailsPostsNothing) {
  ListAnswers(500, "");
  const absl::Status status = rig.Notify();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().list_error));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(": 500 Internal Server Error"));
  EXPECT_EQ(rig.Lines().size(), first_count() + 1);
}

TEST_P(CommitStatusTest, ListThatIsNoJsonPostsNothing) {
  ListAnswers(200, "<html>");
  const absl::Status status = rig.Notify();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("the answer is no JSON"));
  EXPECT_EQ(rig.Lines().size(), first_count() + 1);
}

TEST_P(CommitStatusTest, PostThatIsRefusedSaysWhy) {
  ListAnswers(200, "");
  rig.sender.Answer("POST", 403, R"({"message":"no access"})");
  const absl::Status status = rig.Notify();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().post_error));
  EXPECT_THAT(std::string(status.message()), HasSubstr(": 403 no access"));
}

TEST_P(CommitStatusTest, StopsTokensInErrors) {
  const std::string login = GetParam().login_value;
  const std::string credential = login.substr(login.rfind(' ') + 1);
  ListAnswers(401, absl::StrCat(R"({"message":"bad )", credential, R"("})"));
  const std::string message(rig.Notify().message());
  EXPECT_THAT(message, HasSubstr("401 bad *****"));
  EXPECT_THAT(message, Not(HasSubstr(credential)));
  EXPECT_THAT(message, Not(HasSubstr(kToken)));
}

TEST_P(CommitStatusTest, ChecksItsAddress) {
  EXPECT_TRUE(rig.Check().ok()) << rig.Check();
  for (const char* address :
       {"", "https://git.example", "https://git.example/scm/a/..",
        "https://git.example/a/b/_git/..", "https://git.example/scm/../b",
        "ftp://git.example/scm/a/b"}) {
    rig.settings.address = address;
    EXPECT_EQ(rig.Check().code(), absl::StatusCode::kInvalidArgument)
        << address;
  }
}

TEST_P(CommitStatusTest, ChecksItsToken) {
  rig.settings.token = Secret();
  rig.settings.password = Secret();
  EXPECT_EQ(rig.Check().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(rig.Notify().ok());
  EXPECT_TRUE(rig.Lines().empty());
}

constexpr char kGithubBody[] =
    R"({"context":"kustomization/app/0c9c2e41","description":"build failed",)"
    R"("state":"failure"})";

INSTANTIATE_TEST_SUITE_P(
    Table, CommitStatusTest,
    testing::Values(
        ForgeCase{"github", "",
                  "GET http://git.example/api/v3/repos/org/repo/commits/HASH/"
                  "statuses?per_page=50",
                  "POST http://git.example/api/v3/repos/org/repo/statuses/HASH",
                  kGithubBody,
                  R"([{"context":"x","state":"success","description":"x"},
                {"context":"kustomization/app/0c9c2e41","state":"failure",
                 "description":"build failed"}])",
                  R"([{"context":"kustomization/app/0c9c2e41","state":"success",
                 "description":"build failed"},
                {"context":"kustomization/app/0c9c2e41","state":"failure",
                 "description":"build failed"}])",
                  "Authorization", "Bearer s3cret", "success",
                  "could not list commit statuses: GET ",
                  "could not create commit status: POST "},
        ForgeCase{
            "gitlab", "",
            "GET http://git.example/api/v4/projects/org%2Frepo/repository/"
            "commits/HASH/statuses?name=kustomization%2Fapp%2F0c9c2e41",
            "POST http://git.example/api/v4/projects/org%2Frepo/statuses/HASH",
            R"({"description":"build failed",)"
            R"("name":"kustomization/app/0c9c2e41","state":"failed"})",
            R"([{"sha":"HASH","name":"kustomization/app/0c9c2e41",
                 "status":"success","description":"build failed"},
                {"sha":"HASH","name":"kustomization/app/0c9c2e41",
                 "status":"failed","description":"build failed"}])",
            R"([{"sha":"other","name":"kustomization/app/0c9c2e41",
                 "status":"failed","description":"build failed"}])",
            "PRIVATE-TOKEN", "s3cret", "success",
            "unable to list commit status: GET ", "POST "},
        ForgeCase{
            "gitea", "GET http://git.example/api/v1/version",
            "GET http://git.example/api/v1/repos/org/repo/commits/HASH/"
            "statuses?limit=50&page=1",
            "POST http://git.example/api/v1/repos/org/repo/statuses/HASH",
            R"({"context":"kustomization/app/0c9c2e41",)"
            R"("description":"build failed","state":"failure",)"
            R"("target_url":""})",
            R"([{"context":"kustomization/app/0c9c2e41","status":"failure",
                 "description":"build failed"}])",
            R"([{"context":"kustomization/app/0c9c2e41","status":"pending",
                 "description":"progressing"}])",
            "Authorization", "token s3cret", "success",
            "could not list commit statuses: GET ", "POST "},
        ForgeCase{
            "bitbucket", "",
            "GET https://api.bitbucket.org/2.0/repositories/org/repo/commit/"
            "HASH/statuses/build/KEY",
            "POST https://api.bitbucket.org/2.0/repositories/org/repo/commit/"
            "HASH/statuses/build",
            R"({"description":"build failed","key":"KEY",)"
            R"("name":"kustomization/app","state":"FAILED",)"
            R"("url":"https://bitbucket.org"})",
            R"({"state":"FAILED","description":"build failed"})",
            R"({"state":"SUCCESSFUL","description":"build failed"})",
            "Authorization", "Basic dXNlcjpzM2NyZXQ=", "SUCCESSFUL",
            "could not get commit status: GET ", "POST "},
        ForgeCase{
            "bitbucketserver", "",
            "GET http://git.example/rest/api/latest/projects/proj/repos/repo/"
            "commits/HASH/builds?key=KEY",
            "POST http://git.example/rest/api/latest/projects/proj/repos/repo/"
            "commits/HASH/builds",
            R"({"description":"build failed","key":"KEY",)"
            R"("name":"kustomization/app [build failed]","state":"FAILED",)"
            R"("url":"http://git.example/scm/proj/repo.git"})",
            R"({"key":"KEY","state":"FAILED","description":"build failed",
                "name":"kustomization/app [build failed]"})",
            R"({"key":"KEY","state":"FAILED","description":"build failed",
                "name":"kustomization/other [build failed]"})",
            "Authorization", "Basic dXNlcjpzM2NyZXQ=", "SUCCESSFUL",
            "could not get existing commit status: GET ",
            "could not post build status: POST "},
        ForgeCase{
            "azuredevops", "",
            "GET https://dev.azure.com/org/proj/_apis/git/repositories/repo/"
            "commits/HASH/statuses",
            "POST https://dev.azure.com/org/proj/_apis/git/repositories/repo/"
            "commits/HASH/statuses",
            R"({"context":{"genre":"fluxcd",)"
            R"("name":"kustomization/app/0c9c2e41"},)"
            R"("description":"build failed","state":"error"})",
            R"({"count":1,"value":[{"context":{"genre":"fluxcd",
                "name":"kustomization/app/0c9c2e41"},"state":"error",
                "description":"build failed"}]})",
            R"({"count":1,"value":[{"context":{"genre":"fluxcd:other",
                "name":"kustomization/app/0c9c2e41"},"state":"error",
                "description":"build failed"}]})",
            "Authorization", "Basic OnMzY3JldA==", "succeeded",
            "could not list commit statuses: GET ",
            "could not create commit status: POST "}),
    [](const auto& info) { return std::string(info.param.type); });

TEST(GithubStatusTest, HostDecidesWhereTheApiIs) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"https://github.com/org/repo", "https://api.github.com/repos/org/repo"},
      {"git@github.com:org/repo.git", "https://api.github.com/repos/org/repo"},
      {"https://ghe.example:8443/org/repo",
       "https://ghe.example:8443/api/v3/repos/org/repo"},
      {"https://api.ghe.example/org/repo",
       "https://api.ghe.example/repos/org/repo"},
      {"https://x.api.ghe.example/org/repo",
       "https://x.api.ghe.example/repos/org/repo"},
  };
  for (const auto& [address, repository] : cases) {
    ForgeRig rig("github");
    rig.settings.address = address;
    EXPECT_FALSE(rig.Notify().ok());
    EXPECT_THAT(rig.Lines(),
                ElementsAre(absl::StrCat("GET ", repository, "/commits/", kHash,
                                         "/statuses?per_page=50")));
    EXPECT_EQ(rig.Header(0, "Accept"), "application/vnd.github.v3+json");
    EXPECT_EQ(rig.Header(0, "X-GitHub-Api-Version"), "2022-11-28");
  }
}

TEST(GithubStatusTest, TakesThePasswordForAToken) {
  ForgeRig rig("github");
  rig.settings.token = Secret();
  rig.settings.password = Secret("pass");
  EXPECT_TRUE(rig.Check().ok());
  EXPECT_FALSE(rig.Notify().ok());
  EXPECT_EQ(rig.Header(0, "Authorization"), "Bearer pass");
}

TEST(GithubStatusTest, WantsTokenOrApp) {
  ForgeRig rig("github");
  rig.settings.token = Secret();
  EXPECT_EQ(rig.Check().message(),
            "github token or github app details must be specified");
}

TEST(GithubStatusTest, StopsTraversalInRepositoryNames) {
  ForgeRig rig("github");
  rig.settings.address = "https://github.com/org/%2e%2e";
  EXPECT_EQ(rig.Check().message(), "invalid repository id \"org/..\"");
  rig.settings.address = "https://github.com/org/a%3Fb%23c";
  EXPECT_FALSE(rig.Notify().ok());
  EXPECT_THAT(rig.Lines()[0], HasSubstr("/repos/org/a%3Fb%23c/commits/"));
}

TEST(GitlabStatusTest, EscapesGroupsAndDots) {
  ForgeRig rig("gitlab");
  rig.settings.address = "https://gitlab.com/a/b.c/d.git";
  EXPECT_FALSE(rig.Notify().ok());
  EXPECT_THAT(
      rig.Lines()[0],
      HasSubstr("https://gitlab.com/api/v4/projects/a%2Fb%2Ec%2Fd/repo"));
  EXPECT_EQ(rig.Header(0, "Accept"), "application/json");
}

TEST(GiteaStatusTest, OtherServersAreNotWrittenTo) {
  ForgeRig rig("gitea");
  rig.sender.Answer("/version", 200, "{}");
  EXPECT_THAT(std::string(rig.Notify().message()),
              HasSubstr("failed creating Gitea client"));
  EXPECT_THAT(rig.Lines(),
              ElementsAre("GET http://git.example/api/v1/version"));
}

TEST(BitbucketStatusTest, WantsUserAndPassword) {
  ForgeRig rig("bitbucket");
  for (const char* token : {"alone", "a:b:c"}) {
    rig.settings.token = Secret(token);
    EXPECT_EQ(rig.Check().message(),
              "invalid token format, expected to be <user>:<password>");
  }
}

TEST(BitbucketStatusTest, NoStatusYetIsNoError) {
  for (const char* type : {"bitbucket", "bitbucketserver"}) {
    ForgeRig rig(type);
    rig.sender.Answer("GET", 404, "nothing");
    rig.sender.Answer("POST", 204, "");
    EXPECT_TRUE(rig.Notify().ok());
    EXPECT_EQ(rig.Lines().size(), 2u);
  }
}

TEST(BitbucketServerStatusTest, KeepsThePathOfTheServer) {
  ForgeRig rig("bitbucketserver");
  rig.settings.address = "https://git.example/a/scm/b/scm/proj/repo.git";
  EXPECT_FALSE(rig.Notify().ok());
  EXPECT_THAT(rig.Lines()[0],
              HasSubstr("https://git.example/a/scm/b/rest/api/latest/projects/"
                        "proj/repos/repo/commits/"));
  EXPECT_EQ(rig.Header(0, "x-atlassian-token"), "no-check");
  EXPECT_EQ(rig.Header(0, "x-requested-with"), "XMLHttpRequest");
}

TEST(BitbucketServerStatusTest, StopsPasswordsInStatuses) {
  ForgeRig rig("bitbucketserver");
  rig.settings.address = "https://u:hidden@git.example/scm/proj/repo.git";
  rig.settings.token = Secret("bearer");
  rig.sender.Answer("GET", 404, "");
  rig.sender.Answer("POST", 204, "");
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_EQ(BodyOf(rig.sender.requests()[1]).GetString("url"),
            "https://git.example/scm/proj/repo.git");
  EXPECT_EQ(rig.Header(1, "Authorization"), "Bearer bearer");
  EXPECT_THAT(rig.Lines()[1], Not(HasSubstr("hidden")));
}

TEST(AzureDevOpsStatusTest, SummaryIsPartOfTheGenre) {
  ForgeRig rig("azuredevops");
  rig.event.metadata["summary"] = "prod";
  rig.sender.Answer("GET", 200, R"({"value":[]})");
  rig.sender.Answer("POST", 201, "");
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_EQ(BodyOf(rig.sender.requests()[1])["context"].GetString("genre"),
            "fluxcd:prod");
  EXPECT_EQ(rig.Header(0, "Accept"), "application/json;api-version=6.0");
}

TEST(GithubDispatchTest, SendsTheEvent) {
  ForgeRig rig("githubdispatch");
  rig.sender.Answer("POST", 204, "");
  const absl::Status status = rig.Notify();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(rig.Lines(),
              ElementsAre("POST http://git.example/api/v3/repos/org/repo/"
                          "dispatches"));
  const Value body = BodyOf(rig.sender.requests()[0]);
  EXPECT_EQ(body.GetString("event_type"), "Kustomization/app.flux-system");
  EXPECT_EQ(body["client_payload"], ToValue(rig.event));
}

TEST(GithubDispatchTest, SaysWhatFailed) {
  ForgeRig rig("githubdispatch");
  EXPECT_EQ(rig.Notify().message(),
            "could not send github repository dispatch webhook: POST "
            "http://git.example/api/v3/repos/org/repo/dispatches: 404 Not "
            "Found");
}

}  // namespace
}  // namespace weir::notification_controller
