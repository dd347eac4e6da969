// What must not happen, whoever sends what.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/notification-controller/receivers/fake_issuer.h"
#include "tests/notification-controller/receivers/harness.h"
#include "weir/crypto/hmac.h"

namespace weir::notification_controller {
namespace {

using testing::HasSubstr;
using testing::Not;
using Fields = Harness::Fields;

Fields Signed(const std::string& token, const std::string& body) {
  return {
      {"X-Signature",
       absl::StrCat("sha256=", crypto::HmacHex(crypto::DigestAlgorithm::kSha256,
                                               Secret(token), body))}};
}

// A connection that can be slow.
class Connection {
 public:
  explicit Connection(const std::string& address)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<uint16_t>(
        std::stoi(address.substr(address.rfind(':') + 1))));
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)),
              0);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  ~Connection() { ::close(socket_); }
  void Write(const std::string& bytes) {
    (void)::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  // All until the server closes; "(open)" when it does not.
  std::string ReadAll() {
    std::string out;
    char buffer[4096];
    while (true) {
      const ssize_t size = ::recv(socket_, buffer, sizeof(buffer), 0);
      if (size == 0) return out;
      if (size < 0) return errno == ECONNRESET ? out : "(open)";
      out.append(buffer, static_cast<size_t>(size));
    }
  }

 private:
  const int socket_;
};

TEST(ReceiverSecurityTest, ASignatureForOneReceiverOpensNoOther) {
  Harness harness;
  harness.Start();
  const std::string first = harness.Ready("{type: generic-hmac}", "one");
  harness.ApplySecret("two", "tok2");
  harness.ApplyReceiver("other",
                        "{type: generic-hmac, secretRef: {name: tok2}}");
  harness.WaitReady(harness.ReceiverRef("other"), "True");
  const std::string second = harness.PathOf("other");
  harness.WaitForCode(second, 200, "{}", Signed("two", "{}"));
  EXPECT_EQ(harness.Post(first, "{}", Signed("one", "{}")), 200);
  const std::string before = harness.RequestedAt();
  EXPECT_EQ(harness.Post(second, "{}", Signed("one", "{}")), 400);
  EXPECT_EQ(harness.Post(first, "{}", Signed("two", "{}")), 400);
  // Nor a path the other's token.
  EXPECT_EQ(harness.Post(first, R"({"a":1})", Signed("one", "{}")), 400);
  EXPECT_EQ(harness.RequestedAt(), before);
}

TEST(ReceiverSecurityTest, ARotatedTokenIsWorthNothing) {
  Harness harness;
  harness.options().watches_configs = false;  // No pass: only the hook reads.
  harness.Start();
  const std::string path = harness.Ready("{type: generic-hmac}", "old");
  EXPECT_EQ(harness.Post(path, "{}", Signed("old", "{}")), 200);
  EXPECT_EQ(harness.Post(path, "{}", Signed("old", "{}")), 200);
  harness.ApplySecret("new");
  harness.WaitForCode(path, 400, "{}", Signed("old", "{}"));
  EXPECT_EQ(harness.Post(path, "{}", Signed("new", "{}")), 200);
  harness.Delete(harness.Ref("v1", "Secret", "tok"));
  harness.WaitForCode(path, 400, "{}", Signed("new", "{}"));
}

TEST(ReceiverSecurityTest, ASignatureIsNotDowngraded) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready("{type: github}");
  const std::string sha1 = absl::StrCat(
      "sha1=",
      crypto::HmacHex(crypto::DigestAlgorithm::kSha1, Secret("s3cret"), "{}"));
  const Fields json = {{"Content-Type", "application/json"}};
  Fields headers = json;
  headers.emplace_back("X-Hub-Signature", sha1);
  EXPECT_EQ(harness.Post(path, "{}", headers), 200);
  headers.emplace_back("X-Hub-Signature-256", "sha256=" + std::string(64, '0'));
  EXPECT_EQ(harness.Post(path, "{}", headers), 400);
}

TEST(ReceiverSecurityTest, TheCheckIsThatOfTheTypeThatIsNow) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready();
  EXPECT_EQ(harness.Post(path), 200);
  harness.ApplyReceiver("hook", "{type: generic-hmac}");
  harness.WaitForCode(path, 400);
  EXPECT_EQ(harness.Post(path, "{}", Signed("s3cret", "{}")), 200);
}

TEST(ReceiverSecurityTest, OtherNamespacesAreRefusedWhenLocked) {
  Harness harness;
  harness.options().no_cross_namespace_refs = true;
  harness.Start();
  harness.Apply("{apiVersion: v1, kind: Namespace, metadata: {name: other}}");
  harness.Apply(
      "{apiVersion: source.toolkit.fluxcd.io/v1, kind: GitRepository, "
      "metadata: {name: app, namespace: other}, spec: {interval: 10m, url: "
      "'https://git.example/app'}}");
  const std::string path = harness.Ready(
      "{resources: [{kind: GitRepository, name: app, namespace: other}, {kind: "
      "GitRepository, name: app}]}");
  EXPECT_EQ(harness.Post(path), 500);
  EXPECT_NE(harness.RequestedAt(), "");
  const Value other = harness.Get(
      {{"source.toolkit.fluxcd.io", "v1", "GitRepository"}, {"other", "app"}});
  EXPECT_TRUE(other["metadata"]["annotations"].is_null());
}

TEST(ReceiverSecurityTest, LargeBodiesAndHeadersAreRefused) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready();
  EXPECT_EQ(harness.Post(path, std::string(3u << 20, 'x')), 200);
  EXPECT_EQ(
      harness.Send(path, std::string((3u << 20) + 1, 'x'), {}, "POST").code,
      413);
  // Strangers may send little.
  EXPECT_EQ(harness.Post("/hook/none", std::string(64u << 10, 'x')), 404);
  EXPECT_EQ(
      harness.Send("/hook/none", std::string((64u << 10) + 1, 'x'), {}, "POST")
          .code,
      413);
  EXPECT_EQ(
      harness.Send("/hook/none", std::string((3u << 20) + 1, 'x'), {}, "POST")
          .code,
      413);
  const std::string large_field(60'000, 'x');
  EXPECT_EQ(
      harness.Post(
          path, "{}",
          {{"X-A", large_field}, {"X-B", large_field}, {"X-C", large_field}}),
      200);
  Connection large(harness.address());
  large.Write(absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: x\r\nX-Large: ",
                           std::string(300u << 10, 'x'), "\r\n\r\n"));
  EXPECT_THAT(large.ReadAll(), HasSubstr("HTTP/1.1 431"));
}

TEST(ReceiverSecurityTest, ABodyThatNeverEndsIsCut) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready();
  Connection endless(harness.address());
  endless.Write(absl::StrCat(
      "POST ", path,
      " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const std::string chunk =
      absl::StrCat("10000\r\n", std::string(0x10000, 'x'), "\r\n");
  for (int i = 0; i < 60; ++i) endless.Write(chunk);
  EXPECT_THAT(endless.ReadAll(), HasSubstr("HTTP/1.1 413"));
}

TEST(ReceiverSecurityTest, SlowRequestsAreCut) {
  Harness harness;
  harness.options().header_timeout = absl::Milliseconds(100);
  harness.options().read_timeout = absl::Milliseconds(200);
  harness.Start();
  const std::string path = harness.Ready();
  const std::string before = harness.RequestedAt();
  Connection silent(harness.address());
  Connection slow_head(harness.address());
  slow_head.Write(absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: x\r\n"));
  Connection slow_body(harness.address());
  slow_body.Write(absl::StrCat(
      "POST ", path, " HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n12345"));
  EXPECT_EQ(silent.ReadAll(), "");
  EXPECT_EQ(slow_head.ReadAll(), "");
  EXPECT_THAT(slow_body.ReadAll(), Not(HasSubstr("200")));
  EXPECT_EQ(harness.RequestedAt(), before);
}

TEST(ReceiverSecurityTest, AForgedTokenOpensNothing) {
  FakeIssuer issuer;
  Harness harness;
  harness.Start();
  const JwtSigner signer = JwtSigner::Ec("P-256");
  issuer.SetKeys({signer.Jwk("one")});
  const std::string path = harness.Ready(absl::StrCat(
      "{type: generic-oidc, secretRef: null, oidcProviders: [{issuerURL: '",
      issuer.url(), "', validations: [{expression: 'true', message: m}]}]}"));
  Value claims = Value::MakeObject(
      {{"iss", issuer.url()},
       {"aud", "notification-controller"},
       {"exp", absl::ToUnixSeconds(absl::Now() + absl::Hours(1))}});
  const auto post = [&](const std::string& token) {
    return harness.Post(path, "", {{"Authorization", "Bearer " + token}});
  };
  const std::string good = signer.Sign("ES256", "one", claims);
  EXPECT_EQ(post(good), 200);
  const std::string before = harness.RequestedAt();
  // Of another key; unsigned; of another issuer, who signs well; expired.
  EXPECT_EQ(post(JwtSigner::Ec("P-256").Sign("ES256", "one", claims)), 400);
  EXPECT_EQ(post(UnsignedJwt(Value::MakeObject({{"alg", "none"}}), claims)),
            400);
  EXPECT_EQ(post(good.substr(0, good.rfind('.') + 1)), 400);
  EXPECT_EQ(post(good + "A"), 400);
  FakeIssuer other;
  other.SetKeys({signer.Jwk("one")});
  Value foreign = claims;
  foreign.Set("iss", other.url());
  EXPECT_EQ(post(signer.Sign("ES256", "one", foreign)), 400);
  EXPECT_TRUE(other.TakeRequests().empty());
  claims.Set("exp", absl::ToUnixSeconds(absl::Now()) - 10);
  EXPECT_EQ(post(signer.Sign("ES256", "one", claims)), 400);
  EXPECT_EQ(harness.RequestedAt(), before);
}

TEST(ReceiverSecurityTest, OnlyGooglesTokenForTheAccountIsLetIn) {
  FakeIssuer google;
  Harness harness;
  harness.options().google_keys_url = google.url() + "/keys";
  harness.Start();
  const JwtSigner& signer = JwtSigner::Rsa();
  google.SetKeys({signer.Jwk("one")});
  harness.ApplyRepository("app");
  harness.Apply(
      "{apiVersion: v1, kind: Secret, metadata: {name: tok}, stringData: "
      "{token: s3cret, email: ci@example.com, audience: 'https://hook'}}");
  harness.ApplyReceiver("hook", "{type: gcr}");
  harness.WaitReady(harness.ReceiverRef(), "True");
  const std::string path = harness.PathOf();
  const std::string body =
      absl::StrCat(R"({"message":{"data":")",
                   absl::Base64Escape(R"({"action":"INSERT"})"), "\"}}");
  const Value good = Value::MakeObject(
      {{"iss", "https://accounts.google.com"},
       {"aud", "https://hook"},
       {"exp", absl::ToUnixSeconds(absl::Now() + absl::Hours(1))},
       {"email", "ci@example.com"},
       {"email_verified", true}});
  const auto headers = [&](const Value& claims) {
    return Fields{
        {"Authorization", "Bearer " + signer.Sign("RS256", "one", claims)}};
  };
  harness.WaitForCode(path, 200, body, headers(good));
  const std::pair<const char*, Value> changes[] = {
      {"iss", "https://evil.example"},
      {"aud", "https://other"},
      {"aud", Value(Value::Array{Value("https://hook")})},
      {"email", "other@example.com"},
      {"email_verified", false},
      {"email_verified", "true"},
      {"exp", 1},
  };
  for (const auto& [name, value] : changes) {
    Value claims = good;
    claims.Set(name, value);
    EXPECT_EQ(harness.Post(path, body, headers(claims)), 400) << name;
  }
  EXPECT_EQ(harness.Post(path, body), 400);
  EXPECT_EQ(harness.Post(path, "{}", headers(good)), 400);
  // A Secret that says for whom, not of whom: nobody is let in.
  harness.Apply(
      "{apiVersion: v1, kind: Secret, metadata: {name: tok}, stringData: "
      "{token: s3cret, email: '', audience: 'https://hook'}}");
  Value nobody = good;
  nobody.Set("email", "");
  harness.WaitForCode(path, 400, body, headers(good));
  EXPECT_EQ(harness.Post(path, body, headers(nobody)), 400);
}

TEST(ReceiverSecurityTest, LogsHaveNoPathsAndNoSecrets) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready("{type: github}", "t0psecret");
  harness.Post(path, "{}", {{"Content-Type", "application/json"}});
  harness.Post(
      path, "{}",
      {{"Content-Type", "application/json"}, {"X-Hub-Signature", "sha1=00"}});
  harness.Post("/hook/guess", "{}");
  harness.Post(path + "x", "{}");
  const std::string logs = harness.TakeLogs();
  EXPECT_THAT(logs, HasSubstr("payload signature check failed"));
  for (const std::string& secret :
       {path.substr(6), std::string("t0psecret"), std::string("guess")}) {
    EXPECT_THAT(logs, Not(HasSubstr(secret)));
  }
}

TEST(ReceiverSecurityTest, WhatASenderSaysIsCutInLogs) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready("{type: gitlab, events: [push]}");
  harness.Post(path, "{}",
               {{"X-Gitlab-Token", "s3cret"},
                {"X-Gitlab-Event", std::string(60'000, 'e')}});
  const std::string logs = harness.TakeLogs();
  EXPECT_THAT(logs, HasSubstr("the GitLab event"));
  EXPECT_THAT(logs, Not(HasSubstr(std::string(2000, 'e'))));
}

}  // namespace
}  // namespace weir::notification_controller
