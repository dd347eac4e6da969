// RenderRelease does what a release does before it touches the cluster:
// dependencies, values, schema, templates, hooks and order.
//
// Touches: as Render.
// Threads: pure functions; one call uses one thread.
// Source: Helm v4.2.4, pkg/action.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/helm/capabilities.h"
#include "weir/helm/chart.h"
#include "weir/helm/manifests.h"
#include "weir/helm/render.h"
#include "weir/value/value.h"

namespace weir::helm {

struct RenderedRelease {
  Chart chart;  // With its dependencies processed.
  Manifests manifests;
  std::string notes;
};

// Gets all documents, those of hooks too, as one YAML text, and gives the text
// to go on with. Each has the name of its file in an annotation.
using PostRender =
    std::function<absl::StatusOr<std::string>(const std::string& documents)>;

struct PostRenderer {
  // What goes through it, and in how many runs.
  enum class Strategy {
    kCombined,  // Everything in one run.
    kSeparate,  // Hooks in one, what is no hook in another.
    kNoHooks,   // Only what is no hook.
  };
  PostRender run;  // Null: nothing is post-rendered.
  Strategy strategy = Strategy::kCombined;
};

// Errors: kInvalidArgument with Helm's text, kFailedPrecondition when the
// chart is not for this Kubernetes or what is named does not exist,
// kResourceExhausted beyond a limit. The payload `kRenderingFailed` is there
// when it came so far as to render.
absl::StatusOr<RenderedRelease> RenderRelease(
    Chart chart, const Value& values, const Release& release,
    const Capabilities& capabilities, const RenderOptions& options = {},
    const PostRenderer& post_renderer = {});

// Errors: kInvalidArgument when it is no name for a release.
absl::Status CheckReleaseName(absl::string_view name);

// Errors: kFailedPrecondition when the chart is a library.
absl::Status CheckInstallable(const Chart& chart);

// "---\n# Source: PATH\nCONTENT\n"
void AppendDocument(absl::string_view path, absl::string_view content,
                    std::string* out);

// What `helm template` prints.
struct PrintOptions {
  bool include_crds = false;
  bool skip_tests = false;
  bool no_hooks = false;
};
std::string FormatRelease(const RenderedRelease& release,
                          const PrintOptions& options = {});
// Gives the same text in pieces, so that a large one need not be held.
void WriteRelease(const RenderedRelease& release, const PrintOptions& options,
                  absl::FunctionRef<void(absl::string_view)> write);

// Of such a text the documents whose template matches one of the globs.
// Errors: kNotFound "could not find template GLOB in chart".
absl::StatusOr<std::string> ShowOnly(absl::string_view text,
                                     const std::vector<std::string>& globs);

}  // namespace weir::helm
