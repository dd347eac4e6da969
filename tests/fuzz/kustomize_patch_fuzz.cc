// Input: an object and a patch of either kind, separated by a line of "====".
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "weir/kustomize/build.h"
#include "weir/value/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(
      absl::string_view(reinterpret_cast<const char*>(data), size),
      absl::MaxSplits("====\n", 1));
  const auto files = weir::kustomize::MakeMemoryFileSystem(
      {{"kustomization.yaml",
        "resources: [a.yaml]\n"
        "namePrefix: p-\n"
        "commonLabels: {l: v}\n"
        "patches:\n"
        "- {path: patch.yaml, target: {kind: .*}}\n"
        "- {path: patch.yaml, target: {name: .*}}\n"},
       {"a.yaml", parts.first},
       {"patch.yaml", parts.second}});
  const auto built = weir::kustomize::Build(weir::Context(), *files, ".");
  if (built.ok()) (void)weir::kustomize::FormatResult(*built);
  return 0;
}
