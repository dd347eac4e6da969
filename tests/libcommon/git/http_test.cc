// Fetches over HTTP from a real `git http-backend`.

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/certificates.h"
#include "tests/support/git_servers.h"
#include "weir/base/file.h"
#include "weir/git/remote.h"
#include "weir/http/client.h"

namespace weir::git {
namespace {

using testing::HasSubstr;

class GitHttpTest : public testing::Test {
 protected:
  GitHttpTest()
      : dir_(*TempDir::Create("git-test")),
        repo_(dir_.path() + "/ns/app.git"),
        server_(dir_.path()),
        store_(*Repository::OpenOrCreate(dir_.path() + "/store")) {}

  RemoteOptions Options() {
    RemoteOptions options;
    options.url = server_.Url("ns/app");
    options.http_client = &client_;
    return options;
  }
  std::unique_ptr<Remote> Connect(RemoteOptions options) {
    auto remote = Remote::Connect(Context().WithTimeout(absl::Seconds(30)),
                                  std::move(options));
    EXPECT_TRUE(remote.ok()) << remote.status();
    return *std::move(remote);
  }
  absl::Status Failure(RemoteOptions options,
                       absl::Duration timeout = absl::Seconds(30)) {
    return Remote::Connect(Context().WithTimeout(timeout), std::move(options))
        .status();
  }

  TempDir dir_;
  test::GitRepo repo_;
  test::GitHttpServer server_;
  http::Client client_;
  std::unique_ptr<Repository> store_;
};

TEST_F(GitHttpTest, FetchesOneCommitInTwoRequests) {
  const std::string first = repo_.Commit({.files = {{"a", "1"}, {"b", "2"}}});
  const std::string second = repo_.Commit({.files = {{"a", "3"}}});
  const auto remote = Connect(Options());
  const Oid oid = remote->Find("refs/heads/main")->oid;
  EXPECT_EQ(oid.ToHex(), second);
  const absl::Status status = remote->Fetch(Context(), {oid}, 1, store_.get());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(store_->HasCommit(oid));
  EXPECT_FALSE(store_->HasCommit(*ParseOid(first)));
  EXPECT_EQ(*store_->ReadSmallBlob(store_->FindEntry(oid, "b")->oid, 9), "2");
  const auto requests = server_.TakeRequests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].target,
            "/ns/app.git/info/refs?service=git-upload-pack");
  EXPECT_EQ(requests[1].target, "/ns/app.git/git-upload-pack");
}

TEST_F(GitHttpTest, ALaterFetchCostsWhatChanged) {
  std::string big(200 << 10, '\0');
  uint32_t state = 1;
  for (char& c : big) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  repo_.Commit({.files = {{"big", big}, {"a", "1"}}});
  std::vector<size_t> sizes;
  for (int i = 0; i < 4; ++i) {
    const auto remote = Connect(Options());
    const Oid oid = remote->Find("refs/heads/main")->oid;
    const absl::Status status =
        remote->Fetch(Context(), {oid}, 1, store_.get());
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(*store_->ReadSmallBlob(store_->FindEntry(oid, "a")->oid, 99),
              i == 0 ? "1" : absl::StrCat("change ", i));
    EXPECT_TRUE(store_->FindEntry(oid, "big").ok());
    sizes.push_back(server_.TakeRequests().back().response_bytes);
    repo_.Commit({.files = {{"a", absl::StrCat("change ", i + 1)}}});
  }
  EXPECT_GT(sizes[0], big.size());
  for (size_t i = 1; i < sizes.size(); ++i) EXPECT_LT(sizes[i], 2000u);
}

TEST_F(GitHttpTest, FetchesWhatIsThereAlready) {
  repo_.Commit({.files = {{"a", "1"}}});
  for (int i = 0; i < 2; ++i) {
    const auto remote = Connect(Options());
    const Oid oid = remote->Find("refs/heads/main")->oid;
    const absl::Status status =
        remote->Fetch(Context(), {oid}, 1, store_.get());
    ASSERT_TRUE(status.ok()) << status;
  }
}

TEST_F(GitHttpTest, AForcePushedBranchIsFetched) {
  repo_.Commit({.files = {{"a", "1"}}});
  for (int i = 0; i < 2; ++i) {
    const auto remote = Connect(Options());
    const Oid oid = remote->Find("refs/heads/main")->oid;
    const absl::Status status =
        remote->Fetch(Context(), {oid}, 1, store_.get());
    ASSERT_TRUE(status.ok()) << status;
    repo_.Commit({.files = {{"z", "9"}}, .is_orphan = true});
  }
}

TEST_F(GitHttpTest, AnOlderCommitComesAloneWhereTheServerAllowsIt) {
  const std::string first = repo_.Commit({.files = {{"a", "1"}}});
  repo_.Commit({.files = {{"a", "2"}}});
  EXPECT_FALSE(Connect(Options())->CanFetchAnyCommit());
  repo_.Git({"config", "uploadpack.allowReachableSHA1InWant", "true"});
  const auto remote = Connect(Options());
  ASSERT_TRUE(remote->CanFetchAnyCommit());
  const Oid oid = *ParseOid(first);
  const absl::Status status = remote->Fetch(Context(), {oid}, 1, store_.get());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(*store_->ReadSmallBlob(store_->FindEntry(oid, "a")->oid, 9), "1");
}

TEST_F(GitHttpTest, AnOlderCommitComesWithTheWholeHistory) {
  const std::string first = repo_.Commit({.files = {{"a", "1"}}});
  repo_.Commit({.files = {{"a", "2"}}});
  {  // A shallow store must be deepened.
    const auto remote = Connect(Options());
    const Oid tip = remote->Find("refs/heads/main")->oid;
    ASSERT_TRUE(remote->Fetch(Context(), {tip}, 1, store_.get()).ok());
  }
  EXPECT_FALSE(store_->HasCommit(*ParseOid(first)));
  const auto remote = Connect(Options());
  const Oid tip = remote->Find("refs/heads/main")->oid;
  const absl::Status status = remote->Fetch(Context(), {tip}, 0, store_.get());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(store_->HasCommit(*ParseOid(first)));
}

TEST_F(GitHttpTest, AnUnknownObjectIsNotFound) {
  repo_.Commit({.files = {{"a", "1"}}});
  repo_.Git({"config", "uploadpack.allowAnySHA1InWant", "true"});
  const absl::Status status = Connect(Options())->Fetch(
      Context(), {*ParseOid(std::string(40, '1'))}, 1, store_.get());
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
}

TEST_F(GitHttpTest, AnnotatedTagsComeWithTheirCommit) {
  const std::string commit = repo_.Commit({.files = {{"a", "1"}}});
  repo_.Tag("v1", commit, true);
  const auto remote = Connect(Options());
  const RemoteRef* tag = remote->Find("refs/tags/v1");
  ASSERT_NE(tag, nullptr);
  EXPECT_EQ(tag->target().ToHex(), commit);
  ASSERT_TRUE(remote->Fetch(Context(), {tag->oid}, 1, store_.get()).ok());
  EXPECT_EQ(store_->ReadTag(tag->oid)->name, "v1");
  EXPECT_TRUE(store_->HasCommit(tag->target()));
}

TEST_F(GitHttpTest, AnEmptyRepositoryHasNoReferences) {
  EXPECT_TRUE(Connect(Options())->refs().empty());
}

TEST_F(GitHttpTest, BasicAndBearer) {
  repo_.Commit({.files = {{"a", "1"}}});
  server_.SetBehaviour({.basic = "user:pass", .bearer = "token"});
  absl::Status status = Failure(Options());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(status.message(), "authentication required: unauthorized\n");
  RemoteOptions options = Options();
  options.username = "user";
  options.password = Secret("wrong");
  EXPECT_EQ(Failure(options).code(), absl::StatusCode::kUnauthenticated);
  options.password = Secret("pass");
  EXPECT_FALSE(Connect(options)->refs().empty());
  options = Options();
  options.bearer_token = Secret("token");
  EXPECT_FALSE(Connect(options)->refs().empty());
  options = Options();
  options.url.insert(7, "user:pass@");
  EXPECT_FALSE(Connect(options)->refs().empty());
}

TEST_F(GitHttpTest, NoHeaderWithoutCredentials) {
  repo_.Commit({.files = {{"a", "1"}}});
  Connect(Options());
  EXPECT_EQ(server_.TakeRequests()[0].authorization, "");
}

TEST_F(GitHttpTest, AMissingRepositoryIsNotFound) {
  RemoteOptions options = Options();
  options.url = server_.Url("ns/none");
  const absl::Status status = Failure(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "repository not found: ");
}

TEST_F(GitHttpTest, ErrorsReadAsUsersKnowThem) {
  server_.SetBehaviour({.status = 503});
  absl::Status status = Failure(Options());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(),
            absl::StrCat("unexpected client error: unexpected requesting \"",
                         server_.Url("ns/app"),
                         "/info/refs?service=git-upload-pack\" status code: "
                         "503"));
  server_.SetBehaviour({.delay = absl::Seconds(5)});
  status = Failure(Options(), absl::Milliseconds(50));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(status.message(),
            absl::StrCat("Get \"", server_.Url("ns/app"),
                         "/info/refs?service=git-upload-pack\": context "
                         "deadline exceeded"));
  RemoteOptions options = Options();
  options.url = "http://127.0.0.1:1/x.git";
  status = Failure(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(),
            "Get \"http://127.0.0.1:1/x.git/info/refs?service=git-upload-pack"
            "\": dial tcp 127.0.0.1:1: connect: connection refused");
}

TEST_F(GitHttpTest, FollowsARedirectOfTheReferencesWithoutCredentials) {
  repo_.Commit({.files = {{"a", "1"}}});
  test::GitHttpServer other(dir_.path());
  other.SetBehaviour(
      {.redirect_to = absl::StrCat("http://127.0.0.1:", server_.port())});
  RemoteOptions options = Options();
  options.url = other.Url("ns/app");
  options.username = "user";
  options.password = Secret("pass");
  const auto remote = Connect(options);
  const Oid oid = remote->Find("refs/heads/main")->oid;
  ASSERT_TRUE(remote->Fetch(Context(), {oid}, 1, store_.get()).ok());
  EXPECT_NE(other.TakeRequests().at(0).authorization, "");
  const auto requests = server_.TakeRequests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].authorization, "");
  EXPECT_EQ(requests[1].authorization, "");
}

TEST_F(GitHttpTest, MutualTls) {
  repo_.Commit({.files = {{"a", "1"}}});
  const test::Authority authority;
  const test::KeyPair server = authority.SignServer();
  const test::KeyPair client = authority.Sign({.common_name = "client"});
  http::ServerTls tls;
  tls.certificate_pem = server.certificate_pem;
  tls.key_pem = Secret(server.key_pem);
  tls.client_ca_pem = authority.pem();
  tls.require_client_certificate = true;
  const test::GitHttpServer secure(dir_.path(), std::move(tls));
  RemoteOptions options = Options();
  options.url = secure.Url("ns/app");
  // The authority is not known.
  EXPECT_EQ(Failure(options).code(), absl::StatusCode::kUnauthenticated);
  auto trust = std::make_shared<http::TlsOptions>();
  trust->ca_pem = authority.pem();
  options.tls = trust;
  EXPECT_FALSE(Failure(options).ok());  // No client certificate.
  auto both = std::make_shared<http::TlsOptions>(*trust);
  both->client_certificate_pem = client.certificate_pem;
  both->client_key_pem = Secret(client.key_pem);
  options.tls = both;
  const auto remote = Connect(options);
  const Oid oid = remote->Find("refs/heads/main")->oid;
  const absl::Status status = remote->Fetch(Context(), {oid}, 1, store_.get());
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace weir::git
