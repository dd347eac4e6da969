// IgnoreRules decides which files a source leaves out: .sourceignore files and
// spec.ignore, in the dialect of .gitignore that Flux speaks.
//
// It is not git's: a pattern without a slash is held against every part of a
// path, so that it excludes what is below a folder of that name; and what is
// below an excluded folder can be taken back in.
//
// Touches: nothing.
// Threads: immutable once filled; safe to share.
// Source: source.md, section 5 (go-git 5's gitignore).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace weir::text {

class IgnoreRules {
 public:
  // Adds the lines of a file. They hold for paths below `folder` ("" is the
  // root), and win over those that were added before. Lines that start with
  // "#" and blank ones are skipped.
  void AddFile(absl::string_view contents, absl::string_view folder = "");
  // Adds one pattern: "*.md", "/docs/", "!a/b".
  void AddPattern(absl::string_view pattern, absl::string_view folder = "");
  // Adds all rules of another, after those that are here.
  void Append(const IgnoreRules& other);

  // Whether a path (relative, clean, from the root) is left out.
  bool IsIgnored(absl::string_view path, bool is_directory) const;

  bool empty() const { return patterns_.empty(); }
  size_t size() const { return patterns_.size(); }

 private:
  struct Pattern {
    std::vector<std::string> folder;  // Parts of the path that it is bound to.
    std::vector<std::string> parts;   // Of the pattern; one when unanchored.
    bool is_inclusion = false;
    bool only_directories = false;
    bool is_anchored = false;
  };
  using Parts = std::vector<absl::string_view>;
  static bool Matches(const Pattern& pattern, const Parts& path,
                      bool is_directory);
  static bool MatchesName(const Pattern& pattern, const Parts& path,
                          size_t first, bool is_directory);
  static bool MatchesAnchored(const Pattern& pattern, const Parts& path,
                              size_t first, bool is_directory);

  std::vector<Pattern> patterns_;
};

// What a checkout leaves out: git's own files, then `given`; when `given` has
// no pattern at all, also pictures, archives and CI files.
IgnoreRules WithSourceDefaults(const IgnoreRules& given);

}  // namespace weir::text
