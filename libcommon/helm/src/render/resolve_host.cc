#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <memory>

#include "absl/strings/str_cat.h"
#include "weir/helm/render.h"

namespace weir::helm {

absl::StatusOr<std::string> ResolveHost(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return absl::NotFoundError(
        absl::StrCat("lookup ", host, ": ", gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found,
                                                             freeaddrinfo);
  std::array<char, INET6_ADDRSTRLEN> text{};
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    const bool is_v4 = it->ai_family == AF_INET;
    if (!is_v4 && it->ai_family != AF_INET6) continue;
    const void* address =
        is_v4
            ? static_cast<const void*>(
                  &reinterpret_cast<const sockaddr_in*>(it->ai_addr)->sin_addr)
            : &reinterpret_cast<const sockaddr_in6*>(it->ai_addr)->sin6_addr;
    if (inet_ntop(it->ai_family, address, text.data(), text.size()) !=
        nullptr) {
      return std::string(text.data());
    }
  }
  return absl::NotFoundError(absl::StrCat("lookup ", host, ": no address"));
}

}  // namespace weir::helm
