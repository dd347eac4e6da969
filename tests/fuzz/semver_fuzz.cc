// Input: a range, a newline, a version.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "weir/base/status.h"
#include "weir/text/semver.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t newline = std::min(input.find('\n'), size);
  const auto range = weir::text::VersionRange::Parse(input.substr(0, newline));
  const auto version =
      weir::text::ParseVersion(input.substr(std::min(newline + 1, size)));
  if (version.ok()) {
    const auto again = weir::text::ParseVersion(version->ToString());
    WEIR_CHECK(again.ok());
    WEIR_CHECK(weir::text::CompareVersions(*version, *again) == 0);
    if (range.ok()) (void)range->Contains(*version);
  }
  return 0;
}
