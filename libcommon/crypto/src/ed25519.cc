#include "weir/crypto/ed25519.h"

#include <openssl/evp.h>

#include <memory>

#include "weir/base/status.h"

namespace weir::crypto {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kSignatureBytes = 64;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Signing = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* BytesOf(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* WritableBytesOf(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

absl::StatusOr<Key> MakeKey(const Secret& seed) {
  const std::string& bytes = seed.RevealForUse();
  Key key(nullptr, EVP_PKEY_free);
  if (bytes.size() == kKeyBytes) {
    key.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                           BytesOf(bytes), bytes.size()));
  }
  if (key == nullptr) {
    return absl::InvalidArgumentError("it is no key of Ed25519");
  }
  return key;
}

}  // namespace

absl::StatusOr<std::string> Ed25519PublicKey(const Secret& seed) {
  WEIR_ASSIGN_OR_RETURN(const Key key, MakeKey(seed));
  std::string public_key(kKeyBytes, '\0');
  size_t size = public_key.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), WritableBytesOf(public_key),
                                  &size) != 1) {
    return absl::InternalError("reading a public key failed");
  }
  return public_key;
}

absl::StatusOr<std::string> Ed25519Sign(const Secret& seed,
                                        absl::string_view message) {
  WEIR_ASSIGN_OR_RETURN(const Key key, MakeKey(seed));
  const Signing signing(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  if (EVP_DigestSignInit(signing.get(), nullptr, nullptr, nullptr, key.get()) !=
          1 ||
      EVP_DigestSign(signing.get(), WritableBytesOf(signature), &size,
                     BytesOf(message), message.size()) != 1) {
    return absl::InternalError("signing failed");
  }
  return signature;
}

}  // namespace weir::crypto
