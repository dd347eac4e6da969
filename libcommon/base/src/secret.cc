#include "weir/base/secret.h"

#include <openssl/crypto.h>

#include "absl/strings/str_cat.h"

namespace weir {

bool Secret::operator==(const Secret& other) const {
  return bytes_.size() == other.bytes_.size() &&
         CRYPTO_memcmp(bytes_.data(), other.bytes_.data(), bytes_.size()) == 0;
}

void Secret::Wipe() {
  if (!bytes_.empty()) OPENSSL_cleanse(bytes_.data(), bytes_.size());
  bytes_.clear();
}

std::string RedactUrl(absl::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == absl::string_view::npos) return std::string(url);
  const absl::string_view rest = url.substr(scheme + 3);
  const absl::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const size_t at = authority.rfind('@');
  if (at == absl::string_view::npos) return std::string(url);
  return absl::StrCat(url.substr(0, scheme + 3), "*****", rest.substr(at));
}

}  // namespace weir
