// Input: a kustomization file, two manifests and a patch, separated by lines of
// "====".
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "weir/base/status.h"
#include "weir/kustomize/build.h"
#include "weir/value/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<std::string> parts = absl::StrSplit(
      absl::string_view(reinterpret_cast<const char*>(data), size), "====\n");
  const auto part = [&parts](size_t i) {
    return i < parts.size() ? parts[i] : std::string();
  };
  const auto files =
      weir::kustomize::MakeMemoryFileSystem({{"kustomization.yaml", part(0)},
                                             {"a.yaml", part(1)},
                                             {"b.yaml", part(2)},
                                             {"patch.yaml", part(3)}});
  weir::kustomize::BuildOptions options;
  options.max_input_bytes = 1 << 20;
  const weir::Context ctx;
  const auto built = weir::kustomize::Build(ctx, *files, ".", options);
  const auto again = weir::kustomize::Build(ctx, *files, ".", options);
  WEIR_CHECK(built.ok() == again.ok());
  if (built.ok()) {
    const std::string text = weir::kustomize::FormatResult(*built);
    WEIR_CHECK(text == weir::kustomize::FormatResult(*again));
    WEIR_CHECK(weir::ParseYamlDocuments(text).ok());
  }
  weir::kustomize::FluxOverrides overrides;
  overrides.target_namespace = "n";
  overrides.patches.push_back({part(3), weir::Value()});
  options.flux_mode = true;
  (void)weir::kustomize::BuildForFlux(ctx, *files, ".", overrides, options);
  return 0;
}
