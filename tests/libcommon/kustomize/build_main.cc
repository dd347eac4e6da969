// Builds one directory and prints it: what the differential script runs.
//   kustomize_build [--none] [--flux] [--fifo] DIR
#include <unistd.h>

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "weir/kustomize/build.h"

int main(int argc, char** argv) {
  weir::kustomize::BuildOptions options;
  std::string directory = ".";
  bool flux = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--none") {
      options.load_restrictor =
          weir::kustomize::BuildOptions::LoadRestrictor::kNone;
    } else if (argument == "--fifo") {
      options.reorder = weir::kustomize::BuildOptions::Reorder::kNone;
    } else if (argument == "--flux") {
      flux = true;
    } else {
      directory = argument;
    }
  }
  if (directory[0] != '/') {
    char here[4096];
    if (getcwd(here, sizeof(here)) == nullptr) return 1;
    directory = absl::StrCat(here, "/", directory);
  }
  const auto files = weir::kustomize::MakeDiskFileSystem("/");
  const auto result =
      flux ? weir::kustomize::BuildForFlux(weir::Context(), *files,
                                           directory.substr(1), {}, options)
           : weir::kustomize::Build(weir::Context(), *files,
                                    directory.substr(1), options);
  if (!result.ok()) {
    std::fprintf(stderr, "Error: %s\n",
                 std::string(result.status().message()).c_str());
    return 1;
  }
  const std::string text = weir::kustomize::FormatResult(*result);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}
