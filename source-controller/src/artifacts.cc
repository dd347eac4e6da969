#include "src/artifacts.h"

#include "weir/base/duration.h"

namespace weir::source {

meta::v1::Artifact ToApi(const artifact::Artifact& artifact) {
  meta::v1::Artifact out;
  out.set_path(artifact.path);
  out.set_url(artifact.url);
  out.set_revision(artifact.revision);
  out.set_digest(artifact.digest);
  out.set_last_update_time(FormatKubeTime(artifact.last_update_time));
  out.set_size(artifact.size);
  out.mutable_metadata()->insert(artifact.metadata.begin(),
                                 artifact.metadata.end());
  return out;
}

artifact::Artifact FromApi(const meta::v1::Artifact& artifact) {
  artifact::Artifact out;
  out.path = artifact.path();
  out.url = artifact.url();
  out.revision = artifact.revision();
  out.digest = artifact.digest();
  out.last_update_time =
      ParseKubeTime(artifact.last_update_time()).value_or(absl::InfinitePast());
  out.size = artifact.size();
  out.metadata.insert(artifact.metadata().begin(), artifact.metadata().end());
  return out;
}

}  // namespace weir::source
