// Builds a kustomization to YAML from files that the program holds itself.
#include <cstdio>
#include <string>

#include "weir/kustomize/build.h"
#include "weir/kustomize/file_system.h"

int main() {
  const auto files = weir::kustomize::MakeMemoryFileSystem({
      {"base/kustomization.yaml", "resources: [pod.yaml]\n"},
      {"base/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"},
      {"prod/kustomization.yaml", "resources: [../base]\nnamePrefix: prod-\n"},
  });
  const auto built = weir::kustomize::Build(weir::Context(), *files, "prod");
  if (!built.ok()) {
    std::fprintf(stderr, "%s\n", built.status().ToString().c_str());
    return 1;
  }
  const std::string yaml = weir::kustomize::FormatResult(*built);
  std::fputs(yaml.c_str(), stdout);
  return yaml.find("name: prod-web") == std::string::npos ? 1 : 0;
}
