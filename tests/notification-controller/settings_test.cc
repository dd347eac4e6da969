// What a Provider and its Secrets come to. Tests that begin with Edge are
// named in the contract's list of edge cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "src/provider.h"
#include "tests/notification-controller/fake_sender.h"
#include "tests/support/certificates.h"
#include "weir/value/yaml.h"

namespace weir::notification_controller {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Of one Provider "flux-system/p" and Secrets by name.
class SettingsTest : public testing::Test {
 protected:
  using Data = std::map<std::string, std::string>;

  void Put(const std::string& name, const Data& data,
           const std::string& type = "Opaque") {
    auto secret = std::make_shared<kube::SecretData>();
    secret->name = "flux-system/" + name;
    secret->type = type;
    for (const auto& [key, value] : data) secret->data[key] = Secret(value);
    secrets_[name] = std::move(secret);
  }
  std::shared_ptr<const Provider> ProviderOf(const std::string& spec) {
    const auto object = ParseYaml(
        "metadata: {name: p, namespace: flux-system, uid: "
        "Ab12-34-56}\nspec: {" +
        spec + "}");
    EXPECT_TRUE(object.ok()) << object.status() << spec;
    return Provider::Parse(object.value_or(Value()));
  }
  absl::StatusOr<Settings> Read(const std::string& spec) {
    return ReadSettings(
        *ProviderOf(spec),
        [this](const std::string& name)
            -> absl::StatusOr<std::shared_ptr<const kube::SecretData>> {
          const auto found = secrets_.find(name);
          if (found == secrets_.end()) {
            return absl::NotFoundError("secrets \"" + name + "\" not found");
          }
          return found->second;
        });
  }
  Settings MustRead(const std::string& spec) {
    auto settings = Read(spec);
    EXPECT_TRUE(settings.ok()) << settings.status();
    return settings.value_or(Settings());
  }
  std::string ErrorOf(const std::string& spec) {
    return std::string(Read(spec).status().message());
  }

 private:
  std::map<std::string, std::shared_ptr<const kube::SecretData>> secrets_;
};

constexpr char kSlack[] =
    "type: slack, address: 'http://a.test/x', secretRef: {name: s}";
constexpr char kGithub[] =
    "type: github, address: 'https://github.com/o/r', secretRef: {name: s}";

TEST_F(SettingsTest, WithoutSecretsAreThoseOfTheSpec) {
  const Settings settings = MustRead(
      "type: slack, address: 'http://a.test/x', channel: c, username: u, "
      "proxy: 'http://proxy.test', timeout: 7s");
  EXPECT_EQ(settings.type, "slack");
  EXPECT_EQ(settings.address, "http://a.test/x");
  EXPECT_EQ(settings.channel, "c");
  EXPECT_EQ(settings.username, "u");
  EXPECT_EQ(settings.proxy, "http://proxy.test");
  EXPECT_EQ(settings.timeout, absl::Seconds(7));
  EXPECT_EQ(settings.uid, "Ab12-34-56");
  EXPECT_EQ(settings.TokenOwner(), "Provider/flux-system/p");
  EXPECT_TRUE(settings.token.empty());
  EXPECT_EQ(settings.tls, nullptr);
}

TEST_F(SettingsTest, TimeoutIsFifteenSecondsUnlessItIsOne) {
  for (const auto& [text, want] :
       {std::pair("1m", absl::Minutes(1)),
        std::pair("20ms", absl::Milliseconds(20)),
        std::pair("0s", absl::Seconds(15)), std::pair("''", absl::Seconds(15)),
        std::pair("soon", absl::Seconds(15))}) {
    EXPECT_EQ(ProviderOf(std::string("timeout: ") + text)->timeout, want)
        << text;
  }
}

TEST_F(SettingsTest, EdgeTheAddressOfTheSecretIsTrimmedTheTokenIsNot) {
  Put("s", {{"address", " http://b.test/y\n"}, {"token", "t\n"}});
  const Settings settings = MustRead(kSlack);
  EXPECT_EQ(settings.address, "http://b.test/y");
  EXPECT_EQ(settings.token.RevealForUse(), "t\n");
}

TEST_F(SettingsTest, EdgeAnEmptyAddressOfTheSecretCountsAsWell) {
  Put("s", {{"address", ""}});
  EXPECT_THAT(ErrorOf(kSlack), HasSubstr("empty url"));
}

TEST_F(SettingsTest, EdgeHalfALoginDropsAllOfIt) {
  for (const char* half : {"username", "password"}) {
    Put("s", {{half, "x"}, {"token", "t"}});
    const Settings settings = MustRead(kSlack);
    EXPECT_EQ(settings.token.RevealForUse(), "") << half;
    EXPECT_EQ(settings.username, "") << half;
    EXPECT_EQ(settings.password.RevealForUse(), "") << half;
    EXPECT_THAT(ErrorOf(kGithub), HasSubstr("failed to get TLS config"))
        << half;
  }
}

TEST_F(SettingsTest, ALoginOfTheSecretComesBeforeTheSpecs) {
  Put("s", {{"username", "su"}, {"password", "sp"}, {"token", "t"}});
  const Settings settings = MustRead(std::string(kSlack) + ", username: u");
  EXPECT_EQ(settings.username, "su");
  EXPECT_EQ(settings.password.RevealForUse(), "sp");
  EXPECT_EQ(settings.token.RevealForUse(), "t");
}

TEST_F(SettingsTest, HeadersAreAMapOfText) {
  Put("s", {{"headers", "X-A: one\nAuthorization: Bearer two\n"}});
  const Settings settings = MustRead(kSlack);
  EXPECT_EQ(settings.headers.at("X-A").RevealForUse(), "one");
  EXPECT_EQ(settings.headers.at("Authorization").RevealForUse(), "Bearer two");
  for (const char* bad : {"- s3cret", "X: [s3cret]", "X: {a: s3cret}",
                          "X: \"s3cret", "s3cret", "X: 17"}) {
    Put("s", {{"headers", bad}});
    EXPECT_THAT(ErrorOf(kSlack),
                StartsWith("failed to read headers from secret: "))
        << bad;
    EXPECT_THAT(ErrorOf(kSlack), Not(HasSubstr("s3cret"))) << bad;
  }
}

TEST_F(SettingsTest, ALongAddressIsRefused) {
  Put("s", {{"address", "http://a.test/" + std::string(2035, 'x')}});
  EXPECT_EQ(ErrorOf(kSlack),
            "invalid address in secret: address exceeds maximum length of 2048 "
            "bytes");
}

TEST_F(SettingsTest, OfProxiesTheSecretsOwnWins) {
  const std::string spec = std::string(kSlack) + ", proxy: 'http://one.test'";
  Put("s", {});
  EXPECT_EQ(MustRead(spec).proxy, "http://one.test");
  Put("s", {{"proxy", "http://two.test\n"}});
  EXPECT_EQ(MustRead(spec).proxy, "http://two.test");
  Put("x", {{"address", "http://three.test:3128"},
            {"username", "u"},
            {"password", "p@"}});
  EXPECT_EQ(MustRead(spec + ", proxySecretRef: {name: x}").proxy,
            "http://u:p%40@three.test:3128");
  Put("x", {{"username", "u"}, {"password", "s3cret"}});
  EXPECT_THAT(ErrorOf(spec + ", proxySecretRef: {name: x}"),
              StartsWith("failed to get proxy URL: "));
}

TEST_F(SettingsTest, AMissingSecretIsNamed) {
  Put("s", {});
  EXPECT_EQ(ErrorOf("type: slack, secretRef: {name: gone}"),
            "failed to get secret 'flux-system/gone': secrets \"gone\" not "
            "found");
  for (const char* field : {"proxySecretRef", "certSecretRef"}) {
    EXPECT_THAT(ErrorOf(std::string(kSlack) + ", " + field + ": {name: gone}"),
                StartsWith("failed to get secret 'flux-system/gone': "));
  }
}

TEST_F(SettingsTest, AnUnknownTypeIsNamed) {
  EXPECT_EQ(ErrorOf("type: carrier-pigeon"),
            "failed to initialize notifier: provider carrier-pigeon not "
            "supported");
}

TEST_F(SettingsTest, WhatATypeRefusesIsToldWithoutTheSecret) {
  Put("s", {{"address", "http://h/s3cret%zz"}});
  EXPECT_THAT(ErrorOf(kSlack),
              StartsWith("failed to initialize notifier: invalid Slack"));
  EXPECT_THAT(ErrorOf(kSlack), Not(HasSubstr("s3cret")));
}

// --- Certificates -----------------------------------------------------------

TEST_F(SettingsTest, EdgeTheAuthorityReplacesTheSystems) {
  const test::Authority authority;
  const test::KeyPair pair = authority.SignServer();
  const std::string spec = std::string(kSlack) + ", certSecretRef: {name: c}";
  Put("s", {});
  Put("c", {{"ca.crt", authority.pem()}});
  Settings settings = MustRead(spec);
  ASSERT_NE(settings.tls, nullptr);
  EXPECT_EQ(settings.tls->ca_pem, authority.pem());
  EXPECT_FALSE(settings.tls->use_system_roots);
  Put("c", {{"tls.crt", pair.certificate_pem}, {"tls.key", pair.key_pem}},
      "kubernetes.io/tls");
  settings = MustRead(spec);
  EXPECT_TRUE(settings.tls->use_system_roots) << "there is no other";
  EXPECT_EQ(settings.tls->client_certificate_pem, pair.certificate_pem);
  for (const SettingsTest::Data& bad :
       {Data{}, Data{{"tls.crt", pair.certificate_pem}},
        Data{{"tls.key", pair.key_pem}}, Data{{"token", "t"}}}) {
    Put("c", bad);
    EXPECT_THAT(ErrorOf(spec), StartsWith("failed to get TLS config: "));
    EXPECT_THAT(ErrorOf(spec), Not(HasSubstr("BEGIN")));
  }
}

TEST_F(SettingsTest, EdgeCertificatesBesideALoginAreForCommitStatuses) {
  const test::Authority authority;
  Put("s", {{"token", "t"}, {"ca.crt", authority.pem()}});
  EXPECT_EQ(MustRead(kSlack).tls, nullptr);
  const Settings settings = MustRead(kGithub);
  ASSERT_NE(settings.tls, nullptr);
  EXPECT_EQ(settings.tls->ca_pem, authority.pem());
  const test::Authority other;
  Put("c", {{"ca.crt", other.pem()}});
  EXPECT_EQ(
      MustRead(std::string(kGithub) + ", certSecretRef: {name: c}").tls->ca_pem,
      other.pem());
}

// --- Commit statuses --------------------------------------------------------

class CommitStatusTest : public SettingsTest {
 protected:
  absl::StatusOr<std::string> StatusOf(const std::string& expression) {
    Alert alert;
    alert.object = *ParseYaml("metadata: {name: al, namespace: flux-system}");
    return CommitStatusOf(
        *ProviderOf(expression.empty() ? "type: github"
                                       : "type: github, commitStatusExpr: \"" +
                                             expression + "\""),
        alert, SampleEvent());
  }
};

TEST_F(CommitStatusTest, IsTheObjectAndTheProvider) {
  const auto status = StatusOf("");
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(*status, "kustomization/app/ab12");
}

TEST_F(CommitStatusTest, IsWhatTheExpressionGives) {
  for (const auto& [expression, want] :
       {std::pair("'a' + 'b'", "ab"),
        std::pair("event.involvedObject.kind + '/' + alert.metadata.name + '/' "
                  "+ provider.metadata.uid.split('-')[0]",
                  "Kustomization/al/Ab12"),
        std::pair("event.metadata.revision.split(':')[0]", "main@sha1"),
        std::pair("event.severity + '-' + event.reason",
                  "info-ReconciliationSucceeded")}) {
    const auto status = StatusOf(expression);
    ASSERT_TRUE(status.ok()) << status.status();
    EXPECT_EQ(*status, want);
  }
}

TEST_F(CommitStatusTest, MustBeText) {
  const std::string begin =
      "failed to evaluate the spec.commitStatusExpr CEL expression for the "
      "event: ";
  for (const char* expression : {"1 + 1", "event.nope.nope", "nope", "'a",
                                 "event", "event.involvedObject"}) {
    EXPECT_THAT(std::string(StatusOf(expression).status().message()),
                StartsWith(begin))
        << expression;
  }
  EXPECT_THAT(std::string(StatusOf("1 + 1").status().message()),
              StartsWith(begin + "failed to compile expression: "));
}

// --- Masks ------------------------------------------------------------------

TEST(MaskTest, CoversWhateverTheSecretsHold) {
  Settings settings;
  settings.token = Secret(" t0ken/1\n");
  settings.username = "user";
  settings.password = Secret("pa55word");
  settings.address = "https://a.test/services/s3cret?key=k3y1";
  settings.proxy = "http://u:pr0xy@proxy.test";
  settings.headers = {{"Authorization", Secret("Bearer b3arer")}};
  settings.secret = {{"address", Secret(settings.address)},
                     {"nkey", Secret("SUA9")},
                     {"username", Secret("user")},
                     {"headers", Secret("Authorization: Bearer b3arer\n")}};
  for (const char* text :
       {"t0ken/1", "t0ken%2F1", "pa55word", "dXNlcjpwYTU1d29yZA==",
        "https://a.test/services/s3cret?key=k3y1", "/services/s3cret",
        "key=k3y1", "pr0xy", "b3arer", "Bearer b3arer", "SUA9"}) {
    EXPECT_EQ(MaskSecrets(std::string("<") + text + ">", settings), "<*****>")
        << text;
  }
  EXPECT_EQ(MaskSecrets("user said a.test", settings), "user said a.test");
}

TEST(MaskTest, AShortSecretDoesNotUncoverALongOne) {
  Settings settings;
  settings.token = Secret("abcdefgh");
  settings.secret = {{"other", Secret("abcd")}};
  EXPECT_EQ(MaskSecrets("abcdefgh abcd", settings), "***** *****");
}

TEST(MaskTest, WhatIsTooShortIsNoSecret) {
  Settings settings;
  settings.token = Secret("a");
  settings.secret = {{"empty", Secret("")}};
  EXPECT_EQ(MaskSecrets("a banana", settings), "a banana");
}

TEST(MaskTest, ALongTextIsCutWithoutUncoveringAHalf) {
  Settings settings;
  settings.token = Secret(absl::StrCat(std::string(100, 's'), "ecret"));
  for (const size_t before : {65'400, 65'440, 65'480, 65'530, 65'536}) {
    const std::string masked =
        MaskSecrets(std::string(before, 'x') + settings.token.RevealForUse() +
                        std::string(1000, 'y'),
                    settings);
    EXPECT_THAT(masked, Not(HasSubstr("s"))) << before;
    EXPECT_GE(masked.size(), 65'000);
  }
}

}  // namespace
}  // namespace weir::notification_controller
