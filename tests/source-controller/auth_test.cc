// Credentials: what a Secret means over HTTP and SSH.

#include "tests/source-controller/fixture.h"
#include "tests/support/certificates.h"

namespace weir::source {
namespace {

using ::testing::HasSubstr;

class AuthTest : public SourceTest {
 protected:
  void Expect(const Value& object, const std::string& reason,
              const std::string& message) {
    EXPECT_EQ(Condition(object, "Ready").GetString("reason"), reason);
    EXPECT_EQ(Condition(object, "Ready").GetString("message"), message);
  }
};

TEST_F(AuthTest, NoneThenWrongThenRight) {
  repo_.Commit({.files = {{"a", "0"}}});
  git_.SetBehaviour({.basic = "user:pass"});
  Start();
  Apply("ref: {branch: main}");
  const std::string message =
      "failed to checkout and determine revision: unable to clone '" +
      git_.Url("ns/app") + "': authentication required: unauthorized\n";
  Expect(WaitReady("False"), "GitOperationFailed", message);
  ApplySecret({{"username", "user"}, {"password", "bad"}});
  Apply("{ref: {branch: main}, secretRef: {name: cred}}");
  Expect(WaitReady("False"), "GitOperationFailed", message);
  ApplySecret({{"username", "user"}, {"password", "pass"}});
  Request("r1");
  WaitReady("True", "r1");
}

TEST_F(AuthTest, ABearerTokenGoesBeforeAUser) {
  repo_.Commit({.files = {{"a", "0"}}});
  git_.SetBehaviour({.basic = "other:other", .bearer = "tok"});
  ApplySecret(
      {{"bearerToken", "tok"}, {"username", "user"}, {"password", "pass"}});
  Start();
  Apply("{ref: {branch: main}, secretRef: {name: cred}}");
  WaitReady();
}

TEST_F(AuthTest, ASecretThatIsMissingMeaninglessOrHalf) {
  repo_.Commit({.files = {{"a", "0"}}});
  Start();
  Apply("{ref: {branch: main}, secretRef: {name: cred}}");
  Expect(WaitReady("False"), "AuthenticationFailed",
         "failed to get secret 'ns/cred': failed to get secret 'ns/cred': "
         "secrets \"cred\" not found");
  ApplySecret({{"nope", "x"}});
  Request("r1");
  WaitReady("True", "r1");
  ApplySecret({{"password", "x"}});
  Request("r2");
  Expect(WaitReady("False", "r2"), "AuthenticationFailed",
         "failed to configure authentication options: invalid 'http' auth "
         "option: 'password' requires 'username' to be set");
}

TEST_F(AuthTest, Ssh) {
  const std::string commit = repo_.Commit({.files = {{"a", "0"}}});
  const test::SshServer ssh(dir_.path() + "/ssh");
  Start();
  const std::string spec =
      absl::StrCat("{ref: {branch: main}, url: '", ssh.Url(repo_.path()), "'");
  Apply(spec + "}");
  Expect(WaitReady("False"), "AuthenticationFailed",
         "failed to configure authentication options: invalid 'ssh' auth "
         "option: 'identity' is required");
  const std::string key = ssh.PrivateKey().RevealForUse();
  ApplySecret({{"identity", key}});
  Apply(spec + ", secretRef: {name: cred}}");
  Expect(WaitReady("False"), "AuthenticationFailed",
         "failed to configure authentication options: invalid 'ssh' auth "
         "option: 'known_hosts' is required");
  ApplySecret({{"identity", key}, {"known_hosts", ssh.KnownHosts("other")}});
  Request("r1");
  Expect(WaitReady("False", "r1"), "GitOperationFailed",
         "failed to checkout and determine revision: unable to clone '" +
             RedactUrl(ssh.Url(repo_.path())) +
             "': ssh: handshake failed: knownhosts: key mismatch");
  ApplySecret({{"identity", key}, {"known_hosts", ssh.KnownHosts()}});
  Request("r2");
  EXPECT_EQ(Revision(WaitReady("True", "r2")), "main@sha1:" + commit);
  const std::string next = repo_.Commit({.files = {{"a", "1"}}});
  Request("r3");
  EXPECT_EQ(Revision(WaitReady("True", "r3")), "main@sha1:" + next);
}

}  // namespace
}  // namespace weir::source
