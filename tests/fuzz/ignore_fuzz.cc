// Input: a path, a newline, the lines of a .sourceignore file.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "weir/text/ignore.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t newline = std::min(input.find('\n'), size);
  weir::text::IgnoreRules rules;
  rules.AddFile(input.substr(std::min(newline + 1, size)), "");
  rules.AddFile(input.substr(std::min(newline + 1, size)), "a/b");
  const weir::text::IgnoreRules all = weir::text::WithSourceDefaults(rules);
  (void)all.IsIgnored(input.substr(0, newline), size % 2 == 0);
  return 0;
}
