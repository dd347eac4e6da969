#include "tests/notification-controller/forges/test_keys.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

// Making one takes its time.
EVP_PKEY* TestKey() {
  static EVP_PKEY* const key = EVP_RSA_gen(1024);
  return key;
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, size);
  BIO_free(bio);
  return text;
}

std::string Decoded(absl::string_view text) {
  std::string bytes;
  return absl::WebSafeBase64Unescape(text, &bytes) ? bytes : "";
}

bool IsSigned(const std::string& text, const std::string& signature) {
  EVP_MD_CTX* const verifying = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(verifying, nullptr, EVP_sha256(), nullptr, TestKey());
  const int is_right = EVP_DigestVerify(
      verifying, reinterpret_cast<const unsigned char*>(signature.data()),
      signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
      text.size());
  EVP_MD_CTX_free(verifying);
  return is_right == 1;
}

}  // namespace

std::string Pkcs8Pem() {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, TestKey(), nullptr, nullptr, 0, nullptr,
                                nullptr);
  return TextOf(bio);
}

std::string Pkcs1Pem() {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey_traditional(bio, TestKey(), nullptr, nullptr, 0,
                                       nullptr, nullptr);
  return TextOf(bio);
}

std::string EllipticPem() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr,
                                nullptr);
  EVP_PKEY_free(key);
  return TextOf(bio);
}

SignedToken ReadToken(const std::string& token) {
  const std::vector<std::string> parts = absl::StrSplit(token, '.');
  SignedToken read;
  if (parts.size() != 3) return read;
  read.header = ParseJson(Decoded(parts[0])).value_or(Value());
  if (IsSigned(absl::StrCat(parts[0], ".", parts[1]), Decoded(parts[2]))) {
    read.claims = ParseJson(Decoded(parts[1])).value_or(Value());
  }
  return read;
}

}  // namespace weir::notification_controller
