// Whatever the chart's files hold, rendering ends in manifests or an error,
// within the limits. The text is cut at lines "== NAME" into files.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "weir/archive/stream.h"
#include "weir/helm/load.h"
#include "weir/helm/release.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  (void)weir::helm::LoadChartArchive(weir::archive::StringSource(text));
  std::vector<std::pair<std::string, std::string>> texts;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, "== ")) {
      texts.emplace_back(line, "");
    } else if (!texts.empty()) {
      absl::StrAppend(&texts.back().second, line, "\n");
    }
  }
  std::vector<weir::helm::File> files;
  for (auto& [name, contents] : texts) {
    files.push_back({name, std::move(contents)});
  }
  auto chart = weir::helm::LoadChartFiles(std::move(files));
  if (!chart.ok()) return 0;
  weir::helm::RenderOptions options;
  options.limits.max_steps = 100'000;
  options.limits.max_output_bytes = size_t{1} << 20;
  options.limits.max_live_bytes = size_t{16} << 20;
  options.limits.max_value_bytes = size_t{1} << 20;
  weir::helm::Release release;
  release.name = "fuzz";
  const auto rendered = weir::helm::RenderRelease(
      *std::move(chart), weir::Value::MakeObject(), release,
      weir::helm::DefaultCapabilities(), options);
  if (rendered.ok()) (void)weir::helm::FormatRelease(*rendered);
  return 0;
}
