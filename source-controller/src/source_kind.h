// What tells the kinds of source apart, and the conditions that they share.
//
// Touches: nothing.
// Threads: constants and pure functions.
#pragma once

#include <string>
#include <vector>

#include "weir/reconcile/conditions.h"

namespace weir::source {

inline constexpr char kComponent[] = "source-controller";
inline constexpr char kGroup[] = "source.toolkit.fluxcd.io";

// Types of conditions.
inline constexpr char kArtifactInStorage[] = "ArtifactInStorage";
inline constexpr char kArtifactOutdated[] = "ArtifactOutdated";
inline constexpr char kFetchFailed[] = "FetchFailed";
inline constexpr char kStorageOperationFailed[] = "StorageOperationFailed";
inline constexpr char kSourceVerified[] = "SourceVerified";
inline constexpr char kIncludeUnavailable[] = "IncludeUnavailable";
inline constexpr char kBuildFailed[] = "BuildFailed";

// Reasons that several kinds give.
inline constexpr char kSucceeded[] = "Succeeded";
inline constexpr char kFailed[] = "Failed";
inline constexpr char kAuthenticationFailed[] = "AuthenticationFailed";
inline constexpr char kUrlInvalid[] = "URLInvalid";
inline constexpr char kArchiveOperationFailed[] = "ArchiveOperationFailed";
inline constexpr char kArtifactUpToDate[] = "ArtifactUpToDate";

struct SourceKind {
  const char* kind;
  // A link beside the artifacts that leads to the current one; its address is
  // status.url. Null: there is none.
  const char* link = nullptr;
  // A condition of its own that is bad when True; null: none.
  const char* failure = nullptr;

  // Those that are bad when True and make a later success worth telling.
  std::vector<std::string> Failures() const;
  // How the others make up Ready.
  reconcile::SummaryOptions Summary() const;
  // All that the controller sets.
  std::vector<std::string> Conditions() const;
};

inline constexpr SourceKind kGitRepository{"GitRepository", nullptr,
                                           kIncludeUnavailable};
inline constexpr SourceKind kOciRepository{"OCIRepository", "latest.tar.gz"};
inline constexpr SourceKind kHelmRepository{"HelmRepository", "index.yaml"};
inline constexpr SourceKind kHelmChart{"HelmChart", "latest.tar.gz",
                                       kBuildFailed};

}  // namespace weir::source
