// Where an object came from and what transformed it, and the annotations that
// say so.
//
// Touches: nothing.
// Threads: plain values.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace weir::kustomize {

inline constexpr absl::string_view kOrigin = "config.kubernetes.io/origin";
inline constexpr absl::string_view kTransformations =
    "alpha.config.kubernetes.io/transformations";

// Where an object came from, or what transformed it.
struct Origin {
  std::string path;
  std::string repo;  // Of a remote one, with its reference.
  std::string ref;
  std::string configured_in;
  // Of the generator or transformer.
  std::string by_api_version;
  std::string by_kind;
  std::string by_name;
  std::string by_namespace;

  // The origin of what a kustomization at this one names so.
  Origin Below(const std::string& named) const;
};

// As the annotations have them.
std::string FormatOrigin(const Origin& origin);
std::string FormatOrigins(const std::vector<Origin>& origins);

}  // namespace weir::kustomize
