// Which proxy a request goes through, as the usual environment variables
// say.
//
// Touches: process (ProxiesFromEnvironment reads its environment).
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weir::http {

struct ProxySettings {
  std::string https_proxy;  // Value of HTTPS_PROXY.
  std::string http_proxy;   // Value of HTTP_PROXY.
  // Value of NO_PROXY: hosts, domains, addresses and CIDR ranges, with ",".
  std::string no_proxy;
};

// Of the process, in upper or lower case; the upper case wins. Programs read
// it once and hand it on.
ProxySettings ProxiesFromEnvironment();

// The proxy for `url`, for Request::proxy; "" for none. Loopback addresses
// and "localhost" never have one.
// Source: golang.org/x/net/http/httpproxy.
std::string ChooseProxy(const ProxySettings& settings, absl::string_view url);

}  // namespace weir::http
