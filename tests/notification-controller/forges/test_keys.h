// An RSA key for tests, and what was signed with it.
//
// Touches: nothing.
// Threads: used by one thread.
#pragma once

#include <string>

#include "weir/value/value.h"

namespace weir::notification_controller {

// The test's key in PEM, made once.
std::string Pkcs1Pem();
std::string Pkcs8Pem();
// A key of another kind.
std::string EllipticPem();

struct SignedToken {
  Value header;
  Value claims;  // Null when the test's key did not sign it.
};

SignedToken ReadToken(const std::string& token);

}  // namespace weir::notification_controller
