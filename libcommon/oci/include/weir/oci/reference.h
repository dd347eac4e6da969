// Reference names a repository of a registry, and maybe a tag or a digest in
// it: "ghcr.io/org/app:1.2.0".
//
// Touches: nothing (pure value type).
// Threads: immutable once parsed; safe to share.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::oci {

struct Reference {
  std::string registry;    // "ghcr.io", "localhost:5000"
  std::string repository;  // "org/app"
  std::string tag;
  std::string digest;  // "sha256:..."; wins over the tag.

  // Where requests go: Docker Hub's name is not its host.
  std::string host() const;
  // The digest, or else the tag, or else "".
  const std::string& version() const { return digest.empty() ? tag : digest; }
  // "registry/repository"
  std::string Name() const;
  // With ":tag" or "@digest".
  std::string ToString() const;
};

// Parses "registry/repository[:tag][@digest]", with or without "oci://". A tag
// beside a digest is kept, unchecked.
//
// Errors: kInvalidArgument "invalid reference: ...".
// Source: oras-go v2, registry.ParseReference.
absl::StatusOr<Reference> ParseReference(absl::string_view text);

bool IsTag(absl::string_view text);

}  // namespace weir::oci
