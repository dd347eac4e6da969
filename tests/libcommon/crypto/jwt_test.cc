#include "weir/crypto/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/support/jwt_signer.h"
#include "weir/crypto/hmac.h"
#include "weir/value/json.h"

namespace weir::crypto {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kAll = {"RS256", "RS384", "RS512", "PS256",
                                       "PS384", "PS512", "ES256", "ES384",
                                       "ES512", "EdDSA"};

Value Claims() {
  return Value::MakeObject({{"iss", "https://issuer.example"},
                            {"aud", "weir"},
                            {"exp", int64_t{2000}}});
}

absl::Status Verify(const std::string& token, const Value::Array& keys,
                    const std::vector<std::string>& algorithms = kAll) {
  const absl::StatusOr<Jwt> parsed = ParseJwt(token);
  if (!parsed.ok()) return parsed.status();
  const absl::StatusOr<KeySet> set = KeySet::Parse(MakeJwks(keys));
  if (!set.ok()) return set.status();
  return set->Verify(*parsed, algorithms);
}

JwtSigner SignerFor(const std::string& algorithm) {
  if (algorithm == "ES256") return JwtSigner::Ec("P-256");
  if (algorithm == "ES384") return JwtSigner::Ec("P-384");
  if (algorithm == "ES512") return JwtSigner::Ec("P-521");
  if (algorithm == "EdDSA") return JwtSigner::Ed25519();
  return JwtSigner::Rsa();
}

class AlgorithmTest : public testing::TestWithParam<std::string> {};

TEST_P(AlgorithmTest, VerifiesWhatItsKeySigned) {
  const JwtSigner signer = SignerFor(GetParam());
  const std::string token = signer.Sign(GetParam(), "one", Claims());
  EXPECT_TRUE(Verify(token, {signer.Jwk("one")}).ok());
  EXPECT_TRUE(Verify(token, {signer.Jwk("one")}, {GetParam()}).ok());
}

TEST_P(AlgorithmTest, RefusesWhatWasChanged) {
  const JwtSigner signer = SignerFor(GetParam());
  const std::string token = signer.Sign(GetParam(), "one", Claims());
  Value forged = Claims();
  forged.Set("sub", "admin");
  const std::vector<std::string> parts = {
      token.substr(0, token.find('.')),
      absl::WebSafeBase64Escape(FormatJson(forged)),
      token.substr(token.rfind('.') + 1)};
  EXPECT_TRUE(absl::IsUnauthenticated(
      Verify(absl::StrCat(parts[0], ".", parts[1], ".", parts[2]),
             {signer.Jwk("one")})));
}

TEST_P(AlgorithmTest, RefusesAnEmptyAndAZeroSignature) {
  const JwtSigner signer = SignerFor(GetParam());
  const std::string token = signer.Sign(GetParam(), "one", Claims());
  const std::string unsigned_token = token.substr(0, token.rfind('.') + 1);
  const size_t size = signer.SignText(GetParam(), "x").size();
  EXPECT_FALSE(Verify(unsigned_token, {signer.Jwk("one")}).ok());
  EXPECT_FALSE(Verify(unsigned_token +
                          absl::WebSafeBase64Escape(std::string(size, '\0')),
                      {signer.Jwk("one")})
                   .ok());
}

TEST_P(AlgorithmTest, RefusesAnotherAlgorithmThanAllowed) {
  const JwtSigner signer = SignerFor(GetParam());
  const std::string token = signer.Sign(GetParam(), "one", Claims());
  std::vector<std::string> others = kAll;
  std::erase(others, GetParam());
  EXPECT_TRUE(
      absl::IsUnauthenticated(Verify(token, {signer.Jwk("one")}, others)));
}

INSTANTIATE_TEST_SUITE_P(All, AlgorithmTest, testing::ValuesIn(kAll),
                         [](const auto& tested) { return tested.param; });

TEST(JwtAttackTest, NoneIsNoAlgorithm) {
  for (const char* name : {"none", "None", "NONE", ""}) {
    const std::string token =
        UnsignedJwt(Value::MakeObject({{"alg", name}}), Claims());
    EXPECT_TRUE(absl::IsUnauthenticated(
        Verify(token, {JwtSigner::Rsa().Jwk("")}, {"RS256", name})))
        << name;
  }
}

// The public key is known to all: it must not serve as a shared secret.
TEST(JwtAttackTest, APublicKeyIsNoSharedSecret) {
  const Value header = Value::MakeObject({{"alg", "HS256"}, {"kid", "one"}});
  std::string token = UnsignedJwt(header, Claims());
  const std::string text = token.substr(0, token.size() - 1);
  token += absl::WebSafeBase64Escape(Hmac(
      DigestAlgorithm::kSha256, Secret(JwtSigner::Rsa().PublicPem()), text));
  EXPECT_TRUE(absl::IsUnauthenticated(
      Verify(token, {JwtSigner::Rsa().Jwk("one")}, {"RS256", "HS256"})));
}

// What a token brings along is not what it is verified with.
TEST(JwtAttackTest, AKeyWithinTheTokenIsNotLookedAt) {
  const JwtSigner own = JwtSigner::Ec("P-256");
  for (const char* name : {"jwk", "jku", "x5u"}) {
    const Value header = Value::MakeObject(
        {{"alg", "ES256"}, {"kid", "one"}, {name, own.Jwk("one")}});
    std::string token = UnsignedJwt(header, Claims());
    token += absl::WebSafeBase64Escape(
        own.SignText("ES256", token.substr(0, token.size() - 1)));
    EXPECT_FALSE(Verify(token, {JwtSigner::Ec("P-256").Jwk("one")}).ok());
  }
}

TEST(JwtAttackTest, AKeyIsForItsAlgorithmOnly) {
  const JwtSigner signer = JwtSigner::Rsa();
  Value jwk = signer.Jwk("one");
  jwk.Set("alg", "PS256");
  EXPECT_FALSE(Verify(signer.Sign("RS256", "one", Claims()), {jwk}).ok());
  EXPECT_TRUE(Verify(signer.Sign("PS256", "one", Claims()), {jwk}).ok());
  jwk.Set("use", "enc");
  EXPECT_FALSE(Verify(signer.Sign("PS256", "one", Claims()), {jwk}).ok());
}

TEST(JwtAttackTest, ACurveIsForItsAlgorithmOnly) {
  const JwtSigner signer = JwtSigner::Ec("P-384");
  EXPECT_FALSE(
      Verify(signer.Sign("ES256", "one", Claims()), {signer.Jwk("one")}).ok());
}

TEST(JwtAttackTest, AnExtensionThatMustBeUnderstoodIsRefused) {
  const Value header = Value::MakeObject(
      {{"alg", "RS256"}, {"crit", Value(Value::Array{Value("b64")})}});
  EXPECT_FALSE(ParseJwt(UnsignedJwt(header, Claims()) + "AA").ok());
}

TEST(JwtAttackTest, WeakAndMalformedKeysAreLeftOut) {
  Value off_curve = JwtSigner::Ec("P-256").Jwk("a");
  off_curve.Set("y", off_curve["x"]);
  Value even = JwtSigner::Rsa().Jwk("b");
  even.Set("e", "Ag");
  Value huge = JwtSigner::Rsa().Jwk("c");
  huge.Set("n", absl::WebSafeBase64Escape(std::string(4096, '\xff')));
  const absl::StatusOr<KeySet> set = KeySet::Parse(MakeJwks(
      {JwtSigner::WeakRsa().Jwk("d"), off_curve, even, huge,
       Value::MakeObject({{"kty", "oct"}, {"k", "AAAA"}}), Value("key")}));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->size(), 0u);
}

TEST(KeySetTest, SaysThatNoKeyFits) {
  const JwtSigner signer = JwtSigner::Ec("P-256");
  const std::string token = signer.Sign("ES256", "two", Claims());
  EXPECT_TRUE(absl::IsNotFound(Verify(token, {signer.Jwk("one")})));
  EXPECT_TRUE(absl::IsNotFound(Verify(token, {})));
}

TEST(KeySetTest, TriesAllKeysForATokenWithoutId) {
  const JwtSigner signer = JwtSigner::Ec("P-256");
  EXPECT_TRUE(Verify(signer.Sign("ES256", "", Claims()),
                     {JwtSigner::Ec("P-256").Jwk("a"), signer.Jwk("b")})
                  .ok());
}

TEST(KeySetTest, IsBounded) {
  const Value jwk = JwtSigner::Ec("P-256").Jwk("a");
  EXPECT_TRUE(KeySet::Parse(MakeJwks(Value::Array(100, jwk))).ok());
  EXPECT_FALSE(KeySet::Parse(MakeJwks(Value::Array(101, jwk))).ok());
  EXPECT_FALSE(KeySet::Parse(absl::StrCat("{\"keys\":[],\"x\":\"",
                                          std::string(1u << 20, 'x'), "\"}"))
                   .ok());
  EXPECT_FALSE(KeySet::Parse("{}").ok());
  EXPECT_FALSE(KeySet::Parse("no JSON").ok());
}

TEST(ParseJwtTest, RefusesWhatIsNone) {
  const std::string good = JwtSigner::Ec("P-256").Sign("ES256", "", Claims());
  ASSERT_TRUE(ParseJwt(good).ok());
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."),
        std::string("a.b.c"), good + ".x", good + "=", " " + good,
        good.substr(0, good.rfind('.')),
        absl::StrCat("bnVsbA", good.substr(good.find('.'))),
        absl::StrCat(good, std::string(64u << 10, 'A'))}) {
    const absl::StatusOr<Jwt> token = ParseJwt(text);
    ASSERT_FALSE(token.ok()) << text.substr(0, 100);
    EXPECT_THAT(token.status().message(), HasSubstr("malformed token"));
  }
}

TEST(ParseJwtTest, TellsNothingOfTheToken) {
  const absl::StatusOr<Jwt> token = ParseJwt("s3cret.s3cret.s3cret");
  EXPECT_THAT(token.status().message(), testing::Not(HasSubstr("s3cret")));
}

struct ClaimCase {
  const char* name;
  const char* change;  // JSON laid over good claims.
  const char* error;   // "": none.
};

class CheckClaimsTest : public testing::TestWithParam<ClaimCase> {};

TEST_P(CheckClaimsTest, Checks) {
  Value claims = Claims();
  const absl::StatusOr<Value> change = ParseJson(GetParam().change);
  ASSERT_TRUE(change.ok()) << change.status();
  for (const Value::Member& member : change->object()) {
    if (member.value.is_null()) {
      claims.Erase(member.key);
    } else {
      claims.Set(member.key, member.value);
    }
  }
  const absl::Status status =
      CheckClaims(claims, {"https://issuer.example", "weir",
                           absl::UnixEpoch() + absl::Seconds(1000)});
  EXPECT_EQ(status.ok(), GetParam().error[0] == '\0') << status;
  EXPECT_THAT(status.message(), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Table, CheckClaimsTest,
    testing::Values(
        ClaimCase{"Good", "{}", ""},
        ClaimCase{"AnotherIssuer", R"({"iss":"https://evil.example"})",
                  "another issuer"},
        ClaimCase{"NoIssuer", R"({"iss":null})", "another issuer"},
        ClaimCase{"AnotherAudience", R"({"aud":"x"})", "another audience"},
        ClaimCase{"NoAudience", R"({"aud":null})", "another audience"},
        ClaimCase{"OneOfTheAudiences", R"({"aud":["x","weir"]})", ""},
        ClaimCase{"NoneOfTheAudiences", R"({"aud":["x",1]})",
                  "another audience"},
        ClaimCase{"Expired", R"({"exp":999})", "expired"},
        ClaimCase{"ExpiresNow", R"({"exp":1000})", ""},
        ClaimCase{"NeverExpires", R"({"exp":null})", "expired"},
        ClaimCase{"ExpiresInText", R"({"exp":"2000"})", "expired"},
        ClaimCase{"ValidSoon", R"({"nbf":1299})", ""},
        ClaimCase{"ValidLater", R"({"nbf":1301})", "not valid yet"},
        ClaimCase{"ValidFromText", R"({"nbf":"1"})", "not valid yet"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(CheckClaimsTest, NoAudienceMeansNobody) {
  Value claims = Claims();
  claims.Set("aud", "");
  EXPECT_FALSE(
      CheckClaims(claims, {"https://issuer.example", "", absl::UnixEpoch()})
          .ok());
}

}  // namespace
}  // namespace weir::crypto
