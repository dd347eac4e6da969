// Input: a document, a NUL, a patch, both JSON.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/patch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\0'), size);
  const auto document = weir::ParseJson(input.substr(0, end));
  const auto patch = weir::ParseJson(input.substr(std::min(end + 1, size)));
  if (!document.ok() || !patch.ok()) return 0;
  (void)weir::ApplyJsonPatch(*document, *patch, {.max_operations = 100});
  const weir::Value merged = weir::ApplyMergePatch(*document, *patch);
  const auto difference = weir::ComputeMergePatch(*document, merged);
  if (difference.has_value()) {
    // Merging drops nulls, which no merge patch can bring.
    const weir::Value again = weir::ApplyMergePatch(*document, *difference);
    WEIR_CHECK(weir::ApplyMergePatch(again, *difference) == again);
  }
  (void)weir::ComputeDifferences(*document, *patch);
  return 0;
}
