// Builds kustomizations with our engine, many in one process, in the protocol
// and with the arguments of oracle/main.go.
#include <cstdio>
#include <iostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "chart_renderer.h"
#include "weir/kustomize/build.h"

int main(int argc, char** argv) {
  weir::kustomize::BuildOptions options;
  weir::cli::LocalCharts charts;
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (argument == "unrestricted") {
      options.load_restrictor =
          weir::kustomize::BuildOptions::LoadRestrictor::kNone;
    } else if (absl::ConsumePrefix(&argument, "helm=")) {
      options.helm.enabled = true;
      options.helm.command = std::string(argument);
      options.helm.renderer = &charts;
    }
  }
  const auto files = weir::kustomize::MakeDiskFileSystem("/");
  std::string directory;
  while (std::getline(std::cin, directory)) {
    const absl::StatusOr<weir::kustomize::BuildResult> result =
        weir::kustomize::Build(weir::Context(), *files, directory.substr(1),
                               options);
    const std::string text = result.ok()
                                 ? weir::kustomize::FormatResult(*result)
                                 : std::string(result.status().message());
    std::printf("%s %zu\n", result.ok() ? "ok" : "error", text.size());
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
  return 0;
}
