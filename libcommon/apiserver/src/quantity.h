// Quantities of resources ("100m", "1.5Gi"), exact and in canonical form.
//
// Touches: nothing.
// Threads: pure functions.
// Source: apimachinery, package resource.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace weir::apiserver {

struct Quantity {
  enum class Format : uint8_t { kDecimal, kBinary, kExponent };
  __int128 nano = 0;  // Rounded up, as upstream does.
  Format format = Format::kDecimal;

  // "1536Mi"
  std::string ToString() const;
  bool is_negative() const { return nano < 0; }
};

// Nothing when the text is no quantity.
std::optional<Quantity> ParseQuantity(absl::string_view text);

}  // namespace weir::apiserver
