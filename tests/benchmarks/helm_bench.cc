// Renders a chart again and again with other values in one process, on one
// thread; beside tests/benchmarks/helm_renders, which does it with Helm's own
// packages.
//   helm_bench CHART COUNT
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "weir/base/status.h"
#include "weir/helm/capabilities.h"
#include "weir/helm/load.h"
#include "weir/helm/release.h"

namespace weir::helm {
namespace {

absl::Status Measure(const std::string& path, int count) {
  WEIR_ASSIGN_OR_RETURN(const Chart chart, LoadChart(path));
  const Capabilities capabilities = DefaultCapabilities();
  Release release;
  release.name = "r";
  size_t bytes = 0;
  const absl::Time start = absl::Now();
  for (int i = 0; i < count; ++i) {
    const Value values = Value::MakeObject({{"replicas", i}});
    WEIR_ASSIGN_OR_RETURN(const RenderedRelease rendered,
                          RenderRelease(chart, values, release, capabilities));
    bytes += FormatRelease(rendered).size();
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  std::printf("weir: %d renders, %zu bytes, %.0f renders/s\n", count, bytes,
              count / seconds);
  return absl::OkStatus();
}

}  // namespace
}  // namespace weir::helm

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: helm_bench CHART COUNT\n");
    return 2;
  }
  const absl::Status status = weir::helm::Measure(argv[1], std::atoi(argv[2]));
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
