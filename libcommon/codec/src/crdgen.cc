// weir-crdgen FOLDER: writes every kind's CustomResourceDefinition there, as
// <group>_<plural>.yaml. Runs at build time.
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "weir/base/file.h"
#include "weir/codec/crd.h"
#include "weir/value/yaml.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: weir-crdgen FOLDER\n");
    return 2;
  }
  for (const auto* kind : weir::codec::AllKinds()) {
    const weir::codec::Resource names = weir::codec::ResourceOf(kind);
    const std::string path =
        absl::StrCat(argv[1], "/", names.group, "_", names.plural, ".yaml");
    const absl::Status written = weir::WriteFileAtomically(
        path, weir::FormatYaml(weir::codec::MakeCrd(kind)));
    if (!written.ok()) {
      std::fprintf(stderr, "weir-crdgen: %s\n", written.ToString().c_str());
      return 1;
    }
  }
  return 0;
}
