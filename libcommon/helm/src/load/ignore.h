// HelmIgnore decides which files of a folder are no part of the chart.
//
// Touches: nothing.
// Threads: immutable once filled; safe to share.
// Source: Helm v4.2.4, pkg/ignore, with its odd negation: what does not match
// a "!pattern" is ignored at once.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weir::helm {

class HelmIgnore {
 public:
  // Errors: kInvalidArgument for "**" and for a malformed pattern.
  absl::Status AddFile(absl::string_view text);
  absl::Status AddRule(absl::string_view rule);

  // `path` is relative and clean.
  bool IsIgnored(absl::string_view path, bool is_folder) const;

 private:
  struct Pattern {
    std::string glob;
    bool is_negated = false;
    bool is_for_folders = false;
    bool is_for_base_names = false;
  };

  std::vector<Pattern> patterns_;
};

}  // namespace weir::helm
