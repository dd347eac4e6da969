#include "weir/base/random.h"

#include <openssl/rand.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"

namespace weir {

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  const int result = RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                                static_cast<int>(count));
  WEIR_CHECK(result == 1);
  return bytes;
}

std::string RandomHex(size_t count) {
  return absl::BytesToHexString(RandomBytes(count));
}

std::string RandomUuid() {
  std::string bytes = RandomBytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = absl::BytesToHexString(bytes);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-",
                      hex.substr(12, 4), "-", hex.substr(16, 4), "-",
                      hex.substr(20));
}

}  // namespace weir
