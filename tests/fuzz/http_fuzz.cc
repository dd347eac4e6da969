// Input: text, read as each small thing that HTTP brings.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "weir/base/secret.h"
#include "weir/base/status.h"
#include "weir/http/headers.h"
#include "weir/http/proxy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string encoded = weir::http::PercentEncode(text);
  WEIR_CHECK(weir::http::PercentDecode(encoded) == text);
  (void)weir::http::PercentDecode(text, true);
  const auto query = weir::http::ParseQuery(text);
  WEIR_CHECK(weir::http::ParseQuery(weir::http::FormatQuery(query)) == query);
  (void)weir::http::ParseHttpTime(text);
  (void)weir::RedactUrl(text);
  const size_t newline = std::min(text.find('\n'), size);
  weir::http::ProxySettings settings;
  settings.https_proxy = settings.http_proxy = "http://proxy:1";
  settings.no_proxy = std::string(text.substr(std::min(newline + 1, size)));
  (void)weir::http::ChooseProxy(settings, text.substr(0, newline));
  return 0;
}
