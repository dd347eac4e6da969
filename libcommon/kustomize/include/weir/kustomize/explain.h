// Explain tells, for an object of a build's result, which file, patch and
// transformer made each of its fields.
//
// Touches: what the FileSystem touches.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/kustomize/build.h"
#include "weir/kustomize/file_system.h"

namespace weir::kustomize {

struct Explanation {
  // Something that made or changed fields.
  struct Source {
    std::string file;  // Relative to the directory that is built, or a URL;
                       // empty for what the build itself does.
    int line = 0;      // From 1; 0: not known.
    std::string what;  // "resource", "namePrefix", "patches[0]"
  };
  // A source at work on one field.
  struct Mark {
    int source = 0;  // Index of `sources`.
    int line = 0;    // Of the field in the source's file; 0: not known.
  };
  struct Line {
    std::string text;  // Of the object's YAML, without the newline.
    // Who wrote the field that the line begins, newest first; empty for a
    // line that goes on with the field before it.
    std::vector<Mark> made_by;
  };

  std::string object;  // "Deployment web in namespace shop (apps/v1)"
  std::vector<Source> sources;
  std::vector<Line> lines;
};

// Builds as Build does, and explains each object that `name` names: "web",
// "Deployment/web" or "Deployment/shop/web", by its name now or before.
// Errors: those of Build; kNotFound, with names that there are, when nothing
// is called that.
absl::StatusOr<std::vector<Explanation>> Explain(
    const Context& ctx, const FileSystem& files, absl::string_view directory,
    absl::string_view name, const BuildOptions& options = {});

// For a terminal: the sources by number, then the YAML with numbers before
// each line.
std::string FormatExplanation(const Explanation& explanation);

}  // namespace weir::kustomize
