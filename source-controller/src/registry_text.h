// What go-containerregistry says of names of repositories and of registries'
// answers, which is what users of OCIRepository know.
//
// Touches: nothing.
// Threads: pure functions.
// Source: go-containerregistry 0.21, pkg/name and pkg/v1/remote/transport.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/oci/reference.h"

namespace weir::source {

// "oci://ghcr.io/org/app": a repository, without tag or digest. A name without
// a registry is one of Docker Hub.
// Errors: kInvalidArgument.
absl::StatusOr<oci::Reference> ParseRepositoryUrl(absl::string_view url);

// "ghcr.io/org/app:v1", "index.docker.io/library/app@sha256:...".
std::string DisplayName(const oci::Reference& reference);

// 'GET http://registry/v2/app/manifests/v1: MANIFEST_UNKNOWN: manifest
// unknown; map[Tag:v1]'; the error's own text when it is no answer.
std::string DescribeRegistryError(const absl::Status& error);

}  // namespace weir::source
