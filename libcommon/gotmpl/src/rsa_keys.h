// RSA keys, made several times faster than by OpenSSL's own generator, which
// proves primes by 64 rounds and in constant time: charts that make their own
// certificates spend most of their time here.
//
// Touches: randomness.
// Threads: pure functions.
// Source: FIPS 186-5, A.1.3 and table B.1.
#pragma once

#include <openssl/types.h>

namespace weir::gotmpl {

// A key of that many bits, with the exponent 65537; to be freed by
// EVP_PKEY_free. Null when memory or randomness fail.
EVP_PKEY* MakeRsaKey(int bits);

}  // namespace weir::gotmpl
