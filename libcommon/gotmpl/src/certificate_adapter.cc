#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/dsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "certificates.h"
#include "rsa_keys.h"
#include "weir/base/status.h"

namespace weir::gotmpl {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(ASN1_OCTET_STRING* text) const {
    ASN1_OCTET_STRING_free(text);
  }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

absl::Status Error(absl::string_view text) {
  ERR_clear_error();
  return absl::InvalidArgumentError(text);
}

Owned<BIO> Reader(absl::string_view text) {
  return Owned<BIO>(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

// The type of the first PEM block; empty when there is none.
std::string PemType(absl::string_view pem) {
  const Owned<BIO> bio = Reader(pem);
  char *name = nullptr, *header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) {
    ERR_clear_error();
    return "";
  }
  std::string type = name;
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(data);
  return type;
}

absl::StatusOr<Owned<EVP_PKEY>> ParseKey(absl::string_view pem) {
  const std::string type = PemType(pem);
  if (type.empty()) return Error("no PEM data in input");
  const bool is_pkcs8 = type == "PRIVATE KEY";
  if (!is_pkcs8 && !absl::EndsWith(type, " PRIVATE KEY")) {
    return Error(
        absl::StrCat("no private key data in PEM block of type ", type));
  }
  const std::string kind =
      is_pkcs8 ? "" : type.substr(0, type.size() - sizeof("PRIVATE KEY"));
  if (!is_pkcs8 && kind != "RSA" && kind != "EC" && kind != "DSA") {
    return Error(absl::StrCat("invalid private key type ", kind));
  }
  const Owned<BIO> bio = Reader(pem);
  Owned<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) {
    return Error(is_pkcs8 ? "decoding PEM as PKCS#8: malformed private key"
                          : absl::StrCat("parsing ", kind,
                                         " private key from PEM: malformed "
                                         "private key"));
  }
  return key;
}

absl::StatusOr<Owned<X509>> ParseCertificate(absl::string_view pem,
                                             absl::string_view what) {
  if (PemType(pem).empty()) return Error("unable to decode certificate");
  const Owned<BIO> bio = Reader(pem);
  Owned<X509> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) {
    return Error(absl::StrCat("error parsing certificate: ", what,
                              ": x509: malformed certificate"));
  }
  return certificate;
}

std::string KeyPem(EVP_PKEY* key) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "EC") ||
      EVP_PKEY_is_a(key, "DSA")) {
    PEM_write_bio_PrivateKey_traditional(bio.get(), key, nullptr, nullptr, 0,
                                         nullptr, nullptr);
  } else {
    PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr,
                             nullptr);
  }
  return TextOf(bio.get());
}

Owned<EVP_PKEY> MakeDsaKey() {
  constexpr int kPrimeBits = 2048, kSubprimeBits = 256;
  const Owned<EVP_PKEY_CTX> parameters(
      EVP_PKEY_CTX_new_from_name(nullptr, "DSA", nullptr));
  EVP_PKEY* raw = nullptr;
  if (EVP_PKEY_paramgen_init(parameters.get()) <= 0 ||
      EVP_PKEY_CTX_set_dsa_paramgen_bits(parameters.get(), kPrimeBits) <= 0 ||
      EVP_PKEY_CTX_set_dsa_paramgen_q_bits(parameters.get(), kSubprimeBits) <=
          0 ||
      EVP_PKEY_paramgen(parameters.get(), &raw) <= 0) {
    return nullptr;
  }
  const Owned<EVP_PKEY> made(raw);
  const Owned<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, made.get(), nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_keygen_init(context.get()) <= 0 ||
      EVP_PKEY_keygen(context.get(), &key) <= 0) {
    return nullptr;
  }
  return Owned<EVP_PKEY>(key);
}

bool AddExtension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

void AddName(GENERAL_NAMES* names, int type, absl::string_view bytes) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_STRING* text = type == GEN_DNS
                          ? static_cast<ASN1_STRING*>(ASN1_IA5STRING_new())
                          : static_cast<ASN1_STRING*>(ASN1_OCTET_STRING_new());
  ASN1_STRING_set(text, bytes.data(), static_cast<int>(bytes.size()));
  GENERAL_NAME_set0_value(name, type, text);
  sk_GENERAL_NAME_push(names, name);
}

absl::StatusOr<std::string> IpBytes(const std::string& ip) {
  unsigned char bytes[16];
  if (inet_pton(AF_INET, ip.c_str(), bytes) == 1) {
    return std::string(reinterpret_cast<char*>(bytes), 4);
  }
  if (inet_pton(AF_INET6, ip.c_str(), bytes) != 1) {
    return Error(absl::StrCat("error parsing ip: ", ip));
  }
  return std::string(reinterpret_cast<char*>(bytes), 16);
}

absl::Status AddAlternativeNames(const CertificateRequest& request,
                                 X509* certificate) {
  if (request.ips.empty() && request.dns_names.empty()) {
    return absl::OkStatus();
  }
  const Owned<GENERAL_NAMES> names(GENERAL_NAMES_new());
  for (const std::string& name : request.dns_names) {
    AddName(names.get(), GEN_DNS, name);
  }
  for (const std::string& ip : request.ips) {
    WEIR_ASSIGN_OR_RETURN(const std::string bytes, IpBytes(ip));
    AddName(names.get(), GEN_IPADD, bytes);
  }
  X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0,
                    X509V3_ADD_APPEND);
  return absl::OkStatus();
}

// The first 160 bits of the public key's SHA-256.
void AddSubjectKeyId(X509* certificate) {
  const ASN1_BIT_STRING* key = X509_get0_pubkey_bitstr(certificate);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(ASN1_STRING_get0_data(key),
         static_cast<size_t>(ASN1_STRING_length(key)), digest);
  const Owned<ASN1_OCTET_STRING> id(ASN1_OCTET_STRING_new());
  ASN1_OCTET_STRING_set(id.get(), digest, 20);
  X509_add1_ext_i2d(certificate, NID_subject_key_identifier, id.get(), 0,
                    X509V3_ADD_APPEND);
}

void AddAuthorityKeyId(X509* certificate, X509* authority) {
  const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(authority);
  if (id == nullptr || X509_NAME_cmp(X509_get_subject_name(certificate),
                                     X509_get_subject_name(authority)) == 0) {
    return;
  }
  AUTHORITY_KEYID* authority_id = AUTHORITY_KEYID_new();
  authority_id->keyid = ASN1_OCTET_STRING_dup(id);
  X509_add1_ext_i2d(certificate, NID_authority_key_identifier, authority_id, 0,
                    X509V3_ADD_APPEND);
  AUTHORITY_KEYID_free(authority_id);
}

void SetSerial(X509* certificate) {
  const Owned<BIGNUM> serial(BN_new());
  BN_rand(serial.get(), 128, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate));
}

void SetValidity(const CertificateRequest& request, absl::Time now,
                 X509* certificate) {
  const int64_t start = absl::ToUnixSeconds(now);
  // As many days as a Go duration can hold.
  const int64_t days =
      std::min<int64_t>(std::max<int64_t>(request.days_valid, -106751), 106751);
  ASN1_TIME_set(X509_getm_notBefore(certificate), start);
  ASN1_TIME_set(X509_getm_notAfter(certificate), start + days * 86400);
}

absl::Status FillCertificate(const CertificateRequest& request, absl::Time now,
                             EVP_PKEY* key, X509* authority,
                             X509* certificate) {
  X509_set_version(certificate, X509_VERSION_3);
  SetSerial(certificate);
  SetValidity(request, now, certificate);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_NID(
      X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(request.common_name.data()),
      static_cast<int>(request.common_name.size()), -1, 0);
  X509_set_issuer_name(
      certificate, X509_get_subject_name(authority ? authority : certificate));
  AddExtension(certificate, NID_key_usage,
               request.is_authority
                   ? "critical,digitalSignature,keyEncipherment,keyCertSign"
                   : "critical,digitalSignature,keyEncipherment");
  AddExtension(certificate, NID_ext_key_usage, "serverAuth,clientAuth");
  AddExtension(certificate, NID_basic_constraints,
               request.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (request.is_authority) AddSubjectKeyId(certificate);
  if (authority != nullptr) AddAuthorityKeyId(certificate, authority);
  return AddAlternativeNames(request, certificate);
}

// The digest that a key signs with; Ed25519 has its own.
const EVP_MD* DigestFor(EVP_PKEY* key) {
  return EVP_PKEY_is_a(key, "ED25519") ? nullptr : EVP_sha256();
}

}  // namespace

absl::Status CheckIp(const std::string& ip) { return IpBytes(ip).status(); }

absl::StatusOr<KeyPair> MakeCertificate(const CertificateRequest& request,
                                        absl::Time now) {
  Owned<EVP_PKEY> key;
  if (request.key_pem.empty()) {
    key.reset(MakeRsaKey(2048));
    if (key == nullptr) return Error("error generating rsa key");
  } else {
    WEIR_ASSIGN_OR_RETURN(key, ParseKey(request.key_pem),
                          "parsing private key");
  }
  Owned<X509> authority;
  Owned<EVP_PKEY> authority_key;
  if (request.authority != nullptr) {
    WEIR_ASSIGN_OR_RETURN(authority,
                          ParseCertificate(request.authority->certificate,
                                           "decodedSignerCert.Bytes"));
    WEIR_ASSIGN_OR_RETURN(authority_key, ParseKey(request.authority->key),
                          "error parsing private key");
  }
  const Owned<X509> certificate(X509_new());
  WEIR_RETURN_IF_ERROR(FillCertificate(request, now, key.get(), authority.get(),
                                       certificate.get()));
  EVP_PKEY* signer = authority_key ? authority_key.get() : key.get();
  if (X509_sign(certificate.get(), signer, DigestFor(signer)) <= 0) {
    return Error("error creating certificate: x509: the key cannot sign");
  }
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate.get());
  return KeyPair{TextOf(bio.get()), KeyPem(key.get())};
}

std::string MakePrivateKey(absl::string_view type) {
  Owned<EVP_PKEY> key;
  if (type.empty() || type == "rsa") {
    key.reset(MakeRsaKey(4096));
  } else if (type == "dsa") {
    key = MakeDsaKey();
  } else if (type == "ecdsa") {
    key.reset(EVP_EC_gen("P-256"));
  } else if (type == "ed25519") {
    key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  } else {
    return absl::StrCat("Unknown type ", type);
  }
  if (key == nullptr) return "failed to generate private key";
  return KeyPem(key.get());
}

absl::Status CheckKeyPair(absl::string_view certificate_pem,
                          absl::string_view key_pem) {
  WEIR_RETURN_IF_ERROR(
      ParseCertificate(certificate_pem, "decodedCert.Bytes").status());
  WEIR_RETURN_IF_ERROR(ParseKey(key_pem).status(), "error parsing private key");
  return absl::OkStatus();
}

}  // namespace weir::gotmpl
