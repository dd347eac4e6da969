// What the server asks of OpenSSL itself: who a peer is, and which protocol
// to speak.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <openssl/ssl.h>

#include <optional>

#include "weir/http/server.h"

namespace weir::http {

// Nothing when the client sent no certificate.
std::optional<PeerCertificate> PeerOf(SSL* ssl);

// Picks "http/1.1" where it is offered; an SSL_CTX_alpn_select_cb_func.
int SelectAlpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
               const unsigned char* in, unsigned in_size, void*) noexcept;

}  // namespace weir::http
