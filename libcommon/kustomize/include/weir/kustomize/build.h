// Build computes what `kustomize build` v5.8.1 prints for a directory.
//
// Touches: what the FileSystem touches.
// Threads: pure functions; builds may run in parallel.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/kustomize/charts.h"
#include "weir/kustomize/file_system.h"
#include "weir/kustomize/parse_cache.h"
#include "weir/kustomize/remote.h"
#include "weir/value/value.h"

namespace weir::kustomize {

struct BuildOptions {
  // Which files a kustomization may name. kRootOnly: those in or below its
  // own directory (the command line's default); kNone: all in the
  // FileSystem.
  enum class LoadRestrictor { kRootOnly, kNone };
  LoadRestrictor load_restrictor = LoadRestrictor::kRootOnly;
  // The order of the result where no sortOptions say otherwise. kNone: input
  // order, depth first (Flux); kLegacy: by kind, then by name (the command
  // line).
  enum class Reorder { kNone, kLegacy };
  Reorder reorder = Reorder::kLegacy;
  // For FormatFiles. Upstream writes and reads objects once more before it
  // prints them in one text, which changes folded texts with indented lines.
  bool for_files = false;
  // Labels all objects as buildMetadata's managedByLabel does.
  bool add_managed_by = false;
  // Custom schemas (openapi.path) add to the builtin one, instead of
  // replacing it.
  bool flux_mode = false;
  // Fetches files and repositories that are named by URL; outlives the build.
  // Null: such names are refused.
  RemoteSource* remote = nullptr;
  // Whether Git repositories may be named; files by URL may in any case.
  bool allow_remote_bases = false;
  // Shared by builds, outlives them. Null: each build parses for itself.
  ParseCache* parse_cache = nullptr;
  // `helmCharts`: refused, as upstream does, unless enabled.
  struct Helm {
    bool enabled = false;
    std::string command = "helm";  // Must be there, and is never run.
    // For charts that do not say theirs.
    std::vector<std::string> api_versions;
    std::string kube_version;
    // Outlives the build. Null: charts are kUnimplemented.
    ChartRenderer* renderer = nullptr;
  };
  Helm helm;
  // Plugins that are programs or containers are refused either way: upstream's
  // words when false, ours when true.
  bool enable_alpha_plugins = false;
  // Called with each thing that works but should be mended: deprecated fields,
  // variables that nothing uses. Null: they are not reported.
  std::function<void(absl::string_view)> on_warning;

  // Limits; a build beyond one ends in kResourceExhausted.
  size_t max_objects = 50000;
  // Directories that are built, each as often as it is named: two bases that
  // both name two more, and so on, would never end.
  size_t max_directories = 5000;
  int max_depth = 64;  // Of directories that name directories.
  size_t max_input_bytes = size_t{512} << 20;
  // What all objects together take, each as if it shared nothing with others.
  size_t max_object_bytes = size_t{128} << 20;
  // Looks at one object by one patch, label, image and so on.
  size_t max_steps = 8000000;
};

struct BuildResult {
  // Complete objects in output order, build annotations removed.
  std::vector<Value> objects;
};

// The multi-document YAML that `kustomize build` prints, byte for byte.
std::string FormatResult(const BuildResult& result);
// The same in pieces, so that not all of it need be held.
void WriteResult(const BuildResult& result,
                 absl::FunctionRef<void(absl::string_view)> write);
// The files that `kustomize build -o DIR` writes: a YAML text for each object,
// by file name.
std::map<std::string, std::string> FormatFiles(const BuildResult& result);

// Builds the kustomization in `directory` of `files`; with a RemoteSource, a
// directory may be a Git URL ("./" before a path rules that out).
// Errors: kFailedPrecondition with upstream's message; kNotFound when the
// directory is absent; kUnimplemented naming field and file for what is valid
// but not supported; kResourceExhausted above a limit; the context's own.
absl::StatusOr<BuildResult> Build(const Context& ctx, const FileSystem& files,
                                  absl::string_view directory,
                                  const BuildOptions& options = {});

// The same with `text` for the directory's kustomization file, whichever it
// has.
absl::StatusOr<BuildResult> BuildText(const Context& ctx,
                                      const FileSystem& files,
                                      absl::string_view directory,
                                      absl::string_view text,
                                      const BuildOptions& options = {});

// What Flux's Kustomization object lays over the kustomization file.
struct FluxOverrides {
  std::string target_namespace;  // Empty: unchanged, as the next two.
  std::string name_prefix;
  std::string name_suffix;
  struct Patch {
    std::string patch;  // Strategic merge YAML, or a JSON 6902 list.
    Value target;       // Selector: group, version, kind, name, namespace,
                        // labelSelector, annotationSelector. Null: none.
  };
  std::vector<Patch> patches;  // Appended.
  struct Image {
    std::string name;
    std::string new_name;
    std::string new_tag;
    std::string digest;
  };
  std::vector<Image> images;            // Merged by name.
  std::vector<std::string> components;  // Appended; local, relative paths.
  bool ignore_missing_components = false;
  // Replaces the file's buildMetadata when not empty.
  std::vector<std::string> build_metadata;
  // What the message of a failed build starts with, not that of what fails
  // before it, such as manifests that are listed; empty: nothing.
  std::string failure;
};

// As Build, with Flux's overrides over the kustomization file of
// `directory`, or over one generated from the manifests below it when it has
// none. Nothing is written. Unknown fields of the root file are ignored.
// The options' restrictor and order are as given: Flux uses kNone for both.
absl::StatusOr<BuildResult> BuildForFlux(const Context& ctx,
                                         const FileSystem& files,
                                         absl::string_view directory,
                                         const FluxOverrides& overrides,
                                         const BuildOptions& options);

}  // namespace weir::kustomize
