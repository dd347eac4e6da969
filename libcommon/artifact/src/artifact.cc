#include "weir/artifact/artifact.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "weir/artifact/service.h"

namespace weir::artifact {

std::string SourceFolder(const SourceKey& key) {
  return absl::StrCat(absl::AsciiStrToLower(key.kind), "/", key.name_space, "/",
                      key.name);
}

bool ArtifactFilter::Matches(const SourceKey& key) const {
  return (kind.empty() || kind == key.kind) &&
         (name_space.empty() || name_space == key.name_space) &&
         (name.empty() || name == key.name);
}

}  // namespace weir::artifact
