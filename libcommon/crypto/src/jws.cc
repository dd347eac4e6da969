#include "weir/crypto/jws.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"

namespace weir::crypto {
namespace {

constexpr size_t kMaxKeyBytes = 64u << 10;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Signing = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

// Refuses to ask for a passphrase, which OpenSSL would do on the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*rwflag*/,
                 void* /*data*/) noexcept {
  return -1;
}

absl::StatusOr<Key> ReadKey(const Secret& pem) {
  const std::string& text = pem.RevealForUse();
  Key key(nullptr, EVP_PKEY_free);
  if (text.size() <= kMaxKeyBytes) {
    const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                  BIO_free);
    key.reset(
        PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  }
  if (key == nullptr) {
    return absl::InvalidArgumentError("it is no private key in PEM");
  }
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return absl::InvalidArgumentError("it is no RSA key");
  }
  return key;
}

}  // namespace

absl::StatusOr<Secret> SignRs256(const Secret& key_pem,
                                 absl::string_view header,
                                 absl::string_view claims) {
  WEIR_ASSIGN_OR_RETURN(const Key key, ReadKey(key_pem));
  const std::string text = absl::StrCat(absl::WebSafeBase64Escape(header), ".",
                                        absl::WebSafeBase64Escape(claims));
  const Signing signing(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::string signature(EVP_PKEY_get_size(key.get()), '\0');
  size_t size = signature.size();
  if (EVP_DigestSignInit(signing.get(), nullptr, EVP_sha256(), nullptr,
                         key.get()) != 1 ||
      EVP_DigestSign(signing.get(),
                     reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes, text.size()) != 1) {
    return absl::InvalidArgumentError("signing with the key failed");
  }
  signature.resize(size);
  return Secret(absl::StrCat(text, ".", absl::WebSafeBase64Escape(signature)));
}

}  // namespace weir::crypto
