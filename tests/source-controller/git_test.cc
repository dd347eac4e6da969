// GitRepository from commit to artifact: references, passes without a change,
// failures and recovery. What is expected is what Flux was seen to do.

#include "tests/source-controller/fixture.h"

namespace weir::source {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GitTest : public SourceTest {};

test::GitCommit Standard() {
  return {.files = {{"cm.yaml", "kind: ConfigMap\n"}, {"sub/x.txt", "x\n"}}};
}

TEST_F(GitTest, ABranchBecomesAnArtifact) {
  const std::string commit = repo_.Commit(Standard());
  Start();
  Apply("ref: {branch: main}");
  const Value object = WaitReady();
  EXPECT_EQ(Revision(object), "main@sha1:" + commit);
  EXPECT_THAT(
      Conditions(object),
      ElementsAre("Ready True Succeeded 1 stored artifact for revision "
                  "'main@sha1:" +
                      commit + "'",
                  "ArtifactInStorage True Succeeded 1 stored artifact for "
                  "revision 'main@sha1:" +
                      commit + "'"));
  const Value& artifact = object["status"]["artifact"];
  EXPECT_EQ(artifact.GetString("path"),
            "gitrepository/ns/app/" + commit + ".tar.gz");
  EXPECT_EQ(artifact.GetString("url"),
            absl::StrCat("http://", controller_->storage_address(), "/",
                         artifact.GetString("path")));
  EXPECT_EQ(object["status"].GetInt("observedGeneration"), 1);
  EXPECT_THAT(Entries(object), ElementsAre(". 750", "cm.yaml 600 16", "sub 750",
                                           "sub/x.txt 600 2"));
  EXPECT_THAT(TakeEvents(),
              ElementsAre("info NewArtifact stored artifact for commit "
                          "'change 1'"));
  EXPECT_LE(TakeStatusWrites(), 2u);
  const auto known =
      controller_->artifacts()->Get(Context(), {"GitRepository", "ns", "app"});
  ASSERT_TRUE(known.ok()) << known.status();
  EXPECT_EQ(known->digest, artifact.GetString("digest"));
  EXPECT_EQ(object["metadata"]["finalizers"].array().at(0),
            Value("finalizers.fluxcd.io"));
}

TEST_F(GitTest, ARequestWithoutAChangeCostsOneSmallRequest) {
  const std::string commit = repo_.Commit(Standard());
  Start();
  Apply("ref: {branch: main}");
  WaitReady();
  TakeEvents();
  git_.TakeRequests();
  TakeStatusWrites();
  Request("r1");
  const Value object = WaitReady("True", "r1");
  EXPECT_EQ(git_.TakeRequests().size(), 1u);
  EXPECT_EQ(TakeStatusWrites(), 1u);
  EXPECT_THAT(TakeEvents(),
              ElementsAre("trace GitOperationSucceeded no changes since last "
                          "reconciliation: observed revision 'main@sha1:" +
                          commit + "'"));
  EXPECT_EQ(Conditions(object).size(), 2u);
}

TEST_F(GitTest, AnIntervalWithoutAChangeTouchesTheClusterNotAtAll) {
  repo_.Commit(Standard());
  Start();
  Apply("{ref: {branch: main}, interval: 30ms}");
  WaitReady();
  git_.TakeRequests();
  const size_t before = cluster_->requests().size();
  TakeEvents();
  size_t asked = 0;
  for (int i = 0; i < 1000 && asked < 2; ++i) {
    absl::SleepFor(absl::Milliseconds(30));
    asked += git_.TakeRequests().size();
  }
  EXPECT_GE(asked, 2u);
  // The Event of the first artifact may still have been on its way.
  EXPECT_LE(cluster_->requests().size(), before + 1);
  EXPECT_THAT(TakeEvents(), IsEmpty());
}

TEST_F(GitTest, ANewCommitBecomesANewArtifact) {
  repo_.Commit(Standard());
  Start();
  Apply("ref: {branch: main}");
  WaitReady();
  TakeEvents();
  TakeStatusWrites();
  const std::string second = repo_.Commit(
      {.files = {{"cm.yaml", "kind: Secret\n"}},
       .message = "second commit with a rather long subject line that goes on "
                  "beyond fifty characters\n\nand a body"});
  Request("r2");
  const Value object = WaitReady("True", "r2");
  EXPECT_EQ(Revision(object), "main@sha1:" + second);
  EXPECT_THAT(TakeEvents(),
              ElementsAre("info NewArtifact stored artifact for commit 'second "
                          "commit with a rather long subject line that...'"));
  EXPECT_EQ(TakeStatusWrites(), 2u);
}

struct RefCase {
  const char* name;
  const char* ref;
  const char* revision;  // "%1" is the first commit, "%2" the second.
};
class GitRefTest : public GitTest,
                   public ::testing::WithParamInterface<RefCase> {};
TEST_P(GitRefTest, Resolves) {
  const std::string first = repo_.Commit(Standard());
  repo_.Tag("v1.0.0", first);
  repo_.Tag("annotated", first, true);
  const std::string second = repo_.Commit({.files = {{"a", "1"}}});
  repo_.Tag("1.2.0", second);
  repo_.Tag("v4.0.0", second);
  repo_.Tag("v2.0", second);
  repo_.Tag("v1.10.0-rc.1", second);
  repo_.Tag("not-a-version", second);
  repo_.Git({"update-ref", "refs/heads/feature/x", first});
  repo_.Git({"update-ref", "refs/heads/master", first});
  repo_.Git({"update-ref", "refs/pull/1/head", first});
  Start();
  std::string ref = GetParam().ref;
  const auto fill = [&](std::string text) {
    return absl::StrReplaceAll(text, {{"%1", first}, {"%2", second}});
  };
  Apply(absl::StrCat("ref: {", fill(GetParam().ref), "}"));
  const Value object = WaitReady();
  EXPECT_EQ(Revision(object), fill(GetParam().revision));
  // And again, without a fetch.
  git_.TakeRequests();
  Request("again");
  WaitReady("True", "again");
  EXPECT_EQ(git_.TakeRequests().size(), 1u);
}
INSTANTIATE_TEST_SUITE_P(
    Table, GitRefTest,
    ::testing::Values(
        RefCase{"Branch", "branch: main", "main@sha1:%2"},
        RefCase{"Default", "", "master@sha1:%1"},
        RefCase{"Slash", "branch: feature/x", "feature/x@sha1:%1"},
        RefCase{"Tag", "tag: v1.0.0", "v1.0.0@sha1:%1"},
        RefCase{"Annotated", "tag: annotated", "annotated@sha1:%1"},
        RefCase{"Semver", "semver: '>=1.0.0 <3.0.0'", "1.2.0@sha1:%2"},
        RefCase{"TagGoesBeforeSemver",
                "branch: main, tag: v1.0.0, semver: '>=1.0.0'",
                "v1.0.0@sha1:%1"},
        RefCase{"Commit", "commit: '%1'", "sha1:%1"},
        RefCase{"CommitOfBranch", "branch: main, commit: '%1'", "main@sha1:%1"},
        RefCase{"Name", "name: refs/heads/main", "refs/heads/main@sha1:%2"},
        RefCase{"NameOfTag", "name: refs/tags/annotated",
                "refs/tags/annotated@sha1:%1"},
        RefCase{"NameOfPeeledTag", "name: 'refs/tags/annotated^{}'",
                "refs/tags/annotated^{}@sha1:%1"},
        RefCase{"NameOfPullRequest", "name: refs/pull/1/head",
                "refs/pull/1/head@sha1:%1"}),
    [](const auto& info) { return std::string(info.param.name); });

struct RefErrorCase {
  const char* name;
  const char* ref;
  const char* message;  // "%u" is the URL.
};
class GitRefErrorTest : public GitTest,
                        public ::testing::WithParamInterface<RefErrorCase> {};
TEST_P(GitRefErrorTest, IsReported) {
  repo_.Commit(Standard());
  Start();
  Apply(absl::StrCat("ref: {", GetParam().ref, "}"));
  const Value object = WaitReady("False");
  EXPECT_EQ(Condition(object, "Ready").GetString("reason"),
            "GitOperationFailed");
  EXPECT_EQ(Condition(object, "Ready").GetString("message"),
            absl::StrReplaceAll(
                absl::StrCat("failed to checkout and determine revision: ",
                             GetParam().message),
                {{"%u", git_.Url("ns/app")}}));
  EXPECT_EQ(Condition(object, "Reconciling").GetString("reason"),
            "ProgressingWithRetry");
  EXPECT_EQ(Condition(object, "Reconciling").GetString("message"),
            "building artifact");
  EXPECT_EQ(Condition(object, "FetchFailed").GetString("status"), "True");
  EXPECT_EQ(object["status"].GetInt("observedGeneration"), -1);
  EXPECT_THAT(TakeEvents().at(0), HasSubstr("error GitOperationFailed"));
}
INSTANTIATE_TEST_SUITE_P(
    Table, GitRefErrorTest,
    ::testing::Values(
        RefErrorCase{"Branch", "branch: none",
                     "unable to clone '%u': couldn't find remote ref "
                     "\"refs/heads/none\""},
        RefErrorCase{"Tag", "tag: none",
                     "unable to clone '%u': couldn't find remote ref "
                     "\"refs/tags/none\""},
        RefErrorCase{"Semver", "semver: '>=9.0.0'",
                     "no match found for semver: >=9.0.0"},
        RefErrorCase{"BadRange", "semver: bad range",
                     "semver parse error: improper constraint: "
                     "\"bad range\""},
        RefErrorCase{"Commit",
                     "commit: '1111111111111111111111111111111111111111'",
                     "unable to resolve commit object for "
                     "'1111111111111111111111111111111111111111': object not "
                     "found"},
        RefErrorCase{"ShortCommit", "commit: abcdef0",
                     "unable to resolve commit object for 'abcdef0': object "
                     "not found"},
        RefErrorCase{"Name", "name: refs/none",
                     "unable to resolve ref 'refs/none' to a specific "
                     "commit"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(GitTest, EqualVersionsGoByTheTimeOfTheirCommits) {
  const std::string first = repo_.Commit(Standard());
  const std::string second = repo_.Commit({.files = {{"a", "1"}}});
  repo_.Tag("1.0.0+z", first);
  repo_.Tag("1.0.0+a", second);
  Start();
  Apply("ref: {semver: '>=1.0.0'}");
  EXPECT_EQ(Revision(WaitReady()), "1.0.0+a@sha1:" + second);
}

TEST_F(GitTest, AnEmptyRepositoryThenItsFirstCommit) {
  Start();
  Apply("ref: {branch: main}");
  Value object = WaitReady("False");
  EXPECT_THAT(
      Conditions(object),
      ElementsAre("Reconciling True ProgressingWithRetry 1 building artifact",
                  "Ready False EmptyGitRepository 1 git repository is empty",
                  "FetchFailed True EmptyGitRepository 1 git repository is "
                  "empty"));
  repo_.Commit(Standard());
  Request("r1");
  object = WaitReady("True", "r1");
  EXPECT_EQ(Conditions(object).size(), 2u);
}

TEST_F(GitTest, AMissingRepository) {
  Start();
  Apply("{ref: {branch: main}, url: '" + git_.Url("ns/none") + "'}");
  const Value object = WaitReady("False");
  EXPECT_EQ(Condition(object, "Ready").GetString("message"),
            "failed to checkout and determine revision: unable to clone '" +
                git_.Url("ns/none") + "': repository not found: ");
}

TEST_F(GitTest, TheServerIsDownAndComesBack) {
  const std::string commit = repo_.Commit(Standard());
  Start();
  Apply("ref: {branch: main}");
  WaitReady();
  TakeEvents();
  git_.SetBehaviour({.status = 503});
  Request("r1");
  Value object = WaitReady("False", "r1");
  EXPECT_EQ(
      Condition(object, "Ready").GetString("message"),
      absl::StrCat(
          "failed to checkout and determine revision: unable to list remote "
          "for '",
          git_.Url("ns/app"),
          "': unexpected client error: unexpected requesting \"",
          git_.Url("ns/app"),
          "/info/refs?service=git-upload-pack\" status code: 503"));
  EXPECT_EQ(Condition(object, "Reconciling").GetString("message"),
            "reconciliation in progress");
  // The artifact stays, and retries write nothing.
  EXPECT_EQ(Revision(object), "main@sha1:" + commit);
  TakeStatusWrites();
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_EQ(TakeStatusWrites(), 0u);
  TakeEvents();
  git_.SetBehaviour({});
  object = WaitReady("True");
  EXPECT_EQ(Conditions(object).size(), 2u);
  const std::vector<std::string> events = TakeEvents();
  ASSERT_GE(events.size(), 2u);
  EXPECT_EQ(
      events[events.size() - 2],
      "info Succeeded stored artifact for commit 'main@sha1:" + commit + "'");
  EXPECT_THAT(events.back(), HasSubstr("trace GitOperationSucceeded"));
}

TEST_F(GitTest, TheTimeoutIsKept) {
  repo_.Commit(Standard());
  git_.SetBehaviour({.delay = absl::Seconds(30)});
  Start();
  Apply("{ref: {branch: main}, timeout: 50ms}");
  const Value object = WaitReady("False");
  EXPECT_EQ(Condition(object, "Ready").GetString("message"),
            absl::StrCat("failed to checkout and determine revision: unable to "
                         "clone '",
                         git_.Url("ns/app"), "': Get \"", git_.Url("ns/app"),
                         "/info/refs?service=git-upload-pack\": context "
                         "deadline exceeded"));
}

TEST_F(GitTest, ABranchThatIsForcePushedIsFollowed) {
  repo_.Commit(Standard());
  Start();
  Apply("ref: {branch: main}");
  WaitReady();
  const std::string other =
      repo_.Commit({.files = {{"other", "1"}}, .is_orphan = true});
  Request("r1");
  const Value object = WaitReady("True", "r1");
  EXPECT_EQ(Revision(object), "main@sha1:" + other);
  EXPECT_THAT(Entries(object), ElementsAre(". 750", "other 600 1"));
}

TEST_F(GitTest, ANewUrlIsFollowed) {
  repo_.Commit(Standard());
  test::GitRepo second(dir_.path() + "/git/ns/second.git");
  const std::string commit = second.Commit({.files = {{"q", "q"}}});
  Start();
  Apply("ref: {branch: main}");
  WaitReady();
  Apply("{ref: {branch: main}, url: '" + git_.Url("ns/second") + "'}");
  EXPECT_EQ(Revision(WaitReady()), "main@sha1:" + commit);
}

TEST_F(GitTest, AFieldThatIsNotBuiltStalls) {
  repo_.Commit(Standard());
  Start();
  Apply(
      "{ref: {branch: main}, proxySecretRef: {name: x}, verify: {mode: HEAD, "
      "secretRef: {name: z}}}");
  Value object = WaitReady("False");
  EXPECT_EQ(Condition(object, "Stalled").GetString("reason"), "NotSupported");
  EXPECT_THAT(std::string(Condition(object, "Stalled").GetString("message")),
              ::testing::AllOf(HasSubstr("spec.proxySecretRef"),
                               HasSubstr("spec.verify")));
  EXPECT_EQ(object["status"].GetInt("observedGeneration"), 1);
  EXPECT_TRUE(Condition(object, "Reconciling").is_null());
  EXPECT_THAT(git_.TakeRequests(), IsEmpty());
  Apply("ref: {branch: main}");
  object = WaitReady("True");
  EXPECT_TRUE(Condition(object, "Stalled").is_null());
}

TEST_F(GitTest, AUrlThatCannotBeStalls) {
  Start();
  Apply("url: 'http://'");
  const Value object = WaitReady("False");
  EXPECT_EQ(Condition(object, "Stalled").GetString("reason"), "URLInvalid");
  EXPECT_EQ(Condition(object, "FetchFailed").GetString("reason"), "URLInvalid");
}

TEST_F(GitTest, LocalRepositoriesAreReadInPlace) {
  const std::string commit = repo_.Commit(Standard());
  options_.local_repositories["http://local/app"] = repo_.path();
  Start();
  Apply("{ref: {branch: main}, url: 'http://local/app'}");
  EXPECT_EQ(Revision(WaitReady()), "main@sha1:" + commit);
  EXPECT_THAT(git_.TakeRequests(), IsEmpty());
  const std::string next = repo_.Commit({.files = {{"n", "1"}}});
  Request("r1");
  EXPECT_EQ(Revision(WaitReady("True", "r1")), "main@sha1:" + next);
}

}  // namespace
}  // namespace weir::source
