#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/libcommon/http/http_fixture.h"
#include "tests/support/certificates.h"

namespace weir::http {
namespace {

using testing::HasSubstr;
using enum absl::StatusCode;

// One authority for all cases: keys cost time.
const test::Authority& Ours() {
  static const auto* authority = new test::Authority();
  return *authority;
}

void AnswerWithPeer(const ServerRequest& request,
                    std::unique_ptr<Responder> responder) {
  responder->Send(
      {200,
       {},
       request.peer_certificate.has_value()
           ? absl::StrCat(request.peer_certificate->common_name, "/",
                          request.peer_certificate->organizations.at(0))
           : "nobody"});
}

std::unique_ptr<Server> ServeTls(const test::KeyPair& pair,
                                 bool require_client = false) {
  ServerOptions options;
  options.tls.emplace();
  options.tls->certificate_pem = pair.certificate_pem;
  options.tls->key_pem = Secret(pair.key_pem);
  options.tls->client_ca_pem = Ours().pem();
  options.tls->require_client_certificate = require_client;
  return Serve(AnswerWithPeer, std::move(options));
}

absl::StatusOr<Response> Ask(const std::string& url, TlsOptions tls) {
  Client client;
  Request request = Get(url);
  request.tls = std::make_shared<const TlsOptions>(std::move(tls));
  return client.SendAndWait(Soon(), std::move(request));
}

TlsOptions TrustOurs() {
  TlsOptions tls;
  tls.ca_pem = Ours().pem();
  tls.use_system_roots = false;
  return tls;
}

TEST(TlsTest, TrustsTheGivenAuthority) {
  const auto server = ServeTls(Ours().SignServer());
  const auto answer = Ask(server->url(), TrustOurs());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body, "nobody");
  // Beside the system's as well.
  TlsOptions both = TrustOurs();
  both.use_system_roots = true;
  EXPECT_TRUE(Ask(server->url(), both).ok());
}

TEST(TlsTest, RejectsAnUnknownAuthority) {
  const auto server = ServeTls(Ours().SignServer());
  TlsOptions none;
  none.use_system_roots = false;
  for (const TlsOptions& tls : {TlsOptions(), none}) {
    const auto answer = Ask(server->url(), tls);
    EXPECT_EQ(answer.status().code(), kUnauthenticated) << answer.status();
    EXPECT_TRUE(WasNeverSent(answer.status()));
  }
  TlsOptions other;
  other.ca_pem = test::Authority("another").pem();
  EXPECT_EQ(Ask(server->url(), other).status().code(), kUnauthenticated);
}

TEST(TlsTest, RejectsAnotherNameAndAnOldCertificate) {
  const auto named = ServeTls(Ours().Sign(
      {.common_name = "x", .alternative_names = {"DNS:api.example"}}));
  EXPECT_EQ(Ask(named->url(), TrustOurs()).status().code(), kUnauthenticated);
  const auto old = ServeTls(Ours().Sign({.common_name = "x",
                                         .alternative_names = {"IP:127.0.0.1"},
                                         .is_expired = true}));
  EXPECT_EQ(Ask(old->url(), TrustOurs()).status().code(), kUnauthenticated);
}

TEST(TlsTest, VerifiesTheServerNameInstead) {
  const auto server = ServeTls(Ours().Sign(
      {.common_name = "x", .alternative_names = {"DNS:api.example"}}));
  TlsOptions tls = TrustOurs();
  tls.server_name = "api.example";
  const auto answer = Ask(server->url(), tls);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->url, server->url() + "/");
  tls.server_name = "other.example";
  EXPECT_EQ(Ask(server->url(), tls).status().code(), kUnauthenticated);
}

TEST(TlsTest, SkipsVerificationWhenToldTo) {
  const auto server = ServeTls(Ours().Sign({.common_name = "x"}));
  TlsOptions tls;
  tls.insecure_skip_verify = true;
  EXPECT_TRUE(Ask(server->url(), tls).ok());
}

TEST(TlsTest, ShowsAClientCertificate) {
  const auto server = ServeTls(Ours().SignServer(), true);
  const test::KeyPair pair =
      Ours().Sign({.common_name = "alice", .organizations = {"staff"}});
  TlsOptions tls = TrustOurs();
  tls.client_certificate_pem = pair.certificate_pem;
  tls.client_key_pem = Secret(pair.key_pem);
  const auto answer = Ask(server->url(), tls);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body, "alice/staff");
  EXPECT_EQ(Ask(server->url(), TrustOurs()).status().code(), kUnavailable);
}

TEST(TlsTest, OneClientKeepsIdentitiesApart) {
  const auto server = ServeTls(Ours().SignServer());
  Client client;
  for (const char* name : {"alice", "bob", "alice"}) {
    const test::KeyPair pair =
        Ours().Sign({.common_name = name, .organizations = {"staff"}});
    auto tls = std::make_shared<TlsOptions>(TrustOurs());
    tls->client_certificate_pem = pair.certificate_pem;
    tls->client_key_pem = Secret(pair.key_pem);
    Request request = Get(server->url());
    request.tls = tls;
    const auto answer = client.SendAndWait(Soon(), std::move(request));
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->body, absl::StrCat(name, "/staff"));
  }
}

TEST(TlsTest, BadPemIsTheCallersFault) {
  const auto server = ServeTls(Ours().SignServer());
  TlsOptions bad_certificate = TrustOurs();
  bad_certificate.client_certificate_pem = "nonsense";
  bad_certificate.client_key_pem = Secret("nonsense");
  EXPECT_EQ(Ask(server->url(), bad_certificate).status().code(),
            kInvalidArgument);
  TlsOptions bad_authority;
  bad_authority.ca_pem = "nonsense";
  EXPECT_EQ(Ask(server->url(), bad_authority).status().code(),
            kInvalidArgument);
  const test::KeyPair a = Ours().Sign({.common_name = "a"});
  const test::KeyPair b = Ours().Sign({.common_name = "b"});
  TlsOptions mixed = TrustOurs();
  mixed.client_certificate_pem = a.certificate_pem;
  mixed.client_key_pem = Secret(b.key_pem);
  EXPECT_EQ(Ask(server->url(), mixed).status().code(), kInvalidArgument);
}

TEST(TlsTest, PlainTextFromATlsPortIsUnavailable) {
  const auto server = Serve(AnswerOk);
  const auto answer =
      Ask(absl::StrCat("https://", server->address()), TrustOurs());
  EXPECT_EQ(answer.status().code(), kUnavailable) << answer.status();
  EXPECT_TRUE(WasNeverSent(answer.status()));
}

}  // namespace
}  // namespace weir::http
