// Keys of issuers: discovery, rotation, and what a bad issuer can do.
#include "src/receivers/issuers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/notification-controller/receivers/fake_issuer.h"

namespace weir::notification_controller {
namespace {

using testing::HasSubstr;

class SetClock : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = absl::FromUnixSeconds(1000);
};

class IssuersTest : public testing::Test {
 protected:
  IssuersTest() {
    options_.clock = &clock_;
    issuers_ = std::make_unique<Issuers>(options_);
  }
  absl::Status Verify(const JwtSigner& signer, const std::string& key_id,
                      const std::string& algorithm = "ES256") {
    const auto token = crypto::ParseJwt(signer.Sign(
        algorithm, key_id, Value::MakeObject({{"iss", issuer_.url()}})));
    EXPECT_TRUE(token.ok()) << token.status();
    return issuers_->Verify(Context().WithTimeout(absl::Seconds(20)),
                            {.issuer = issuer_.url(), .keys_url = ""}, *token);
  }

  SetClock clock_;
  IssuerOptions options_;
  FakeIssuer issuer_;
  std::unique_ptr<Issuers> issuers_;
};

TEST_F(IssuersTest, KeysAreFetchedOnce) {
  const JwtSigner signer = JwtSigner::Ec("P-256");
  issuer_.SetKeys({signer.Jwk("one")});
  EXPECT_TRUE(Verify(signer, "one").ok());
  EXPECT_TRUE(Verify(signer, "one").ok());
  EXPECT_EQ(
      issuer_.TakeRequests(),
      (std::vector<std::string>{"/.well-known/openid-configuration", "/keys"}));
  clock_.now += options_.max_age;
  EXPECT_TRUE(Verify(signer, "one").ok());
  EXPECT_EQ(issuer_.TakeRequests().size(), 2u);
}

TEST_F(IssuersTest, AKeyOfARotationIsFound) {
  const JwtSigner old = JwtSigner::Ec("P-256");
  const JwtSigner next = JwtSigner::Ec("P-256");
  issuer_.SetKeys({old.Jwk("one")});
  EXPECT_TRUE(Verify(old, "one").ok());
  issuer_.SetKeys({next.Jwk("two")});
  clock_.now += options_.min_refresh;
  EXPECT_TRUE(Verify(next, "two").ok());
  EXPECT_TRUE(absl::IsUnauthenticated(Verify(old, "one")));
}

// Anybody can send tokens that no key fits.
TEST_F(IssuersTest, UnknownKeysDoNotHammerTheIssuer) {
  const JwtSigner signer = JwtSigner::Ec("P-256");
  issuer_.SetKeys({signer.Jwk("one")});
  EXPECT_TRUE(Verify(signer, "one").ok());
  issuer_.TakeRequests();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(absl::IsUnauthenticated(Verify(signer, "unknown")));
  }
  EXPECT_TRUE(issuer_.TakeRequests().empty());
  clock_.now += options_.min_refresh;
  for (int i = 0; i < 20; ++i) Verify(signer, "unknown").IgnoreError();
  EXPECT_EQ(issuer_.TakeRequests().size(), 2u);
}

TEST_F(IssuersTest, AnIssuerThatIsDownIsNotHammered) {
  issuer_.set_code(503);
  const JwtSigner signer = JwtSigner::Ec("P-256");
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Verify(signer, "one").message(), HasSubstr("answered 503"));
  }
  EXPECT_EQ(issuer_.TakeRequests().size(), 1u);
  issuer_.set_code(200);
  issuer_.SetKeys({signer.Jwk("one")});
  clock_.now += options_.min_retry;
  EXPECT_TRUE(Verify(signer, "one").ok());
}

TEST_F(IssuersTest, KeysOutliveAShortOutage) {
  const JwtSigner signer = JwtSigner::Ec("P-256");
  issuer_.SetKeys({signer.Jwk("one")});
  EXPECT_TRUE(Verify(signer, "one").ok());
  issuer_.set_code(503);
  clock_.now += options_.min_refresh;
  EXPECT_FALSE(Verify(signer, "unknown").ok());
  EXPECT_TRUE(Verify(signer, "one").ok());
  // But not a long one.
  clock_.now += options_.max_age;
  EXPECT_FALSE(Verify(signer, "one").ok());
}

TEST_F(IssuersTest, AnIssuerMustSayItsOwnName) {
  issuer_.set_name("https://other.example");
  EXPECT_THAT(Verify(JwtSigner::Ec("P-256"), "one").message(),
              HasSubstr("of another issuer"));
}

TEST_F(IssuersTest, KeysMustBeOverHttp) {
  issuer_.set_keys_url("file:///etc/keys");
  EXPECT_THAT(Verify(JwtSigner::Ec("P-256"), "one").message(),
              HasSubstr("names no address for keys"));
}

TEST_F(IssuersTest, AlgorithmsAreThoseThatTheIssuerNames) {
  const JwtSigner signer = JwtSigner::Rsa();
  issuer_.SetKeys({signer.Jwk("one")});
  issuer_.set_algorithms({"PS256", "HS256", "none"});
  EXPECT_TRUE(Verify(signer, "one", "PS256").ok());
  EXPECT_FALSE(Verify(signer, "one", "RS256").ok());
}

TEST_F(IssuersTest, WithoutAlgorithmsItIsRs256) {
  const JwtSigner signer = JwtSigner::Rsa();
  issuer_.SetKeys({signer.Jwk("one")});
  issuer_.set_algorithms({});
  EXPECT_TRUE(Verify(signer, "one", "RS256").ok());
  EXPECT_FALSE(Verify(signer, "one", "PS256").ok());
}

TEST_F(IssuersTest, AnEndlessAnswerIsCut) {
  issuer_.set_padding(2u << 20);
  EXPECT_FALSE(Verify(JwtSigner::Ec("P-256"), "one").ok());
}

TEST_F(IssuersTest, RedirectsWithoutEndAreNotFollowed) {
  issuer_.set_code(302);
  EXPECT_FALSE(Verify(JwtSigner::Ec("P-256"), "one").ok());
  EXPECT_LE(issuer_.TakeRequests().size(), 6u);
}

}  // namespace
}  // namespace weir::notification_controller
