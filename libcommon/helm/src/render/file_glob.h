// FileGlob matches names of files as `.Files.Glob` does: * and ? stay within
// a folder, ** does not; [a-z], [!abc], {one,two}, \x. A pattern that does not
// compile matches everything.
//
// Touches: nothing.
// Threads: immutable.
// Source: github.com/gobwas/glob 0.2.3, separator "/".
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "weir/text/regex.h"

namespace weir::helm {

class FileGlob {
 public:
  explicit FileGlob(absl::string_view pattern);
  bool Matches(absl::string_view name) const;

 private:
  std::optional<text::Regex> regex_;  // Absent: matches everything.
};

}  // namespace weir::helm
