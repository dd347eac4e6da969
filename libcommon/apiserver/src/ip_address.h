// IP addresses and prefixes, read, told apart and printed as Go's net/netip
// does.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::apiserver {

struct IpAddress {
  bool is_v6 = false;
  // In network order; of IPv4 the first four.
  std::array<uint8_t, 16> bytes = {};
  std::string zone;

  int bits() const { return is_v6 ? 128 : 32; }
  bool IsV4InV6() const;
  bool IsUnspecified() const;
  bool IsLoopback() const;
  bool IsLinkLocalMulticast() const;
  bool IsLinkLocalUnicast() const;
  bool IsGlobalUnicast() const;
  std::string ToString() const;
  bool operator==(const IpAddress& other) const;
};

struct IpPrefix {
  IpAddress address;
  int length = 0;  // Bits.

  // With zeros after the prefix.
  IpPrefix Masked() const;
  bool Contains(const IpAddress& other) const;
  std::string ToString() const;
};

// Errors: kInvalidArgument with Go's text, `ParseAddr("1.2"): IPv4 address too
// short`.
absl::StatusOr<IpAddress> ParseIpAddress(absl::string_view text);
absl::StatusOr<IpPrefix> ParseIpPrefix(absl::string_view text);

}  // namespace weir::apiserver
