// The tags that all of YAML has in common, "!!int" in short.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace weir::yaml {

inline constexpr absl::string_view kCommonTags = "tag:yaml.org,2002:";

inline bool IsCommonTag(absl::string_view tag, absl::string_view name) {
  return tag.size() == kCommonTags.size() + name.size() &&
         absl::StartsWith(tag, kCommonTags) && absl::EndsWith(tag, name);
}

// "tag:yaml.org,2002:int" is "!!int"; others stay.
inline std::string ShortTag(absl::string_view tag) {
  if (!absl::StartsWith(tag, kCommonTags)) return std::string(tag);
  return absl::StrCat("!!", tag.substr(kCommonTags.size()));
}

inline std::string LongTag(absl::string_view tag) {
  if (!absl::StartsWith(tag, "!!")) return std::string(tag);
  return absl::StrCat(kCommonTags, tag.substr(2));
}

}  // namespace weir::yaml
