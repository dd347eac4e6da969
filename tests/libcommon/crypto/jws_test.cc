#include "weir/crypto/jws.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace weir::crypto {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key MakeKey() { return Key(EVP_RSA_gen(1024), EVP_PKEY_free); }

// In PKCS#8, encrypted when there is a passphrase.
std::string PemOf(EVP_PKEY* key, const char* passphrase) {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(
      bio, key, passphrase != nullptr ? EVP_aes_256_cbc() : nullptr, passphrase,
      passphrase != nullptr ? 4 : 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, size);
  BIO_free(bio);
  return text;
}

bool IsSignedBy(EVP_PKEY* key, const std::string& text,
                const std::string& signature) {
  EVP_MD_CTX* const verifying = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(verifying, nullptr, EVP_sha256(), nullptr, key);
  const int is_right = EVP_DigestVerify(
      verifying, reinterpret_cast<const unsigned char*>(signature.data()),
      signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
      text.size());
  EVP_MD_CTX_free(verifying);
  return is_right == 1;
}

TEST(SignRs256Test, SignsHeaderAndClaims) {
  const Key key = MakeKey();
  const absl::StatusOr<Secret> token =
      SignRs256(Secret(PemOf(key.get(), nullptr)), R"({"alg":"RS256"})",
                R"({"iss":"me"})");
  ASSERT_TRUE(token.ok()) << token.status();
  const std::vector<std::string> parts =
      absl::StrSplit(token->RevealForUse(), '.');
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0], "eyJhbGciOiJSUzI1NiJ9");
  EXPECT_EQ(parts[1], "eyJpc3MiOiJtZSJ9");
  std::string signature;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(parts[2], &signature));
  EXPECT_TRUE(
      IsSignedBy(key.get(), absl::StrCat(parts[0], ".", parts[1]), signature));
  EXPECT_FALSE(IsSignedBy(key.get(), "other", signature));
}

TEST(SignRs256Test, RefusesWhatIsNoRsaKeyInTheClear) {
  const Key rsa = MakeKey();
  const Key elliptic(EVP_EC_gen("P-256"), EVP_PKEY_free);
  for (const std::string& pem :
       {std::string(), std::string("text"), PemOf(rsa.get(), "pass"),
        PemOf(elliptic.get(), nullptr), std::string(1u << 20, 'A')}) {
    const absl::Status status = SignRs256(Secret(pem), "{}", "{}").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  }
}

TEST(SignRs256Test, StopsKeysInErrors) {
  const absl::Status status =
      SignRs256(Secret("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n"
                       "-----END PRIVATE KEY-----\n"),
                "{}", "{}")
          .status();
  EXPECT_EQ(status.message(), "it is no private key in PEM");
}

}  // namespace
}  // namespace weir::crypto
