#include "regular.h"

namespace weir::cel {

std::shared_ptr<const Regular> CompileRegular(const std::string& pattern,
                                              std::string& error) {
  auto compiled = Regular::Compile(pattern);
  if (compiled.ok()) return *std::move(compiled);
  error = std::string(compiled.status().message());
  return nullptr;
}

std::vector<Regular::Parts> FindAllRegular(const Regular& pattern,
                                           absl::string_view text,
                                           size_t most) {
  std::vector<Regular::Parts> all;
  const auto parts = static_cast<size_t>(pattern.group_count()) + 1;
  pattern.ForEach(
      text, parts, [&] { return all.size() < most; },
      [&](const Regular::Parts& match) {
        all.push_back(match);
        return true;
      });
  return all;
}

}  // namespace weir::cel
