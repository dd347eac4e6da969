// Input: JSON, parsed whole, written and read again, and split as a stream.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<weir::Value> value = weir::ParseJson(text);
  if (value.ok()) {
    const std::string written = weir::FormatJson(*value);
    const absl::StatusOr<weir::Value> again = weir::ParseJson(written);
    WEIR_CHECK(again.ok());
    // -0e1 is written as -0, as Go does, which is the integer 0: one change.
    const std::string settled = weir::FormatJson(*again);
    WEIR_CHECK(weir::FormatJson(*weir::ParseJson(settled)) == settled);
  }
  // The pieces' sizes come from the input too.
  weir::JsonStreamSplitter splitter(1u << 16);
  for (size_t at = 0; at < size;) {
    const size_t piece = 1 + data[at] % 7;
    if (!splitter.Append(text.substr(at, piece)).ok()) break;
    while (!splitter.Next().empty()) {
    }
    at += piece;
  }
  return 0;
}
