// Our artifact types to the messages of weir.artifact.v1 and back.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "weir/artifact/service.h"
#include "weir/artifact/v1/artifact_service.pb.h"
#include "weir/meta/v1/meta.pb.h"

namespace weir::artifact {

void ToProto(const Artifact& from, meta::v1::Artifact* to);
Artifact FromProto(const meta::v1::Artifact& from);

void ToProto(const SourceKey& from, v1::Source* to);
SourceKey FromProto(const v1::Source& from);

void ToProto(const ArtifactEntry& from, v1::Entry* to);
ArtifactEntry FromProto(const v1::Entry& from);

void ToProto(const ArtifactFilter& from, v1::Filter* to);
ArtifactFilter FromProto(const v1::Filter& from);

void ToProto(const ArtifactChange& from, v1::WatchResponse* to);
ArtifactChange FromProto(const v1::WatchResponse& from);

}  // namespace weir::artifact
