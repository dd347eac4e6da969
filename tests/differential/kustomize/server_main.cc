// Builds kustomizations with our engine, many in one process, in the protocol
// of oracle/main.go.
#include <cstdio>
#include <iostream>
#include <string>

#include "absl/strings/string_view.h"
#include "weir/kustomize/build.h"

int main(int argc, char** argv) {
  weir::kustomize::BuildOptions options;
  if (argc > 1 && absl::string_view(argv[1]) == "unrestricted") {
    options.load_restrictor =
        weir::kustomize::BuildOptions::LoadRestrictor::kNone;
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
