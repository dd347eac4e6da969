// URLs as Go's net/url takes them apart, as far as chart repositories need it.
//
// Touches: nothing.
// Threads: pure functions and value types.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::helm {

struct Url {
  std::string scheme;  // Lower case; empty: relative.
  bool has_authority = false;
  std::string user_info;  // "user:password", encoded.
  std::string host;       // With the port.
  std::string path;       // Encoded.
  bool has_query = false;
  std::string query;
  std::string fragment;  // With its "#".

  bool is_absolute() const { return !scheme.empty(); }
  std::string hostname() const;
  std::string port_or_default() const;
  std::string ToString() const;
};

// Errors: kInvalidArgument `parse "...": ...`.
absl::StatusOr<Url> ParseUrl(absl::string_view text);

// `reference` relative to a repository's folder; its query is the base's.
// Errors: kInvalidArgument.
absl::StatusOr<std::string> ResolveReferenceUrl(const std::string& base,
                                                const std::string& reference);

// Whether two URLs mean the same: "" and "/" are one path, "." parts go.
bool IsSameUrl(const std::string& a, const std::string& b);

// filepath.Clean and filepath.Base.
std::string CleanPath(absl::string_view path);
std::string BaseName(absl::string_view path);

}  // namespace weir::helm
