// Input: a duration or a time, as Go and Kubernetes write them.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto duration = weir::ParseGoDuration(text);
  if (duration.ok()) {
    const auto again = weir::ParseGoDuration(weir::FormatGoDuration(*duration));
    WEIR_CHECK(again.ok());
    WEIR_CHECK(*again == *duration);
  }
  const auto time = weir::ParseKubeTime(text);
  if (time.ok()) {
    WEIR_CHECK(weir::ParseKubeTime(weir::FormatKubeMicroTime(*time)).ok());
  }
  return 0;
}
