// Input: a token, a zero byte, a key set.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/status.h"
#include "weir/crypto/jwt.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end =
      std::min(input.find(absl::string_view("\0", 1)), input.size());
  const auto token = weir::crypto::ParseJwt(input.substr(0, end));
  const auto keys = weir::crypto::KeySet::Parse(
      input.substr(std::min(end + 1, input.size())));
  if (token.ok()) {
    WEIR_CHECK(token->claims.is_object());
    (void)weir::crypto::CheckClaims(token->claims, {"issuer", "audience", {}});
  }
  if (keys.ok()) WEIR_CHECK(keys->size() <= 100);
  if (token.ok() && keys.ok()) {
    // Nobody who fuzzes has the keys of the seeds.
    (void)keys->Verify(*token, {"RS256", "PS256", "ES256", "EdDSA"});
    WEIR_CHECK(!keys->Verify(*token, {"none", "HS256"}).ok());
  }
  return 0;
}
