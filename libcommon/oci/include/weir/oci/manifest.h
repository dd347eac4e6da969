// Manifest is what a registry keeps under a tag: a list of blobs, or an index
// of further manifests.
//
// Touches: nothing (pure value types).
// Threads: as values.
// Source: OCI image specification 1.1; docker's schema 2, which has the same
// fields.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::oci {

inline constexpr char kImageManifest[] =
    "application/vnd.oci.image.manifest.v1+json";
inline constexpr char kImageIndex[] = "application/vnd.oci.image.index.v1+json";

struct Descriptor {
  std::string media_type;
  std::string digest;  // "sha256:..."
  int64_t size = 0;
  std::string artifact_type;
  std::map<std::string, std::string> annotations;
  std::string os;  // Of an index's entry.
  std::string architecture;
};

struct Manifest {
  Descriptor self;  // Of the bytes below.
  std::string artifact_type;
  std::optional<Descriptor> config;
  std::vector<Descriptor> layers;
  std::vector<Descriptor> manifests;  // Of an index.
  std::optional<Descriptor> subject;
  std::map<std::string, std::string> annotations;
  std::string bytes;  // As the registry has them.

  bool is_index() const;
};

// Digest and size are computed. `media_type` is what the registry says; empty:
// what the text says.
// Errors: kInvalidArgument, with the field that is wrong.
absl::StatusOr<Manifest> ParseManifest(std::string bytes,
                                       absl::string_view media_type);

// The entry of an index for a platform, or null.
const Descriptor* FindPlatform(const Manifest& index, absl::string_view os,
                               absl::string_view architecture);

}  // namespace weir::oci
