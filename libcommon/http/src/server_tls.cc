#include "src/server_tls.h"

#include <openssl/x509.h>

#include <string>

namespace weir::http {
namespace {

std::string EntryOf(X509_NAME* name, int at) {
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(
      &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return "";
  std::string out(reinterpret_cast<char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  return out;
}

}  // namespace

std::optional<PeerCertificate> PeerOf(SSL* ssl) {
  X509* certificate = SSL_get1_peer_certificate(ssl);
  if (certificate == nullptr) return std::nullopt;
  PeerCertificate peer;
  X509_NAME* name = X509_get_subject_name(certificate);
  for (int at = -1;
       (at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0;) {
    peer.common_name = EntryOf(name, at);
  }
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, NID_organizationName,
                                                     at)) >= 0;) {
    peer.organizations.push_back(EntryOf(name, at));
  }
  X509_free(certificate);
  return peer;
}

int SelectAlpn(SSL*, const unsigned char** out, unsigned char* out_size,
               const unsigned char* in, unsigned in_size, void*) noexcept {
  static constexpr unsigned char kProtocol[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kProtocol, sizeof(kProtocol) - 1,
                            in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace weir::http
