// What Sprig's crypto makes is read back by OpenSSL.
#include <crypt.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <set>

#include "weir/gotmpl/template.h"

namespace weir::gotmpl {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// `steps`: what it took.
std::string Render(absl::string_view text, uint64_t* steps = nullptr) {
  FunctionTable functions = FunctionTable::Builtins();
  AddSprig(functions);
  Set set(std::make_shared<FunctionTable>(std::move(functions)), "t");
  const absl::StatusOr<TemplateRef> parsed = set.Parse("t", text);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  Execution execution{ExecOptions()};
  std::string out;
  const absl::Status status = set.Execute(execution, *parsed, Any(), &out);
  EXPECT_TRUE(status.ok()) << status;
  if (steps != nullptr) *steps = execution.steps();
  return out;
}

uint64_t StepsOf(absl::string_view text) {
  uint64_t steps = 0;
  Render(text, &steps);
  return steps;
}

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};

std::unique_ptr<X509, Free> ReadCertificate(const std::string& pem) {
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), -1));
  return std::unique_ptr<X509, Free>(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

std::unique_ptr<EVP_PKEY, Free> ReadKey(const std::string& pem) {
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), -1));
  return std::unique_ptr<EVP_PKEY, Free>(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
}

TEST(CertificatesTest, SignedCertificateVerifiesAgainstItsAuthority) {
  const std::string text = Render(
      R"({{ $ca := genCA "ca" 30 }}{{ $ca.Cert }}|)"
      R"({{ $c := genSignedCert "host" (list "10.0.0.1") (list "a.b" "c") 10)"
      R"( $ca }}{{ $c.Cert }}|{{ $c.Key }})");
  const std::vector<std::string> parts = {
      text.substr(0, text.find('|')),
      text.substr(text.find('|') + 1, text.rfind('|') - text.find('|') - 1),
      text.substr(text.rfind('|') + 1)};
  const auto authority = ReadCertificate(parts[0]);
  const auto certificate = ReadCertificate(parts[1]);
  const auto key = ReadKey(parts[2]);
  ASSERT_NE(authority, nullptr);
  ASSERT_NE(certificate, nullptr);
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(X509_verify(certificate.get(), X509_get0_pubkey(authority.get())),
            1);
  EXPECT_EQ(X509_check_private_key(certificate.get(), key.get()), 1);
  EXPECT_EQ(X509_check_host(certificate.get(), "a.b", 3, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "10.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ca(certificate.get()), 0);
  EXPECT_EQ(X509_check_ca(authority.get()), 1);
  EXPECT_THAT(parts[2], StartsWith("-----BEGIN RSA PRIVATE KEY-----"));
}

TEST(CertificatesTest, CertificateIsMadeForAGivenKey) {
  const std::string text = Render(
      R"({{ $k := genPrivateKey "ecdsa" }})"
      R"({{ $c := genSelfSignedCertWithKey "x" nil nil 1 $k }})"
      R"({{ buildCustomCert ($c.Cert | b64enc) ($c.Key | b64enc) | typeOf }})"
      R"({{ eq $k $c.Key }})");
  EXPECT_EQ(text, "sprig.certificatetrue");
}

TEST(CertificatesTest, KeysHaveTheirPemTypes) {
  EXPECT_THAT(Render(R"({{ genPrivateKey "ecdsa" }})"),
              StartsWith("-----BEGIN EC PRIVATE KEY-----"));
  EXPECT_THAT(Render(R"({{ genPrivateKey "ed25519" }})"),
              StartsWith("-----BEGIN PRIVATE KEY-----"));
}

TEST(CertificatesTest, RsaKeysAreSound) {
  std::set<std::string> keys;
  for (int i = 0; i < 6; ++i) {
    const std::string pem =
        Render(i == 0 ? R"({{ genPrivateKey "rsa" }})"
                      : R"({{ (genSelfSignedCert "x" nil nil 1).Key }})");
    const auto key = ReadKey(pem);
    ASSERT_NE(key, nullptr);
    EXPECT_EQ(EVP_PKEY_get_bits(key.get()), i == 0 ? 4096 : 2048);
    const std::unique_ptr<EVP_PKEY_CTX, Free> context(
        EVP_PKEY_CTX_new(key.get(), nullptr));
    // Looks at the primes, too.
    EXPECT_EQ(EVP_PKEY_check(context.get()), 1);
    keys.insert(pem);
  }
  EXPECT_EQ(keys.size(), 6u);
}

// What Harbor's chart makes has to fit, with what else it does.
TEST(CertificatesTest, ThereIsRoomForFiftySevenAndAHash) {
  const uint64_t authority = StepsOf(R"({{ $ca := genCA "ca" 30 }})");
  const uint64_t both =
      StepsOf(R"({{ $ca := genCA "ca" 30 }})"
              R"({{ $c := genSignedCert "host" nil nil 10 $ca }})");
  const uint64_t hash = StepsOf(R"({{ $h := htpasswd "a" "b" }})");
  EXPECT_LT(authority + 56 * (both - authority) + hash + 500'000,
            Limits().max_steps);
  // But not for many more.
  EXPECT_GT(70 * authority, Limits().max_steps);
}

TEST(CertificatesTest, LargeKeysCostMoreToSignWith) {
  const std::string key = R"({{ $k := genPrivateKey "rsa" }})";
  const uint64_t before = StepsOf(key);
  const uint64_t large =
      StepsOf(key + R"({{ $c := genCAWithKey "a" 1 $k }})") - before;
  const uint64_t small = StepsOf(R"({{ $k := genPrivateKey "ecdsa" }})"
                                 R"({{ $c := genCAWithKey "a" 1 $k }})");
  EXPECT_GT(large, small);
  EXPECT_GT(large, 180'000u);
}

TEST(CertificatesTest, BcryptHashChecksAgainstItsPassword) {
  const std::string hash = Render(R"({{ bcrypt "secret" }})");
  EXPECT_THAT(hash, StartsWith("$2a$10$"));
  crypt_data data = {};
  EXPECT_EQ(crypt_r("secret", hash.c_str(), &data), hash);
  EXPECT_THAT(Render(R"({{ htpasswd "u" "secret" }})"),
              StartsWith("u:$2a$10$"));
  EXPECT_THAT(Render(R"({{ repeat 73 "a" | bcrypt }})"),
              HasSubstr("password length exceeds 72 bytes"));
}

TEST(CertificatesTest, AesDecryptsWhatItEncrypted) {
  EXPECT_EQ(Render(R"({{ encryptAES "k" "some text" | decryptAES "k" }})"),
            "some text");
}

}  // namespace
}  // namespace weir::gotmpl
