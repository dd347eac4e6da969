// Which network addresses are what.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

struct sockaddr;

namespace weir::http {

// Of the link, where the metadata of clouds is: 169.254/16 and fe80::/10, the
// former in IPv6, and fd00:ec2::254. False for what is no IP address.
bool IsLinkLocal(const sockaddr& address);

}  // namespace weir::http
