#include "tests/support/certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "absl/strings/str_join.h"
#include "weir/base/status.h"

namespace weir::test {
namespace {

constexpr long kHour = 3600;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

std::string TakeBio(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<size_t>(size));
  BIO_free(bio);
  return out;
}

std::string PemOf(X509* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  WEIR_CHECK(PEM_write_bio_X509(bio, certificate) == 1);
  return TakeBio(bio);
}

std::string PemOf(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  WEIR_CHECK(PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr,
                                      nullptr) == 1);
  return TakeBio(bio);
}

void AddName(X509_NAME* name, const char* field, const std::string& value) {
  WEIR_CHECK(X509_NAME_add_entry_by_txt(
                 name, field, MBSTRING_UTF8,
                 reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1,
                 0) == 1);
}

void AddExtension(X509* certificate, X509* issuer, int nid,
                  const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  WEIR_CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Without issuer and signature.
Certificate NewCertificate(const CertificateRequest& request, EVP_PKEY* key) {
  static long serial = 1;
  Certificate certificate(X509_new());
  X509* raw = certificate.get();
  X509_set_version(raw, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(raw), serial++);
  X509_gmtime_adj(X509_getm_notBefore(raw), -2 * kHour);
  X509_gmtime_adj(X509_getm_notAfter(raw),
                  request.is_expired ? -kHour : 24 * kHour);
  X509_set_pubkey(raw, key);
  X509_NAME* name = X509_get_subject_name(raw);
  for (const std::string& organization : request.organizations) {
    AddName(name, "O", organization);
  }
  AddName(name, "CN", request.common_name);
  return certificate;
}

}  // namespace

struct Authority::Impl {
  Key key;
  Certificate certificate;
};

Authority::Authority(const std::string& common_name)
    : impl_(std::make_unique<Impl>()) {
  impl_->key = Key(EVP_EC_gen("P-256"));
  impl_->certificate = NewCertificate({common_name}, impl_->key.get());
  X509* raw = impl_->certificate.get();
  X509_set_issuer_name(raw, X509_get_subject_name(raw));
  AddExtension(raw, raw, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(raw, raw, NID_key_usage,
               "critical,keyCertSign,digitalSignature");
  AddExtension(raw, raw, NID_subject_key_identifier, "hash");
  WEIR_CHECK(X509_sign(raw, impl_->key.get(), EVP_sha256()) > 0);
  pem_ = PemOf(raw);
}

Authority::~Authority() = default;

KeyPair Authority::Sign(const CertificateRequest& request) const {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = NewCertificate(request, key.get());
  X509* raw = certificate.get();
  X509_set_issuer_name(raw, X509_get_subject_name(impl_->certificate.get()));
  AddExtension(raw, impl_->certificate.get(), NID_authority_key_identifier,
               "keyid");
  if (!request.alternative_names.empty()) {
    AddExtension(raw, impl_->certificate.get(), NID_subject_alt_name,
                 absl::StrJoin(request.alternative_names, ","));
  }
  WEIR_CHECK(X509_sign(raw, impl_->key.get(), EVP_sha256()) > 0);
  return {PemOf(raw), PemOf(key.get())};
}

KeyPair Authority::SignServer() const {
  return Sign({.common_name = "server",
               .alternative_names = {"DNS:localhost", "IP:127.0.0.1"}});
}

}  // namespace weir::test
