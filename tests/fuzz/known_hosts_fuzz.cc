// Input: a known_hosts file, and, as it is, an SSH key.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "weir/base/secret.h"
#include "weir/git/known_hosts.h"
#include "weir/git/ssh_key.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  (void)weir::git::KeyTypeOf(text);
  (void)weir::git::CheckSshKey(weir::Secret(std::string(text)), weir::Secret());
  const auto hosts = weir::git::KnownHosts::Parse(text);
  if (!hosts.ok()) return 0;
  (void)hosts->Check("example.com", 22, text);
  (void)hosts->Check("::1", 2222, "\0\0\0\1a");
  (void)hosts->KeyTypes("example.com", 22);
  return 0;
}
