// Target evaluates one kustomization: its resources, generators, components
// and transformers, in upstream's order.
//
// Touches: files, through the Loader.
// Threads: one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/explain/source_log.h"
#include "src/generate/generator.h"
#include "src/load/kustomization.h"
#include "src/load/loader.h"
#include "src/model/res_map.h"
#include "src/model/schema.h"
#include "src/refer/transformer_config.h"
#include "src/refer/variables.h"
#include "src/transform/transformer.h"

namespace weir::kustomize {

// What all targets of one build share.
struct BuildState {
  BuildState(const Context& ctx, const FileSystem& files,
             const BuildOptions& options)
      : session{.ctx = ctx, .files = files, .options = options},
        schema(&Schema::Builtin()) {}

  void Warn(absl::string_view text) const {
    if (session.options.on_warning) session.options.on_warning(text);
  }

  LoadSession session;
  size_t directories = 0;  // Built so far.
  Schema schema;           // The one in use; its base changes with `openapi`.
  bool has_schema = false;
  std::shared_ptr<const Schema> custom_schema;
  // Of the top kustomization; valid in all.
  std::vector<std::string> build_metadata;
  // Of a build that is explained; null otherwise.
  SourceLog* sources = nullptr;
};

// What a directory and all below it come to.
struct Accumulator {
  ResMap resources;
  ConfigPtr config;  // Null: empty.
  VarSpecs vars;
};

class Target {
 public:
  // `origin`: what origins in this directory are below; nothing when they are
  // not tracked.
  Target(BuildState* state, const Loader* loader, std::optional<Origin> origin)
      : state_(*state), loader_(*loader), origin_(std::move(origin)) {}

  // Reads the kustomization file.
  absl::Status Load();
  // Parses one that is in no file.
  absl::Status LoadText(absl::string_view text);
  // Takes one that was read otherwise, from a file of this name.
  absl::Status Take(Kustomization kustomization, std::string file_name);
  const Kustomization& kustomization() const { return kustomization_; }
  void TrackOrigins() { origin_.emplace(); }

  // Uses the schema that `openapi` names. `reset`: also when one is in use.
  absl::Status SetSchema(bool reset);

  // Adds to what is there.
  absl::Status Accumulate(Accumulator* into);

 private:
  absl::Status AddResources(const std::vector<std::string>& paths,
                            Accumulator* into);
  absl::Status CheckSize(size_t objects, const std::string& path) const;
  absl::Status AddFile(const std::string& path, Accumulator* into);
  absl::Status AddDirectory(const Loader& loader, const std::string& path,
                            bool is_component, Accumulator* into);
  absl::Status AddComponents(Accumulator* into);
  absl::Status MergeConfig(Accumulator* into);
  // The generators of `helmCharts`.
  absl::StatusOr<std::vector<Generator>> ConfigureCharts() const;
  using Absorb = std::function<absl::Status(std::unique_ptr<Resource> made,
                                            const std::optional<Origin>& origin,
                                            int source)>;
  absl::Status RunCharts(const std::vector<Generator>& charts,
                         const Absorb& absorb) const;
  absl::Status RunGenerators(Accumulator* into);
  absl::Status RunTransformers(Accumulator* into);
  absl::Status RunValidators(Accumulator* into);

  struct Step {
    Transformer transform;
    std::optional<Origin> origin;
    std::string field;  // "patches[0]"
    int source = 0;
  };
  absl::Status AddPatches(std::vector<Step>* steps);
  absl::Status AddNames(const TransformerConfig& config,
                        std::vector<Step>* steps);
  absl::Status AddLabels(const TransformerConfig& config,
                         std::vector<Step>* steps);
  absl::Status AddImages(const TransformerConfig& config,
                         std::vector<Step>* steps);
  absl::Status AddValues(const TransformerConfig& config,
                         std::vector<Step>* steps);
  // The transformers that files or texts configure.
  absl::StatusOr<std::vector<Step>> ConfiguredSteps(
      const std::vector<std::string>& entries);
  absl::StatusOr<ResMap> ReadPlugins(const std::vector<std::string>& entries,
                                     absl::string_view what);
  absl::Status RunStep(const Step& step, ResMap* objects);

  std::optional<Origin> BuiltinOrigin(absl::string_view kind) const;
  // Where a plugin's file is, for what it makes.
  static std::optional<Origin> PluginOrigin(const Resource& plugin);
  // Errors: kFailedPrecondition for a field that upstream cannot write for what
  // acts on it.
  absl::Status CheckWritable(absl::string_view kind,
                             absl::string_view field) const;
  // `field`: of the kustomization file, "patches[0]"; `file`: what it names.
  absl::Status AddStep(absl::string_view kind, absl::string_view field,
                       absl::StatusOr<Transformer> transform,
                       std::vector<Step>* steps, const std::string& file = "");
  // Adds to an error where in this file the field is that it came from.
  absl::Status LocateField(const absl::Status& status,
                           absl::string_view field) const;
  int LogPlugin(absl::string_view field, const Resource& plugin) const;
  absl::StatusOr<std::string> OwnText() const;
  // What messages call the file.
  std::string OwnName() const;
  // Where a file that the kustomization names is, for people.
  std::string PlaceOf(const std::string& path) const;
  void LogFile(const std::string& path, const SourceLog::Outlines& outlines,
               Resource* resource) const;
  // The source that a field of this file, or a file that it names, is.
  int LogSource(absl::string_view field, const std::string& file) const;

  BuildState& state_;
  const Loader& loader_;
  std::optional<Origin> origin_;
  std::string place_ = ".";  // Relative to the build's directory, or a URL.
  // The namespace of the nearest kustomization above that has one.
  std::string outer_namespace_;
  Kustomization kustomization_;
  std::string file_name_;
  // Of a kustomization that is in no file.
  std::optional<std::string> given_text_;
};

}  // namespace weir::kustomize
