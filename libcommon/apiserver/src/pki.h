// Pki is the server's certificate authority and what it signs.
//
// Touches: the backend's meta table, clock.
// Threads: pure functions but for the backend.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend.h"
#include "weir/base/secret.h"

namespace weir::apiserver {

struct KeyPair {
  std::string certificate_pem;
  Secret key_pem;
};

// The authority of this data folder; made when there is none yet.
absl::StatusOr<KeyPair> ReadOrMakeAuthority(Backend& backend);

// A certificate for a server. `hosts`: names and IP addresses.
absl::StatusOr<KeyPair> SignServerCertificate(
    const KeyPair& authority, const std::vector<std::string>& hosts);

}  // namespace weir::apiserver
