#include "pki.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "weir/base/status.h"

namespace weir::apiserver {
namespace {

constexpr int64_t kSecondsOfDay = 24 * 60 * 60;
constexpr int64_t kLifetime = 3650 * kSecondsOfDay;

template <typename T, void (*kFree)(T*)>
struct Freer {
  void operator()(T* p) const { kFree(p); }
};
using PKey = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509, X509_free>>;
void FreeBio(BIO* bio) { BIO_free(bio); }
using Bio = std::unique_ptr<BIO, Freer<BIO, FreeBio>>;

absl::Status Failed(absl::string_view what) {
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof(text));
  return absl::InternalError(absl::StrCat(what, ": ", text));
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

bool AddExtension(X509* certificate, X509* issuer, int nid,
                  const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool ok = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return ok;
}

absl::StatusOr<Certificate> NewCertificate(absl::string_view common_name,
                                           EVP_PKEY* key) {
  Certificate certificate(X509_new());
  unsigned char serial[16];
  if (certificate == nullptr || RAND_bytes(serial, sizeof(serial)) != 1) {
    return Failed("making a certificate");
  }
  serial[0] &= 0x7f;
  BIGNUM* number = BN_bin2bn(serial, sizeof(serial), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
  BN_free(number);
  X509_set_version(certificate.get(), X509_VERSION_3);
  // A little in the past, for clocks that are not quite right.
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kSecondsOfDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kLifetime);
  X509_set_pubkey(certificate.get(), key);
  const std::string name(common_name);
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(name.data()),
      static_cast<int>(name.size()), -1, 0);
  return certificate;
}

absl::StatusOr<KeyPair> ToPem(X509* certificate, EVP_PKEY* key) {
  Bio text(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(text.get(), certificate) != 1) {
    return Failed("writing a certificate");
  }
  Bio secret(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(secret.get(), key, nullptr, nullptr, 0, nullptr,
                               nullptr) != 1) {
    return Failed("writing a key");
  }
  return KeyPair{TextOf(text.get()), Secret(TextOf(secret.get()))};
}

absl::StatusOr<KeyPair> MakeAuthority() {
  PKey key(EVP_EC_gen("P-256"));
  if (key == nullptr) return Failed("making a key");
  WEIR_ASSIGN_OR_RETURN(Certificate certificate,
                        NewCertificate("weir-ca", key.get()));
  X509_set_issuer_name(certificate.get(),
                       X509_get_subject_name(certificate.get()));
  if (!AddExtension(certificate.get(), certificate.get(), NID_basic_constraints,
                    "critical,CA:TRUE") ||
      !AddExtension(certificate.get(), certificate.get(), NID_key_usage,
                    "critical,keyCertSign,digitalSignature") ||
      !AddExtension(certificate.get(), certificate.get(),
                    NID_subject_key_identifier, "hash") ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    return Failed("signing the authority");
  }
  return ToPem(certificate.get(), key.get());
}

bool IsAddress(const std::string& host) {
  return host.find_first_not_of("0123456789.") == std::string::npos ||
         host.find(':') != std::string::npos;
}

}  // namespace

absl::StatusOr<KeyPair> ReadOrMakeAuthority(Backend& backend) {
  KeyPair pair;
  WEIR_ASSIGN_OR_RETURN(pair.certificate_pem, backend.ReadMeta("ca.crt"));
  WEIR_ASSIGN_OR_RETURN(std::string key, backend.ReadMeta("ca.key"));
  if (!pair.certificate_pem.empty() && !key.empty()) {
    pair.key_pem = Secret(std::move(key));
    return pair;
  }
  WEIR_ASSIGN_OR_RETURN(pair, MakeAuthority());
  WEIR_RETURN_IF_ERROR(
      backend.WriteMeta("ca.key", pair.key_pem.RevealForUse()));
  WEIR_RETURN_IF_ERROR(backend.WriteMeta("ca.crt", pair.certificate_pem));
  return pair;
}

absl::StatusOr<KeyPair> SignServerCertificate(
    const KeyPair& authority, const std::vector<std::string>& hosts) {
  const std::string& ca_text = authority.certificate_pem;
  const std::string& ca_key_text = authority.key_pem.RevealForUse();
  Bio ca_bio(BIO_new_mem_buf(ca_text.data(), static_cast<int>(ca_text.size())));
  Certificate ca(PEM_read_bio_X509(ca_bio.get(), nullptr, nullptr, nullptr));
  Bio key_bio(BIO_new_mem_buf(ca_key_text.data(),
                              static_cast<int>(ca_key_text.size())));
  PKey ca_key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  PKey key(EVP_EC_gen("P-256"));
  if (ca == nullptr || ca_key == nullptr || key == nullptr) {
    return Failed("reading the authority");
  }
  WEIR_ASSIGN_OR_RETURN(Certificate certificate,
                        NewCertificate("weir-apiserver", key.get()));
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(ca.get()));
  std::vector<std::string> names;
  for (const std::string& host : hosts) {
    names.push_back(absl::StrCat(IsAddress(host) ? "IP:" : "DNS:", host));
  }
  if (!AddExtension(certificate.get(), ca.get(), NID_key_usage,
                    "critical,digitalSignature") ||
      !AddExtension(certificate.get(), ca.get(), NID_ext_key_usage,
                    "serverAuth") ||
      !AddExtension(certificate.get(), ca.get(), NID_authority_key_identifier,
                    "keyid") ||
      !AddExtension(certificate.get(), ca.get(), NID_subject_alt_name,
                    absl::StrJoin(names, ",")) ||
      X509_sign(certificate.get(), ca_key.get(), EVP_sha256()) == 0) {
    return Failed("signing a server certificate");
  }
  return ToPem(certificate.get(), key.get());
}

}  // namespace weir::apiserver
