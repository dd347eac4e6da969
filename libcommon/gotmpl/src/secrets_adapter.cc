// Hashes of passwords, derived passwords, AES.
#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>

#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "certificates.h"

namespace weir::gotmpl {
namespace {

constexpr size_t kBlock = 16;
constexpr absl::string_view kSeed = "com.lyndir.masterpassword";

struct PasswordType {
  absl::string_view name;
  std::vector<absl::string_view> templates;
};

const std::vector<PasswordType>& PasswordTypes() {
  static const auto* const types = new std::vector<PasswordType>{
      {"maximum", {"anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"}},
      {"long",
       {"CvcvnoCvcvCvcv", "CvcvCvcvnoCvcv", "CvcvCvcvCvcvno", "CvccnoCvcvCvcv",
        "CvccCvcvnoCvcv", "CvccCvcvCvcvno", "CvcvnoCvccCvcv", "CvcvCvccnoCvcv",
        "CvcvCvccCvcvno", "CvcvnoCvcvCvcc", "CvcvCvcvnoCvcc", "CvcvCvcvCvccno",
        "CvccnoCvccCvcv", "CvccCvccnoCvcv", "CvccCvccCvcvno", "CvcvnoCvccCvcc",
        "CvcvCvccnoCvcc", "CvcvCvccCvccno", "CvccnoCvcvCvcc", "CvccCvcvnoCvcc",
        "CvccCvcvCvccno"}},
      {"medium", {"CvcnoCvc", "CvcCvcno"}},
      {"short", {"Cvcn"}},
      {"basic", {"aaanaaan", "aannaaan", "aaannaaa"}},
      {"pin", {"nnnn"}},
  };
  return *types;
}

// What a letter of a template stands for.
absl::string_view CharactersOf(char letter) {
  switch (letter) {
    case 'V':
      return "AEIOU";
    case 'C':
      return "BCDFGHJKLMNPQRSTVWXYZ";
    case 'v':
      return "aeiou";
    case 'c':
      return "bcdfghjklmnpqrstvwxyz";
    case 'A':
      return "AEIOUBCDFGHJKLMNPQRSTVWXYZ";
    case 'a':
      return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    case 'n':
      return "0123456789";
    case 'o':
      return "@&%?,=[]_:-+*$#!'^~;()/.";
    default:
      return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789"
             "!@#$%^&*()";
  }
}

std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(value >> shift));
  }
  return bytes;
}

const unsigned char* Unsigned(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const {
    EVP_CIPHER_CTX_free(context);
  }
};

// AES-256-CBC over whole blocks.
std::string RunCbc(absl::string_view password, absl::string_view vector,
                   absl::string_view blocks, bool encrypts) {
  std::string key(password.substr(0, 32));
  key.resize(32, '\0');
  const std::string iv(vector), input(blocks);
  std::string out(input.size() + kBlock, '\0');
  const std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context(
      EVP_CIPHER_CTX_new());
  EVP_CipherInit_ex(context.get(), EVP_aes_256_cbc(), nullptr, Unsigned(key),
                    Unsigned(iv), encrypts ? 1 : 0);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  int size = 0;
  EVP_CipherUpdate(context.get(), reinterpret_cast<unsigned char*>(out.data()),
                   &size, Unsigned(input), static_cast<int>(input.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

}  // namespace

std::string Bcrypt(absl::string_view password, absl::string_view salt16) {
  constexpr size_t kMostBytes = 72;
  constexpr unsigned long kCost = 10;
  constexpr absl::string_view kFailed =
      "failed to encrypt string with bcrypt: ";
  if (password.size() > kMostBytes) {
    return absl::StrCat(kFailed, "bcrypt: password length exceeds 72 bytes");
  }
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  const auto data = std::make_unique<crypt_data>();
  std::memset(data.get(), 0, sizeof(crypt_data));
  const std::string phrase(password), salt(salt16);
  const char* hash = nullptr;
  if (crypt_gensalt_rn("$2b$", kCost, salt.data(),
                       static_cast<int>(salt.size()), setting,
                       sizeof(setting)) != nullptr) {
    hash = crypt_rn(phrase.c_str(), setting, data.get(), sizeof(crypt_data));
  }
  if (hash == nullptr) return absl::StrCat(kFailed, "not supported");
  // Go's package names the same algorithm by its older letter.
  std::string text = hash;
  text[2] = 'a';
  return text;
}

std::string DerivePassword(uint32_t counter, absl::string_view type,
                           absl::string_view password, absl::string_view user,
                           absl::string_view site) {
  const PasswordType* found = nullptr;
  for (const PasswordType& candidate : PasswordTypes()) {
    if (candidate.name == type) found = &candidate;
  }
  if (found == nullptr) {
    return absl::StrCat("cannot find password template ", type);
  }
  const std::string salt =
      absl::StrCat(kSeed, BigEndian(static_cast<uint32_t>(user.size())), user);
  const std::string phrase(password);
  unsigned char key[64];
  constexpr uint64_t kMostMemory = uint64_t{128} << 20;
  if (EVP_PBE_scrypt(phrase.data(), phrase.size(), Unsigned(salt), salt.size(),
                     32768, 8, 2, kMostMemory, key, sizeof(key)) != 1) {
    return "failed to derive password: scrypt";
  }
  const std::string message =
      absl::StrCat(kSeed, BigEndian(static_cast<uint32_t>(site.size())), site,
                   BigEndian(counter));
  unsigned char seed[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key, sizeof(key), Unsigned(message), message.size(), seed,
       &size);
  const absl::string_view letters =
      found->templates[seed[0] % found->templates.size()];
  std::string out;
  for (size_t i = 0; i < letters.size(); ++i) {
    const absl::string_view characters = CharactersOf(letters[i]);
    out.push_back(characters[seed[i + 1] % characters.size()]);
  }
  return out;
}

std::string EncryptCbc(absl::string_view password, absl::string_view text,
                       absl::string_view vector16) {
  std::string content(text);
  const size_t padding = kBlock - content.size() % kBlock;
  content.append(padding, static_cast<char>(padding));
  return absl::StrCat(vector16, RunCbc(password, vector16, content, true));
}

absl::StatusOr<std::string> DecryptCbc(absl::string_view password,
                                       absl::string_view bytes,
                                       size_t capacity) {
  if (capacity < kBlock) {
    return absl::InvalidArgumentError(
        absl::StrCat("runtime error: slice bounds out of range [:16] with "
                     "capacity ",
                     capacity));
  }
  if (bytes.size() < kBlock) {
    return absl::InvalidArgumentError(absl::StrCat(
        "runtime error: slice bounds out of range [16:", bytes.size(), "]"));
  }
  const absl::string_view blocks = bytes.substr(kBlock);
  if (blocks.size() % kBlock != 0) {
    return absl::InvalidArgumentError("crypto/cipher: input not full blocks");
  }
  if (blocks.empty()) {
    return absl::InvalidArgumentError("runtime error: index out of range [-1]");
  }
  std::string text = RunCbc(password, bytes.substr(0, kBlock), blocks, false);
  const size_t padding = static_cast<uint8_t>(text.back());
  if (padding > text.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("runtime error: slice bounds out of range [:-",
                     padding - text.size(), "]"));
  }
  text.erase(text.size() - padding);
  return text;
}

}  // namespace weir::gotmpl
