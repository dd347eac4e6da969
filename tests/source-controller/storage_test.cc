// What becomes of artifacts: retention, restarts, tampering, suspension,
// deletion; and how they are served.

#include <sys/stat.h>
#include <unistd.h>

#include "tests/source-controller/fixture.h"
#include "weir/artifact/grpc.h"
#include "weir/http/client.h"

namespace weir::source {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

bool Exists(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0;
}

class StorageTest : public SourceTest {
 protected:
  std::string File(const std::string& commit) const {
    return StoragePath() + "/gitrepository/ns/app/" + commit + ".tar.gz";
  }
};

TEST_F(StorageTest, KeepsTwoOfOneSource) {
  std::vector<std::string> commits = {repo_.Commit({.files = {{"a", "0"}}})};
  Start();
  Apply("ref: {branch: main}");
  WaitReady();
  for (int i = 1; i < 4; ++i) {
    commits.push_back(repo_.Commit({.files = {{"a", absl::StrCat(i)}}}));
    Request(absl::StrCat("r", i));
    WaitReady("True", absl::StrCat("r", i));
  }
  EXPECT_FALSE(Exists(File(commits[0])));
  EXPECT_TRUE(Exists(File(commits[1])));
  EXPECT_TRUE(Exists(File(commits[2])));
  EXPECT_TRUE(Exists(File(commits[3])));
  EXPECT_THAT(TakeEvents(),
              ::testing::Contains("trace GarbageCollectionSucceeded garbage "
                                  "collected 1 artifacts"));
}

TEST_F(StorageTest, ARestartAdoptsWhatIsThere) {
  const std::string commit = repo_.Commit({.files = {{"a", "0"}}});
  Start();
  Apply("ref: {branch: main}");
  const Value before = WaitReady();
  Stop();
  git_.TakeRequests();
  // The same address, so that not even the URL changes.
  options_.advertised_address =
      std::string(before["status"]["artifact"].GetString("url"))
          .substr(7, before["status"]["artifact"].GetString("url").find(
                         "/gitrepository") -
                         7);
  TakeStatusWrites();
  Start();
  const artifact::SourceKey key{"GitRepository", "ns", "app"};
  while (!controller_->artifacts()->Get(Context(), key).ok()) {
    absl::SleepFor(absl::Milliseconds(2));
  }
  while (git_.TakeRequests().empty()) absl::SleepFor(absl::Milliseconds(2));
  absl::SleepFor(absl::Milliseconds(20));
  EXPECT_THAT(git_.TakeRequests(), IsEmpty());
  EXPECT_EQ(TakeStatusWrites(), 0u);
  EXPECT_EQ(Get()["status"], before["status"]);
}

TEST_F(StorageTest, AnEmptyStorageIsFilledAgain) {
  const std::string commit = repo_.Commit({.files = {{"a", "0"}}});
  Start();
  Apply("ref: {branch: main}");
  WaitReady();
  Stop();
  ASSERT_TRUE(RemoveAll(StoragePath()).ok());
  ASSERT_TRUE(MakeDirectories(StoragePath()).ok());
  Start();
  WaitFor([&](const Value& object) {
    return Condition(object, "Ready").GetString("status") == "True" &&
           Exists(File(commit));
  });
}

TEST_F(StorageTest, ATamperedFileIsReplaced) {
  const std::string commit = repo_.Commit({.files = {{"a", "0"}}});
  Start();
  Apply("ref: {branch: main}");
  const Value before = WaitReady();
  ASSERT_TRUE(WriteFileAtomically(File(commit), "garbage").ok());
  TakeEvents();
  Request("r1");
  const Value after = WaitReady("True", "r1");
  EXPECT_THAT(Entries(after), ElementsAre(". 750", "a 600 1"));
  EXPECT_EQ(after["status"]["artifact"]["digest"],
            before["status"]["artifact"]["digest"]);
  EXPECT_THAT(
      TakeEvents(),
      ::testing::Contains(HasSubstr(
          "error ArtifactVerificationFailed failed to verify integrity of "
          "artifact: computed digest doesn't match")));
}

TEST_F(StorageTest, SuspendAndResume) {
  repo_.Commit({.files = {{"a", "0"}}});
  Start();
  Apply("ref: {branch: main}");
  WaitReady();
  TakeEvents();
  Apply("{ref: {branch: main}, suspend: true}");
  Value object = WaitReady();
  EXPECT_EQ(object["status"].GetInt("observedGeneration"), 2);
  const std::string second = repo_.Commit({.files = {{"a", "1"}}});
  git_.TakeRequests();
  Request("r1");
  object = WaitReady("True", "r1");
  EXPECT_THAT(git_.TakeRequests(), IsEmpty());
  EXPECT_THAT(TakeEvents(), IsEmpty());
  Apply("{ref: {branch: main}, suspend: false}");
  object = WaitReady();
  EXPECT_EQ(Revision(object), "main@sha1:" + second);
}

TEST_F(StorageTest, DeletionRemovesEverything) {
  const std::string commit = repo_.Commit({.files = {{"a", "0"}}});
  Start();
  for (const char* suspend : {"false", "true"}) {
    Apply(absl::StrCat("{ref: {branch: main}, suspend: false}"));
    WaitReady();
    Apply(absl::StrCat("{ref: {branch: main}, suspend: ", suspend, "}"));
    WaitReady();
    TakeEvents();
    Value patch;
    cluster_->Delete(Ref());
    WaitFor([](const Value& object) { return object.is_null(); });
    EXPECT_FALSE(Exists(StoragePath() + "/gitrepository/ns/app"));
    EXPECT_FALSE(Exists(StoragePath() + "/.git-cache/ns/app"));
    EXPECT_THAT(TakeEvents(),
                ElementsAre("trace GarbageCollectionSucceeded garbage "
                            "collected artifacts for deleted resource"));
    EXPECT_FALSE(controller_->artifacts()
                     ->Get(Context(), {"GitRepository", "ns", "app"})
                     .ok());
  }
}

TEST_F(StorageTest, ADamagedCacheIsMadeAnew) {
  repo_.Commit({.files = {{"a", "0"}}});
  Start();
  Apply("ref: {branch: main}");
  WaitReady();
  // Packs become garbage.
  test::RunOrDie({"sh", "-c",
                  "chmod -R u+w . && for f in $(find . -name '*.pack' -o -name "
                  "'*.idx'); do echo garbage > $f; done"},
                 StoragePath() + "/.git-cache");
  const std::string second = repo_.Commit({.files = {{"b", "1"}}});
  Request("r1");
  const Value object = WaitReady("True", "r1");
  EXPECT_EQ(Revision(object), "main@sha1:" + second);
  EXPECT_THAT(Entries(object), ElementsAre(". 750", "a 600 1", "b 600 1"));
}

TEST_F(StorageTest, ServesOverHttpAndGrpc) {
  repo_.Commit({.files = {{"a", "0"}}});
  options_.grpc_address = "127.0.0.1:0";
  Start();
  Apply("ref: {branch: main}");
  const Value object = WaitReady();
  http::Client client;
  http::Request request;
  request.url = std::string(object["status"]["artifact"].GetString("url"));
  request.accept_gzip = false;
  const auto response = client.SendAndWait(
      Context().WithTimeout(absl::Seconds(10)), std::move(request));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->code, 200);
  EXPECT_EQ(static_cast<int64_t>(response->body.size()),
            object["status"]["artifact"].GetInt("size"));
  http::Request root;
  root.url = absl::StrCat("http://", controller_->storage_address(), "/");
  EXPECT_EQ(client
                .SendAndWait(Context().WithTimeout(absl::Seconds(10)),
                             std::move(root))
                ->code,
            200);

  const auto service =
      artifact::MakeArtifactGrpcClient(controller_->grpc_address());
  ASSERT_TRUE(service.ok()) << service.status();
  const auto artifact = (*service)->Get(
      Context().WithTimeout(absl::Seconds(10)), {"GitRepository", "ns", "app"});
  ASSERT_TRUE(artifact.ok()) << artifact.status();
  EXPECT_EQ(artifact->digest, object["status"]["artifact"].GetString("digest"));
  std::string bytes;
  const auto digest = (*service)->Read(Context().WithTimeout(absl::Seconds(10)),
                                       {artifact->digest, ""}, 0,
                                       [&bytes](absl::string_view part) {
                                         bytes.append(part.data(), part.size());
                                         return absl::OkStatus();
                                       });
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(bytes, response->body);
}

TEST_F(StorageTest, ANewAddressIsToldWithoutANewArtifact) {
  repo_.Commit({.files = {{"a", "0"}}});
  options_.advertised_address = "one.example";
  Start();
  Apply("ref: {branch: main}");
  EXPECT_THAT(
      std::string(WaitReady()["status"]["artifact"].GetString("url")),
      ::testing::StartsWith("http://one.example/gitrepository/ns/app/"));
  TakeEvents();
  Stop();
  options_.advertised_address = "https://two.example:8443";
  Start();
  WaitFor([](const Value& object) {
    return absl::StartsWith(object["status"]["artifact"].GetString("url"),
                            "https://two.example:8443/gitrepository/ns/app/");
  });
  EXPECT_THAT(TakeEvents(),
              ::testing::Not(::testing::Contains(HasSubstr("NewArtifact"))));
}

TEST_F(StorageTest, AStorageThatIsNoFolderIsRefused) {
  options_.storage_path = dir_.path() + "/none";
  reconcile::ManagerOptions manager;
  manager.transport = cluster_;
  const auto made = reconcile::Manager::Create(std::move(manager));
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(SourceController::Create(**made, options_).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace weir::source
