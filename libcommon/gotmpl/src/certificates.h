// Keys, certificates, passwords and ciphers as Sprig's crypto.go makes them.
//
// Touches: the system's randomness and clock.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weir::gotmpl {

struct KeyPair {
  std::string certificate;  // PEM.
  std::string key;          // PEM.
};

struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> ips;  // As written.
  std::vector<std::string> dns_names;
  int64_t days_valid = 0;
  bool is_authority = false;
  // Empty: a new RSA key of 2,048 bits.
  std::string key_pem;
  // Null signs with its own key.
  const KeyPair* authority = nullptr;
};

// Errors: kInvalidArgument "error parsing ip: x".
absl::Status CheckIp(const std::string& ip);
// Errors: kInvalidArgument with the text that Sprig has.
absl::StatusOr<KeyPair> MakeCertificate(const CertificateRequest& request,
                                        absl::Time now);
// The types of genPrivateKey; what is wrong comes as the text, as in Sprig.
std::string MakePrivateKey(absl::string_view type);
// Errors: kInvalidArgument, for what is no certificate and no key.
absl::Status CheckKeyPair(absl::string_view certificate_pem,
                          absl::string_view key_pem);

// A bcrypt hash of cost 10, or the text of what is wrong.
std::string Bcrypt(absl::string_view password, absl::string_view salt16);
std::string DerivePassword(uint32_t counter, absl::string_view type,
                           absl::string_view password, absl::string_view user,
                           absl::string_view site);
// AES-256 in CBC mode with the vector in front, unpadded and padded again.
std::string EncryptCbc(absl::string_view password, absl::string_view text,
                       absl::string_view vector16);
// `capacity` is that of Go's slice, which a panic's text tells.
absl::StatusOr<std::string> DecryptCbc(absl::string_view password,
                                       absl::string_view bytes,
                                       size_t capacity);

}  // namespace weir::gotmpl
