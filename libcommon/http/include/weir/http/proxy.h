// Which proxy a request goes through, as the usual environment variables
// say. The variables themselves are read by main.cc only.
//
// Touches: nothing.
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

// The proxy for `url`, for Request::proxy; "" for none. Loopback addresses
// and "localhost" never have one.
// Source: golang.org/x/net/http/httpproxy.
std::string ChooseProxy(const ProxySettings& settings, absl::string_view url);

}  // namespace weir::http
