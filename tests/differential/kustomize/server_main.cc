// Builds kustomizations with our engine, many in one process, in the protocol
// of oracle/main.go.
#include <cstdio>
#include <iostream>
#include <string>

#include "absl/strings/string_view.h"
#include "weir/kustomize/build.h"

int main() {
  const auto files = weir::kustomize::MakeDiskFileSystem("/");
  std::string directory;
  while (std::getline(std::cin, directory)) {
    const absl::StatusOr<weir::kustomize::BuildResult> result =
        weir::kustomize::Build(weir::Context(), *files, directory.substr(1));
    const std::string text = result.ok()
                                 ? weir::kustomize::FormatResult(*result)
                                 : std::string(result.status().message());
    std::printf("%s %zu\n", result.ok() ? "ok" : "error", text.size());
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
  return 0;
}
