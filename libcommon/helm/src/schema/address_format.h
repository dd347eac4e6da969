// The format of IPv6 addresses, which schemas assert.
//
// Touches: nothing.
// Threads: pure functions.
// Source: Go's net/netip, whose words its errors are.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weir::helm {

// What is wrong with the text; empty: nothing.
std::string CheckIpv6(absl::string_view text);

}  // namespace weir::helm
