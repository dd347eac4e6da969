#include "weir/http/address.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace weir::http {

bool IsLinkLocal(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& ip = reinterpret_cast<const sockaddr_in&>(address);
    return (ntohl(ip.sin_addr.s_addr) >> 16) == 0xa9fe;  // 169.254/16
  }
  if (address.sa_family != AF_INET6) return false;
  const in6_addr& ip = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&ip)) {
    return ip.s6_addr[12] == 169 && ip.s6_addr[13] == 254;
  }
  // fd00:ec2::254, where a cloud answers over IPv6 as at 169.254.169.254.
  static constexpr unsigned char kMetadata[16] = {
      0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};
  return IN6_IS_ADDR_LINKLOCAL(&ip) ||
         std::memcmp(&ip, kMetadata, sizeof(kMetadata)) == 0;
}

}  // namespace weir::http
