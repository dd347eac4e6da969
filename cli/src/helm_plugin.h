// Post-renderers: what changes a release's objects between rendering and
// printing.
//
// Touches: files (helm's plugins, kustomizations), process (runs programs).
// Threads: one thread.
// Source: Helm v4.2.4, internal/plugin and pkg/postrenderer; what is no plugin
// is ours.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/helm/release.h"

namespace weir::cli {

// `name`: of a plugin of type postrenderer/v1 in HELM_PLUGINS or helm's data
// folder; a folder with a kustomization, which gets the objects as a resource
// more; or the path of a program, which gets them on standard input. A path has
// a "/" in it.
// Errors: kNotFound, kInvalidArgument in Helm's words.
absl::StatusOr<helm::PostRender> MakePostRenderer(
    const Context& ctx, const std::string& name,
    const std::vector<std::string>& arguments);

}  // namespace weir::cli
