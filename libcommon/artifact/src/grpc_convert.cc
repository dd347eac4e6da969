#include "src/grpc_convert.h"

#include "weir/base/duration.h"

namespace weir::artifact {

void ToProto(const Artifact& from, meta::v1::Artifact* to) {
  to->set_url(from.url);
  to->set_path(from.path);
  to->set_revision(from.revision);
  to->set_digest(from.digest);
  to->set_last_update_time(FormatKubeTime(from.last_update_time));
  if (from.size > 0) to->set_size(from.size);
  to->mutable_metadata()->insert(from.metadata.begin(), from.metadata.end());
}

Artifact FromProto(const meta::v1::Artifact& from) {
  Artifact to;
  to.url = from.url();
  to.path = from.path();
  to.revision = from.revision();
  to.digest = from.digest();
  to.last_update_time =
      ParseKubeTime(from.last_update_time()).value_or(absl::Time());
  to.size = from.size();
  to.metadata.insert(from.metadata().begin(), from.metadata().end());
  return to;
}

void ToProto(const SourceKey& from, v1::Source* to) {
  to->set_kind(from.kind);
  to->set_namespace_(from.name_space);
  to->set_name(from.name);
}

SourceKey FromProto(const v1::Source& from) {
  return {from.kind(), from.namespace_(), from.name()};
}

void ToProto(const ArtifactEntry& from, v1::Entry* to) {
  ToProto(from.source, to->mutable_source());
  ToProto(from.artifact, to->mutable_artifact());
}

ArtifactEntry FromProto(const v1::Entry& from) {
  return {FromProto(from.source()), FromProto(from.artifact())};
}

void ToProto(const ArtifactFilter& from, v1::Filter* to) {
  to->set_kind(from.kind);
  to->set_namespace_(from.name_space);
  to->set_name(from.name);
}

ArtifactFilter FromProto(const v1::Filter& from) {
  return {from.kind(), from.namespace_(), from.name()};
}

void ToProto(const ArtifactChange& from, v1::WatchResponse* to) {
  to->set_version(from.version);
  switch (from.type) {
    case ArtifactChange::Type::kPut:
      to->set_type(v1::WatchResponse::TYPE_PUT);
      break;
    case ArtifactChange::Type::kRemoved:
      to->set_type(v1::WatchResponse::TYPE_REMOVED);
      break;
    case ArtifactChange::Type::kSynced:
      to->set_type(v1::WatchResponse::TYPE_SYNCED);
      return;
  }
  ToProto(from.entry, to->mutable_entry());
}

ArtifactChange FromProto(const v1::WatchResponse& from) {
  ArtifactChange to;
  to.version = from.version();
  if (from.type() == v1::WatchResponse::TYPE_SYNCED) {
    to.type = ArtifactChange::Type::kSynced;
    return to;
  }
  to.type = from.type() == v1::WatchResponse::TYPE_REMOVED
                ? ArtifactChange::Type::kRemoved
                : ArtifactChange::Type::kPut;
  to.entry = FromProto(from.entry());
  return to;
}

}  // namespace weir::artifact
