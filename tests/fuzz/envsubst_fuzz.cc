// Feeds texts to Envsubst, strict and loose.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "weir/text/envsubst.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lookup =
      [text](absl::string_view name) -> std::optional<std::string> {
    if (name == "a") return "value/of/a";
    if (name == "n") return "-3";
    if (name == "t") return std::string(text);
    return std::nullopt;
  };
  for (const bool strict : {true, false}) {
    weir::text::EnvsubstOptions options;
    options.strict = strict;
    options.max_output_bytes = 1 << 20;
    (void)weir::text::Envsubst(text, lookup, options);
  }
  return 0;
}
