// `weir template` of a file with HelmReleases: what helm-controller would make
// of them, without a cluster.
//
// Touches: files, as the command line names them; process (standard input and
// output).
// Threads: one thread.
#pragma once

#include "absl/status/status.h"
#include "template_command.h"
#include "weir/base/context.h"

namespace weir::cli {

// Renders each HelmRelease of the file, or the one that is named, and prints or
// writes the result.
absl::Status RenderReleaseFile(const Context& ctx, const TemplateArgs& args,
                               TemplateServices& services);

}  // namespace weir::cli
