// Fetches over SSH from a real sshd, and known_hosts.

#include <dirent.h>
#include <sys/stat.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/git_servers.h"
#include "weir/base/file.h"
#include "weir/git/known_hosts.h"
#include "weir/git/remote.h"
#include "weir/git/ssh_key.h"

namespace weir::git {
namespace {

using testing::HasSubstr;

int64_t PackBytes(const std::string& store) {
  int64_t bytes = 0;
  const std::string dir = store + "/objects/pack";
  if (DIR* handle = opendir(dir.c_str())) {
    while (const dirent* entry = readdir(handle)) {
      struct stat info;
      if (absl::EndsWith(entry->d_name, ".pack") &&
          stat(absl::StrCat(dir, "/", entry->d_name).c_str(), &info) == 0) {
        bytes += info.st_size;
      }
    }
    closedir(handle);
  }
  return bytes;
}

class GitSshTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempDir(*TempDir::Create("git-ssh"));
    server_ = new test::SshServer(folder_->path() + "/sshd");
  }
  static void TearDownTestSuite() {
    delete server_;
    delete folder_;
  }

  GitSshTest()
      : dir_(*TempDir::Create("git-test")),
        repo_(dir_.path() + "/app.git"),
        store_(*Repository::OpenOrCreate(dir_.path() + "/store")) {}

  RemoteOptions Options() const {
    RemoteOptions options;
    options.url = server_->Url(repo_.path());
    options.ssh_private_key = server_->PrivateKey();
    options.ssh_known_hosts = server_->KnownHosts();
    return options;
  }
  absl::Status Failure(RemoteOptions options) const {
    return Remote::Connect(Context().WithTimeout(absl::Seconds(20)),
                           std::move(options))
        .status();
  }

  static TempDir* folder_;
  static test::SshServer* server_;
  TempDir dir_;
  test::GitRepo repo_;
  std::unique_ptr<Repository> store_;
};
TempDir* GitSshTest::folder_ = nullptr;
test::SshServer* GitSshTest::server_ = nullptr;

TEST_F(GitSshTest, FetchesOneCommitWithoutItsHistory) {
  const std::string first = repo_.Commit({.files = {{"a", "1"}, {"b", "2"}}});
  const std::string second = repo_.Commit({.files = {{"a", "3"}}});
  const auto remote = Remote::Connect(Context(), Options());
  ASSERT_TRUE(remote.ok()) << remote.status();
  EXPECT_EQ((*remote)->head_target(), "refs/heads/main");
  const Oid oid = (*remote)->Find("refs/heads/main")->oid;
  EXPECT_EQ(oid.ToHex(), second);
  ASSERT_TRUE((*remote)->Fetch(Context(), {oid}, 1, store_.get()).ok());
  EXPECT_TRUE(store_->HasCommit(oid));
  EXPECT_FALSE(store_->HasCommit(*ParseOid(first)));
  EXPECT_EQ(*store_->ReadSmallBlob(store_->FindEntry(oid, "b")->oid, 100), "2");
}

TEST_F(GitSshTest, ALaterFetchCostsWhatChanged) {
  std::string big(300 << 10, '\0');
  uint32_t state = 1;
  for (char& c : big) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  repo_.Commit({.files = {{"big", big}, {"a", "1"}}});
  for (int i = 0; i < 3; ++i) {
    const auto remote = Remote::Connect(Context(), Options());
    ASSERT_TRUE(remote.ok()) << remote.status();
    const Oid oid = (*remote)->Find("refs/heads/main")->oid;
    const absl::Status status =
        (*remote)->Fetch(Context(), {oid}, 1, store_.get());
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(store_->ReadSmallBlob(store_->FindEntry(oid, "big")->oid, 1 << 20)
                  ->size(),
              big.size());
    repo_.Commit({.files = {{"a", absl::StrCat("change ", i)}}});
  }
  EXPECT_LT(PackBytes(store_->path()), 2 * 300 << 10);
}

TEST_F(GitSshTest, AMissingRepositoryIsNotFound) {
  RemoteOptions options = Options();
  options.url = server_->Url(dir_.path() + "/none.git");
  const absl::Status status = Failure(std::move(options));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_THAT(status.message(), HasSubstr("repository not found"));
}

TEST_F(GitSshTest, RefusesAnotherHostKey) {
  RemoteOptions options = Options();
  options.ssh_known_hosts = server_->KnownHosts("other");
  const absl::Status status = Failure(std::move(options));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
  EXPECT_EQ(status.message(),
            "ssh: handshake failed: knownhosts: key mismatch");
}

TEST_F(GitSshTest, RefusesAnUnknownHost) {
  RemoteOptions options = Options();
  options.ssh_known_hosts =
      "example.com ssh-ed25519 " + std::string("AAAAC3NzaC1lZDI1NTE5AAAAIA==");
  const absl::Status status = Failure(std::move(options));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
  EXPECT_EQ(status.message(),
            "ssh: handshake failed: knownhosts: key is unknown");
}

TEST_F(GitSshTest, AKeyThatMayNotLogInIsUnauthenticated) {
  RemoteOptions options = Options();
  options.ssh_private_key = server_->PrivateKey("other");
  const absl::Status status = Failure(std::move(options));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
  EXPECT_THAT(status.message(), HasSubstr("unable to authenticate"));
}

TEST_F(GitSshTest, ConnectEndsWithItsContext) {
  RemoteOptions options = Options();
  // Nothing answers there; the connection is accepted by the backlog.
  const Context ctx = Context().WithTimeout(absl::Milliseconds(1));
  const absl::Status status = Remote::Connect(ctx, std::move(options)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
}

TEST_F(GitSshTest, NothingListens) {
  RemoteOptions options = Options();
  options.url = "ssh://git@127.0.0.1:1/x.git";
  const absl::Status status = Failure(std::move(options));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(status.message(),
            "dial tcp 127.0.0.1:1: connect: connection refused");
}

TEST(SshKeyTest, TellsWhatIsWrong) {
  const TempDir dir = *TempDir::Create("git-key");
  const std::string path = dir.path() + "/key";
  test::RunOrDie(
      {"ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", path});
  const Secret key(*ReadFile(path));
  EXPECT_TRUE(CheckSshKey(key, Secret("secret")).ok());
  EXPECT_EQ(CheckSshKey(key, Secret()).message(),
            "ssh: this private key is passphrase protected");
  EXPECT_FALSE(CheckSshKey(key, Secret("wrong")).ok());
  EXPECT_FALSE(CheckSshKey(Secret("garbage"), Secret()).ok());
  for (const char* type : {"rsa", "ecdsa"}) {
    const std::string other = absl::StrCat(dir.path(), "/", type);
    test::RunOrDie({"ssh-keygen", "-q", "-t", type, "-N", "", "-f", other});
    EXPECT_TRUE(CheckSshKey(Secret(*ReadFile(other)), Secret()).ok()) << type;
  }
}

// A key of the given type with `n` as its contents, and its base64.
std::string Blob(const std::string& type, char n) {
  const auto size = static_cast<char>(type.size());
  return std::string({0, 0, 0, size}) + type + std::string({0, 0, 0, 1, n});
}
std::string Base64(const std::string& type, char n) {
  return absl::Base64Escape(Blob(type, n));
}

TEST(KnownHostsTest, MatchesNamesPortsPatternsAndHashes) {
  const std::string a = Blob("ssh-ed25519", 'a');
  const std::string b = Blob("ssh-rsa", 'b');
  const auto hosts = KnownHosts::Parse(absl::StrCat(
      "# comment\n\nhost.example,10.0.0.1 ssh-ed25519 ",
      Base64("ssh-ed25519", 'a'), " name\n[host.example]:2222 ssh-rsa ",
      Base64("ssh-rsa", 'b'), "\n*.wild.example,!bad.wild.example ssh-rsa ",
      Base64("ssh-rsa", 'b'), "\n@revoked host.example ssh-rsa ",
      Base64("ssh-rsa", 'b'),
      // 192.168.1.61, the example of sshd(8).
      "\n|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= "
      "ssh-rsa ",
      Base64("ssh-rsa", 'b'), "\n"));
  ASSERT_TRUE(hosts.ok()) << hosts.status();
  EXPECT_TRUE(hosts->Check("host.example", 22, a).ok());
  EXPECT_TRUE(hosts->Check("HOST.example", 22, a).ok());
  EXPECT_TRUE(hosts->Check("10.0.0.1", 22, a).ok());
  EXPECT_TRUE(hosts->Check("host.example", 2222, b).ok());
  EXPECT_TRUE(hosts->Check("x.wild.example", 22, b).ok());
  EXPECT_EQ(hosts->Check("bad.wild.example", 22, b).message(),
            "knownhosts: key is unknown");
  EXPECT_EQ(hosts->Check("host.example", 22, b).message(),
            "knownhosts: key is revoked");
  EXPECT_EQ(hosts->Check("host.example", 2222, a).message(),
            "knownhosts: key mismatch");
  EXPECT_TRUE(hosts->Check("192.168.1.61", 22, b).ok());
  EXPECT_THAT(hosts->KeyTypes("host.example", 2222),
              testing::ElementsAre("ssh-rsa"));
}

TEST(KnownHostsTest, NamesTheMalformedLine) {
  EXPECT_THAT(KnownHosts::Parse("a\n").status().message(), HasSubstr("line 1"));
  EXPECT_THAT(KnownHosts::Parse("\n\na ssh-rsa !!\n").status().message(),
              HasSubstr("line 3"));
  EXPECT_THAT(KnownHosts::Parse("@what a ssh-rsa AAAA\n").status().message(),
              HasSubstr("unknown marker"));
  EXPECT_TRUE(KnownHosts::Parse("")->empty());
}

}  // namespace
}  // namespace weir::git
